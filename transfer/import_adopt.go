package transfer

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
)

// adopt begins a generation for a version that lies under one of our names, unless a run that died has done so.
// Names is nil where nothing was listed.
func (r *importRun) adopt(ctx context.Context, names *nameSet, f job.File, aside string, entry job.Entry) error {
	newest, err := r.ledger.Known(ctx, r.spec.Name, []string{f.Path})
	if err != nil {
		return ledgerReason(err)
	}
	holder, held, err := r.ledger.HolderOf(ctx, f, aside)
	if err != nil {
		return ledgerReason(err)
	}
	_, carried, err := r.carried(ctx, f, entry)
	if err != nil {
		return err
	}
	switch {
	case held && holder.ID != f.ID:
		return r.takeOver(ctx, names, holder, entry)
	case carried:
		return nil // its own way, or the next listing, decides
	}
	if err := r.overtake(ctx, newest[f.Path]); err != nil {
		return err
	}
	next := r.asFile(f.Path, entry, time.Now())
	next.Dir, next.Aside = f.Dir, aside
	rows, err := r.ledger.SeeMany(keep(ctx), []job.File{next})
	if err != nil {
		return ledgerReason(err)
	}
	r.takeQuiet(names, rows[0], 0)
	return nil
}

// overtake ends a row that waits to be listed and will not be the newest of its path any more: it would wait for ever. Where its
// source is there still, the next listing takes it as a new one.
func (r *importRun) overtake(ctx context.Context, f job.File) error {
	if !awaitsListing(f) || f.Aside != "" {
		return nil
	}
	entry, err := r.remote.Stat(ctx, f.Path)
	switch {
	case unknown(err):
		return err
	case err != nil || !sameFingerprint(f, entry):
		return r.withdraw(ctx, []job.File{f})
	}
	return r.skip(ctx, f, &job.Reason{
		Slug: slugWithdrawn, What: r.shown(f) + " was not taken yet; it lies on the server",
		Cause: "another version of it was moved aside there, and goes first", Do: "nothing: the next run that finds it quiet takes it as a new file", Who: job.WhoUs,
	})
}

// carried gives the row of the version that a rename took along which was done late, to a name of row f's. One of the same size
// and time that came after the source was gone is another version.
func (r *importRun) carried(ctx context.Context, f job.File, entry job.Entry) (job.File, bool, error) {
	row, known, err := r.ledger.VersionOf(ctx, f, entry)
	return row, known && row.ID > f.ID && !row.Moved && !row.Absent && slugOf(row) != slugWithdrawn, ledgerReason(err)
}

// takeQuiet lets this run take a version that lies under one of our names, when it has been quiet for long enough and its
// done-file is among the names: a rename takes it from nobody who has it open and still writes. Where nothing was listed, the
// next look decides. What was seen for the first time just now was quiet for no time, however long the ledger took to write it down.
func (r *importRun) takeQuiet(names *nameSet, f job.File, quiet time.Duration) {
	left := r.stableFor - quiet
	if names == nil {
		left = max(left, soonest)
	} else if why, wait := r.unmarked(r.name(f), asVersion(f), names); why != "" {
		left = max(left, wait, soonest)
	}
	if left > 0 {
		r.adopted.await(left)
		return
	}
	r.adopted.push(f)
}

// takeOver lets this run take a version that lies under one of our names and is known to. A writer that still has it
// open may have changed it: its quiet time begins again.
func (r *importRun) takeOver(ctx context.Context, names *nameSet, f job.File, entry job.Entry) error {
	if !open(f) {
		return nil
	}
	quiet := time.Since(f.StableSince)
	if !sameFingerprint(f, entry) {
		quiet = 0
		f.Size, f.ModTime, f.StableSince = entry.Size, entry.ModTime, time.Now()
		f.State, f.Reason = job.FileWaiting, nil
		if err := r.advance(ctx, &f, job.StepSeen); err != nil {
			return ignoreStale(err)
		}
	}
	r.takeQuiet(names, f, quiet)
	return nil
}
