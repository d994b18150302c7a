package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// noCore keeps the memory of this process, which holds keys and passwords, from being written to a disk when it dies, and
// from being read by other processes of the same user. A limit alone does not hold where cores go to a program.
func noCore() error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
	)
}
