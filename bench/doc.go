// Package bench measures the whole program: large files through import and export with PGP, against a real server, with
// the built binary as a process of its own.
package bench
