package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/haulier/haulier/job"
)

// forgotten holds what a restored ledger believes to be on its way: it may have landed since the copy was made.
func (r *importRun) forgotten(f job.File) error {
	return &decision{job.FileHeld, restoredReason(r.spec.Name)}
}

// goOnFrom takes a claimed row from wherever it stands to its end, seen from its home.
func (r *importRun) goOnFrom(ctx context.Context, f *job.File, seq int, moved *int64) error {
	switch f.Step {
	case job.StepSeen, job.StepClaimed, job.StepDownloaded, job.StepChecked:
		if r.forgets(*f) {
			return r.forgotten(*f)
		}
	case job.StepLanding:
		if err := r.landReady(ctx, f, f.Final); err != nil {
			return err
		}
	}
	switch f.Step {
	case job.StepSeen:
		if err := r.acceptable(*f); err != nil {
			return err
		}
		return r.move(ctx, f, seq, moved)
	case job.StepClaimed:
		return r.resumeClaim(ctx, f, seq, moved)
	case job.StepDownloaded:
		return r.resumeDownloaded(ctx, f, seq)
	case job.StepChecked:
		return r.resumeChecked(ctx, f, seq, moved)
	}
	return r.retire(ctx, f)
}

// resumeDownloaded goes on after C7: what was received is opened without the network.
func (r *importRun) resumeDownloaded(ctx context.Context, f *job.File, seq int) error {
	need := f.Size
	if r.opener != nil {
		need *= opened - 1 // what was received lies there already
	}
	if err := r.space.reserve(need); err != nil {
		return err
	}
	defer r.space.release(need)
	opened, err := r.openReceived(ctx, f)
	if errors.Is(err, fs.ErrNotExist) {
		return r.stageLost(ctx, f)
	}
	if err != nil {
		return err
	}
	// The run that fetched it may have died before its last look at the source.
	if err := r.unchangedSource(ctx, f); err != nil {
		return errors.Join(err, r.landing.Remove(opened))
	}
	return r.finish(ctx, f, opened, seq)
}

// onlyCopy holds a file that would be rejected, when nobody could ever fetch it again: a person decides about what lies
// in the stage.
func (r *importRun) onlyCopy(ctx context.Context, f *job.File, err error) error {
	if err == nil || errors.Is(err, job.ErrStale) || f.Kept == "" {
		return err
	}
	state, reason := outcome(ctx, err)
	if state != job.FileRejected {
		return err
	}
	if err := r.seeWhetherSpent(ctx, f); err != nil {
		return err
	}
	if !f.Spent {
		return err
	}
	held := *reason
	held.What = ""
	held.Do += fmt.Sprintf("; then haulier held resolve %d --as again opens it once more, --as drop gives it up", f.ID)
	return &decision{job.FileHeld, &held}
}

// seeWhetherSpent looks whether the source of received bytes is still there. Where nobody may look, it was not touched.
func (r *importRun) seeWhetherSpent(ctx context.Context, f *job.File) error {
	if f.Spent || no(r.remote.Profile().Stat) {
		return nil
	}
	_, err := r.remote.Stat(ctx, source(*f))
	f.Spent = errors.Is(err, fs.ErrNotExist)
	if f.Spent || refused(err) {
		return nil
	}
	return err
}

// resumeClaim goes on after C4: the source lies aside, or the rename never came about.
func (r *importRun) resumeClaim(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if !f.Moved {
		found, err := r.lookAside(ctx, f)
		if err != nil {
			return err
		}
		if !found {
			return r.unclaim(ctx, f)
		}
		if !f.Moved {
			return replaced()
		}
	} else if _, err := r.remote.Stat(ctx, f.Aside); errors.Is(err, fs.ErrNotExist) {
		return r.gone(f, r.readOnce) // no listing would ever show it again
	}
	return r.move(ctx, f, seq, moved)
}

// unclaim gives a source back to the listing.
func (r *importRun) unclaim(ctx context.Context, f *job.File) error {
	f.Aside, f.State, f.Reason = "", job.FileWaiting, nil
	return r.advance(ctx, f, job.StepSeen)
}

// stageLost is for received bytes that somebody took out of the stage. They are fetched again where that is possible.
func (r *importRun) stageLost(ctx context.Context, f *job.File) error {
	if !f.Spent {
		f.Kept = ""
		return r.unclaim(ctx, f)
	}
	return &decision{job.FileHeld, &job.Reason{
		Slug: slugStageLost, What: "the file did not land", Cause: "its received bytes are no longer in the stage, and the server does not have it any more",
		Do: fmt.Sprintf("ask the customer to put the file out again, then haulier held resolve %d --as again; or land what a backup of the stage has as %s by hand, then --as landed", f.ID, f.Kept), Who: job.WhoBoth,
	}}
}
