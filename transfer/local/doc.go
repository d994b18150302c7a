// Package local keeps files on this machine's disks: the stage, where a file is made whole, the landing, where the
// platform takes it, and the outbox, where the platform leaves it.
//
// Nothing here is ever overwritten by accident: a name is taken exclusively, a rename replaces only when asked, and
// what is said to be durable was synced together with its folder.
package local
