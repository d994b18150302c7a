// Package pgp turns OpenPGP messages into streams of plaintext and streams of plaintext into OpenPGP messages, and
// looks after the keys that this takes.
//
// It knows no files, no store and no server: an [Opener] reads one message from an io.Reader and writes its plaintext to
// an io.Writer in one pass and in constant memory, a [Sealer] does the reverse. What was written is data only once Open
// has returned nil: OpenPGP proves a message whole at its very end, so whoever calls Open keeps the plaintext aside until
// then and throws it away on any error.
//
// What an Opener takes is stricter than what an OpenPGP library takes, because the sender's server is not trusted: exactly one
// encrypted and integrity-protected message and nothing around it, one literal inside, at most one layer of
// compression, bounded packets, bounded size and bounded ratio. Clear text is refused however it is wrapped.
//
// Failures are [job.Reason] with a slug in the area pgp. Errors of the source, of the destination and of the context come
// back as they are, because the network and the disk have their own policies.
package pgp
