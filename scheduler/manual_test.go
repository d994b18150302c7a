package scheduler_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

func TestARunByHandSharesTheJobsLock(t *testing.T) {
	inWorld(t, lasting(20*time.Minute), func(t *testing.T, w *world) {
		w.start(spec("a", "10 * * * *"))
		w.pass(5 * time.Minute)
		begun, err := w.service.RunNow(t.Context(), "a", job.Run{By: "ops", Only: "x.csv", Force: true, Trigger: job.TriggerRetry})
		if err != nil {
			t.Fatal(err)
		}
		if r := begun.Run; r.ID != 1 || r.Trigger != job.TriggerManual || r.By != "ops" || r.Only != "x.csv" || !r.Force || r.Slot != nil {
			t.Errorf("begun = %+v", r)
		}
		if _, err := w.service.RunNow(t.Context(), "a", job.Run{}); !errors.Is(err, scheduler.ErrRunning) {
			t.Errorf("second RunNow = %v", err)
		}
		if st := w.service.Standings()[0]; st.Run == nil || st.Run.ID != 1 || !st.Next.Equal(midnight.Add(10*time.Minute)) {
			t.Errorf("standing = %+v", st)
		}
		ended, err := begun.Wait(t.Context())
		if err != nil || ended.State != job.RunSucceeded || ended.Ended.Sub(ended.Started) != 20*time.Minute {
			t.Errorf("ended = %+v, %v", ended, err)
		}
		w.wantSlots("11-21T00:10 skipped schedule.overlap")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		again, err := w.service.RunNow(t.Context(), "a", job.Run{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait with a dead context = %v", err)
		}
	})
}

func TestManyAskAtOnceAndOneRuns(t *testing.T) {
	inWorld(t, lasting(time.Minute), func(t *testing.T, w *world) {
		w.start(spec("a", "* * * * *"))
		var began atomic.Int32
		var askers sync.WaitGroup
		for range 500 {
			askers.Go(func() {
				if _, err := w.service.RunNow(t.Context(), "a", job.Run{}); err == nil {
					began.Add(1)
				} else if !errors.Is(err, scheduler.ErrRunning) {
					t.Error(err)
				}
			})
		}
		askers.Wait()
		w.pass(5 * time.Minute)
		if began.Load() != 1 || w.most != 1 {
			t.Errorf("%d began, %d at once at most", began.Load(), w.most)
		}
	})
}

func TestARunByHandIsRefusedWithItsReason(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		off := spec("off", "")
		off.Enabled = false
		w.options.Gate = gateOf(&job.Reason{Slug: "connection.draft"})
		w.store.pauses["job held"] = job.Pause{Kind: "job", Name: "held", By: "ops", Reason: "their server moves"}
		w.start(off, spec("held", ""), spec("draft", ""))
		for name, slug := range map[string]string{"off": "job.disabled", "held": "job.paused"} {
			_, err := w.service.RunNow(t.Context(), name, job.Run{})
			if reason := new(job.Reason); !errors.As(err, &reason) || reason.Slug != slug {
				t.Errorf("RunNow %s = %v, want %s", name, err, slug)
			}
		}
		if _, err := w.service.RunNow(t.Context(), "none", job.Run{}); !errors.Is(err, job.ErrNotFound) {
			t.Errorf("RunNow of an unknown job = %v", err)
		}
		if _, err := w.service.RunNow(t.Context(), "draft", job.Run{}); err != nil {
			t.Errorf("a run by hand asked the gate: %v", err)
		}
		synctest.Wait()
		w.set(func(string) error { return errors.New("disk full") }, nil)
		if _, err := w.service.RunNow(t.Context(), "draft", job.Run{}); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("RunNow on a full disk = %v", err)
		}
		w.set(nil, nil)
		if _, err := w.service.RunNow(t.Context(), "draft", job.Run{}); err != nil {
			t.Errorf("the lock was not given back: %v", err)
		}
	})
}

func TestRunsByHandDoNotTakeTheLadderAndReplaceARetry(t *testing.T) {
	inWorld(t, down, func(t *testing.T, w *world) {
		a := spec("a", "10 0 * * *")
		a.Retry = job.Retry{Attempts: 5, Backoff: 20 * time.Minute, MaxBackoff: time.Hour}
		w.start(a)
		w.pass(12 * time.Minute)
		begun, err := w.service.RunNow(t.Context(), "a", job.Run{})
		if err != nil {
			t.Fatal(err)
		}
		if r, _ := begun.Wait(t.Context()); !r.RetryAt.IsZero() {
			t.Errorf("a run by hand is to be retried at %v", r.RetryAt)
		}
		w.pass(2 * time.Hour)
		w.wantBegun("a schedule 11-21T00:10 1", "a manual - 1")
		if !w.run(1).RetryAt.IsZero() {
			t.Error("the replaced retry is still promised")
		}
	})
}

func TestWithoutStartOnlyRunsByHandHappen(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		for _, name := range []string{"a", "b"} { // left open by a process that died
			if _, err := w.store.BeginRun(t.Context(), job.Run{Job: name, Attempt: 1, State: job.RunRunning}); err != nil {
				t.Fatal(err)
			}
		}
		w.service = scheduler.New(w.options)
		follower := spec("c", "")
		follower.Timing.After = "a"
		if err := w.service.Load([]job.Spec{spec("a", "* * * * *"), spec("b", ""), follower}, nil); err != nil {
			t.Fatal(err)
		}
		begun, err := w.service.RunNow(t.Context(), "a", job.Run{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := begun.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.pass(3 * time.Minute)
		w.wantBegun("a manual - 1")
		w.wantSlots()
		if a, b := w.run(1), w.run(2); a.State != job.RunInterrupted || b.State != job.RunRunning {
			t.Errorf("the open run of a is %s, that of b %s; want interrupted and running", a.State, b.State)
		}
	})
}

// Somebody waits at a terminal for a run by hand: a store that cannot be written is told, not waited for.
func TestARunByHandWhoseEndCannotBeWrittenSaysSo(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.service = scheduler.New(w.options)
		if err := w.service.Load([]job.Spec{spec("a", "")}, nil); err != nil {
			t.Fatal(err)
		}
		w.store.fail = func(write string) error {
			if strings.HasPrefix(write, "EndRun") {
				return errors.New("disk full")
			}
			return nil
		}
		begun, err := w.service.RunNow(t.Context(), "a", job.Run{})
		if err != nil {
			t.Fatal(err)
		}
		run, err := begun.Wait(t.Context())
		if err != nil || run.State != job.RunFailed || run.Reason == nil || run.Reason.Slug != "ledger.failed" {
			t.Errorf("the run ended %s with %v, %v", run.State, run.Reason, err)
		}
		w.store.fail = nil
		if kept := w.run(1); kept.State != job.RunRunning {
			t.Errorf("the store has the run as %s", kept.State)
		}
	})
}

func TestLoadRefusesAndChangesNothing(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(spec("a", "*/10 * * * *"))
		x, y, z, lost := spec("x", ""), spec("y", ""), spec("z", "61 * * * *"), spec("lost", "")
		x.Timing.After, y.Timing.After, lost.Timing.After = "y", "x", "nowhere"
		nozone := spec("nozone", "@daily")
		nozone.Timing.Zone = nil
		err := w.service.Load([]job.Spec{x, y, z, lost, nozone, spec("twice", ""), spec("twice", "")}, nil)
		for _, want := range []string{"it would wait for itself", "there is no job nowhere", `minute "61"`, "nozone: it has no zone", "used twice"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Load = %v, want %q", err, want)
			}
		}
		full := errors.New("disk full")
		if err := w.service.Load([]job.Spec{spec("b", "*/10 * * * *")}, func() error { return full }); !errors.Is(err, full) {
			t.Errorf("Load that could not be recorded = %v", err)
		}
		w.pass(12 * time.Minute)
		w.wantBegun("a schedule 11-21T00:10 1")
	})
}

// TestAJobThatCameToAnIllStoreLosesNoSlot: it counts from when it was loaded.
func TestAJobThatCameToAnIllStoreLosesNoSlot(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start()
		w.pass(9 * time.Minute)
		w.set(func(string) error { return errors.New("disk full") }, nil)
		if err := w.service.Load([]job.Spec{spec("a", "*/10 * * * *")}, nil); err != nil {
			t.Fatal(err)
		}
		w.pass(15 * time.Minute)
		w.set(nil, nil)
		w.pass(5 * time.Minute)
		w.wantBegun("a catch-up 11-21T00:20 1")
		w.wantSlots("11-21T00:10 missed schedule.missed", "11-21T00:20 ran")
	})
}

// TestAJobThatComesBackBeforeItsTurnRunsItsSlotOnce: the slot waits for a place already.
func TestAJobThatComesBackBeforeItsTurnRunsItsSlotOnce(t *testing.T) {
	inWorld(t, lasting(8*time.Minute), func(t *testing.T, w *world) {
		w.options.MaxRuns = 1
		a, b := spec("a", "10 * * * *"), spec("b", "11 * * * *")
		b.Timing.Overlap = job.OverlapQueue
		w.start(a, b)
		w.pass(12 * time.Minute)
		for _, jobs := range [][]job.Spec{{a}, {a, b}} {
			if err := w.service.Load(jobs, nil); err != nil {
				t.Fatal(err)
			}
			w.pass(time.Minute)
		}
		w.pass(30 * time.Minute)
		w.wantBegun("a schedule 11-21T00:10 1", "b schedule 11-21T00:11 1")
		w.wantSlots("11-21T00:10 ran", "11-21T00:11 ran")
	})
}

func TestReload(t *testing.T) {
	inWorld(t, lasting(8*time.Minute), func(t *testing.T, w *world) {
		w.start(spec("stays", "*/10 * * * *"), spec("goes", "*/10 * * * *"), spec("moves", "*/10 * * * *"))
		w.pass(12 * time.Minute)
		if err := w.service.Load([]job.Spec{spec("stays", "*/10 * * * *"), spec("moves", "25 * * * *"), spec("comes", "14 * * * *")}, nil); err != nil {
			t.Fatal(err)
		}
		w.pass(15 * time.Minute)
		counts := map[string]int{}
		for _, line := range w.begun {
			counts[strings.Join(strings.Fields(line)[:3], " ")]++
		}
		for _, want := range []string{"stays schedule 11-21T00:10", "goes schedule 11-21T00:10", "moves schedule 11-21T00:10",
			"comes schedule 11-21T00:14", "stays schedule 11-21T00:20", "moves schedule 11-21T00:25"} {
			if counts[want] != 1 {
				t.Errorf("%q began %d times; all: %q", want, counts[want], w.begun)
			}
		}
		if len(w.begun) != 6 {
			t.Errorf("runs %q", w.begun)
		}
		for _, r := range w.store.choose(func(r job.Run) bool { return r.Job == "goes" }) {
			if r.State != job.RunSucceeded {
				t.Errorf("the run at work of a removed job ended %s", r.State)
			}
		}
		if n := len(w.service.Standings()); n != 3 {
			t.Errorf("%d jobs stand, want 3", n)
		}
	})
}

// renamed is a job under a new name.
func renamed(old job.Spec, name string) job.Spec {
	old.Name, old.Formerly = name, old.Name
	return old
}

// TestARenamedJobTakesThePlaceOfTheOldOne: it runs no slot again, misses none, and makes the attempt that was promised.
func TestARenamedJobTakesThePlaceOfTheOldOne(t *testing.T) {
	inWorld(t, down, func(t *testing.T, w *world) {
		old := spec("old", "*/30 * * * *")
		old.Retry = job.Retry{Attempts: 2, Backoff: 20 * time.Minute, MaxBackoff: time.Hour}
		w.start(old)
		w.pass(31 * time.Minute)
		if err := w.service.Load([]job.Spec{renamed(old, "new")}, func() error { return w.store.rename("old", "new") }); err != nil {
			t.Fatal(err)
		}
		w.pass(31 * time.Minute)
		w.wantBegun("old schedule 11-21T00:30 1", "new retry 11-21T00:30 2", "new schedule 11-21T01:00 1")
		w.wantSlots("11-21T00:30 ran", "11-21T01:00 ran")
		if st := w.service.Standings(); len(st) != 1 || st[0].Job != "new" {
			t.Errorf("standings: %+v", st)
		}
	})
}

// TestAHistoryIsNotMovedUnderARun: neither under one at work or waiting for a place, nor under one that would begin while
// it is moved.
func TestAHistoryIsNotMovedUnderARun(t *testing.T) {
	inWorld(t, lasting(10*time.Minute), func(t *testing.T, w *world) {
		w.options.MaxRuns = 1
		old, first := spec("old", "12 0 * * *"), spec("first", "10 0 * * *")
		third := spec("third", "")
		third.Timing.After = "old"
		now := []job.Spec{renamed(old, "new"), first, renamed(third, "last")}
		now[2].Timing.After = "new"
		w.start(old, first, third)
		asked := 0
		record := func() error {
			asked++
			if _, err := w.service.RunNow(t.Context(), "old", job.Run{}); !errors.Is(err, scheduler.ErrRunning) {
				t.Errorf("RunNow while the history is moved = %v", err)
			}
			return w.store.rename("old", "new")
		}
		for _, passed := range []time.Duration{13, 10} { // it waits, it is at work
			w.pass(passed * time.Minute)
			var reason *job.Reason
			if err := w.service.Load(now, record); !errors.As(err, &reason) || reason.Slug != "config.renamed_at_work" || asked != 0 {
				t.Errorf("Load = %v, asked %d times", err, asked)
			}
		}
		w.pass(20 * time.Minute) // with the run that follows
		if err := w.service.Load(now, record); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		if _, err := w.service.RunNow(t.Context(), "new", job.Run{}); err != nil {
			t.Errorf("the lock was not given back: %v", err)
		}
		w.pass(time.Hour)
		w.wantBegun("first schedule 11-21T00:10 1", "old schedule 11-21T00:12 1", "third after - 1", "new manual - 1", "last after - 1")
	})
}

func TestARemovedJobWaitingForAPlaceIsSkipped(t *testing.T) {
	inWorld(t, lasting(8*time.Minute), func(t *testing.T, w *world) {
		w.options.MaxRuns = 1
		w.start(spec("a", "10 * * * *"), spec("b", "11 * * * *"))
		w.pass(12 * time.Minute)
		if err := w.service.Load([]job.Spec{spec("a", "10 * * * *")}, nil); err != nil {
			t.Fatal(err)
		}
		w.pass(10 * time.Minute)
		w.wantBegun("a schedule 11-21T00:10 1")
		w.wantSlots("11-21T00:10 ran", "11-21T00:11 skipped job.removed")
	})
}

func TestNextTellsTimesNotesAndPolicies(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		a := spec("a", "30 2 * * *")
		a.Timing.Zone = zone(t, "Europe/Brussels")
		a.Timing.Calendar = &job.Calendar{Days: [7]bool{0: true}} // Sundays
		w.skew.Add(int64(time.Date(2027, 3, 26, 0, 0, 0, 0, time.UTC).Sub(midnight)))
		w.start(a, spec("b", ""))
		list, err := w.service.Next("a", 2)
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		if u := list[0]; u.Slot.Wall != "2027-03-28T02:30" || len(u.Notes) != 1 || u.Notes[0] != "clock change: 02:30 → 03:00" {
			t.Errorf("first = %+v", u)
		}
		if u := list[1]; u.Slot.Wall != "2027-04-04T02:30" || u.Notes != nil {
			t.Errorf("second = %+v", u)
		}
		if list, err := w.service.Next("b", 5); err != nil || len(list) != 0 {
			t.Errorf("a job without a schedule has %v, %v", list, err)
		}
		if _, err := w.service.Next("none", 1); !errors.Is(err, job.ErrNotFound) {
			t.Errorf("Next of an unknown job = %v", err)
		}
	})
}
