package main

import (
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// runResult is a run as scripts read it; history gives the same object with more fields.
type runResult struct {
	Run   int64        `json:"run"`
	State job.RunState `json:"state"`
	Files job.Counts   `json:"files"`
	Bytes job.Bytes    `json:"bytes"`
	Error *job.Reason  `json:"error"`
}

func resultOf(r job.Run) runResult {
	return runResult{Run: r.ID, State: r.State, Files: r.Counts, Bytes: r.Bytes, Error: r.Reason}
}

// historyLine is a run in a list.
type historyLine struct {
	runResult
	Job          string      `json:"job"`
	Trigger      job.Trigger `json:"trigger"`
	ScheduledFor *time.Time  `json:"scheduled_for"`
	Started      *time.Time  `json:"started"`
	Ended        *time.Time  `json:"ended"`
	Attempt      int         `json:"attempt"`
	Revision     int64       `json:"revision,omitempty"` // of the configuration; absent: not known
	Follows      int64       `json:"follows,omitempty"`  // the run whose success began this one
	Note         string      `json:"note,omitempty"`
}

func historyOf(r job.Run) historyLine {
	started := r.Started.UTC()
	line := historyLine{
		runResult: resultOf(r), Job: r.Job, Trigger: r.Trigger, Started: &started, Attempt: r.Attempt, Follows: r.Follows, Revision: r.Revision, Note: r.Note,
	}
	if r.Slot != nil {
		due := r.Slot.Due.UTC()
		line.ScheduledFor = &due
	}
	if !r.Ended.IsZero() {
		ended := r.Ended.UTC()
		line.Ended = &ended
	}
	return line
}

// idleOf is a due time at which nothing ran: a line without a run. Idle is false where a run served it.
func idleOf(slot job.Slot) (line historyLine, idle bool) {
	if slot.State != job.SlotSkipped && slot.State != job.SlotMissed {
		return line, false
	}
	due := slot.Due.UTC()
	line = historyLine{runResult: runResult{State: job.RunState(slot.State), Error: slot.Reason}, Job: slot.Job, Trigger: job.TriggerSchedule, ScheduledFor: &due}
	return line, true
}

// at is when it happened, or should have.
func (l historyLine) at() time.Time {
	if l.Started != nil {
		return *l.Started
	}
	return *l.ScheduledFor
}

// summary is a run in a sentence.
func summary(r job.Run) string {
	text := fmt.Sprintf("run %d %s in %s: %s", r.ID, r.State, r.Ended.Sub(r.Started).Round(100*time.Millisecond), count(r.Counts.OK, "file"))
	if r.Bytes.Down > 0 {
		text += ", " + size(r.Bytes.Down) + " down"
	}
	if r.Bytes.Up > 0 {
		text += ", " + size(r.Bytes.Up) + " up"
	}
	for _, part := range []struct {
		n    int
		what string
	}{{r.Counts.Failed, "failed"}, {r.Counts.Held, "held"}, {r.Counts.Skipped, "skipped"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
