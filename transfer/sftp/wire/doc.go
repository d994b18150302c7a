// Package wire speaks SFTP version 3 as a client, over any stream: it asks, matches answers, and believes nothing.
//
// One Client owns one stream. Requests of many goroutines are in flight together, matched by id; one goroutine writes
// them, taking all that wait in one go, one reads the answers. Every call takes a context. A request that was sent and
// is given up poisons the session: the stream can no longer be trusted to move, and closing the connection beneath it
// (Options.Kill) is the one thing that surely frees a blocked peer. From then on every call returns that cause.
//
// The server is taken for hostile: packets that are over-long, truncated, of the wrong kind, unasked for, or that say
// more than was asked end the session with an error that wraps ErrProtocol. Memory is bounded whatever it sends.
//
// Errors are *StatusError (the server said no), *ConnectionError (its answer never came), *SizeError (a file is not as
// long as it was said to be), *LimitError (a cap of ours) and *LocalError (our side of a copy failed).
package wire
