// Package sftptest is a customer's SFTP server for tests and the demo: a real SSH server on a loopback port that behaves
// like OpenSSH's, and that can be told to misbehave.
//
// Start serves a folder of the disk. Knobs say how the server differs from an honest one; they may be changed while it
// runs, by Change. Log tells what was asked of it, in order. Stop cuts everybody off and waits.
package sftptest
