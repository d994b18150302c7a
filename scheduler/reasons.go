package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// Sentinels that callers recognise.
var (
	// ErrRunning: the job is at work already, or waits for a free place; it never runs twice at once.
	ErrRunning = errors.New("already running")
	// ErrStopped: the scheduler is stopping and begins nothing new.
	ErrStopped = errors.New("the scheduler is stopping")
)

// errStopping is the cause with which Stop cuts runs off.
var errStopping = errors.New("the program is stopping")

const nothingMoved = "Nothing was moved; files stay where they are until the next run."

// unrecorded speaks for a run whose end could not be written; the ledger rows of its files say how far they came.
func unrecorded(run job.Run, err error) *job.Reason {
	return &job.Reason{
		Slug: "ledger.failed", What: fmt.Sprintf("what run %d did up to its last step is safe; that it ended is not recorded", run.ID),
		Cause: "the ledger could not be written", Do: "check the disk of data_dir with `haulier doctor`; the next run goes on from there",
		Who: job.WhoUs, Technical: err.Error(), Err: err,
	}
}

func missed(slot job.Slot, catchUp time.Duration, earlier string) *job.Reason {
	cause := fmt.Sprintf("Haulier was not running at %s %s, or could not write its store.", slot.Wall, slot.Zone)
	if catchUp > 0 {
		cause += fmt.Sprintf(" Only the latest missed slot is caught up on, within %s (catch_up).", catchUp)
	} else {
		cause += " catch_up is 0: missed slots are not caught up on."
	}
	return &job.Reason{Slug: "schedule.missed", What: nothingMoved, Cause: cause + earlier, Do: "To run it now: haulier run " + slot.Job, Who: job.WhoUs}
}

// overlapping is the reason of a slot whose job is busy. before is what the job's turn waits for, if that may be what ends the process: its number
// is told, and not whose it is, for who reads this may not know that name.
func overlapping(name string, busy, before *turn) *job.Reason {
	cause := "An earlier run of " + name + " was waiting for a free place."
	switch {
	case before != nil && before.run.ID != 0:
		cause = fmt.Sprintf("An earlier run of %s was waiting for run %d to end: Haulier or the machine stopped in the middle of both before.", name, before.run.ID)
	case before != nil:
		cause = fmt.Sprintf("An earlier run of %s was waiting for one of another job: Haulier or the machine stopped in the middle of both before.", name)
	case busy.run.ID != 0:
		cause = fmt.Sprintf("Run %d of %s, begun at %s, was still at work.", busy.run.ID, name, busy.run.Started.UTC().Format(time.RFC3339))
	}
	return &job.Reason{Slug: "schedule.overlap", What: nothingMoved, Cause: cause,
		Do: "Nothing, if runs of this length are expected; overlap: queue has the slot wait instead.", Who: job.WhoUs}
}

func outsideWindow(spec job.Spec, now time.Time) *job.Reason {
	w := spec.Timing.Window
	return &job.Reason{Slug: "schedule.window", What: nothingMoved,
		Cause: fmt.Sprintf("It was %s %s; %s starts runs from %s to %s only (window).", now.In(spec.Timing.Zone).Format("15:04"),
			spec.Timing.Zone, spec.Name, clock(w.From), clock(w.To)),
		Do: "Nothing, or run it by hand: haulier run " + spec.Name, Who: job.WhoUs}
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func offCalendar(spec job.Spec, slot job.Slot) *job.Reason {
	return &job.Reason{Slug: "schedule.calendar", What: nothingMoved,
		Cause: fmt.Sprintf("The calendar %q has no slots on %s.", spec.Timing.Calendar.Name, slot.Wall[:len(time.DateOnly)]),
		Do:    "Nothing.", Who: job.WhoUs}
}

func disabled(name string) *job.Reason {
	return &job.Reason{Slug: "job.disabled", What: nothingMoved, Cause: name + " has enabled: false in the configuration.",
		Do: "Set enabled: true and reload.", Who: job.WhoUs}
}

func removed(name string) *job.Reason {
	return &job.Reason{Slug: "job.removed", What: nothingMoved, Cause: name + " was taken out of the configuration before its turn came.",
		Do: "Nothing.", Who: job.WhoUs}
}

func renamedAtWork(spec job.Spec, busy string) *job.Reason {
	return &job.Reason{Slug: "config.renamed_at_work", What: "Nothing was changed; the old configuration goes on.",
		Cause: fmt.Sprintf("%s is to carry on the history of %s (formerly), and history is not moved while %s is at work or about to be.", spec.Name, spec.Formerly, busy),
		Do:    fmt.Sprintf("haulier reload, when `haulier history %s` says that its run has ended", busy), Who: job.WhoUs}
}

func paused(p *job.Pause) *job.Reason {
	cause := fmt.Sprintf("The %s %s was paused by %s at %s", p.Kind, p.Name, printable(p.By), p.Since.UTC().Format(time.RFC3339))
	if p.Reason != "" {
		cause += ": " + printable(p.Reason)
	}
	return &job.Reason{Slug: p.Kind + ".paused", What: nothingMoved, Cause: cause, Do: "haulier resume " + p.Name, Who: job.WhoUs}
}

const finishedKept = "Files that were landed or delivered stay so; the others are taken up by the next run."

func overTime(spec job.Spec) *job.Reason {
	return &job.Reason{Slug: "run.timeout", What: finishedKept,
		Cause: fmt.Sprintf("%s was at work for %s, the most that limits.timeout allows.", spec.Name, spec.Limits.Timeout),
		Do:    "Look at what took long, or raise limits.timeout.", Who: job.WhoUs, Temporary: true}
}

func cancelled(by string) *job.Reason {
	return &job.Reason{Slug: "run.cancelled", What: finishedKept, Cause: "The run was cancelled by " + printable(by) + ".", Do: "Nothing.", Who: job.WhoUs}
}

func interrupted(cause string) *job.Reason {
	return &job.Reason{Slug: "run.interrupted", What: finishedKept, Cause: cause, Do: "Nothing: the job goes on by itself.", Who: job.WhoUs}
}

// givenUp is the reason of a run that the process died in once too often: it may be what ends the process. Of those beside it no more is
// said than is known: who reads this may not know their names.
func givenUp(run job.Run, again bool) *job.Reason {
	cause := fmt.Sprintf("Run %d of %s was start %d of one run%s, and Haulier or the machine stopped in the middle of it, or of one whose place it took, for the %dth time; from the %dth on "+
		"no other run in which that had happened so often was at work.", run.ID, run.Job, run.Attempt, firstStart(run), run.Deaths, suspectFrom+1)
	if again {
		cause = fmt.Sprintf("Haulier or the machine stopped in the middle of run %d of %s, as it did in the run of %[2]s that was given up before.",
			run.ID, run.Job)
	}
	return &job.Reason{Slug: "run.given_up", What: finishedKept, Cause: cause + " It is not started once more before the next slot.",
		Do: fmt.Sprintf("Look in the log of the machine for what ends Haulier, such as memory that is full (journalctl -u haulier, dmesg); then haulier run %s", run.Job), Who: job.WhoUs}
}

func firstStart(run job.Run) string {
	if run.AttemptOf == 0 {
		return ""
	}
	return fmt.Sprintf(", the first of which was run %d", run.AttemptOf)
}

// stopped is what a run and its files are told when the program stops under them: no failure of theirs.
func stopped() *job.Reason { return interrupted("Haulier was stopped while the run was at work.") }

// Panicked is the reason of a run that a panic has ended.
func Panicked(value any) *job.Reason { return panicked(value) }

func panicked(value any) *job.Reason {
	return &job.Reason{Slug: "run.panic", What: finishedKept, Cause: "A mistake in Haulier ended the run; other jobs are not affected.",
		Do: "Report it with the log lines of this run.", Who: job.WhoUs, Technical: printable(fmt.Sprint(value))}
}

func unexplained(state job.RunState) *job.Reason {
	return &job.Reason{Slug: "run.unexplained", What: finishedKept, Cause: fmt.Sprintf("The run ended %q without a reason.", printable(string(state))),
		Do: "Report it with the log lines of this run.", Who: job.WhoUs}
}

// printable bounds and escapes what came from outside.
func printable(s string) string {
	const most = 300
	cut := s
	if len(cut) > most {
		cut = strings.ToValidUTF8(cut[:most], "") + "…"
	}
	q := fmt.Sprintf("%+q", cut)
	if q == `"`+s+`"` {
		return s
	}
	return strings.ReplaceAll(fmt.Sprintf("%q", cut), `"`, "'")
}
