package transfer

import (
	"context"
	"fmt"

	"github.com/haulier/haulier/job"
)

// look compares the outbox with the ledger.
func (r *exportRun) look(ctx context.Context) (*look, error) {
	l, err := r.newLook(ctx)
	if err == nil {
		err = r.outbox.List(ctx, func(entry job.Entry) error { return r.sight(ctx, l, entry) })
	}
	if err == nil {
		err = r.judgeBatch(ctx, l)
	}
	if err == nil {
		err = r.markAbsent(ctx, l)
	}
	r.gate(l)
	return l, err
}

// follow does what the verdict on one source asks.
func (r *exportRun) follow(ctx context.Context, l *look, s sighting) (*job.File, error) {
	switch r.verdict(l, s) {
	case verdictNew:
		f := r.asFile(s.path, s.entry, l.now)
		r.refuse(&f, s)
		return &f, nil
	case verdictChanged:
		return nil, r.restart(ctx, l, s)
	case verdictWaiting:
		l.await(r.stableFor - l.now.Sub(s.row.StableSince))
	case verdictReady:
		l.ready = append(l.ready, s.path)
	case verdictStaying, verdictHeld, verdictKnown, verdictBusy:
	}
	return nil, nil
}

// refuse decides a new row by what the outbox says alone.
func (r *exportRun) refuse(f *job.File, s sighting) {
	name := r.shown(*f)
	switch {
	case r.restored:
		decide(f, job.FileHeld, restoredReason(s.entry.Name, r.spec.Name))
	case s.entry.Size == 0 && !r.want.AllowEmpty:
		decide(f, job.FileRejected, &job.Reason{
			Slug: "content.empty", What: name + " was not sent; it is still in the outbox", Cause: "it has no content: 0 bytes",
			Do: "look at what writes the outbox, or set allow_empty: true", Who: job.WhoUs,
		})
	case s.entry.Size > r.spec.Limits.MaxFileSize:
		decide(f, job.FileRejected, &job.Reason{
			Slug: "content.too_large", What: name + " was not sent; it is still in the outbox",
			Cause: fmt.Sprintf("it has %s, and limits.max_file_size is %s", bytes(s.entry.Size), bytes(r.spec.Limits.MaxFileSize)),
			Do:    "raise limits.max_file_size if the size is right", Who: job.WhoUs,
		})
	case s.known && r.want.Resend == job.ResendNever && s.row.State == job.FileDelivered && !r.run.Force:
		decide(f, job.FileSkipped, &job.Reason{
			Slug: "content.sent_before", What: name + " was not sent again", Cause: "a file of this name was delivered, and resend is never",
			Do: "nothing, or set resend: changed", Who: job.WhoUs,
		})
	}
}

// markAbsent notes sources that are gone from the outbox: when they come back, they are new.
func (r *exportRun) markAbsent(ctx context.Context, l *look) error {
	var ids []int64
	err := r.ledger.Present(ctx, r.spec.Name, func(f job.File) error {
		if !r.lies(f) && open(f) && !r.run.AsRun && f.Touched <= l.stamp {
			return r.leaveBehind(ctx, f)
		}
		if r.lies(f) && !l.names.has(r.name(f)) && f.Touched <= l.stamp && (f.Step == job.StepDone || f.Step == job.StepSeen) {
			ids = append(ids, f.ID)
		}
		return nil
	})
	if err != nil {
		return ledgerReason(err)
	}
	return r.absent(ctx, l, ids)
}
