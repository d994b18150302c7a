package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
)

// down fails for the network, always.
func down(context.Context, job.Spec, job.Run) job.Result {
	return job.Result{State: job.RunFailed, Reason: &job.Reason{Slug: "net.refused", Temporary: true}}
}

func TestOnlyTemporaryFailuresTakeTheLadder(t *testing.T) {
	for _, c := range []struct {
		name   string
		reason job.Reason
		state  job.RunState
		runs   int
	}{
		{"network", job.Reason{Slug: "net.refused", Temporary: true}, job.RunFailed, 4},
		{"partial for the network", job.Reason{Slug: "net.stalled", Temporary: true}, job.RunPartial, 4},
		{"login", job.Reason{Slug: "auth.key_rejected"}, job.RunFailed, 1},
		{"a capped run that succeeded", job.Reason{Slug: "net.slow", Temporary: true}, job.RunSucceeded, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(context.Context, job.Spec, job.Run) job.Result {
				return job.Result{State: c.state, Reason: &c.reason}
			}, func(t *testing.T, w *world) {
				a := spec("a", "10 0 * * *")
				a.Retry = job.Retry{Attempts: 4, Backoff: time.Minute, MaxBackoff: 3 * time.Minute}
				w.start(a)
				w.pass(time.Hour)
				if len(w.begun) != c.runs {
					t.Fatalf("runs %q, want %d", w.begun, c.runs)
				}
				for i, most := range []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute}[:c.runs-1] {
					before, next := w.run(i+1), w.run(i+2)
					wait := next.Started.Sub(before.Ended)
					if wait < most*3/4 || wait > most || next.AttemptOf != 1 || next.Trigger != job.TriggerRetry || next.Attempt != i+2 {
						t.Errorf("attempt %d after %s (most %s): %+v", i+2, wait, most, next)
					}
				}
				if r := w.run(c.runs); !r.RetryAt.IsZero() {
					t.Errorf("the last attempt promises another: %v", r.RetryAt)
				}
				w.wantSlots("11-21T00:10 ran")
			})
		})
	}
}

func TestANewSlotTakesThePlaceOfAWaitingRetry(t *testing.T) {
	inWorld(t, down, func(t *testing.T, w *world) {
		a := spec("a", "*/10 * * * *")
		a.Retry = job.Retry{Attempts: 5, Backoff: 8 * time.Minute, MaxBackoff: time.Hour}
		w.start(a)
		w.pass(29 * time.Minute)
		w.wantBegun("a schedule 11-21T00:10 1", "a retry 11-21T00:10 2", "a schedule 11-21T00:20 1", "a retry 11-21T00:20 2")
		if !slices.Contains(w.store.dropped, 2) {
			t.Errorf("dropped retries: %v, want that of run 2", w.store.dropped)
		}
	})
}

func TestNoRetryOutsideTheWindow(t *testing.T) {
	inWorld(t, down, func(t *testing.T, w *world) {
		a := spec("a", "58 0 * * *")
		a.Timing.Window = &job.Window{From: 0, To: 60}
		a.Retry = job.Retry{Attempts: 5, Backoff: 4 * time.Minute, MaxBackoff: time.Hour}
		w.start(a)
		w.pass(2 * time.Hour)
		w.wantBegun("a schedule 11-21T00:58 1")
		if r := w.run(1); !r.RetryAt.IsZero() {
			t.Errorf("a retry is promised at %v", r.RetryAt)
		}
	})
}

func TestAPendingRetrySurvivesARestart(t *testing.T) {
	for away, want := range map[time.Duration][]string{
		2 * time.Minute: {"a schedule 11-21T00:10 1", "a retry 11-21T00:10 2"},
		8 * time.Hour:   {"a schedule 11-21T00:10 1"}, // older than catch_up
	} {
		inWorld(t, down, func(t *testing.T, w *world) {
			a := spec("a", "10 0 * * *")
			a.Retry = job.Retry{Attempts: 2, Backoff: 20 * time.Minute, MaxBackoff: time.Hour}
			w.start(a)
			w.pass(15 * time.Minute)
			w.crash()
			w.pass(away)
			w.start(a)
			w.pass(40 * time.Minute)
			w.wantBegun(want...)
		})
	}
}

func TestAStopInterruptsAndTheNextStartGoesOn(t *testing.T) {
	inWorld(t, lasting(30*time.Minute), func(t *testing.T, w *world) {
		w.start(spec("a", "10 0 * * *"), spec("b", ""))
		w.pass(15 * time.Minute)
		if _, err := w.service.RunNow(t.Context(), "b", job.Run{By: "ops"}); err != nil {
			t.Fatal(err)
		}
		w.stop()
		for n, byHand := range map[int]bool{1: false, 2: true} {
			if r := w.run(n); r.State != job.RunInterrupted || slugOf(r.Reason) != "run.interrupted" || r.RetryAt.IsZero() != byHand {
				t.Errorf("run %d = %+v", n, r)
			}
		}
		w.pass(time.Minute)
		w.start(spec("a", "10 0 * * *"), spec("b", ""))
		w.pass(time.Hour)
		w.wantBegun("a schedule 11-21T00:10 1", "b manual - 1", "a catch-up 11-21T00:10 2")
		w.wantSlots("11-21T00:10 ran")
	})
}

func TestAStopTellsTheRunsItCutsOffThatNothingIsWrong(t *testing.T) {
	var told error
	inWorld(t, func(ctx context.Context, _ job.Spec, _ job.Run) job.Result {
		<-ctx.Done()
		told = context.Cause(ctx)
		return job.Result{State: job.RunFailed}
	}, func(t *testing.T, w *world) {
		w.start(spec("a", "10 0 * * *"))
		w.pass(15 * time.Minute)
		w.stop()
		var reason *job.Reason
		if !errors.As(told, &reason) || reason.Slug != "run.interrupted" {
			t.Errorf("the run was ended with %v", told)
		}
	})
}

func TestASoftStopWaitsForTheRunsAtWork(t *testing.T) {
	inWorld(t, lasting(30*time.Minute), func(t *testing.T, w *world) {
		w.start(spec("a", "10 0 * * *"))
		w.pass(15 * time.Minute)
		if err := w.service.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if r := w.run(1); r.State != job.RunSucceeded {
			t.Errorf("run = %+v", r)
		}
		if _, err := w.service.RunNow(t.Context(), "a", job.Run{}); err == nil {
			t.Error("a stopped service began a run")
		}
	})
}

func TestStopNamesWhatDoesNotReturn(t *testing.T) {
	deaf := make(chan struct{})
	inWorld(t, func(context.Context, job.Spec, job.Run) job.Result {
		<-deaf
		return job.Result{State: job.RunSucceeded}
	}, func(t *testing.T, w *world) {
		deaf = make(chan struct{})
		w.start(spec("a", "10 0 * * *"))
		w.pass(15 * time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.service.Stop(ctx); err == nil || !strings.Contains(err.Error(), "run 1 of a") {
			t.Errorf("Stop = %v", err)
		}
		close(deaf)
		synctest.Wait()
	})
}

func TestACrashDoesNotRepeatARunByHand(t *testing.T) {
	inWorld(t, lasting(30*time.Minute), func(t *testing.T, w *world) {
		w.start(spec("b", ""))
		if _, err := w.service.RunNow(t.Context(), "b", job.Run{By: "ops"}); err != nil {
			t.Fatal(err)
		}
		w.pass(15 * time.Minute)
		w.crash()
		w.start(spec("b", ""))
		w.pass(time.Hour)
		w.wantBegun("b manual - 1")
		if r := w.run(1); r.State != job.RunInterrupted || !r.RetryAt.IsZero() {
			t.Errorf("run 1 = %+v", r)
		}
	})
}

func TestACrashEndsOpenRunsAndRunsThemOnceMore(t *testing.T) {
	inWorld(t, lasting(30*time.Minute), func(t *testing.T, w *world) {
		a := spec("a", "10 0 * * *")
		w.start(a)
		w.pass(15 * time.Minute)
		w.crash()
		w.pass(12 * time.Hour) // longer than catch_up: work that was begun goes on nevertheless
		w.start(a)
		w.pass(time.Hour)
		w.wantBegun("a schedule 11-21T00:10 1", "a catch-up 11-21T00:10 2")
		w.wantSlots("11-21T00:10 ran")
		if r := w.run(1); r.State != job.RunInterrupted || slugOf(r.Reason) != "run.interrupted" {
			t.Errorf("run 1 = %+v", r)
		}
		if r := w.run(2); r.State != job.RunSucceeded || r.AttemptOf != 1 {
			t.Errorf("run 2 = %+v", r)
		}
	})
}

func TestAPausedJobIsNotTakenUpAfterACrash(t *testing.T) {
	inWorld(t, lasting(30*time.Minute), func(t *testing.T, w *world) {
		a := spec("a", "10 0 * * *")
		w.start(a)
		w.pass(15 * time.Minute)
		w.crash()
		w.store.pauses["job a"] = job.Pause{Kind: "job", Name: "a", By: "ops"}
		w.start(a)
		w.wantBegun("a schedule 11-21T00:10 1")
		if r := w.run(1); r.State != job.RunInterrupted || !r.RetryAt.IsZero() {
			t.Errorf("run 1 = %+v", r)
		}
	})
}

func TestAFullDiskStopsRunsAndLosesNoSlot(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(spec("a", "*/10 * * * *"), spec("b", "15 * * * *"))
		full := errors.New("disk full")
		w.pass(5 * time.Minute)
		w.set(func(string) error { return full }, nil)
		w.pass(20 * time.Minute)
		w.wantBegun()
		w.wantSlots()
		if n := len(w.trouble); n < 10 || n > 20 || !errors.Is(w.trouble[0], full) { // after 5, 10, 20, 40 s, then each minute
			t.Errorf("trouble told %d times: %v", n, w.trouble)
		}
		w.set(nil, nil)
		w.pass(6 * time.Minute)
		slices.Sort(w.begun)
		w.wantBegun("a catch-up 11-21T00:20 1", "a schedule 11-21T00:30 1", "b catch-up 11-21T00:15 1")
		w.wantSlots("11-21T00:10 missed schedule.missed", "11-21T00:15 ran", "11-21T00:20 ran", "11-21T00:30 ran")
		if last := w.trouble[len(w.trouble)-1]; last != nil {
			t.Errorf("last trouble told: %v, want nil", last)
		}
	})
}

func TestManyFailuresAtOnceAreOneTrouble(t *testing.T) {
	inWorld(t, lasting(time.Minute), func(t *testing.T, w *world) {
		var specs []job.Spec
		for i := range 20 {
			specs = append(specs, spec(fmt.Sprintf("j%02d", i), "10 0 * * *"))
		}
		w.start(specs...)
		w.pass(10*time.Minute + 30*time.Second)
		w.set(func(string) error { return errors.New("disk full") }, nil)
		w.pass(32 * time.Second)
		if len(w.trouble) != 1 {
			t.Errorf("told %d times: %v", len(w.trouble), w.trouble)
		}
		w.set(nil, nil)
		w.pass(2 * time.Minute)
		for n := range 20 {
			if r := w.run(n + 1); r.State != job.RunSucceeded || r.Ended.Sub(r.Started) != time.Minute {
				t.Errorf("run = %+v", r)
			}
		}
	})
}

func TestAClockThatWasAheadBeforeTheRestartDoesNotSilenceAJob(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		a := spec("a", "30 * * * *")
		w.skew.Add(int64(30 * 24 * time.Hour))
		w.start(a)
		w.pass(time.Hour)
		w.stop()
		w.skew.Add(-int64(30 * 24 * time.Hour))
		w.store.first["a"] = midnight
		w.start(a)
		w.pass(time.Hour)
		w.wantBegun("a schedule 12-21T00:30 1", "a schedule 11-21T01:30 1")
	})
}

func TestADeathBetweenSlotsOfOneInstantRunsNoneTwice(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.skew.Add(int64(time.Date(2027, 3, 28, 0, 30, 0, 0, time.UTC).Sub(midnight)))
		a := spec("a", "0,30 2 28 3 *")
		a.Timing.Zone = zone(t, "Europe/Brussels")
		w.start(a)
		adds := 0
		w.set(func(write string) error {
			if write == "AddSlot" {
				if adds++; adds == 2 {
					return errors.New("dead")
				}
			}
			return nil
		}, nil)
		w.pass(30 * time.Minute)
		w.wantSlots("03-28T02:00 ran")
		w.crash()
		w.start(a)
		w.wantBegun("a schedule 03-28T02:00 1")
		w.wantSlots("03-28T02:00 ran", "03-28T02:30 coalesced")
	})
}

func (w *world) set(fail, after func(string) error) {
	w.store.mu.Lock()
	w.store.fail, w.store.after = fail, after
	w.store.mu.Unlock()
}

func TestEachWriteMayFailOnceAndNothingIsLostOrDoubled(t *testing.T) {
	for _, what := range []string{"AddSlot", "BeginRun", "EndRun"} {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s done %t", what, done), func(t *testing.T) {
				inWorld(t, nil, func(t *testing.T, w *world) {
					once := func(write string) error {
						if write == what {
							w.store.fail, w.store.after = nil, nil
							return errors.New("odd")
						}
						return nil
					}
					if done {
						w.set(nil, once)
					} else {
						w.set(once, nil)
					}
					w.start(spec("a", "*/10 * * * *"))
					w.pass(25 * time.Minute)
					w.wantBegun("a schedule 11-21T00:10 1", "a schedule 11-21T00:20 1")
					w.wantSlots("11-21T00:10 ran", "11-21T00:20 ran")
					if r := w.run(1); r.State != job.RunSucceeded {
						t.Errorf("run 1 = %+v", r)
					}
					w.stop()
					w.start(spec("a", "*/10 * * * *"))
					w.wantBegun("a schedule 11-21T00:10 1", "a schedule 11-21T00:20 1")
				})
			})
		}
	}
}

// TestNoSlotIsLostWhereverTheProcessDies kills the process at each of its first writes, starts it again, and lets the
// night end: every slot has one row and an end, and no slot has two runs that came to an end.
func TestNoSlotIsLostWhereverTheProcessDies(t *testing.T) {
	for _, overlap := range []job.Overlap{job.OverlapSkip, job.OverlapQueue} {
		for dies := 1; dies <= 40; dies++ {
			for _, done := range []bool{false, true} {
				inWorld(t, lasting(7*time.Minute), func(t *testing.T, w *world) {
					a := spec("a", "*/5 * * * *")
					a.Timing.Overlap = overlap
					dead := func(string) error {
						if w.store.writes >= dies {
							return errors.New("dead")
						}
						return nil
					}
					if done {
						w.set(nil, dead)
					} else {
						w.set(dead, nil)
					}
					if dies > 1 {
						w.start(a)
						w.pass(47 * time.Minute)
						w.crash()
					}
					w.set(nil, nil)
					w.start(a)
					w.pass(2*time.Hour + 2*time.Minute)
					w.audit(fmt.Sprintf("died at write %d, done: %t", dies, done))
				})
			}
		}
	}
}

// TestASlotThatRanIsNeitherRunAgainNorMissed kills the process when its run has ended, before another word is written.
func TestASlotThatRanIsNeitherRunAgainNorMissed(t *testing.T) {
	for name, away := range map[string]time.Duration{"back soon": 2 * time.Minute, "back after catch_up": 24*time.Hour - 30*time.Minute} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				dead := false
				w.set(func(string) error {
					if dead {
						return errors.New("dead")
					}
					return nil
				}, func(write string) error {
					dead = dead || write == "EndRun"
					return nil
				})
				w.start(spec("a", "10 0 * * *"))
				w.pass(15 * time.Minute)
				w.crash()
				w.pass(away)
				w.set(nil, nil)
				w.start(spec("a", "10 0 * * *"))
				w.pass(10 * time.Minute)
				w.wantBegun("a schedule 11-21T00:10 1")
				w.wantSlots("11-21T00:10 ran")
			})
		})
	}
}

func (w *world) audit(when string) {
	w.t.Helper()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	seen := map[string]int{}
	ran := map[string]bool{}
	for _, s := range w.store.slots {
		seen[s.Wall]++
		ran[s.Wall] = s.State == job.SlotRan
		if s.State == job.SlotDue && w.now().Sub(s.Due) > 20*time.Minute {
			w.t.Errorf("%s: slot %s is still due", when, s.Wall)
		}
	}
	start := w.store.first["a"]
	for at := start.Truncate(5 * time.Minute).Add(5 * time.Minute); at.Before(w.now()); at = at.Add(5 * time.Minute) {
		if n := seen[at.Format("2006-01-02T15:04")]; n != 1 {
			w.t.Errorf("%s: slot %s has %d rows", when, at.Format("15:04"), n)
		}
	}
	finished := map[string]int{}
	for _, r := range w.store.runs {
		if r.State == job.RunSucceeded {
			finished[r.Slot.Wall]++
		}
	}
	for wall, n := range finished {
		if n > 1 || !ran[wall] {
			w.t.Errorf("%s: slot %s was finished %d times, and ran: %t", when, wall, n, ran[wall])
		}
	}
	if len(finished) < 6 {
		w.t.Errorf("%s: only %d slots were run", when, len(finished))
	}
}
