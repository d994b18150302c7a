package job

import "time"

// Timing says when a job runs.
type Timing struct {
	Cron     string         // five fields or a descriptor such as @daily; empty: only by hand or after another job
	Zone     *time.Location // wall time of Cron, Window, Calendar and of every date in a name; never nil
	After    string         // run when a run of this job has succeeded; empty: none
	Window   *Window        // outside it a run is not started; nil: any time
	Calendar *Calendar      // days on which slots run; nil: every day
	Jitter   time.Duration  // a slot starts up to this much later, the same for one slot on every node
	Overlap  Overlap
	CatchUp  time.Duration // a missed slot younger than this still runs (the latest only); 0: never
}

// Window is a span of wall time in a day; From after To spans midnight.
type Window struct {
	From, To int // minutes after midnight
}

// Calendar names the days on which slots run.
type Calendar struct {
	Name   string
	Days   [7]bool             // by time.Weekday
	Except map[string]struct{} // dates 2006-01-02 without slots
}

// Overlap says what becomes of a slot that is due while the job still runs.
type Overlap string

// The overlap policies.
const (
	OverlapSkip  Overlap = "skip"  // the slot ends skipped
	OverlapQueue Overlap = "queue" // one slot waits for the end of the run, later ones are coalesced
)

// Slot is one due time of a job. (Job, Wall, Offset) is unique for ever, whatever happens to clocks and zones.
type Slot struct {
	Job    string
	Wall   string    // wall time in the job's zone, 2006-01-02T15:04
	Offset int       // seconds east of UTC at that time
	Due    time.Time // the same instant in UTC
	Zone   string    // IANA name

	State  SlotState
	Reason *Reason // why it was skipped or missed; nil otherwise
	Run    int64   // the run that served it; 0: none
}

// SlotState is how a slot ended.
type SlotState string

// The states of a slot. Every slot leaves SlotDue.
const (
	SlotDue       SlotState = "due"
	SlotRan       SlotState = "ran"
	SlotCoalesced SlotState = "coalesced" // another slot's run served it
	SlotSkipped   SlotState = "skipped"   // policy said no; the reason says which
	SlotMissed    SlotState = "missed"    // nobody was there to run it
)
