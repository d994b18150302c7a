package store_test

import (
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// An attempt that claims its row and fails as the one before did ends when it ends.
func TestAFailureAfterAFailureHasItsOwnEnd(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := open(t, store.Options{Path: t.TempDir() + "/haulier.db", Now: func() time.Time { return now }})
	f, err := s.See(t.Context(), job.File{Job: "j", Type: job.TypeExport, Path: "/a"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		now = now.Add(time.Hour)
		read, next := f, f
		next.Fence, next.Run, next.State = f.Fence+1, 7, job.FileFailed
		next.Reason = &job.Reason{Slug: "local.permission", What: "w", Cause: "c", Do: "d", Who: job.WhoUs}
		if f, err = s.Advance(t.Context(), job.StepSeen, next, job.Beside{Claim: &read}); err != nil {
			t.Fatal(err)
		}
		if !f.Ended.Equal(now) || f.Began.After(f.Ended) {
			t.Errorf("it began at %v and ended at %v, and now is %v", f.Began, f.Ended, now)
		}
	}
}
