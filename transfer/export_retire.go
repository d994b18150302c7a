package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// retire is X9: the marker that tells the customer that the file is whole, and what the job says becomes of the source.
func (r *exportRun) retire(ctx context.Context, f *job.File) error {
	if err := r.mark(ctx, *f); err != nil {
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

// mark uploads the empty done-file.
func (r *exportRun) mark(ctx context.Context, f job.File) error {
	if r.marker == nil {
		return nil
	}
	name, err := r.markerName(f.Final)
	if err != nil {
		return fmt.Errorf("name of the marker: %w", err)
	}
	return around("X9.marker", func() error {
		_, err := r.remote.Put(ctx, naming.Join(r.want.Dir, name), strings.NewReader(""))
		return err
	})
}

func (r *exportRun) markerName(final string) (string, error) {
	name := r.marker.Render(naming.Values{Name: path.Base(final), At: r.at, Run: r.run.ID})
	return name, naming.Check(name)
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
		return around("X9.dispose", func() error { return r.outbox.Remove(aside) })
	}
	if f.Archived == "" {
		if err := r.intendMove(ctx, f, r.name(*f)); err != nil {
			return err
		}
	}
	move := func() error { return r.outbox.Move(aside, filepath.Dir(f.Archived), filepath.Base(f.Archived)) }
	err := around("X9.dispose", move)
	if errors.Is(err, fs.ErrExist) {
		if err := r.intendMove(ctx, f, naming.Stamped(r.name(*f), time.Now())); err != nil {
			return err
		}
		err = around("X9.dispose", move)
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
	if err := around("X9.aside", func() error { return r.outbox.Move(name, folder(*f), aside) }); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
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
			Slug: "local.source_replaced", What: fmt.Sprintf("%s was delivered; a version that came while it was sent lies as %s", r.shown(*f), naming.Printable(f.Aside, 300)),
			Cause: "the platform wrote the file again, twice, while it was moved out of the outbox", Do: "give that version another name in the outbox", Who: job.WhoUs, Err: err,
		}
	}
	return nil
}

// cleanTemps removes temporaries of earlier attempts that its listing shows: only names that rows of this job made, of
// lower fences or of rows that are done. Held rows keep theirs, and nothing else is ever touched.
func (r *exportRun) cleanTemps(ctx context.Context) {
	if !r.again.Load() || r.way.direct || no(r.remote.Profile().List) || ctx.Err() != nil || r.over() {
		return
	}
	_ = r.remote.List(ctx, r.want.Dir, r.spec.Limits.MaxEntries, func(entry job.Entry) error {
		id, fence, ours := naming.ParseTemp(entry.Name, r.way.suffix)
		if !ours {
			return nil
		}
		temp := naming.Join(r.want.Dir, entry.Name)
		row, err := r.ledger.File(ctx, id)
		mine := err == nil && row.Job == r.spec.Name && temp == naming.Temp(row.Final, id, fence, r.way.suffix) && row.State != job.FileHeld
		if mine && (fence < row.Fence && row.Temp != temp || row.Step == job.StepDone) {
			return around("X9.sweep", func() error { return r.remote.Remove(ctx, temp) })
		}
		return nil
	})
}
