package expect

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// tells lets what is due at a time be told, for as long as something is, and gives it: "opened expect.late".
func (w *world) tells(when string, want ...string) {
	w.t.Helper()
	w.now = at(w.t, when)
	if said := w.due(); strings.Join(said, ", ") != strings.Join(want, ", ") {
		w.t.Errorf("at %s people were told %q, wanted %q", when, said, want)
	}
}

func (w *world) due() (said []string) {
	w.t.Helper()
	for due := true; due; {
		ids, _, err := w.store.IncidentsDue(w.t.Context(), w.now, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, id := range ids {
			what, err := w.store.TellIncident(w.t.Context(), id, w.now, func(job.Incident) store.Manner { return store.Manner{RemindEvery: 12 * time.Hour} })
			if err != nil {
				w.t.Fatal(err)
			}
			if what != "" {
				said = append(said, what+" "+w.slug(id))
			}
		}
		due = len(ids) > 0
	}
	slices.Sort(said)
	return said
}

func (w *world) slug(id int64) string {
	w.t.Helper()
	i, err := w.store.Incident(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Cause[strings.LastIndexByte(i.Cause, '/')+1:]
}

// refuses lets a file be rejected or held at a time, and its incident be opened as the end of a run does it.
func (w *world) refuses(when, name string, state job.State) {
	w.t.Helper()
	w.comes(when, name, state)
	w.strikes(job.Strike{})
}

func (w *world) strikes(k job.Strike) {
	w.t.Helper()
	k.Job, k.Connection, k.At = w.specs[0].Name, "acme", w.now
	k.Cause = "job/" + k.Job + "/pgp.not_encrypted"
	k.Reason = job.Reason{Slug: "pgp.not_encrypted", What: "it did not land", Who: job.WhoCustomer}
	if _, err := w.store.Strike(w.t.Context(), k); err != nil {
		w.t.Fatal(err)
	}
}

// withdraws lets the customer take a file away, and a run find nothing wrong any more.
func (w *world) withdraws(when, name string) {
	w.t.Helper()
	w.now = at(w.t, when)
	files, err := w.store.LastArrivals(w.t.Context(), w.specs[0].Name, 10)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Path, "/"+name) {
			err = w.store.MarkAbsent(w.t.Context(), []int64{f.ID}, f.Touched)
			break
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.well()
}

func (w *world) well() {
	w.t.Helper()
	if err := w.store.ResolveJob(w.t.Context(), w.specs[0].Name, w.now); err != nil {
		w.t.Fatal(err)
	}
}

// What was rejected and what is late for that are one cause: people hear of it once, with who misses it; when the file is gone
// and nothing came instead, it is missing by itself.
func TestARejectedFileIsNotMissingBesides(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.tells("2026-11-24 01:11", "opened pgp.not_encrypted")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:05")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:05", "reminded pgp.not_encrypted")
	if missed := w.missed(); len(missed) != 1 || missed[0] != "acme-in" {
		t.Errorf("the reminder says that %q miss something", missed)
	}
	w.tells("2026-11-24 10:00")
	w.withdraws("2026-11-24 10:01", "a.csv")
	w.wants("2026-11-24 10:01")
	w.tells("2026-11-24 10:01", "resolved pgp.not_encrypted")
	w.tells("2026-11-24 10:03", "opened expect.missing")
	w.comes("2026-11-24 11:00", "a.csv", job.FileLanded)
	w.wants("2026-11-24 11:01", "recovered 2026-11-24")
	w.tells("2026-11-24 11:02", "resolved expect.missing")
}

// missed gives the jobs that the last alert names as those that miss something.
func (w *world) missed() []string {
	w.t.Helper()
	var data struct{ Missed []string }
	events, err := w.store.Events(w.t.Context(), 0, 0)
	for _, e := range events {
		if strings.HasPrefix(e.Type, "alert.") && err == nil {
			data.Missed = nil
			err = json.Unmarshal(e.Data, &data)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return data.Missed
}

// What lands instead ends both, and only the one is told to be over that people had heard of.
func TestWhatLandsInsteadEndsBoth(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.tells("2026-11-24 01:11", "opened pgp.not_encrypted")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:05")
	w.comes("2026-11-24 03:10", "a.csv", job.FileLanded)
	w.well()
	w.tells("2026-11-24 03:10", "resolved pgp.not_encrypted") // what landed is counted a moment later
	w.wants("2026-11-24 03:10", "recovered 2026-11-24")
	w.alarm("")
	w.tells("2026-11-25 02:00")
}

// The file may come, and be rejected, when people know already that it is late: they hear why, and nobody is reminded of both.
func TestLateFirstAndRejectedThen(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Expect.Grace = 20 * time.Hour }))
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02", "opened expect.late")
	w.refuses("2026-11-24 03:20", "a.csv", job.FileRejected)
	w.wants("2026-11-24 03:20")
	w.tells("2026-11-24 03:21", "opened pgp.not_encrypted")
	w.tells("2026-11-24 16:00", "reminded pgp.not_encrypted")
	w.wants("2026-11-24 23:01", "missing 2026-11-24")
	w.tells("2026-11-24 23:02", "reminded pgp.not_encrypted")
	w.comes("2026-11-25 02:00", "a.csv", job.FileLanded)
	w.well()
	w.wants("2026-11-25 02:00")
	w.tells("2026-11-25 02:01", "resolved expect.late", "resolved pgp.not_encrypted")
}

// One of two was rejected, and nothing is known of the other: that is told.
func TestWhatNobodyRejectedIsMissing(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Expect.Files = 2 }))
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.refuses("2026-11-24 01:20", "a.csv", job.FileRejected) // once more: it is not the other
	w.tells("2026-11-24 01:30", "opened pgp.not_encrypted")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02", "opened expect.late")
	w.refuses("2026-11-24 03:10", "b.csv", job.FileHeld)
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "reminded pgp.not_encrypted")
}

// A file that lies there since yesterday is not today's, however open its incident is.
func TestYesterdaysRejectedFileIsNotTodays(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.tells("2026-11-24 01:11", "opened pgp.not_encrypted")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "reminded pgp.not_encrypted")
	w.tells("2026-11-24 18:00", "reminded pgp.not_encrypted")
	w.wants("2026-11-25 03:01", "late 2026-11-25")
	w.tells("2026-11-25 03:02", "opened expect.late")
}

// Of two that were rejected one was taken away: what is wrong with the other does not explain that.
func TestOneOfTwoRejectedFilesWasTakenAway(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Expect.Files = 2 }))
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.refuses("2026-11-24 01:20", "b.csv", job.FileRejected)
	w.tells("2026-11-24 01:30", "opened pgp.not_encrypted")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02")
	w.withdraws("2026-11-24 03:10", "b.csv")
	w.tells("2026-11-24 03:11", "opened expect.late")
}

// What was rejected today does not explain that nothing came yesterday.
func TestADayOfNothingIsNotExplainedByTheNext(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "opened expect.missing")
	w.refuses("2026-11-25 01:10", "a.csv", job.FileRejected)
	w.tells("2026-11-25 01:11", "opened pgp.not_encrypted", "reminded expect.missing")
	w.wants("2026-11-25 05:01", "missing 2026-11-25")
	w.tells("2026-11-25 14:00", "reminded expect.missing", "reminded pgp.not_encrypted")
}

// The same mistake night after night is one incident, also where each night's file takes the place of the last.
func TestTheSameMistakeEachNightIsOne(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.refuses("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.tells("2026-11-24 01:11", "opened pgp.not_encrypted")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "reminded pgp.not_encrypted")
	w.refuses("2026-11-25 01:10", "a.csv", job.FileRejected)
	w.wants("2026-11-25 05:01", "missing 2026-11-25")
	w.tells("2026-11-25 05:00", "reminded pgp.not_encrypted") // as every twelve hours
	w.tells("2026-11-25 05:10")
}

// Nobody waits with what is late for an incident that itself waits for the third night. What is missing has it told.
func TestAThresholdHidesNothing(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.comes("2026-11-24 01:10", "a.csv", job.FileRejected)
	w.strikes(job.Strike{Chain: 1, After: 3})
	w.tells("2026-11-24 01:11")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02", "opened expect.late")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "opened pgp.not_encrypted")
}

// What was told as missing is told by the file that then came and was rejected, though its job waits for a third failure: nobody is
// reminded of the one beside the other, and so somebody has to hear of the other.
func TestAThresholdHidesNothingOfWhatWasMissing(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02", "opened expect.late")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:02", "opened expect.missing")
	w.comes("2026-11-24 06:10", "a.csv", job.FileRejected)
	w.strikes(job.Strike{Chain: 1, After: 3})
	w.wants("2026-11-24 06:11")
	w.tells("2026-11-24 18:10", "opened pgp.not_encrypted")
}

// A server of which people are told only behind the deadline is told with what is missing by then, and not at once once more.
func TestAServerToldBehindTheDeadlineIsToldOnce(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.now = at(t, "2026-11-24 01:10")
	_, err := w.store.BeginRun(t.Context(), job.Run{Job: "acme-in", Connection: "acme"})
	if err == nil {
		_, err = w.store.Strike(t.Context(), job.Strike{
			Cause: "connection/acme/net.refused", Job: "acme-in", Connection: "acme", At: w.now, Deadline: at(t, "2026-11-24 05:00"),
			Reason: job.Reason{Slug: "net.refused", What: "nothing was moved", Who: job.WhoNetwork},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:05")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:05", "opened net.refused")
	if missed := w.missed(); len(missed) != 1 || missed[0] != "acme-in" {
		t.Errorf("the alert says that %q miss something", missed)
	}
	w.tells("2026-11-24 05:10")
}

// What comes and goes with every run puts nothing off: it is not waited for each time that it has just gone.
func TestWhatComesAndGoesPutsNothingOff(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	told := 0
	for range 4 {
		k := job.Strike{Cause: "connection/acme/net.timeout", Job: "acme-in", Connection: "acme", At: w.now, Deadline: w.now.Add(time.Hour)}
		if _, err := w.store.Strike(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(50 * time.Second)
		w.well()
		w.now = w.now.Add(10 * time.Second)
		told += len(w.due())
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}
