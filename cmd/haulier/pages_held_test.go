package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// A mass change that holds more files of one job than one look gives does not hide what is held of another.
func TestManyHeldFilesOfAJobDoNotHideThoseOfOthers(t *testing.T) {
	newBench(t, pagesConfig).store(func(ctx context.Context, _ *config.Config, s *store.Store) {
		hold := func(name, slug string, i int) {
			f := job.File{Job: name, Connection: "acme", Type: job.TypeImport, Path: fmt.Sprintf("/out/%s-%d.csv", name, i), Size: 3, ModTime: 1, Run: int64(7 + i%2), Step: job.StepSeen, State: job.FileHeld}
			if slug != "" {
				f.Reason = &job.Reason{Slug: slug, Who: job.WhoUs}
			}
			must[job.File](t)(s.See(ctx, f))
		}
		for i := range 1001 {
			hold("many", "remote.mass_change", i)
		}
		for i := range waitsMost + 1 {
			hold("looks", job.SlugSupervised, i)
		}
		hold("looks", "", waitsMost+1)
		hold("few", "remote.indeterminate", 0)
		all := must[map[string]heldOfJob](t)(heldOfAll(ctx, &control.Daemon{Store: s}))
		if h := all["many"]; h.doubts != 1001 || h.unseen != 0 || len(h.stopped()) != 1 {
			t.Errorf("many: %d in doubt, %d unseen, %v", h.doubts, h.unseen, h.causes)
		}
		if h := all["looks"]; h.doubts != 1 || h.unseen != waitsMost+1 || len(h.waits) != waitsMost || h.waits[0].Path != "/out/looks-0.csv" || len(h.causes) != 0 {
			t.Errorf("looks: %d in doubt, %d unseen, %d shown, %v", h.doubts, h.unseen, len(h.waits), h.causes)
		}
		if h := all["few"]; h.doubts != 1 || !h.stopped()["remote.indeterminate"].Held {
			t.Errorf("few: %d in doubt, %v", h.doubts, h.causes)
		}
	})
}
