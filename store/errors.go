package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/haulier/haulier/job"
)

// What a store may refuse, beside job.ErrStale, job.ErrNotFound and job.ErrExists.
var (
	// ErrReadOnly: the store was opened for reading.
	ErrReadOnly = errors.New("the store is open for reading only")
	// ErrMissing: there is no store yet, and it was to be read only.
	ErrMissing = errors.New("there is no store yet")
	// ErrOlder: the store has an older schema, and it was to be read only. Any command that writes brings it up to date.
	ErrOlder = errors.New("the store is of an older version of haulier; start haulier serve once to bring it up to date")
	// ErrCutOff: a process was killed while it made the store or brought a restored one up to date, and it was to be read
	// only. Any command that writes mends it.
	ErrCutOff = errors.New("a start of haulier on this store was cut off; start haulier serve once to mend it")
	// ErrNewer: a newer program has written the store.
	ErrNewer = errors.New("the store was written by a newer version of haulier")
	// ErrForeign: the file is a database, and not a store.
	ErrForeign = errors.New("the file is the database of another program")
	// ErrBusy: another process held the database longer than the store waits.
	ErrBusy = errors.New("the database is in use by another process")
	// ErrFull: there is no space left on the disk of the store.
	ErrFull = errors.New("no space left on the disk of the store")
	// ErrDisk: the disk of the store cannot be read or written.
	ErrDisk = errors.New("the disk of the store cannot be read or written")
	// ErrDamaged: the file is not a whole database.
	ErrDamaged = errors.New("the database file is damaged")
	// ErrReference: the row names another that does not exist.
	ErrReference = errors.New("the row refers to one that does not exist")
	// ErrMasterKey: sealed rows exist and the master key that opens them is not there, or is another.
	ErrMasterKey = errors.New("the master key does not open this store")
	// ErrSealed: a sealed row does not open: it was altered, or moved from another row.
	ErrSealed = errors.New("the sealed row does not open in its place")
)

// classify says in the store's own words what the database answered. Context errors pass.
func classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return job.ErrNotFound
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	if is := sentinel(e.Code()); is != nil {
		return fmt.Errorf("%w (%s)", is, e.Error())
	}
	return err
}

func sentinel(code int) error {
	switch code {
	case lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_UNIQUE:
		return job.ErrExists
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return ErrReference
	case lib.SQLITE_READONLY_ROLLBACK:
		return ErrCutOff
	}
	switch code & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return ErrBusy
	case lib.SQLITE_FULL:
		return ErrFull
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN:
		return ErrDisk
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return ErrDamaged
	case lib.SQLITE_READONLY:
		return ErrReadOnly
	}
	return nil
}

// reasons are the failures of the store that stop work: people must hear of them. Technical has the details.
var reasons = map[error]job.Reason{
	ErrFull: {Slug: "local.no_space", Cause: "the disk of the store has no space left",
		Do: "free space on the disk of data_dir; work goes on by itself", Temporary: true},
	ErrDisk: {Slug: "local.store_disk", Cause: "the disk of the store cannot be read or written",
		Do: "check the disk and the rights of data_dir: haulier doctor"},
	ErrDamaged: {Slug: "local.store_damaged", Cause: "the database file is damaged",
		Do: "stop haulier and go back to the last backup: haulier restore"},
	ErrBusy: {Slug: "local.store_busy", Cause: "another process holds the database",
		Do: "wait for the other haulier command to end", Temporary: true},
	ErrNewer: {Slug: "local.store_schema", Cause: "the store was written by a newer version of haulier",
		Do: "use that version, or go back to a backup of before: haulier restore"},
	ErrOlder: {Slug: "local.store_schema", Cause: "the store is of an older version of haulier",
		Do: "bring it up to date: haulier serve"},
	ErrCutOff: {Slug: "local.store_schema", Cause: "a start of haulier was cut off before the store was ready",
		Do: "let it be mended: haulier serve"},
	ErrForeign: {Slug: "local.store_schema", Cause: "the file is the database of another program",
		Do: "set data_dir to a folder of haulier's own"},
	ErrMasterKey: {Slug: "local.master_key", Cause: "the master key that opens the store's secrets is not there, or is another",
		Do: "put the key back into HAULIER_MASTER_KEY, the credential haulier-master-key or master.key beside the store"},
	ErrSealed: {Slug: "local.sealed", Cause: "a secret was altered or moved since it was sealed",
		Do: "set it again, or go back to the last backup: haulier restore"},
}

// failure names the act; where a person must do something it is a *job.Reason.
func failure(act string, err error) error {
	if err = classify(err); err == nil {
		return nil
	}
	wrapped := fmt.Errorf("%s: %w", act, err)
	for is, r := range reasons {
		if errors.Is(err, is) {
			r.What = "The attempt to " + act + " changed nothing"
			r.Who, r.Technical, r.Err = job.WhoUs, err.Error(), wrapped
			return &r
		}
	}
	return wrapped
}
