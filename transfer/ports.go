package transfer

import (
	"context"
	"io"
	"time"

	"github.com/haulier/haulier/job"
)

// Remote is one session on a customer's server. Its errors are *job.Reason; fs.ErrNotExist, fs.ErrExist and
// fs.ErrPermission can be told with errors.Is. It may be used by several goroutines.
type Remote interface {
	Lister
	Mover
	// Get writes exactly size bytes of the file to dst, in order, and calls committed before it sends CLOSE, with what the
	// server says of the open file: on servers where a download uses the file up, nothing, and CLOSE is the acknowledgement.
	// It may be nil.
	Get(ctx context.Context, path string, size int64, dst io.Writer, committed func(read job.Entry) error) (int64, error)
	// Put writes src, of size bytes as far as is known, to a file that it creates or truncates. Nil means that CLOSE was
	// acknowledged and the count is whole. Ahead, if it is not nil, lets CLOSE be sent before the last WRITEs are answered,
	// and is called then: what it begins to ask is asked behind CLOSE.
	Put(ctx context.Context, path string, src io.Reader, size int64, ahead func()) (int64, error)
	// Profile is what is known of the server; Learn adds to it.
	Profile() job.Profile
	Learn(func(*job.Profile))
}

// Lister looks at a server.
type Lister interface {
	// List gives at most limit names and then remote.too_many_entries. It is streamed.
	List(ctx context.Context, dir string, limit int, each func(job.Entry) error) error
	Stat(ctx context.Context, path string) (job.Entry, error)
}

// Mover changes names on a server.
type Mover interface {
	// Rename calls sent when the request is on its way: what that asks is asked behind it.
	Rename(ctx context.Context, from, to string, means job.RenameMeans, sent ...func()) error
	Remove(ctx context.Context, path string) error
}

// Ledger holds the rows of the files. Advance is the one way a claimed row moves.
type Ledger interface {
	// Claim takes the row as it was read: the fence rises. job.ErrStale when it has moved on since.
	Claim(ctx context.Context, f job.File, run int64) (job.File, error)
	// Advance writes the row's step, state and facts if it still stands at from under the file's fence, else job.ErrStale,
	// and what belongs beside them.
	Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error)
	// SeeMany begins the next generation of each path.
	SeeMany(ctx context.Context, files []job.File) ([]job.File, error)
	Finder
	Diary
	Approvals
}

// Finder reads rows.
type Finder interface {
	// Known gives the newest generation of each path.
	Known(ctx context.Context, jobName string, paths []string) (map[string]job.File, error)
	// Unfinished gives rows that a run began and no run ended.
	Unfinished(ctx context.Context, jobName string) ([]job.File, error)
	File(ctx context.Context, id int64) (job.File, error)
	// LandedIn says whether any job's file has landed in the folder, as far as the ledger remembers.
	LandedIn(ctx context.Context, landing string) (bool, error)
	Siblings
	Leavings
	Absentees
}

// Siblings finds rows of the same job and path as f.
type Siblings interface {
	// Former gives the newest other one that landed or was delivered.
	Former(ctx context.Context, f job.File) (job.File, bool, error)
	// HolderOf gives the newest one whose source lies, or is to lie, under the name aside.
	HolderOf(ctx context.Context, f job.File, aside string) (job.File, bool, error)
	// VersionOf gives the newest one that is of the entry's size and time, as far as it tells a time.
	VersionOf(ctx context.Context, f job.File, entry job.Entry) (job.File, bool, error)
}

// Leavings gives rows of which something is still to be cleared away.
type Leavings interface {
	// Expired gives rows with a kept local copy that ended before a time, oldest first.
	Expired(ctx context.Context, jobName string, before time.Time, limit int) ([]job.File, error)
	// Overwritten says whether a newer row, of any job, keeps its copy under the name of f's.
	Overwritten(ctx context.Context, f job.File) (bool, error)
	// Littering gives rows behind an id that may have left temporaries on the server, none of them held.
	Littering(ctx context.Context, jobName string, after int64, limit int) ([]job.File, error)
}

// Absentees keeps the rows true about what is still on the server.
type Absentees interface {
	Stamp(ctx context.Context) (int64, error)
	// Standing gives how the rows stand that no whole listing has missed, oldest first. each must not ask the ledger.
	Standing(ctx context.Context, jobName string, each func(job.Standing) error) error
	// Present gives those of the rows that no whole listing has missed, oldest first.
	Present(ctx context.Context, ids []int64) ([]job.File, error)
	MarkAbsent(ctx context.Context, ids []int64, before int64) error
}

// Diary remembers what a run did.
type Diary interface {
	Outcome(ctx context.Context, o job.Outcome) error
	Request(ctx context.Context, r job.Request) error
}

// Stage is a private folder where files are made whole.
type Stage interface {
	Create(name string) (io.WriteCloser, error) // exclusive; Close makes the bytes durable
	Open(name string) (io.ReadCloser, int64, error)
	Promote(from, to string) error // twice without harm
	Remove(name string) error      // one that is not there is fine
	Sync() error                   // makes the names durable
	StageKeeper
}

// StageKeeper looks after a stage.
type StageKeeper interface {
	Leftovers(before time.Time) ([]string, error)
	Free() (int64, error)
	Memory
	ChangeEpoch(jobName, from, to string) error // nothing when the epoch is no longer from
}

// Landing is where the platform takes imported files.
type Landing interface {
	Stage
	// Land gives a staged file its final name: fs.ErrExist when it is taken, fs.ErrNotExist when the staged file is not
	// there, which proves for a row at StepLanding that it has landed.
	Land(ready, final string, replace bool) error
	Path(final string) string
	Taken(final string) bool
	Archive(staged, dir, name string) (string, error) // twice without harm
}

// Outbox is where the platform leaves files to export.
type Outbox interface {
	List(ctx context.Context, each func(job.Entry) error) error
	Open(name string) (io.ReadCloser, job.Entry, error)
	Stat(name string) (job.Entry, error)
	Remove(name string) error
	Move(name, dir, newName string) error
}

// Opener takes a file out of its PGP message: nil means whole and as the policy asks.
type Opener interface {
	Open(ctx context.Context, dst io.Writer, src io.Reader) (job.Envelope, error)
}

// Sealer puts a file into a PGP message; Close of what it gives ends the message.
type Sealer interface {
	Seal(ctx context.Context, dst io.Writer) (io.WriteCloser, error)
}
