package web

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
)

// Runner runs jobs by hand.
type Runner interface {
	RunJob(ctx context.Context, name string, asked job.Run) (job.Run, error)
	WaitRun(ctx context.Context, id int64) (job.Run, error)
	CancelRun(ctx context.Context, id int64, by string) error
	RetryRun(ctx context.Context, id int64, asked job.Run) (job.Run, error)
	Watch(run int64) (events <-chan job.Progress, stop func())
}

// Keeper changes what counts.
type Keeper interface {
	ReloadConfig(ctx context.Context, by string) (job.Reloaded, error)
	// Overview tells how everything stands that somebody sees.
	Overview(ctx context.Context, sight job.Sight) (job.Overview, error)
}

// Reader reads what is remembered.
type Reader interface {
	Run(ctx context.Context, id int64) (job.Run, error)
	// RunFilesAfter gives what became of the files of a run behind one, in the order of the ledger, 500 at most.
	RunFilesAfter(ctx context.Context, run, after int64) ([]job.Outcome, error)
	File(ctx context.Context, id int64) (job.File, error)
	Reports(ctx context.Context, files []int64) (map[int64]job.Report, error)
}

// Reporter keeps what became of the records of landed files.
type Reporter interface {
	ReportFile(ctx context.Context, r job.Report, replace bool) (job.Report, error)
}

// Calendar tells what has a date of the credentials that somebody may see.
type Calendar interface {
	CredentialCalendar(ctx context.Context, sight job.Sight) ([]job.CalendarEntry, error)
}

// Looker decides about the files of supervised jobs, for a person who looked at them.
type Looker interface {
	// ApproveFile lets a file go on if the hash of its content begins so; empty: whatever it is.
	ApproveFile(ctx context.Context, id int64, sha256, by string) (job.File, error)
	// RejectFile refuses one, in the same way.
	RejectFile(ctx context.Context, id int64, sha256, why, by string) (job.File, error)
}

// Decider ends doubts about files.
type Decider interface {
	// DecideFile does so once: the same word again gives the file as it stands, another one is refused.
	DecideFile(ctx context.Context, d job.Decision) (job.File, error)
	// ReconcileJob ends the doubts that a restored ledger or a mass change has left on a job, and says how many, and of how many nobody knew
	// who decided: they are left, and the job goes on holding what looks new.
	ReconcileJob(ctx context.Context, name string, w job.Settling) (settled, left int, err error)
}

// Care tells what needs a person, and keeps what they say to it.
type Care interface {
	Find(ctx context.Context, sight job.Sight, over bool, since time.Time, before int64, limit int) ([]job.Incident, error)
	Ack(ctx context.Context, id int64, by, note string) error
	Silence(ctx context.Context, id int64, by, why string, until time.Time) error
	Unsilence(ctx context.Context, id int64, by string) error
}

// Options of the API. All ports are needed.
type Options struct {
	Care     Care
	Runner   Runner
	Keeper   Keeper
	Reader   Reader
	Reporter Reporter
	Contents Contents
	Audit    Auditor
	Intake   Intake
	Lists    Lists
	Jobs     Jobs
	Checker  Checker
	// Calendar is of credentials.
	Calendar Calendar
	Looker   Looker
	Decider  Decider
	// Connections, and their servers, keys and sheets.
	Connections Connections
	Servers     Servers
	Days        Days
	Keys        KeyRing
	Sheets      Sheets
	Hears       Hears // what is filled in on them
	// Outbox is what is told.
	Outbox Outbox
	// Alive says what hangs, nil while all is well; nil: the process answers, and that is enough.
	Alive func(ctx context.Context) error
	// Version of the program, for the OpenAPI document.
	Version string
	// Patience bounds how long an answer may take to be written; zero: 30 s. Streams have none.
	Patience time.Duration
	// Every is how often a stream of events looks for new ones; zero: 2 s.
	Every time.Duration
	// Floor is how many bytes of a file that is sent have to come in each stretch of Patience; zero: 32 KiB.
	Floor int64
}
