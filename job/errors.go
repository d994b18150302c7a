package job

import "errors"

// Sentinels that packages recognise in each other's errors.
var (
	// ErrStale: the row moved on since it was read; whoever asked has lost the claim and must let go of the file.
	ErrStale = errors.New("the ledger row has moved on")
	// ErrNotFound: there is no such thing in the store.
	ErrNotFound = errors.New("not found")
	// ErrExists: the name is taken.
	ErrExists = errors.New("already exists")
	// ErrGone: it was there, and is not any more.
	ErrGone = errors.New("not there any more")
)
