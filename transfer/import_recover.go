package transfer

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/haulier/haulier/job"
)

// recover finishes what earlier runs began: each row says how far it came, and the stage and the server say the rest.
func (r *importRun) recover(ctx context.Context) error {
	rows, err := r.Ledger.Unfinished(ctx, r.spec.Name)
	if err != nil {
		return ledgerReason(err)
	}
	for _, row := range rows {
		if r.over() {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if row.Step == job.StepClaimed && row.Aside == "" {
			continue // read-once: the listing decides
		}
		r.resume(ctx, row)
	}
	sweepStage(ctx, r.landing, r.Ledger)
	return nil
}

// resume goes on with one row under a new fence.
func (r *importRun) resume(ctx context.Context, row job.File) {
	began := time.Now()
	f, err := r.Ledger.Claim(keep(ctx), row, r.run.ID)
	if err != nil {
		r.lost(err)
		return
	}
	r.seq++
	var moved int64
	landed := row.Step == job.StepLanded || row.Step == job.StepRetiring
	if r.restored && (f.Step == job.StepClaimed || f.Step == job.StepDownloaded) {
		err = r.forgotten(f)
	} else {
		err = r.resumeAt(ctx, &f, &moved)
	}
	if landed && err == nil {
		return // it was counted by the run that landed it
	}
	r.settle(ctx, f, err, began, moved)
}

// forgotten holds what a restored ledger believes to be on its way: it may have landed since the copy was made.
func (r *importRun) forgotten(f job.File) error {
	return &decision{job.FileHeld, restoredReason(baseName(f.Path, r.want.Dir), r.spec.Name)}
}

func (r *importRun) resumeAt(ctx context.Context, f *job.File, moved *int64) error {
	switch f.Step {
	case job.StepClaimed:
		return r.resumeClaim(ctx, f, moved)
	case job.StepDownloaded:
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
		return r.finish(ctx, f, opened, r.seq)
	case job.StepLanding:
		if err := r.landReady(ctx, f, f.Final); err != nil {
			return err
		}
		return r.retire(ctx, f)
	}
	f.State = job.FileLanded // C12 was written; only the source is left to see to
	return r.retire(ctx, f)
}

// resumeClaim goes on after C4: the source lies aside, or the rename never came about.
func (r *importRun) resumeClaim(ctx context.Context, f *job.File, moved *int64) error {
	if !f.Moved {
		found, err := r.lookAside(ctx, f)
		if err != nil {
			return err
		}
		if !found {
			return r.unclaim(ctx, f)
		}
		if !f.Moved {
			return r.replaced(*f)
		}
	}
	return r.move(ctx, f, r.seq, moved)
}

// unclaim gives a source back to the listing.
func (r *importRun) unclaim(ctx context.Context, f *job.File) error {
	f.Aside, f.State, f.Reason = "", job.FileWaiting, nil
	return r.advance(ctx, f, job.StepSeen)
}

// stageLost is for received bytes that somebody took out of the stage. They are fetched again where that is possible.
func (r *importRun) stageLost(ctx context.Context, f *job.File) error {
	if !r.readOnce {
		f.Kept = ""
		return r.unclaim(ctx, f)
	}
	return &decision{job.FileHeld, &job.Reason{
		Slug: "local.stage_lost", What: r.shown(*f) + " did not land", Cause: "its received bytes are no longer in the stage, and the server gives it only once",
		Do: "look for " + f.Kept + " in backups of the stage, or ask the customer to put the file out again", Who: job.WhoBoth,
	}}
}
