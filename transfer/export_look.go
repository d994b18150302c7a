package transfer

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// look compares the outbox with the ledger.
func (r *exportRun) look(ctx context.Context) (*look, error) {
	l, err := r.newLook(ctx)
	if err == nil {
		l.resting = r.readResting(ctx, l.names)
		defer l.resting.stop()
		err = r.outbox.List(ctx, func(entry job.Entry) error { return r.sight(ctx, l, entry) })
	}
	if err == nil {
		err = r.judgeRest(ctx, l)
	}
	if err == nil {
		err = r.remember(ctx, l)
	}
	if err == nil {
		err = r.markAbsent(ctx, l)
	}
	r.gate(l, quietly)
	r.listed = err == nil
	return l, err
}

// follow does what the verdict on one source asks.
func (r *exportRun) follow(ctx context.Context, l *look, s sighting) (*job.File, error) {
	switch r.verdict(l, s) {
	case verdictNew:
		f := r.begin(s, l.now, "")
		return &f, nil
	case verdictChanged:
		return nil, r.restart(ctx, l, s)
	case verdictWaiting:
		l.await(r.stableFor - l.now.Sub(s.row.StableSince))
	case verdictReady:
		r.due(l, s.row)
	case verdictStaying, verdictHeld, verdictKnown, verdictBusy, verdictSpent:
	}
	return nil, nil
}

// begin is the row of a version that nobody worked on. Our own outbox has no mass changes.
func (r *exportRun) begin(s sighting, now time.Time, _ string) job.File {
	f := r.asFile(s.path, s.entry, now)
	r.refuse(&f, s)
	return f
}

// refuses says why a file that is ready is not taken: a restored ledger may have forgotten that it was.
func (r *exportRun) refuses(f job.File) error {
	if r.forgets(f) {
		return &decision{job.FileHeld, restoredReason(r.spec.Name)}
	}
	return nil
}

// refuse decides a new row by what the outbox says alone.
func (r *exportRun) refuse(f *job.File, s sighting) {
	switch {
	case r.restored:
		r.decide(f, job.FileHeld, restoredReason(r.spec.Name))
	case s.entry.Size == 0 && !r.want.AllowEmpty:
		r.decide(f, job.FileRejected, &job.Reason{
			Slug: "content.empty", What: "the file was not sent", Cause: "it has no content: 0 bytes",
			Do: "look at what writes the outbox, or set allow_empty: true", Who: job.WhoUs,
		})
	case s.entry.Size > r.spec.Limits.MaxFileSize:
		r.decide(f, job.FileRejected, &job.Reason{
			Slug: "content.too_large", What: "the file was not sent",
			Cause: fmt.Sprintf("it has %s, and limits.max_file_size is %s", bytes(s.entry.Size), bytes(r.spec.Limits.MaxFileSize)),
			Do:    "raise limits.max_file_size if the size is right", Who: job.WhoUs,
		})
	case s.known && r.want.Resend == job.ResendNever && s.row.State == job.FileDelivered && !r.run.Force:
		r.decide(f, job.FileSkipped, &job.Reason{
			Slug: "content.sent_before", What: "the file was not sent again", Cause: "a file of this name was delivered, and resend is never",
			Do: "nothing, or set resend: changed", Who: job.WhoUs,
		})
	}
}

// markAbsent notes sources that are gone from the outbox: when they come back, they are new. What nobody took yet was withdrawn.
func (r *exportRun) markAbsent(ctx context.Context, l *look) error {
	var ids []int64
	err := r.leftOver(ctx, l, func(f job.File) error {
		switch {
		case f.Touched > l.stamp:
		case !r.lies(f):
			if open(f) && !r.run.AsRun {
				return r.leaveBehind(ctx, f)
			}
		case l.names.has(r.name(f)):
		case open(f):
			return r.withdraw(ctx, f)
		case f.Step == job.StepDone, f.Step == job.StepSeen:
			ids = append(ids, f.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.absent(ctx, l, ids)
}

// withdraw ends a row whose source was taken out of the outbox before anything of it was sent.
func (r *exportRun) withdraw(ctx context.Context, f job.File) error {
	f.Reason = withdrawn().reason
	r.speak(&f)
	return r.skip(ctx, f, f.Reason)
}
