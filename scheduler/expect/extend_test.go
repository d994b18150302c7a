package expect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// extends moves the deadline of a day at a time, as a person does.
func (w *world) extends(when, day, until string) {
	w.t.Helper()
	w.now = at(w.t, when)
	w.extend(day, at(w.t, until))
}

func (w *world) extend(day string, until time.Time) {
	w.t.Helper()
	x := job.Extension{By: "ann", At: w.now, Reason: "they called"}
	if _, err := w.store.ExtendExpectation(w.t.Context(), w.day(day), until, x, store.AuditLine{Who: "ann", Act: "expect.extend", Object: "acme-in"}); err != nil {
		w.t.Fatal(err)
	}
}

func opensAtTen(s *job.Spec) { s.Expect.Opens = 22 * 60 }

// A day that was extended past the opening of the next has what comes first, and no file is two days'. Why it was late is gone with
// the deadline that it was late by.
func TestExtendedPastTheNextOpening(t *testing.T) {
	w := newWorld(t, "2026-11-23 21:00", nightly(opensAtTen))
	w.wants("2026-11-23 21:00")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.extends("2026-11-24 12:00", "2026-11-24", "2026-11-24 23:30")
	w.wants("2026-11-24 22:30")
	w.comes("2026-11-24 23:00", "a.csv", job.FileLanded)
	w.wants("2026-11-24 23:01")
	w.verdict("2026-11-24", job.VerdictMet)
	if e := w.day("2026-11-24"); e.Reason != nil || e.Extended == nil {
		t.Errorf("it came by the deadline that was given, and is told with %+v", e.Reason)
	}
	w.wants("2026-11-25 03:01", "late 2026-11-25") // that file was the day's before it
	w.comes("2026-11-25 03:30", "b.csv", job.FileLanded)
	w.wants("2026-11-25 03:31", "recovered 2026-11-25")
}

// The next day is open meanwhile: what comes behind the file of the extended day is its own, at once.
func TestTwoFilesForTwoOpenDays(t *testing.T) {
	for _, opens := range []int{job.NoOpening, 22 * 60} {
		w := newWorld(t, "2026-11-22 17:00", nightly(func(s *job.Spec) { s.Expect.Opens = opens }))
		w.wants("2026-11-22 17:00")
		w.comes("2026-11-23 01:00", "x.csv", job.FileLanded)
		w.wants("2026-11-23 17:00")
		w.wants("2026-11-24 03:01", "late 2026-11-24")
		w.extends("2026-11-24 03:10", "2026-11-24", "2026-11-25 12:00")
		w.comes("2026-11-25 01:00", "a.csv", job.FileLanded)
		w.comes("2026-11-25 01:00", "b.csv", job.FileLanded) // of the very same moment: the same day's
		w.comes("2026-11-25 01:05", "c.csv", job.FileLanded)
		w.wants("2026-11-25 03:01")
		w.verdict("2026-11-24", job.VerdictMet)
		w.verdict("2026-11-25", job.VerdictMet)
	}
}

// A deadline that was moved by days holds up no other day: each is late by its own.
func TestAnExtendedDayHoldsUpNoOther(t *testing.T) {
	w := newWorld(t, "2026-11-23 21:00", nightly(opensAtTen))
	w.wants("2026-11-23 21:00")
	w.extends("2026-11-24 02:00", "2026-11-24", "2026-11-28 12:00")
	w.wants("2026-11-24 03:01")
	w.wants("2026-11-25 03:01", "late 2026-11-25")
	w.wants("2026-11-26 03:01", "missing 2026-11-25", "late 2026-11-26")
	w.comes("2026-11-26 03:30", "a.csv", job.FileLanded)
	w.wants("2026-11-26 03:31")
	w.verdict("2026-11-24", job.VerdictMet)
	w.comes("2026-11-26 04:30", "b.csv", job.FileLanded)
	w.wants("2026-11-26 04:31", "recovered 2026-11-26")
}

// A day has no more of what came than was its own, also when nobody looked in between.
func TestADayHasNothingOfTheNext(t *testing.T) {
	for _, opens := range []int{job.NoOpening, 22 * 60} {
		w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Expect.Opens = opens }))
		w.wants("2026-11-23 17:00")
		w.wants("2026-11-24 03:01", "late 2026-11-24")
		w.extends("2026-11-24 12:00", "2026-11-24", "2026-11-24 23:30")
		w.comes("2026-11-24 13:00", "a.csv", job.FileLanded)
		w.comes("2026-11-24 22:30", "b.csv", job.FileLanded)
		w.wants("2026-11-24 22:40")
		for _, day := range []string{"2026-11-24", "2026-11-25"} {
			if e := w.day(day); e.Got != 1 {
				t.Errorf("%s opens %d: %d files count", day, opens, e.Got)
			}
		}
	}
}

// What an excused day was given is no other's.
func TestAnExcusedDayKeepsItsFiles(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly(func(s *job.Spec) { s.Expect.Files = 2 }))
	w.wants("2026-11-23 17:00")
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.comes("2026-11-24 03:30", "a.csv", job.FileLanded)
	w.wants("2026-11-24 03:31")
	if err := w.store.Pause(t.Context(), job.Pause{Kind: "job", Name: "acme-in", Reason: "they move", By: "ann", Until: at(t, "2026-11-24 12:00")}); err != nil {
		t.Fatal(err)
	}
	w.wants("2026-11-24 05:01")
	w.verdict("2026-11-24", job.VerdictExcused)
	w.comes("2026-11-25 01:00", "b.csv", job.FileLanded)
	w.wants("2026-11-25 03:01", "late 2026-11-25")
	if e := w.day("2026-11-25"); e.Got != 1 {
		t.Errorf("%d files count for the day, of which one was the day's before it", e.Got)
	}
}

// Whatever comes, whenever somebody looks and whatever is extended: each file counts for one day, the earliest that is open and has
// not got what it wants.
func TestEachFileCountsForOneDay(t *testing.T) {
	for seed := range uint64(6) {
		for _, opens := range []int{job.NoOpening, 22 * 60} {
			t.Run(fmt.Sprintf("seed %d, opens %d", seed, opens), func(t *testing.T) {
				wanted := 1 + int(seed%2)
				w := newWorld(t, "2026-11-22 17:00", nightly(func(s *job.Spec) { s.Expect.Opens, s.Expect.Files = opens, wanted }))
				arrivals := w.lives(rand.New(rand.NewPCG(seed, 1)))
				w.eachOnce(arrivals)
			})
		}
	}
}

// lives lets a week go by, and gives when files came.
func (w *world) lives(dice *rand.Rand) (arrivals []time.Time) {
	w.look("")
	end := at(w.t, "2026-11-30 12:00")
	for n := 0; w.now.Before(end); n++ {
		w.now = w.now.Add(time.Duration(1+dice.IntN(5*60)) * time.Minute)
		switch dice.IntN(10) {
		case 0:
			w.comes(w.now.In(brussels).Format("2006-01-02 15:04"), fmt.Sprintf("%d.csv", n), job.FileLanded)
			arrivals = append(arrivals, w.now)
		case 1, 2, 3:
			w.extendAny(dice)
		}
		w.look("")
	}
	return arrivals
}

func (w *world) extendAny(dice *rand.Rand) {
	w.t.Helper()
	open, err := w.store.OpenExpectations(w.t.Context(), "acme-in")
	if err != nil {
		w.t.Fatal(err)
	}
	if len(open) == 0 { // the next begins with the next look
		return
	}
	if e := open[dice.IntN(len(open))]; e.By.Before(w.now.Add(30 * time.Hour)) {
		w.extend(e.Day, later(w.now, e.By).Add(time.Duration(1+dice.IntN(40*60))*time.Minute))
	}
}

// eachOnce gives each file to the earliest day that takes it, and compares.
func (w *world) eachOnce(arrivals []time.Time) {
	w.t.Helper()
	days, err := w.store.Expectations(w.t.Context(), "acme-in", "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(days)
	got := map[string]int{}
	for _, came := range arrivals {
		for _, e := range days {
			if came.After(e.Opens) && !came.After(e.Closes) && got[e.Day] < e.Wanted {
				got[e.Day]++
				break
			}
		}
	}
	for _, e := range days {
		if min(e.Got, e.Wanted) != got[e.Day] {
			w.t.Errorf("%s, opens %s, by %s, closes %s: %d files count, want %d; %s, filled %s", e.Day, e.Opens, e.By, e.Closes, e.Got, got[e.Day], e.Verdict, e.Filled)
		}
	}
}
