package transfer

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
)

// lost is told of a row that could not be written. Somebody else has the file, or the ledger does not answer.
func (r *frame) lost(err error) {
	if err = ignoreStale(err); err != nil {
		r.fail(asReason(ledgerReason(err)))
	}
}

func ignoreStale(err error) error {
	if errors.Is(err, job.ErrStale) {
		return nil
	}
	return err
}

// served gives the state of a file that has reached the other side, whatever is still to be done with its source.
func served(f job.File) (job.State, bool) {
	switch f.Step {
	case job.StepLanded, job.StepRetiring:
		return job.FileLanded, true
	case job.StepDelivered:
		return job.FileDelivered, true
	}
	return "", false
}

// settle writes down how a file ended in this run. One that was served before is not counted again.
func (r *frame) settle(ctx context.Context, f *job.File, err error, began time.Time, moved int64, before bool) {
	if errors.Is(err, job.ErrStale) {
		return // the row belongs to somebody else by now; what they write is true
	}
	if err != nil {
		to := f.Step
		f.State, f.Reason = outcome(ctx, err)
		if state, yes := served(*f); yes {
			f.State = state // only what comes after is not done
		}
		r.speak(f)
		switch {
		case givenUp(f.State):
			to = job.StepDone
		case f.Reason.Slug == slugSizeChanged && f.Step == job.StepClaimed && f.Aside == "":
			f.State = job.FileFailed // a read-once server may have used it up: the next listing decides
		case f.Reason.Slug == slugSizeChanged:
			to = job.StepSeen // the next run that finds it quiet takes it up again
		}
		r.owes.last(f.ID)
		if err := r.advance(ctx, f, to); err != nil {
			r.lost(err)
			return
		}
	}
	if before {
		r.blameFile(f.Reason)
	} else {
		r.add(*f)
	}
	r.let(ctx, *f, began, moved, before)
}

// speak lets a row's reason say what became of its file. A What that begins with "the file" is of somebody who knew about it; in
// any other only a request, a disk or a run speaks, and the row knows better.
func (r *frame) speak(f *job.File) {
	own := *f.Reason // several files may fail of one cause
	did, about := strings.CutPrefix(own.What, "the file ")
	if !about {
		did = ""
	}
	own.What = r.shown(*f) + " " + r.machine.what(*f, did)
	f.Reason = &own
}

// givenUp says whether a file in this state is not taken up again, so that nothing of it stays in the stage.
func givenUp(state job.State) bool { return state == job.FileRejected || state == job.FileSkipped }

// outcome turns an error into the state that it leaves a file in.
func outcome(ctx context.Context, err error) (job.State, *job.Reason) {
	var decided *decision
	if errors.As(err, &decided) {
		return decided.state, decided.reason
	}
	reason := ended(ctx, err)
	switch {
	case ctx.Err() != nil:
		return job.FileFailed, reason
	case reason.Slug == "pgp.key_missing", reason.Slug == "pgp.key_locked", reason.Slug == "pgp.recipient_key":
		return job.FileFailed, reason // the key is to blame, not the file: with another one the next run takes it
	case area(reason) == "pgp", area(reason) == "content":
		return job.FileRejected, reason
	case reason.Slug == slugSizeChanged:
		return job.FileHeld, reason
	}
	return job.FileFailed, reason
}

// decision is an error that knows the state in which it leaves its file.
type decision struct {
	state  job.State
	reason *job.Reason
}

func (d *decision) Error() string { return d.reason.Error() }
func (d *decision) Unwrap() error { return d.reason }

// decide ends a row without moving anything.
func (r *frame) decide(f *job.File, state job.State, reason *job.Reason) {
	f.State, f.Reason = state, reason
	r.speak(f)
	if state != job.FileHeld {
		f.Step = job.StepDone
	}
}

// let lets go of a file: the run remembers how it left it.
func (r *frame) let(ctx context.Context, f job.File, began time.Time, moved int64, before bool) {
	if !r.owes.told(f.ID) {
		err := r.ledger.Outcome(keep(ctx), job.Outcome{Run: r.run.ID, File: f, Bytes: moved, Duration: time.Since(began)})
		if err != nil {
			r.fail(asReason(ledgerReason(err)))
		}
	}
	where := f.Local
	if where == "" {
		where = f.Final
	}
	r.tell(job.Progress{
		File: f.ID, Name: r.shown(f), Stage: job.StageEnd, Done: f.Received.Size, Total: f.Size,
		State: f.State, Detail: where, Before: before, Reason: f.Reason,
	})
}

// tidiedAttempts is how many of a row's latest attempts are cleared up after at once.
const tidiedAttempts = 8

// tidy is C15: nothing of a file that is done stays in the stage. Only a row that was begun more than once can have left
// something there that it does not name. What is not removed here is found by the sweep.
func (r *frame) tidy(f job.File) {
	if f.Step != job.StepDone {
		return
	}
	_ = failpoint.Around("C15", func() error {
		r.clear(f)
		return nil
	})
}

func (r *frame) clear(f job.File) {
	stage := r.machine.stageOf(f)
	if stage == nil {
		return
	}
	names := []string{f.Kept, f.Stage}
	for fence := max(1, f.Fence-tidiedAttempts); fence <= f.Fence && f.Fence > 1; fence++ {
		names = append(names, stagedNames(f.ID, fence)...)
	}
	for _, name := range names {
		if name != "" {
			_ = stage.Remove(name)
		}
	}
}

// counted is the request that an attempt to move f's bytes was.
func (r *frame) counted(f job.File, d job.Direction, location string, n int64, began time.Time, failure *job.Reason) job.Request {
	q := job.Request{
		Connection: r.conn.Name, Entity: r.conn.Entity, Job: r.spec.Name, Run: firstAttempt(r.run), File: f.ID,
		Direction: d, Location: location, OK: failure == nil, Bytes: n, Started: began, Duration: time.Since(began),
	}
	if failure != nil {
		q.Slug = failure.Slug
	}
	return q
}

// firstAttempt is the run that requests are counted for, whatever attempt of the ladder makes them.
func firstAttempt(run job.Run) int64 {
	if run.AttemptOf != 0 {
		return run.AttemptOf
	}
	return run.ID
}
