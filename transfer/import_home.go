package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/haulier/haulier/job"
)

// A row's files lie in the stage of the landing that the job had when they were made, and only that stage can tell
// what became of them: in another one they are absent, which would look as if they had landed.

// home is where files are made and land.
type home struct {
	landing  Landing
	newStage bool // the stage remembers nothing of this job: what is not in it proves nothing
	space    *space
}

// formerHomes are the landings that the job had before, as far as this run came to them.
type formerHomes struct {
	mu  sync.Mutex
	was map[string]home
}

// goOn takes a claimed row from wherever it stands to its end, in the landing where its files lie, which to.dir may not
// name any more.
func (r *importRun) goOn(ctx context.Context, f *job.File, seq int, moved *int64) error {
	there, err := r.homeOf(*f)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = r.homeless(ctx, f, seq, moved)
	case err == nil:
		at := *r
		at.home = there
		err = at.goOnFrom(ctx, f, seq, moved)
	}
	return r.onlyCopy(ctx, f, err)
}

// landingOf is the landing where a row's files lie; empty: nothing of it was made yet, or it was made in that of now.
func (r *importRun) landingOf(f job.File) string {
	switch {
	case f.Step == job.StepSeen, f.Step == job.StepClaimed:
		return ""
	case f.Landing == "" && f.Local != "":
		return filepath.Dir(f.Local) // of a version of this program that did not write it down
	}
	return f.Landing
}

// homeOf opens a row's home, each one once; fs.ErrNotExist when it is gone.
func (r *importRun) homeOf(f job.File) (home, error) {
	dir := r.landingOf(f)
	if dir == "" || dir == r.want.Landing {
		return r.home, nil
	}
	r.former.mu.Lock()
	defer r.former.mu.Unlock()
	if h, found := r.former.was[dir]; found {
		return h, nil
	}
	h, err := r.homeAt(dir, r.Former)
	if err == nil {
		r.former.was[dir] = h
	}
	return h, err
}

// ownHome opens the landing that the job has now. It is made for the first file, and never again: where files have landed before, one
// that is not there is a disk that is not mounted or a folder that somebody moved, and what lands in its place is seen by nobody.
func (r *importRun) ownHome(ctx context.Context) (home, error) {
	h, err := r.homeAt(r.want.Landing, r.Former)
	if !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	if err := r.unused(ctx, r.want.Landing); err != nil {
		return home{}, err
	}
	return r.homeAt(r.want.Landing, r.Importer.Landing)
}

// unused says why a landing that is not there may not be made: it was used before.
func (im *Importer) unused(ctx context.Context, dir string) error {
	used, err := im.Ledger.LandedIn(ctx, dir)
	if err != nil || !used {
		return ledgerReason(err)
	}
	return landingGone(dir)
}

func landingGone(dir string) *job.Reason {
	return &job.Reason{
		Slug: "local.landing_gone", What: "no file was touched on either side",
		Cause: fmt.Sprintf("files have landed in %s before, and its folder .haulier is not there any more: a disk that is not mounted, or somebody moved or removed it", dir),
		Do:    fmt.Sprintf("mount it, or put it back; if it is to begin empty: mkdir -p %s/.haulier; the next run goes on", dir), Who: job.WhoUs,
	}
}

func (r *importRun) homeAt(dir string, open func(dir string) (Landing, error)) (home, error) {
	landing, err := open(dir)
	if err != nil {
		return home{}, err
	}
	if err := CarryOn(landing, r.spec); err != nil {
		return home{}, err
	}
	life, err := landing.Epoch(r.spec.Name)
	return home{landing: landing, newStage: life == "", space: &space{disk: landing, keep: r.spec.Limits.MinFreeSpace, dir: dir}}, err
}

func (r *importRun) stageOf(f job.File) Stage {
	h, err := r.homeOf(f)
	if err != nil {
		return nil
	}
	return h.landing
}

func (r *importRun) stages() []Stage {
	all := []Stage{r.landing}
	r.former.mu.Lock()
	defer r.former.mu.Unlock()
	for _, h := range r.former.was {
		all = append(all, h.landing)
	}
	return all
}

// homeless is for a row whose files lay in a landing that is gone.
func (r *importRun) homeless(ctx context.Context, f *job.File, seq int, moved *int64) error {
	switch f.Step {
	case job.StepDownloaded:
		if r.forgets(*f) {
			return r.forgotten(*f)
		}
		return r.stageLost(ctx, f)
	case job.StepChecked:
		return r.homelessChecked(ctx, f, seq, moved)
	case job.StepLanding:
		return r.witnessLost(*f)
	}
	if f.Kept != "" && r.want.Archive != nil {
		r.note(fmt.Sprintf("%s landed in %s, which is gone by now, and its copy for the archive with it", r.shown(*f), r.landingOf(*f)))
	}
	f.Kept, f.State = "", job.FileLanded
	return r.retire(ctx, f)
}
