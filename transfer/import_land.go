package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// land is C9 to C12: the opened file becomes the ready one, the row says which ready file is to land under which name,
// and a rename that replaces nothing lands it. The ready file's absence is the proof, whatever the platform did since.
func (r *importRun) land(ctx context.Context, f *job.File, opened string, seq int) error {
	name, err := r.landName(f, seq)
	if err != nil {
		return errors.Join(err, r.landing.Remove(opened))
	}
	ready := staged(f.ID, f.Fence, stagedReady)
	if err := failpoint.Around("C9", func() error { return r.landing.Promote(opened, ready) }); err != nil {
		return err
	}
	f.Stage = ready
	if err := r.intend(ctx, f, r.vacant(name)); err != nil { // C10
		return err
	}
	return r.landReady(ctx, f, name)
}

// intend is C10: from here on the row and the ready file together know whether the file has landed.
func (r *importRun) intend(ctx context.Context, f *job.File, final string) error {
	f.Final, f.Local = final, r.landing.Path(final)
	return r.advance(ctx, f, job.StepLanding)
}

// vacant looks for a name that nobody has; the rename that follows makes sure.
func (r *importRun) vacant(name string) string {
	if r.want.IfExists != job.ExistsVersion {
		return name
	}
	for n := 1; ; n++ {
		if version := naming.Version(name, n); !r.landing.Taken(version) {
			return version
		}
	}
}

// landReady is C11 and C12.
func (r *importRun) landReady(ctx context.Context, f *job.File, name string) error {
	for {
		err := failpoint.Around("C11", func() error { return r.landing.Land(f.Stage, f.Final, r.want.IfExists == job.ExistsReplace) })
		switch {
		case errors.Is(err, fs.ErrNotExist) && r.newStage && f.Fence > 1:
			return r.witnessLost(*f)
		case err == nil, errors.Is(err, fs.ErrNotExist):
			return r.landed(ctx, f)
		case !errors.Is(err, fs.ErrExist):
			return err
		case r.want.IfExists != job.ExistsVersion:
			return r.nameTaken(*f)
		}
		// Somebody took the name between the look and the rename.
		if err := r.intend(ctx, f, r.vacant(name)); err != nil {
			return err
		}
	}
}

// witnessLost is for a ready file that is not there in a stage that is not there either: a disk that is not mounted, a
// folder that was deleted. Nobody but a person can say whether the file landed before.
func (r *importRun) witnessLost(f job.File) error {
	return &decision{job.FileHeld, &job.Reason{
		Slug: slugStageLost, What: "the file may or may not have landed as " + naming.Printable(f.Local, 300),
		Cause: "a run died while it landed, and the stage that could tell is empty or gone: its disk is not mounted, or the folder was deleted",
		Do:    fmt.Sprintf("mount the disk; else see whether the platform has the file, then haulier held resolve %d --as landed, or --as again", f.ID), Who: job.WhoUs,
	}}
}

func (r *importRun) nameTaken(f job.File) error {
	return &job.Reason{
		Slug: "local.name_taken", What: "the file is complete in the stage and did not land",
		Cause: fmt.Sprintf("%s exists, and to.if_exists is %s", f.Local, r.want.IfExists), Do: "take the file in the landing away; the next run lands this one", Who: job.WhoUs,
	}
}

// landed is C12: row and event in one transaction. Where nothing is left to do, it is C14 as well.
func (r *importRun) landed(ctx context.Context, f *job.File) error {
	f.State, f.Reason = job.FileLanded, nil
	if r.want.AfterSuccess.Action == job.RetireKeep && f.Aside == "" && !r.keepsReceived() {
		return r.advance(ctx, f, job.StepDone)
	}
	return r.advance(ctx, f, job.StepLanded)
}

// archive keeps the bytes as received, under a name that carries the row, and the fence where that name is taken: by a
// ledger that is lost, which had given out the same number. The row names the copy before it is made, so that what is
// found there later is ours.
func (r *importRun) archive(ctx context.Context, f *job.File) error {
	if r.want.Archive == nil || f.Kept == "" {
		return nil
	}
	name := naming.Archived(r.name(*f), f.ID)
	if f.Archived == "" {
		if err := r.intendArchive(ctx, f, name); err != nil {
			return err
		}
	}
	err := r.toArchive(*f)
	if errors.Is(err, fs.ErrExist) {
		if err := r.intendArchive(ctx, f, naming.Archived(name, f.Fence)); err != nil {
			return err
		}
		err = r.toArchive(*f)
	}
	if err == nil {
		f.Kept = ""
	}
	return err
}

func (r *importRun) intendArchive(ctx context.Context, f *job.File, name string) error {
	next := *f
	next.Archived = filepath.Join(r.want.Archive.Dir, name)
	if err := r.advance(ctx, &next, f.Step); err != nil {
		return err
	}
	*f = next
	return nil
}

func (r *importRun) toArchive(f job.File) error {
	return failpoint.Around("C12.archive", func() error {
		_, err := r.landing.Archive(f.Kept, filepath.Dir(f.Archived), filepath.Base(f.Archived))
		return err
	})
}
