package expect

import (
	"testing"

	"github.com/haulier/haulier/job"
)

// A file that comes late for a day that was excused is not the next day's, whose own is told to be missing.
func TestTheLateFileOfAnExcusedDayIsNotTheNextDays(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.now = at(t, "2026-11-24 02:00")
	if err := w.store.Pause(t.Context(), job.Pause{Kind: "job", Name: "acme-in", By: "ann", Since: w.now}); err != nil {
		t.Fatal(err)
	}
	w.wants("2026-11-24 03:01")
	w.verdict("2026-11-24", job.VerdictExcused)
	w.now = at(t, "2026-11-24 04:00")
	if err := w.store.Resume(t.Context(), "job", "acme-in"); err != nil {
		t.Fatal(err)
	}
	w.comes("2026-11-24 04:10", "a.csv", job.FileLanded)
	w.wants("2026-11-24 04:11")
	w.wants("2026-11-25 03:01", "late 2026-11-25")
	w.comes("2026-11-25 03:10", "b.csv", job.FileLanded)
	w.wants("2026-11-25 03:11", "recovered 2026-11-25")
}

// An alarm that a new deadline took back is not told as if the file had come.
func TestALaterDeadlineOfAReloadIsNoArrival(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.specs[0].Expect.By = 12 * 60
	w.wants("2026-11-24 03:30")
	w.verdict("2026-11-24", job.VerdictPending)
	all, err := w.store.Incidents(t.Context(), at(t, "2026-11-23 00:00"))
	if err != nil || len(all) != 1 || all[0].Resolved.IsZero() || all[0].ResolvedBy != "a later deadline; it has not come yet" {
		t.Errorf("%+v, error %v", all, err)
	}
}
