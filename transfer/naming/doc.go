// Package naming decides which names are taken, what they are called afterwards, and which are refused.
//
// Names from a server are bytes of a stranger: Check refuses those that could leave a folder or mislead a reader, and
// Printable makes any of them fit to be shown. Patterns and templates know dates in the job's zone.
package naming
