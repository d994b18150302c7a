// Package sshkey reads, makes and shows SSH keys in all the formats that customers send and ask for.
//
// Private keys come in as OpenSSH, PEM and PKCS#8, with or without a passphrase; every other format is named in the
// error, because a wrong format must never look like a refused login. Errors are *job.Reason in the area "key".
package sshkey
