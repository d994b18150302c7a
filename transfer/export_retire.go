package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// retire is X9: the marker that tells the customer that the file is whole, and what the job says becomes of the source.
func (r *exportRun) retire(ctx context.Context, f *job.File) error {
	if err := r.mark(ctx, f); err != nil {
		return err
	}
	if r.want.AfterSuccess.Action != job.RetireKeep {
		if err := r.retireSource(ctx, f); err != nil {
			return err
		}
	}
	f.Reason = nil
	return r.advance(ctx, f, job.StepDone)
}

// mark uploads the empty done-file, once: the row remembers its name, and that it was acknowledged.
func (r *exportRun) mark(ctx context.Context, f *job.File) error {
	if r.marker == nil || f.Marked {
		return nil
	}
	if f.Marker == "" { // of a file that was begun before the job asked for one
		if err := r.nameMarker(f); err != nil {
			return err
		}
		if err := r.advance(ctx, f, job.StepDelivered); err != nil {
			return err
		}
	}
	if err := failpoint.Around("X9.marker", func() error { return r.putEmpty(ctx, *f, f.Marker) }); err != nil {
		return err
	}
	f.Marked = true
	return r.advance(ctx, f, job.StepDelivered)
}

// putEmpty uploads a file whose name says all. It counts as a marker.
func (r *exportRun) putEmpty(ctx context.Context, f job.File, name string) error {
	began := time.Now()
	_, err := r.remote.Put(ctx, name, strings.NewReader(""), 0, nil)
	request := r.counted(f, job.Upload, r.want.Location, 0, began, ended(ctx, err))
	request.Marker = true
	r.log(ctx, request)
	return err
}

// retireSource moves or deletes the version that was sent, and no other: it is renamed aside first and looked at there.
// The rename is the witness: done twice it finds what the first time made.
func (r *exportRun) retireSource(ctx context.Context, f *job.File) error {
	if !f.Moved {
		if err := r.takeAside(ctx, f); err != nil || !f.Moved {
			return err
		}
	}
	aside := filepath.Base(f.Aside)
	if r.want.AfterSuccess.Action == job.RetireDelete {
		return failpoint.Around("X9.dispose", func() error { return r.outbox.Remove(aside) })
	}
	if f.Archived == "" {
		if err := r.intendMove(ctx, f, r.name(*f)); err != nil {
			return err
		}
	}
	move := func() error { return r.outbox.Move(aside, filepath.Dir(f.Archived), filepath.Base(f.Archived)) }
	err := failpoint.Around("X9.dispose", move)
	if errors.Is(err, fs.ErrExist) {
		if err := r.intendMove(ctx, f, naming.Stamped(r.name(*f), time.Now())); err != nil {
			return err
		}
		err = failpoint.Around("X9.dispose", move)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // an earlier attempt moved it
	}
	return err
}

// intendMove writes down where the source goes before it goes there: what is deleted one day is what this row moved.
func (r *exportRun) intendMove(ctx context.Context, f *job.File, name string) error {
	next := *f
	next.Archived = filepath.Join(r.want.AfterSuccess.Dir, name)
	if err := r.advance(ctx, &next, job.StepDelivered); err != nil {
		return err
	}
	*f = next
	return nil
}

// takeAside gives the source a name that nobody else writes to. Moved is set when what lies there is the version that
// was sent; a version that the platform put in its place meanwhile goes back.
func (r *exportRun) takeAside(ctx context.Context, f *job.File) error {
	name := r.name(*f)
	if f.Aside == "" {
		entry, err := r.outbox.Stat(name)
		if errors.Is(err, fs.ErrNotExist) || (err == nil && !sameVersion(*f, entry)) {
			return nil // taken away, or another version: the next look finds it
		}
		if err != nil {
			return err
		}
		f.Aside = naming.Join(folder(*f), naming.Aside(f.ID, f.Fence, name))
		if err := r.advance(ctx, f, job.StepDelivered); err != nil {
			return err
		}
	}
	aside := filepath.Base(f.Aside)
	if err := failpoint.Around("X9.aside", func() error { return r.outbox.Move(name, folder(*f), aside) }); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
		return err
	}
	entry, err := r.outbox.Stat(aside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !sameVersion(*f, entry) {
		return r.putBack(f, aside, name)
	}
	f.Moved = true
	return r.advance(ctx, f, job.StepDelivered)
}

func (r *exportRun) putBack(f *job.File, aside, name string) error {
	if err := r.outbox.Move(aside, folder(*f), name); err != nil {
		return &job.Reason{
			Slug: "local.source_replaced", What: fmt.Sprintf("the file was delivered, and a version that came while it was sent lies as %s", naming.Printable(f.Aside, 300)),
			Cause: "the platform wrote the file again, twice, while it was moved out of the outbox", Do: "give that version another name in the outbox", Who: job.WhoUs, Err: err,
		}
	}
	return nil
}

// cleanTemps removes what earlier attempts left on the server, by the names that their rows hold, until it is known to be gone.
// Held rows keep theirs, and so do rows at renaming, of which one may be the older file. Nothing else is ever touched.
func (r *exportRun) cleanTemps(ctx context.Context) error {
	for after := int64(0); ; {
		rows, err := r.ledger.Littering(ctx, r.spec.Name, after, batch)
		if err != nil {
			return ledgerReason(err)
		}
		for _, f := range rows {
			if err := r.cleanAfter(ctx, f); err != nil || r.over() || ctx.Err() != nil {
				return err
			}
			after = f.ID
		}
		if len(rows) < batch {
			return nil
		}
	}
}

func (r *exportRun) cleanAfter(ctx context.Context, f job.File) error {
	if f.Step == job.StepRenaming {
		return nil
	}
	next := f
	next.Leftovers = nil
	for _, temp := range f.Leftovers {
		if !r.removeTemp(ctx, temp) {
			next.Leftovers = append(next.Leftovers, temp)
		}
	}
	last := f.Step == job.StepDone && ours(f) && r.removeTemp(ctx, f.Temp)
	if last {
		next.Temp = ""
	}
	if !last && len(next.Leftovers) == len(f.Leftovers) {
		return nil
	}
	return ignoreStale(r.advance(ctx, &next, f.Step))
}

// ours says whether the row's last attempt wrote under a name that is no customer's.
func ours(f job.File) bool { return f.Temp != "" && f.Temp != f.Final }

// removeTemp says whether a temporary needs no more of our care: it is gone, or nobody here may remove it. A server that takes
// uploads only is not even asked.
func (r *exportRun) removeTemp(ctx context.Context, temp string) bool {
	if r.conn.Profile != "put-only" {
		err := failpoint.Around("X9.sweep", func() error { return r.remote.Remove(ctx, temp) })
		if !refused(err) {
			return err == nil || errors.Is(err, fs.ErrNotExist)
		}
	}
	r.note(fmt.Sprintf("%s stays on the server: an earlier attempt left it there, and it is not ours to remove; the customer may delete it", naming.Printable(temp, 300)))
	return true
}
