package store_test

import (
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Files in doubt are found by their state alone, of one job, and within a sight.
func TestFilesInDoubtAreListed(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "haulier.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.MarkConnections(t.Context(), map[string]string{"c": "theirs"}); err != nil {
		t.Fatal(err)
	}
	for name, state := range map[string]job.State{"held": job.FileHeld, "waiting": job.FileWaiting} {
		_, err := s.See(t.Context(), job.File{Job: "j", Connection: "c", Type: job.TypeImport, Path: "/out/" + name, Step: job.StepSeen, State: state, Reason: &job.Reason{Slug: "remote.vanished"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	held := []job.State{job.FileHeld}
	for says, c := range map[string]struct {
		filter store.FileFilter
		want   int
	}{
		"all": {store.FileFilter{States: held}, 1}, "of a job": {store.FileFilter{States: held, Job: "j"}, 1}, "of another": {store.FileFilter{States: held, Job: "k"}, 0},
		"theirs": {store.FileFilter{States: held, Sight: job.Sight{"theirs"}}, 1}, "others'": {store.FileFilter{States: held, Sight: job.Sight{"others"}}, 0},
		"by name": {store.FileFilter{States: held, Name: "hel*"}, 1},
	} {
		p, err := s.FilePage(t.Context(), c.filter)
		if err != nil || len(p.Files) != c.want {
			t.Errorf("%s: %d files, %v", says, len(p.Files), err)
		}
	}
}
