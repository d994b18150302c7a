package job

import "time"

// Expect is what must be true of a job by when, whatever its runs come to: so many files landed, or delivered, on each of its
// days. It is judged by itself, not as a by-product of runs. A day is named by the date of its deadline.
type Expect struct {
	Opens    int           // minutes after midnight from which arrivals count, on the day of By or the evening before; NoOpening
	By       int           // minutes after midnight: the deadline. Behind it the day is late
	Grace    time.Duration // behind By and Grace it is missing
	Days     [7]bool       // by time.Weekday
	Calendar *Calendar     // of days on which anything is expected; nil: each of Days
	Files    int           // the least that must come
	LookBack time.Duration // how long a file that bears its day's date may still come for it
}

// NoOpening is Opens where the configuration names none: arrivals count from behind the deadline of the day before, so that
// early files count.
const NoOpening = -1

// Verdict is how a day of an expectation stands.
type Verdict string

// The verdicts.
const (
	VerdictPending          Verdict = "pending"           // the deadline lies ahead, and not all has come
	VerdictMet              Verdict = "met"               // on time
	VerdictLate             Verdict = "late"              // the deadline has passed
	VerdictMissing          Verdict = "missing"           // the grace has passed too
	VerdictRecoveredLate    Verdict = "recovered-late"    // came between deadline and end of grace
	VerdictRecoveredMissing Verdict = "recovered-missing" // came after it was called missing
	VerdictExcused          Verdict = "excused"           // nobody was to expect it: paused, disabled, taken out of the configuration
)

// Verdicts are all of them, in the order in which a day may go through them.
var Verdicts = []Verdict{
	VerdictPending, VerdictMet, VerdictLate, VerdictMissing, VerdictRecoveredLate, VerdictRecoveredMissing, VerdictExcused,
}

// Bad says whether somebody has to be told.
func (v Verdict) Bad() bool { return v == VerdictLate || v == VerdictMissing }

// Good says whether all came that was wanted.
func (v Verdict) Good() bool {
	return v == VerdictMet || v == VerdictRecoveredLate || v == VerdictRecoveredMissing
}

// Expectation is one day of a job's Expect.
type Expectation struct {
	Job        string
	Connection string
	Type       Type
	Day        string // 2006-01-02, of the deadline, in Zone
	Zone       string // IANA name

	Opens   time.Time // what came before is another day's
	By      time.Time
	Missing time.Time // By and the grace
	Closes  time.Time // what comes later is another day's
	Planned time.Time // By as the configuration has it; By differs when it was extended

	Wanted   int
	Got      int       // landed or delivered
	Held     int       // came, and wait for a person
	Rejected int       // came, and were refused
	Refused  []int64   // the files that Held and Rejected count, by their numbers
	First    time.Time // arrival of those that Got counts; zero: none
	Last     time.Time
	Filled   time.Time // when as many had come as are wanted; zero: not yet

	Verdict Verdict
	Reason  *Reason   // why it is late, missing or excused; stays when it recovers, and goes when the deadline is moved
	Judged  time.Time // when the verdict was written
	Version int64     // counts the writes of the row
	Closed  bool      // nothing more becomes of it

	Extended *Extension // nil: never
}

// Extension is a deadline that a person has moved.
type Extension struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Arrivals are files of a job that came within a time.
type Arrivals struct {
	Got, Held, Rejected int
	First, Last         time.Time // of those that Got counts
	Filled              time.Time // when Got was as many as are wanted; zero: it is not
	Refused             []int64   // numbers of those that were held or rejected, rising
	Why                 *Reason   // of the last of these
}

// Judging is how a day is judged by what came. Its functions do not ask the store.
type Judging struct {
	// From gives the time behind which arrivals count; before are the earlier days whose windows reach into this day's.
	From func(before []Expectation) time.Time
	// Next is when the window of the day behind it opens: what comes behind that is another day's once all have come. Zero: names tell.
	Next time.Time
	// Wants says whether a file is one of this day's, by its name.
	Wants func(name string) bool
	// Decide gives the day as it is to be written; as it was: there is nothing to write. off is why nothing was to be expected.
	Decide func(e Expectation, now time.Time, came Arrivals, off *Reason) Expectation
}

// On says whether anything is expected on the day of a date.
func (e Expect) On(date time.Time) bool {
	if !e.Days[date.Weekday()] {
		return false
	}
	if e.Calendar == nil {
		return true
	}
	_, except := e.Calendar.Except[date.Format(time.DateOnly)]
	return e.Calendar.Days[date.Weekday()] && !except
}
