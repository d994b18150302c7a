package expect

import (
	"maps"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func dated(s *job.Spec) { s.Name = "acme-dated" }

// A file of another day's name is not what is missing, whenever it came and however open its incident is.
func TestAFileOfAnotherDayExplainsNothing(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(dated))
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "customers_20261124.csv", job.FileRejected)
	w.refuses("2026-11-24 01:20", "customers_20261119.csv", job.FileRejected)
	w.tells("2026-11-24 01:21", "opened pgp.not_encrypted")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02")
	w.withdraws("2026-11-24 03:10", "customers_20261124.csv")
	w.wants("2026-11-24 03:10")
	w.tells("2026-11-24 03:11", "opened expect.late")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "opened expect.missing")
}

// The day's own file may come days before its deadline, and be refused: then nothing else is missing.
func TestTheDaysFileMayBeRefusedDaysAhead(t *testing.T) {
	w := newWorld(t, "2026-11-20 17:00", nightly(dated))
	w.wants("2026-11-20 17:00")
	for day, date := range map[string]string{"2026-11-21": "20261121", "2026-11-22": "20261122", "2026-11-23": "20261123"} {
		w.comes(day+" 01:10", "customers_"+date+".csv", job.FileLanded)
	}
	w.refuses("2026-11-22 09:00", "customers_20261124.csv", job.FileRejected)
	w.tells("2026-11-22 09:01", "opened pgp.not_encrypted")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02", "reminded pgp.not_encrypted") // as every twelve hours
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "reminded pgp.not_encrypted")
	w.tells("2026-11-24 05:20")
}

// What came for the day before, late, and was refused, is no file of today.
func TestALateFileOfTheDayBeforeExplainsNothing(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "opened expect.missing")
	w.refuses("2026-11-24 10:00", "a.csv", job.FileRejected) // nearer to this deadline than to the next
	w.refuses("2026-11-25 01:10", "b.csv", job.FileRejected)
	w.wants("2026-11-25 01:10")
	w.tells("2026-11-25 01:11", "opened pgp.not_encrypted")
	w.wants("2026-11-25 03:01", "late 2026-11-25")
	w.tells("2026-11-25 03:02")
	w.withdraws("2026-11-25 03:10", "b.csv")
	w.tells("2026-11-25 03:11", "opened expect.late")
}

// Who was told that it is late hears that it is over when it is, and not when it only is missing instead.
func TestLateIsOverWithMissing(t *testing.T) {
	for name, ends := range map[string]struct {
		do   func(*world)
		says string
	}{
		"it came":              {func(w *world) { w.comes("2026-11-24 11:00", "a.csv", job.FileLanded) }, ""},
		"a later deadline":     {func(w *world) { w.extends("2026-11-24 11:00", "2026-11-24", "2026-11-24 14:00") }, "a later deadline; it has not come yet"},
		"nothing was expected": {func(w *world) { w.now, w.specs = at(t, "2026-11-24 11:00"), nil }, "nothing is expected any more"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "2026-11-23 17:00", nightly())
			w.wants("2026-11-23 17:00")
			w.wants("2026-11-24 03:01", "late 2026-11-24")
			w.tells("2026-11-24 03:02", "opened expect.late")
			w.wants("2026-11-24 05:01", "missing 2026-11-24")
			w.tells("2026-11-24 05:02", "opened expect.missing")
			w.tells("2026-11-24 10:59")
			ends.do(w)
			w.look("2026-11-24 11:01")
			w.tells("2026-11-24 11:02", "resolved expect.late", "resolved expect.missing")
			w.tells("2026-11-25 02:00")
			over, err := w.store.Incidents(t.Context(), time.Time{})
			if err != nil || len(over) != 2 {
				t.Fatal(over, err)
			}
			for _, i := range over {
				if i.ResolvedBy != ends.says || i.Resolved.Before(at(t, "2026-11-24 11:00")) {
					t.Errorf("%s is over since %s by %q", i.Cause, i.Resolved, i.ResolvedBy)
				}
			}
		})
	}
}

// covers gives what is open, and with which other incident people are told of it.
func (w *world) covers() map[string]string {
	w.t.Helper()
	open, err := w.store.FindIncidents(w.t.Context(), store.IncidentQuery{})
	if err != nil {
		w.t.Fatal(err)
	}
	with := map[string]string{}
	for _, i := range open {
		with[i.Reason.Slug] = ""
		if i.CoveredBy != 0 {
			with[i.Reason.Slug] = w.slug(i.CoveredBy)
		}
	}
	return with
}

// Lists say with which incident people are told of what is missing, for as long as they are.
func TestListsSayWhatCovers(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	if got, want := w.covers(), (map[string]string{"pgp.not_encrypted": "", "expect.missing": "pgp.not_encrypted"}); !maps.Equal(got, want) {
		t.Errorf("%v, wanted %v", got, want)
	}
	w.withdraws("2026-11-24 10:01", "a.csv")
	if got, want := w.covers(), (map[string]string{"expect.missing": ""}); !maps.Equal(got, want) {
		t.Errorf("%v, wanted %v", got, want)
	}
}
