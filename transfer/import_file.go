package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/haulier/haulier/job"
)

// move takes a claimed file through C4 to C15.
func (r *importRun) move(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if err := r.claimRemote(ctx, f); err != nil {
		return err
	}
	need := f.Size
	if r.opener != nil {
		need *= opened
	}
	if err := r.space.reserve(need); err != nil {
		return err
	}
	defer r.space.release(need)

	f.Landing = r.want.Landing
	opened, err := r.fetchAndOpen(ctx, f, moved)
	if err != nil {
		return err
	}
	return r.finish(ctx, f, opened, seq)
}

// finish takes a file that lies whole and opened in the stage to its end.
func (r *importRun) finish(ctx context.Context, f *job.File, opened string, seq int) error {
	if err := r.check(ctx, f, opened); err != nil {
		return errors.Join(err, r.landing.Remove(opened))
	}
	if err := r.attend(ctx, f, opened, seq); err != nil {
		return err
	}
	if err := r.land(ctx, f, opened, seq); err != nil {
		return err
	}
	return r.retire(ctx, f)
}

// claimRemote is C4: with claim: rename the source is moved aside before it is fetched, which settles who has it. On
// read-once servers the row says that a fetch is about to begin.
func (r *importRun) claimRemote(ctx context.Context, f *job.File) error {
	if f.Aside != "" || (!r.want.Claim && !r.readOnce) {
		return nil
	}
	next := *f // a row that could not be written must not remember where the source would have gone
	if r.want.Claim {
		next.Aside = r.asideOf(next)
	}
	if err := r.advance(ctx, &next, job.StepClaimed); err != nil {
		return err
	}
	*f = next
	if !r.want.Claim {
		return nil
	}
	if err := r.moveAside(ctx, f); err != nil || f.Moved {
		return err
	}
	return replaced()
}

// replaced is for a version in whose place another one was, once it had been moved aside: that one is adopted.
func replaced() error {
	return &decision{job.FileSkipped, &job.Reason{
		Slug: slugWithdrawn, What: "the file did not land in this version", Cause: "the customer put another version in its place before it could be fetched",
		Do: "nothing: the other version is taken", Who: job.WhoCustomer,
	}}
}

// check looks at the opened file before anybody else can.
func (r *importRun) check(ctx context.Context, f *job.File, opened string) error {
	if f.Plain.Size == 0 && !r.want.AllowEmpty {
		return &decision{job.FileRejected, emptyReason()}
	}
	if r.want.Duplicates == job.DuplicatesLand || r.run.Force || isFirst(*f) {
		return nil
	}
	former, found, err := r.ledger.Former(ctx, *f)
	if err != nil {
		return ledgerReason(err)
	}
	if !found || former.Plain.SHA256 != f.Plain.SHA256 {
		return nil
	}
	reason := &job.Reason{
		Slug: slugDuplicate, What: "the file did not land again",
		Cause: fmt.Sprintf("its content is that of the version before, file %d, which landed on %s", former.ID, dated(former.Ended, r.spec)),
		Do:    "nothing, or set duplicates: land", Who: job.WhoCustomer,
	}
	if r.want.Duplicates == job.DuplicatesHold {
		reason.Do = fmt.Sprintf("haulier held resolve %d --as drop; or set duplicates: land, and resolve it --as again", f.ID)
		return &decision{job.FileHeld, reason}
	}
	return &decision{job.FileSkipped, reason}
}
