package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/haulier/haulier/job"
)

// A row's files lie in the stage of the landing that the job had when they were made, and only that stage can tell
// what became of them: in another one they are absent, which would look as if they had landed.

// goOnHome goes on with a row in the landing where its files lie, which to.dir may not name any more.
func (r *importRun) goOnHome(ctx context.Context, f *job.File, seq int, moved *int64) error {
	back, err := r.goHome(ctx, r.home(*f))
	if errors.Is(err, fs.ErrNotExist) {
		return r.homeless(ctx, f)
	}
	if err != nil {
		return err
	}
	defer back()
	return r.goOnFrom(ctx, f, seq, moved)
}

// home is where a row's files lie; empty: nothing of it was made yet, or it was made in the landing of now.
func (r *importRun) home(f job.File) string {
	switch {
	case f.Step == job.StepClaimed, f.Step == job.StepSeen && !r.hasOnlyCopy(f):
		return ""
	case f.Landing == "" && f.Local != "":
		return filepath.Dir(f.Local) // of a version of this program that did not write it down
	}
	return f.Landing
}

// goHome puts another landing in the place of the job's, until back. Only recovery, and what is left on read-once servers,
// does so: one row at a time.
func (r *importRun) goHome(ctx context.Context, dir string) (back func(), err error) {
	if dir == "" || dir == r.want.Landing {
		return func() {}, nil
	}
	landing, err := r.Former(dir)
	if err != nil {
		return nil, err
	}
	life, err := landing.Epoch(r.spec.Name)
	if err != nil {
		return nil, err
	}
	older := false
	if life != "" {
		if older, err = restored(ctx, r.ledger, r.spec.Name, r.epoch, landing); err != nil {
			return nil, err
		}
	}
	now, newStage, wasRestored := r.landing, r.newStage, r.restored
	r.landing, r.newStage, r.restored = landing, life == "", wasRestored || older
	return func() { r.landing, r.newStage, r.restored = now, newStage, wasRestored }, nil
}

// homeless is for a row whose files lay in a landing that is gone.
func (r *importRun) homeless(ctx context.Context, f *job.File) error {
	switch f.Step {
	case job.StepSeen, job.StepDownloaded:
		if r.restored {
			return r.forgotten(*f)
		}
		return r.stageLost(ctx, f)
	case job.StepLanding:
		return r.witnessLost(*f)
	}
	if f.Kept != "" && r.want.Archive != nil {
		r.note(fmt.Sprintf("%s landed in %s, which is gone by now, and its copy for the archive with it", r.shown(*f), r.home(*f)))
	}
	f.Kept, f.State = "", job.FileLanded
	return r.retire(ctx, f)
}
