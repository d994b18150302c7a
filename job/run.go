package job

import "time"

// Run is the work done for a slot, or by hand.
type Run struct {
	ID         int64
	Job        string
	Connection string
	Type       Type
	Trigger    Trigger
	By         string    // who asked, for runs by hand
	Slot       *Slot     // nil: by hand
	Attempt    int       // from 1
	AttemptOf  int64     // run of the first attempt; 0: this is it
	Deaths     int       // attempts, up to this one, in the middle of which the process died
	Follows    int64     // run of the job before it (after) whose success began this one; 0: none
	Revision   int64     // of the configuration that it ran with; 0: not known
	RetryAt    time.Time // when the next attempt of the ladder is due; zero: none

	Started time.Time
	Ended   time.Time // zero: still running
	State   RunState
	Counts  Counts
	Bytes   Bytes
	Reason  *Reason // why it did not succeed; nil when it did
	Note    string  // what a person should know of a run that succeeded, e.g. a capped listing

	// What was asked for by hand.
	Only  string // only the file of this name; empty: all
	Force bool   // take files again that were taken before
	AsRun bool   // with job and connection as Revision has them, not those of now; not kept, the number tells
	// Reopen is the run that this one tries again: its rejected files are taken once more. 0: none. Not kept.
	Reopen int64
}

// Trigger is what started a run.
type Trigger string

// The triggers.
const (
	TriggerSchedule Trigger = "schedule"
	TriggerManual   Trigger = "manual"
	TriggerCatchUp  Trigger = "catch-up"
	TriggerRetry    Trigger = "retry"
	TriggerAfter    Trigger = "after"
)

// RunState is how a run stands.
type RunState string

// The states of a run.
const (
	RunQueued      RunState = "queued"
	RunRunning     RunState = "running"
	RunSucceeded   RunState = "succeeded"
	RunPartial     RunState = "partial"
	RunFailed      RunState = "failed"
	RunSkipped     RunState = "skipped"
	RunInterrupted RunState = "interrupted"
	RunCancelled   RunState = "cancelled"
)

// Counts are the files of a run by outcome. OK is landed and delivered; Failed counts rejected too.
type Counts struct {
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Held    int `json:"held"`
}

// Bytes are bytes on the wire.
type Bytes struct {
	Down int64 `json:"down"`
	Up   int64 `json:"up"`
}

// Outcome is what became of one file in one run.
type Outcome struct {
	Run      int64
	File     File // as it stood when the run let go of it
	Bytes    int64
	Duration time.Duration
}

// Result is what a run came to.
type Result struct {
	State  RunState
	Counts Counts
	Bytes  Bytes
	Reason *Reason
	Note   string
}
