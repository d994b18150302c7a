package expect

import (
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func TestOnTimeIsNotTold(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.comes("2026-11-24 01:10", "a.csv", job.FileLanded)
	w.wants("2026-11-24 01:15")
	w.verdict("2026-11-24", job.VerdictMet)
	w.wants("2026-11-24 06:00")
	w.verdict("2026-11-25", job.VerdictPending)
}

// Early files count: the day's window opens behind the deadline of the day before.
func TestEarlyFileCounts(t *testing.T) {
	w := newWorld(t, "2026-11-23 01:00", nightly())
	w.wants("2026-11-23 01:00")
	w.comes("2026-11-23 02:00", "a.csv", job.FileLanded)
	w.wants("2026-11-23 04:00")
	w.comes("2026-11-23 20:00", "b.csv", job.FileLanded)
	w.wants("2026-11-24 03:01")
	w.verdict("2026-11-24", job.VerdictMet)
}

func TestLateThenRecovered(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.alarm("late")
	w.comes("2026-11-24 03:30", "a.csv", job.FileLanded)
	w.wants("2026-11-24 03:31", "recovered 2026-11-24")
	w.verdict("2026-11-24", job.VerdictRecoveredLate)
	w.alarm("")
	w.wants("2026-11-24 09:00")
	w.wants("2026-11-25 03:01", "late 2026-11-25") // yesterday's late file is not today's
}

func TestMissingThenRecovered(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.alarm("missing")
	w.comes("2026-11-24 09:00", "a.csv", job.FileLanded)
	w.wants("2026-11-24 09:01", "recovered 2026-11-24")
	w.verdict("2026-11-24", job.VerdictRecoveredMissing)
	w.alarm("")
	w.wants("2026-11-25 03:01", "late 2026-11-25")
}

// A file that never comes is not made good by the next one, which is its own day's; and with that the alarm is over.
func TestTheNextDaysFileIsItsOwn(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.comes("2026-11-25 01:10", "b.csv", job.FileLanded)
	w.wants("2026-11-25 01:11")
	w.verdict("2026-11-24", job.VerdictMissing)
	w.verdict("2026-11-25", job.VerdictMet)
	w.alarm("")
}

// A run that succeeds without a file ends no alarm.
func TestAGreenRunIsNoFile(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	if err := w.store.ResolveJob(t.Context(), "acme-in", w.now); err != nil {
		t.Fatal(err)
	}
	w.alarm("missing")
}

// Whoever was away judges when he is back, by the times at which files came.
func TestAwayOverTheDeadline(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.comes("2026-11-24 02:59", "a.csv", job.FileLanded)
	w.comes("2026-11-25 04:00", "b.csv", job.FileLanded)
	w.wants("2026-11-26 12:00", "recovered 2026-11-25", "missing 2026-11-26")
	w.verdict("2026-11-24", job.VerdictMet)
	w.verdict("2026-11-25", job.VerdictRecoveredLate)
	w.alarm("missing")
}

func TestTwoDaysOpenAtOnce(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Name = "acme-dated" }))
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.wants("2026-11-25 03:01", "late 2026-11-25")
	if got := w.incidents(); got != "job/acme-dated/expect.missing job/acme-dated/expect.late" {
		t.Errorf("open: %s", got)
	}
	w.comes("2026-11-25 03:10", "customers_20261124.csv", job.FileLanded) // yesterday's, by its name
	w.wants("2026-11-25 03:11", "recovered 2026-11-24")
	w.alarm("late")
	w.comes("2026-11-25 03:20", "customers_20261125.csv", job.FileLanded)
	w.wants("2026-11-25 03:21", "recovered 2026-11-25")
	w.alarm("")
}

func TestAFileOfAnotherDateIsNotTodays(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Name = "acme-dated" }))
	w.wants("2026-11-23 17:00")
	w.comes("2026-11-24 01:00", "customers_20261123.csv", job.FileLanded)
	w.ran("2026-11-24 02:45", nil)
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	if r := w.day("2026-11-24").Reason; !strings.Contains(r.Cause, "customers_20261123.csv (landed 01:00 Europe/Brussels on Tue 24 Nov)") {
		t.Errorf("cause: %s", r.Cause)
	}
}

func TestWhatDoesNotCount(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Expect.Files = 2 }))
	w.wants("2026-11-23 17:00")
	w.comes("2026-11-24 01:00", "a.csv", job.FileLanded)
	w.comes("2026-11-24 01:10", "a.csv", job.FileLanded) // a correction is no second file
	w.comes("2026-11-24 01:20", "b.csv", job.FileRejected)
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	e := w.day("2026-11-24")
	if e.Got != 1 || e.Rejected != 1 || !strings.Contains(e.Reason.Cause, "1 file came and was rejected (pgp.not_encrypted") {
		t.Errorf("got %d, rejected %d: %s", e.Got, e.Rejected, e.Reason.Cause)
	}
	w.comes("2026-11-24 03:05", "b.csv", job.FileRejected) // the same once more: still one file
	w.wants("2026-11-24 03:06")
	if e := w.day("2026-11-24"); e.Rejected != 1 {
		t.Errorf("%d files were rejected", e.Rejected)
	}
	w.comes("2026-11-24 03:10", "c.csv", job.FileHeld)
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	if r := w.day("2026-11-24").Reason; r.Who != job.WhoUs || !strings.Contains(r.Do, "held list") {
		t.Errorf("a held file is our turn: %+v", r)
	}
	w.comes("2026-11-24 05:10", "d.csv", job.FileLanded)
	w.wants("2026-11-24 05:11", "recovered 2026-11-24")
}

func TestDaysWithoutExpectation(t *testing.T) {
	spec := nightly(func(s *job.Spec) {
		s.Expect.Days = [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}
		s.Expect.Calendar = &job.Calendar{Name: "workdays", Days: everyDay(), Except: map[string]struct{}{"2026-11-26": {}}}
	})
	w := newWorld(t, "2026-11-25 02:00", spec) // a Wednesday
	w.wants("2026-11-25 02:00")
	w.comes("2026-11-25 02:30", "a.csv", job.FileLanded)
	w.wants("2026-11-26 06:00") // left out by the calendar
	w.wants("2026-11-27 06:00", "missing 2026-11-27")
	w.wants("2026-11-29 06:00") // a Sunday
	w.verdict("2026-11-30", job.VerdictPending)
}

func TestPausedJobsAreExcused(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	if err := w.store.Pause(t.Context(), job.Pause{Kind: "connection", Name: "acme", Reason: "they move", By: "ann"}); err != nil {
		t.Fatal(err)
	}
	w.wants("2026-11-24 03:01")
	e := w.day("2026-11-24")
	if e.Verdict != job.VerdictExcused || !strings.Contains(e.Reason.Cause, "ann: they move") {
		t.Errorf("%s: %+v", e.Verdict, e.Reason)
	}
	if err := w.store.Resume(t.Context(), "connection", "acme"); err != nil {
		t.Fatal(err)
	}
	w.specs[0].Enabled = false
	w.wants("2026-11-25 03:01")
	w.verdict("2026-11-25", job.VerdictExcused)
	w.alarm("")
}

func TestDraftsAreExcused(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	if err := w.store.MarkConnections(t.Context(), map[string]string{"acme": ""}); err != nil {
		t.Fatal(err)
	}
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01")
	w.verdict("2026-11-24", job.VerdictExcused)
}

func TestExtendedWindow(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.now = at(t, "2026-11-24 03:10")
	x := job.Extension{By: "ann", At: w.now, Reason: "they said seven"}
	read := w.day("2026-11-24")
	if _, err := w.store.ExtendExpectation(t.Context(), read, at(t, "2026-11-24 07:00"), x, store.AuditLine{Who: "ann", Act: "expect.extend", Object: "acme-in"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.ExtendExpectation(t.Context(), read, at(t, "2026-11-24 08:00"), x, store.AuditLine{}); err == nil {
		t.Error("a day was extended that had been written since it was read")
	}
	w.alarm("")
	w.wants("2026-11-24 05:01")
	w.wants("2026-11-24 07:01", "late 2026-11-24")
	w.wants("2026-11-24 09:01", "missing 2026-11-24")
	if e := w.day("2026-11-24"); e.Extended == nil || e.Extended.By != "ann" || !e.Planned.Equal(at(t, "2026-11-24 03:00")) {
		t.Errorf("%+v", e)
	}
	lines, err := w.store.Audit(t.Context(), 0, 1)
	if err != nil || len(lines) != 1 || lines[0].Act != "expect.extend" {
		t.Errorf("audit %+v, %v", lines, err)
	}
}

// A window that had begun before anybody looked is not judged.
func TestFirstDay(t *testing.T) {
	opens := func(s *job.Spec) { s.Expect.Opens = 22 * 60 }
	w := newWorld(t, "2026-11-23 23:00", nightly(opens))
	w.wants("2026-11-23 23:00")
	w.wants("2026-11-24 06:00")
	w.wants("2026-11-25 03:01", "late 2026-11-25")

	w = newWorld(t, "2026-11-23 21:00", nightly(opens))
	w.wants("2026-11-23 21:00")
	w.comes("2026-11-23 21:30", "a.csv", job.FileLanded) // before it opens: the day before's
	w.wants("2026-11-24 03:01", "late 2026-11-24")

	w = newWorld(t, "2026-11-24 04:00", nightly())
	w.wants("2026-11-24 06:00")
}

func TestReload(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.specs = []job.Spec{nightly(func(s *job.Spec) { s.Expect.By = 4 * 60 })}
	w.wants("2026-11-24 03:01") // the deadline was moved to 04:00
	w.wants("2026-11-24 04:01", "late 2026-11-24")
	w.specs[0].Expect.By = 5 * 60
	w.wants("2026-11-24 04:10") // and once more, when it was late
	w.verdict("2026-11-24", job.VerdictPending)
	w.alarm("")
	w.specs[0].Expect.By = 2 * 60 // a deadline that has passed is nobody's fault
	w.wants("2026-11-24 04:20")
	w.verdict("2026-11-24", job.VerdictPending)
	w.wants("2026-11-24 05:01", "late 2026-11-24")
	w.specs = nil
	w.told = 0
	if got := w.look("2026-11-24 05:02"); len(got) != 2 {
		t.Errorf("told %q", got)
	}
	w.specs = []job.Spec{nightly()}
	w.verdict("2026-11-24", job.VerdictExcused)
	w.alarm("")
	w.now = at(t, "2026-12-24 17:00") // it comes back after a month, and begins anew
	w.wants("2026-12-24 17:00")
	w.wants("2026-12-25 03:01", "late 2026-12-25")
}

func TestExportIsDeliveredBy(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Type = job.TypeExport }))
	w.wants("2026-11-23 17:00")
	w.ran("2026-11-24 02:00", &job.Reason{Slug: "net.refused", Cause: "sftp.acme.example:22 refused", Do: "ask for TCP 22", Who: job.WhoNetwork})
	w.wants("2026-11-24 02:59")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	if r := w.day("2026-11-24").Reason; r.Who != job.WhoNetwork || !strings.Contains(r.Cause, "net.refused") || !strings.Contains(r.What, "0 of 1 file delivered by 03:00 Europe/Brussels on Tue 24 Nov and 2 h later") {
		t.Errorf("%+v", r)
	}
	w.comes("2026-11-24 06:00", "a.csv", job.FileDelivered)
	w.wants("2026-11-24 06:01", "recovered 2026-11-24")
}

func TestUsualArrivalAndLooks(t *testing.T) {
	w := newWorld(t, "2026-11-20 17:00", nightly())
	w.wants("2026-11-20 17:00")
	for _, day := range []string{"21", "22", "23"} {
		w.comes("2026-11-"+day+" 01:10", "f"+day+".csv", job.FileLanded)
		w.wants("2026-11-" + day + " 01:11")
	}
	w.ran("2026-11-24 02:45", nil)
	err := w.store.Looked(t.Context(), job.Look{Job: "acme-in", At: at(t, "2026-11-24 02:45"), Names: 2, Strays: []job.Stray{{Name: "Customers.csv", Why: "capital C"}}})
	if err != nil {
		t.Fatal(err)
	}
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	cause := w.day("2026-11-24").Reason.Cause
	for _, want := range []string{"looked 1 time, last 02:45 Europe/Brussels on Tue 24 Nov: ", "the folder holds 2 files", "Customers.csv (capital C)", "f23.csv (landed 01:10 Europe/Brussels on Mon 23 Nov)", "usual arrival 01:10 Europe/Brussels"} {
		if !strings.Contains(cause, want) {
			t.Errorf("no %q in: %s", want, cause)
		}
	}
}

// What people were told stays true: a file that turns out to have been there in time, because it was written down late, recovers.
func TestWhoWasToldRecovers(t *testing.T) {
	r := ruleOf(t, "Europe/Brussels", *nightly().Expect)
	e := r.begin(parseDay("2026-11-24"))
	e.Filled = e.By.Add(-1)
	for before, want := range map[job.Verdict]job.Verdict{
		job.VerdictPending: job.VerdictMet, job.VerdictLate: job.VerdictRecoveredLate, job.VerdictMissing: job.VerdictRecoveredMissing,
	} {
		if e.Verdict = before; verdict(e, e.Closes) != want {
			t.Errorf("%s became %s", before, verdict(e, e.Closes))
		}
	}
}
