package page

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"github.com/haulier/haulier/job"
)

// Options are what the pages show and let people do. All ports are needed.
type Options struct {
	House   House
	Ledger  Ledger
	Details Details
	Figures Figures
	Care    Care
	Expects Expects
	Keys    Keys
	Rows    Rows
	Planner Planner

	Runbooks Runbooks

	Doer   Doer
	Looker Looker
	Helper Helper
	Sheets Sheets // nil: there are no onboarding sheets
	Hears  Hears  // what was filled in on them; needed with Sheets

	// Log gets what went wrong inside, whose text is on no page; nil: nobody reads it.
	Log *slog.Logger
	// Clock is the wall clock; nil: time.Now.
	Clock func() time.Time
	// Look is how often a live page is looked at anew when nothing tells of a change; zero: 5 s.
	Look time.Duration
	// Streams is how many pages may be live at once, those beyond look every 15 s by themselves; zero: 200.
	Streams int
}

// streamsOfOne is how many pages of one person may be live at once: nobody takes the places of all.
const streamsOfOne = 20

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Look <= 0 {
		o.Look = 5 * time.Second
	}
	if o.Streams <= 0 {
		o.Streams = 200
	}
	return o
}

// House tells what is configured and how it stands now.
type House interface {
	// Plan gives the configuration that counts.
	Plan() Plan
	// Standings tells how the jobs of these names stand.
	Standings(ctx context.Context, jobs []string) ([]Standing, error)
	// Account tells how a connection stands.
	Account(ctx context.Context, c job.Connection) (Account, error)
	// Next gives the next n times of a job.
	Next(spec job.Spec, after time.Time, n int) ([]Upcoming, error)
	// Watch gives a sign whenever a run does something; stop ends it.
	Watch() (signs <-chan job.Progress, stop func())
}

// Plan is the configuration that counts.
type Plan struct {
	Zone        *time.Location
	Jobs        []job.Spec // in the order of the files
	Connections map[string]job.Connection
	Path        string   // of the file
	Public      *url.URL // how people reach the pages; nil: the configuration does not say
	Revision    int64
	Started     time.Time // of the daemon
	Version     string    // of the program
}

// Upcoming is a time ahead.
type Upcoming struct {
	Due    time.Time
	Starts time.Time // Due and the job's jitter
	Notes  []string  // what a change of the clocks does to it
}

// Word says how a job stands.
type Word string

// How jobs stand.
const (
	WordOK       Word = "ok"
	WordNew      Word = "new"
	WordRunning  Word = "running"
	WordCutOff   Word = "cut-off"
	WordMissing  Word = "missing"
	WordLate     Word = "late"
	WordFailing  Word = "failing"
	WordHeld     Word = "held"
	WordApprove  Word = "to-approve" // nothing is wrong: files of a supervised job wait for a person
	WordRejected Word = "rejected"
	WordDraft    Word = "draft"
	WordPaused   Word = "paused"
	WordDisabled Word = "disabled"
)

// Standing is how a job stands.
type Standing struct {
	Job         string
	Word        Word
	Since       time.Time // of the word; zero: not known
	Until       time.Time // of a pause; zero: until somebody resumes it
	Why         string    // of a pause, or of a job that is off
	Run         int64     // at work; 0: none
	Progress    *job.Progress
	Failed      int             // runs since the last that succeeded
	Held        int             // files in doubt, without those that Waiting counts
	Waiting     int             // files of a supervised job that wait for a person to look at them
	Waits       []job.File      // the first of those, the oldest first
	Supervised  string          // how far a supervised job has come; empty: it holds nothing any more
	Rejected    int             // files that lie there rejected
	Stopped     map[string]Stop // by slug: where files were rejected or held for it, and nobody has dealt with them yet
	LastRun     int64
	LastSuccess time.Time
	Next        time.Time // zero: none known
	Reason      *job.Reason
}

// Stop is the run that was the last to reject or to hold a file for a cause.
type Stop struct {
	Run  int64
	Held bool // a person decides
}

// Account is how a connection stands.
type Account struct {
	Word        string // active, draft, disabled, paused, refused
	LastSuccess time.Time
	Pause       *job.Pause
	Breaker     job.Breaker
	Profile     job.Profile
	Pins        []job.Pin
	Pinned      string // where the pins are: store or configuration
}

// RunQuery says which runs are wanted.
type RunQuery struct {
	Job, Connection string
	States          []job.RunState
	Since           time.Time
	File            string // moved a file whose name matches this glob
	Before          int64  // only runs of a lower number
	Limit           int
	Sight           job.Sight
}

// FileQuery says which rows of the ledger are wanted.
type FileQuery struct {
	Job    string
	States []job.State
	Name   string // glob
	SHA256 string
	Before int64
	Limit  int
	Sight  job.Sight
}

// Ledger gives runs and files.
type Ledger interface {
	// Runs gives runs, the latest first, and where older ones begin: the Before of the next question, 0 when there are none.
	Runs(ctx context.Context, q RunQuery) (runs []job.Run, older int64, err error)
	Run(ctx context.Context, id int64) (job.Run, error)
	// Outcomes gives what became of the files of a run, at most 500, after the file of that number.
	Outcomes(ctx context.Context, run, after int64) ([]job.Outcome, error)
	// Files gives rows, the latest first, and where older ones begin.
	Files(ctx context.Context, q FileQuery) (files []job.File, older int64, err error)
	// Marks gives what was due and what ran between two times, of these jobs: at most so many marks a job.
	Marks(ctx context.Context, jobs []string, from, to time.Time, most int) ([]Mark, error)
}

// Mark is a run, or a due time at which nothing ran.
type Mark struct {
	Job  string
	At   time.Time
	Word string // a state of a run, or of a due time: skipped, missed
	Run  int64  // 0: none
	Why  string // slug
}

// Details gives what was written down of one run or file.
type Details interface {
	// Steps gives the timelines of files within a run, by their numbers.
	Steps(ctx context.Context, run int64, files []int64) (map[int64][]Step, error)
	// Reports gives what became of the records of landed files, of those that were reported.
	Reports(ctx context.Context, files []int64) (map[int64]job.Report, error)
	Log(ctx context.Context, run, after int64, limit int) ([]LogLine, error)
	// Requests gives the requests of a run.
	Requests(ctx context.Context, run int64) ([]job.Request, error)
	// Audit gives what people did, the latest first, before a number; only what is about one of the objects, unless there are none.
	Audit(ctx context.Context, before int64, limit int, objects ...string) ([]AuditLine, error)
}

// Step is one line of the timeline of a file.
type Step struct {
	Run   int64
	Step  job.Step
	State job.State
	Slug  string
	At    time.Time
}

// LogLine is a line of the log of a run.
type LogLine struct {
	ID    int64
	At    time.Time
	Level string
	Line  string
}

// AuditLine is something that a person did.
type AuditLine struct {
	ID                       int64
	At                       time.Time
	Who, Act, Object, Detail string
}

// Figures counts requests.
type Figures interface {
	// Stats counts the requests of a connection, or of all that are seen when it is empty, of today and the days before; 0 days: of the
	// last 24 hours.
	Stats(ctx context.Context, connection string, days int, zone *time.Location, sight job.Sight) (Stats, error)
}

// Stats are the figures of a number of days.
type Stats struct {
	Download, Upload   Tally
	BytesDown, BytesUp int64
	Days               []Day // oldest first, days without requests included
}

// Tally counts requests by outcome.
type Tally struct{ OK, Failed int64 }

// Day is one day of the figures.
type Day struct {
	Date               string // 2006-01-02
	Download, Upload   Tally
	BytesDown, BytesUp int64
}

// Total is how many requests there were.
func (s Stats) Total() int64 {
	return s.Download.OK + s.Download.Failed + s.Upload.OK + s.Upload.Failed
}

// OK is how many of them succeeded.
func (s Stats) OK() int64 { return s.Download.OK + s.Upload.OK }

// Down is how many of them were downloads.
func (s Stats) Down() int64 { return s.Download.OK + s.Download.Failed }

// Up is how many of them were uploads.
func (s Stats) Up() int64 { return s.Upload.OK + s.Upload.Failed }

// Failed is how many of them failed.
func (s Stats) Failed() int64 { return s.Download.Failed + s.Upload.Failed }

// Care tells what needs a person, and keeps what they say to it.
type Care interface {
	// Incidents gives those that are open, the newest first.
	Incidents(ctx context.Context, sight job.Sight) ([]job.Incident, error)
	Resolved(ctx context.Context, since time.Time, sight job.Sight) ([]job.Incident, error)
	Ack(ctx context.Context, id int64, by, note string) error
	Silence(ctx context.Context, id int64, by, why string, until time.Time) error
	Unsilence(ctx context.Context, id int64, by string) error
}

// Expects tells what had to be true by when.
type Expects interface {
	// Expectations gives the days of a job since a date, the latest first.
	Expectations(ctx context.Context, jobName, since string, limit int) ([]job.Expectation, error)
	// Arrivals gives the files that came last, the latest first.
	Arrivals(ctx context.Context, jobName string, limit int) ([]job.File, error)
	// Extend moves the deadline of the day that is late or missing, else of the next.
	Extend(ctx context.Context, jobName string, until time.Time, by, why string) error
}

// Keys tells of keys, never of their private parts.
type Keys interface {
	// CredentialCalendar gives what has a date of the credentials that a sight shows, soonest first.
	CredentialCalendar(ctx context.Context, sight job.Sight) ([]job.CalendarEntry, error)
	Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
}

// Doer does what people ask; each writes down who asked.
type Doer interface {
	RunJob(ctx context.Context, name string, asked job.Run) (job.Run, error)
	RetryRun(ctx context.Context, id int64, asked job.Run) (job.Run, error)
	CancelRun(ctx context.Context, id int64, by string) error
	Pause(ctx context.Context, p job.Pause) error
	Resume(ctx context.Context, kind, name, by string) error
}

// Looker takes a person's word about a file: of a supervised job, for the content with this hash and no other; in doubt, for the doubt that
// was looked at.
type Looker interface {
	DecideFile(ctx context.Context, w job.Decision) (job.File, error)
	// ReconcileJob ends the doubts that a restored ledger or a mass change has left on a job, and says how many, and of how many nobody knew
	// who decided: they are left, and the job goes on holding what looks new.
	ReconcileJob(ctx context.Context, name string, w job.Settling) (settled, left int, err error)
	ApproveFile(ctx context.Context, id int64, sha256, by string) (job.File, error)
	RejectFile(ctx context.Context, id int64, sha256, why, by string) (job.File, error)
}

// Helper looks at servers.
type Helper interface {
	Test(ctx context.Context, connection, by string) (Report, error)
}

// Report is what a test of a connection came to.
type Report struct {
	OK     bool
	At     time.Time
	Stages []Stage
	Reason *job.Reason
}

// Stage is one step of a test.
type Stage struct {
	Name         string
	State        string // ok, FAIL, warn, --
	Milliseconds int64
	Detail       string
}
