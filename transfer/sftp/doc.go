// Package sftp connects to customers' servers: it dials, proves the server's host key, logs in once, and gives a session
// on which files are listed, fetched, sent, renamed and removed.
//
// All jobs of one account (host, port, user) share one limit of connections and one breaker: a refused login is never
// tried again by itself, because servers lock accounts. Host keys are strict from the first connection: nothing, not even
// the user's name, is sent to a server whose key is not pinned.
//
// Every wait has an end. A context, a deadline or a watchdog that ends one closes the TCP connection below everything,
// because nothing else frees a blocked peer. Errors are *job.Reason.
package sftp
