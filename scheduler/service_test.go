package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

func TestEverySlotRunsOnceFromTheFirstLoadOn(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.pass(7 * time.Minute)
		w.start(spec("a", "*/15 * * * *"))
		w.pass(40 * time.Minute)
		w.wantBegun("a schedule 11-21T00:15 1", "a schedule 11-21T00:30 1", "a schedule 11-21T00:45 1")
		w.wantSlots("11-21T00:15 ran", "11-21T00:30 ran", "11-21T00:45 ran")
		run := w.run(1)
		if run.State != job.RunSucceeded || run.Slot.Run != 0 || !run.Started.Equal(midnight.Add(15*time.Minute)) || run.Connection != "acme" {
			t.Errorf("run = %+v", run)
		}
		if s := w.store.slots[2]; s.Run != 3 {
			t.Errorf("slot 3 names run %d", s.Run)
		}
	})
}

func TestAfterAnAbsenceTheLatestSlotIsCaughtUpOn(t *testing.T) {
	for _, c := range []struct {
		name    string
		catchUp time.Duration
		away    time.Duration
		begun   []string
		slots   []string
	}{
		{"young enough", 6 * time.Hour, 150 * time.Minute, []string{"a catch-up 11-21T03:00 1"},
			[]string{"11-21T01:00 ran", "11-21T02:00 missed schedule.missed", "11-21T03:00 ran"}},
		{"too old", 10 * time.Minute, 150 * time.Minute, nil,
			[]string{"11-21T01:00 ran", "11-21T02:00 missed schedule.missed", "11-21T03:00 missed schedule.missed"}},
		{"never", 0, 150 * time.Minute, nil,
			[]string{"11-21T01:00 ran", "11-21T02:00 missed schedule.missed", "11-21T03:00 missed schedule.missed"}},
		{"a restart of seconds is none", 0, 50*time.Minute + 20*time.Second, []string{"a schedule 11-21T02:00 1"},
			[]string{"11-21T01:00 ran", "11-21T02:00 ran"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				a := spec("a", "0 * * * *")
				a.Timing.CatchUp = c.catchUp
				w.start(a)
				w.pass(70 * time.Minute)
				w.stop()
				w.pass(c.away)
				w.start(a)
				w.wantBegun(append([]string{"a schedule 11-21T01:00 1"}, c.begun...)...)
				w.wantSlots(c.slots...)
			})
		})
	}
}

func TestALongAbsenceCostsABoundedNumberOfRows(t *testing.T) {
	for _, away := range []time.Duration{3 * 24 * time.Hour, 3 * 365 * 24 * time.Hour} {
		inWorld(t, nil, func(t *testing.T, w *world) {
			w.start(spec("a", "* * * * *"))
			w.pass(90 * time.Second)
			w.stop()
			w.skew.Add(int64(away))
			w.start(spec("a", "* * * * *"))
			slots := w.slots()
			if n := len(slots); n != 1+1000 {
				t.Fatalf("%d rows, want 1 that ran before and 1000 of the absence", n)
			}
			if want := " ran"; !strings.HasSuffix(slots[1000], want) || len(w.begun) != 2 {
				t.Errorf("last slot %q, runs %q", slots[1000], w.begun)
			}
			if cause := w.store.slots[1].Reason.Cause; !strings.Contains(cause, "Slots since 2026-11-21T00:02 were missed as well") {
				t.Errorf("the oldest row says %q", cause)
			}
		})
	}
}

func TestACronLineChangedWhileAwayIsNotCaughtUpOn(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(spec("a", "30 0 * * *"))
		w.pass(time.Hour)
		w.stop()
		w.pass(time.Hour)
		w.start(spec("a", "15 * * * *"))
		w.wantBegun("a schedule 11-21T00:30 1")
		w.pass(30 * time.Minute)
		w.wantBegun("a schedule 11-21T00:30 1", "a schedule 11-21T02:15 1")
	})
}

func TestOverlap(t *testing.T) {
	for policy, c := range map[job.Overlap]struct{ begun, slots []string }{
		job.OverlapSkip: {
			[]string{"a schedule 11-21T00:10 1", "a schedule 11-21T00:50 1"},
			[]string{"11-21T00:10 ran", "11-21T00:20 skipped schedule.overlap", "11-21T00:30 skipped schedule.overlap",
				"11-21T00:40 skipped schedule.overlap", "11-21T00:50 ran"},
		},
		job.OverlapQueue: {
			[]string{"a schedule 11-21T00:10 1", "a schedule 11-21T00:20 1"},
			[]string{"11-21T00:10 ran", "11-21T00:20 ran", "11-21T00:30 coalesced", "11-21T00:40 coalesced", "11-21T00:50 due"},
		},
	} {
		t.Run(string(policy), func(t *testing.T) {
			inWorld(t, lasting(35*time.Minute), func(t *testing.T, w *world) {
				a := spec("a", "*/10 * * * *")
				a.Timing.Overlap = policy
				w.start(a)
				w.pass(55 * time.Minute)
				w.wantBegun(c.begun...)
				w.wantSlots(c.slots...)
			})
		})
	}
}

func TestPoliciesSkipWithTheirReason(t *testing.T) {
	gate := &job.Reason{Slug: "auth.breaker_open"}
	for _, c := range []struct {
		name, slug string
		change     func(a *job.Spec, w *world)
	}{
		{"window", "schedule.window", func(a *job.Spec, _ *world) { a.Timing.Window = &job.Window{From: 22 * 60, To: 30} }},
		{"calendar", "schedule.calendar", func(a *job.Spec, _ *world) {
			a.Timing.Calendar = &job.Calendar{Name: "work", Days: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}} // it is a Saturday
		}},
		{"exception", "schedule.calendar", func(a *job.Spec, _ *world) {
			a.Timing.Calendar = &job.Calendar{Days: [7]bool{6: true}, Except: map[string]struct{}{"2026-11-21": {}}}
		}},
		{"disabled", "job.disabled", func(a *job.Spec, _ *world) { a.Enabled = false }},
		{"paused job", "job.paused", func(_ *job.Spec, w *world) { w.store.pauses["job a"] = job.Pause{Kind: "job", Name: "a", By: "ops"} }},
		{"paused connection", "connection.paused", func(_ *job.Spec, w *world) {
			w.store.pauses["connection acme"] = job.Pause{Kind: "connection", Name: "acme", Until: midnight.Add(2 * time.Hour)}
		}},
		{"gate", "auth.breaker_open", func(_ *job.Spec, w *world) { w.options.Gate = gateOf(gate) }},
		{"gate that panics", "run.panic", func(_ *job.Spec, w *world) { w.options.Gate = gateOf(nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				a := spec("a", "45 * * * *")
				c.change(&a, w)
				w.start(a)
				w.pass(time.Hour)
				w.wantBegun()
				w.wantSlots("11-21T00:45 skipped " + c.slug)
			})
		})
	}
}

type gateFunc func() *job.Reason

func (g gateFunc) Ready(context.Context, job.Spec) *job.Reason { return g() }

func gateOf(r *job.Reason) scheduler.Gate {
	return gateFunc(func() *job.Reason {
		if r == nil {
			panic("gate")
		}
		return r
	})
}

func TestAPauseThatHasPassedDoesNotHold(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.store.pauses["job a"] = job.Pause{Kind: "job", Name: "a", Until: midnight.Add(time.Minute)}
		w.start(spec("a", "45 * * * *"))
		w.pass(time.Hour)
		w.wantBegun("a schedule 11-21T00:45 1")
	})
}

func TestALateRunIsNotStartedOutsideItsWindow(t *testing.T) {
	inWorld(t, lasting(40*time.Minute), func(t *testing.T, w *world) {
		w.options.MaxRuns = 1
		b := spec("b", "15 0 * * *")
		b.Timing.Window = &job.Window{From: 0, To: 30}
		w.start(spec("a", "10 0 * * *"), b)
		w.pass(time.Hour)
		w.wantBegun("a schedule 11-21T00:10 1")
		w.wantSlots("11-21T00:10 ran", "11-21T00:15 skipped schedule.window")
	})
}

func TestSlotsOfOneInstantRunOnce(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.skew.Add(int64(time.Date(2027, 3, 28, 0, 0, 0, 0, time.UTC).Sub(midnight)))
		a := spec("a", "0,30 2,3 28 3 *")
		a.Timing.Zone = zone(t, "Europe/Brussels")
		w.start(a)
		w.pass(70 * time.Minute) // the clocks go from 02:00 to 03:00
		w.wantBegun("a schedule 03-28T02:00 1")
		w.wantSlots("03-28T02:00 ran", "03-28T02:30 coalesced", "03-28T03:00 coalesced")
	})
}

func TestAClockThatJumps(t *testing.T) {
	for _, c := range []struct {
		name  string
		by    time.Duration
		begun []string
	}{
		{"forward two hours", 2 * time.Hour, []string{"a schedule 11-21T00:30 1", "a catch-up 11-21T02:30 1", "a schedule 11-21T03:30 1"}},
		{"back two hours", -2 * time.Hour, []string{"a schedule 11-21T00:30 1", "a schedule 11-20T23:30 1"}},
		{"back a minute before the slot", -15 * time.Minute, []string{"a schedule 11-21T00:30 1", "a schedule 11-21T01:30 1"}},
		{"a smear", 8 * time.Second, []string{"a schedule 11-21T00:30 1", "a schedule 11-21T01:30 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.start(spec("a", "30 * * * *"))
				w.pass(40 * time.Minute)
				w.skew.Add(int64(c.by))
				w.pass(66 * time.Minute)
				if c.by == -15*time.Minute {
					w.pass(20 * time.Minute)
				}
				w.wantBegun(c.begun...)
			})
		})
	}
}

func TestAClockThatWasYearsAheadDoesNotSilenceAJob(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(spec("a", "30 * * * *"))
		w.pass(time.Hour)
		w.skew.Add(int64(4 * 365 * 24 * time.Hour))
		w.pass(time.Minute)
		w.skew.Add(-int64(4 * 365 * 24 * time.Hour))
		w.pass(time.Hour)
		w.wantBegun("a schedule 11-21T00:30 1", "a catch-up 11-20T00:30 1", "a schedule 11-21T01:30 1")
	})
}

func TestAPanicEndsItsRunOnly(t *testing.T) {
	first := true
	inWorld(t, func(context.Context, job.Spec, job.Run) job.Result {
		if first {
			first = false
			panic("boom\x1b[31m")
		}
		return job.Result{State: job.RunSucceeded}
	}, func(t *testing.T, w *world) {
		w.start(spec("a", "*/10 * * * *"))
		w.pass(25 * time.Minute)
		if r := w.run(1); r.State != job.RunFailed || slugOf(r.Reason) != "run.panic" || r.Reason.Technical != `'boom\x1b[31m'` {
			t.Errorf("run 1 = %+v, reason %+v", r, r.Reason)
		}
		if r := w.run(2); r.State != job.RunSucceeded {
			t.Errorf("run 2 = %+v", r)
		}
	})
}

func TestARunEndsAtItsTimeout(t *testing.T) {
	inWorld(t, lasting(5*time.Hour), func(t *testing.T, w *world) {
		w.start(spec("a", "10 0 * * *"))
		w.pass(3 * time.Hour)
		r := w.run(1)
		if r.State != job.RunPartial || slugOf(r.Reason) != "run.timeout" || r.Ended.Sub(r.Started) != 2*time.Hour {
			t.Errorf("run = %+v, reason %+v", r, r.Reason)
		}
	})
}

func TestCancel(t *testing.T) {
	inWorld(t, lasting(time.Hour), func(t *testing.T, w *world) {
		w.start(spec("a", "10 0 * * *"))
		w.pass(15 * time.Minute)
		if err := w.service.Cancel(1, "ops"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if r := w.run(1); r.State != job.RunCancelled || slugOf(r.Reason) != "run.cancelled" || !strings.Contains(r.Reason.Cause, "ops") {
			t.Errorf("run = %+v, reason %+v", r, r.Reason)
		}
		if err := w.service.Cancel(1, "ops"); !errors.Is(err, job.ErrNotFound) {
			t.Errorf("second Cancel = %v", err)
		}
		w.wantSlots("11-21T00:10 ran")
	})
}

func TestAfterAnotherJob(t *testing.T) {
	inWorld(t, func(_ context.Context, spec job.Spec, run job.Run) job.Result {
		if spec.Name == "a" && run.Slot.Wall == "2026-11-21T00:20" {
			return job.Result{State: job.RunFailed, Reason: &job.Reason{Slug: "remote.permission"}}
		}
		return job.Result{State: job.RunSucceeded}
	}, func(t *testing.T, w *world) {
		b, c := spec("b", ""), spec("c", "")
		b.Timing.After, c.Timing.After = "a", "b"
		w.start(spec("a", "*/10 * * * *"), b, c)
		w.pass(25 * time.Minute)
		w.wantBegun("a schedule 11-21T00:10 1", "b after - 1", "c after - 1", "a schedule 11-21T00:20 1")
	})
}

func TestPlacesAreBounded(t *testing.T) {
	inWorld(t, lasting(time.Minute), func(t *testing.T, w *world) {
		w.options.MaxRuns = 3
		var specs []job.Spec
		for i := range 50 {
			specs = append(specs, spec(fmt.Sprintf("j%02d", i), "0 2 * * *"))
		}
		w.start(specs...)
		w.pass(2*time.Hour + 18*time.Minute)
		if w.most != 3 || len(w.begun) != 50 {
			t.Errorf("%d runs begun, at most %d at once; want 50 and 3", len(w.begun), w.most)
		}
	})
}

func TestJitterIsSteadyAndSpreads(t *testing.T) {
	a := spec("a", "0 * * * *")
	a.Timing.Jitter = 10 * time.Minute
	list, err := scheduler.Next(a, midnight, 200)
	if err != nil || len(list) != 200 {
		t.Fatal(len(list), err)
	}
	again, _ := scheduler.Next(a, midnight, 200)
	var early int
	for i, u := range list {
		late := u.Starts.Sub(u.Slot.Due)
		if late < 0 || late >= 10*time.Minute || !again[i].Starts.Equal(u.Starts) {
			t.Fatalf("slot %s starts %s late, then %s", u.Slot.Wall, late, again[i].Starts.Sub(u.Slot.Due))
		}
		if late < 5*time.Minute {
			early++
		}
	}
	if early < 60 || early > 140 {
		t.Errorf("%d of 200 slots start in the first half of the jitter", early)
	}
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(a)
		w.pass(list[0].Starts.Sub(midnight) - time.Millisecond)
		w.wantBegun()
		w.pass(time.Millisecond)
		w.wantBegun("a schedule 11-21T01:00 1")
	})
}

func TestJitterEndsBeforeTheFollowingSlot(t *testing.T) {
	a := spec("a", "* * * * *")
	a.Timing.Jitter = time.Hour
	list, err := scheduler.Next(a, midnight, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range list {
		if late := u.Starts.Sub(u.Slot.Due); late < 0 || late >= time.Minute {
			t.Errorf("slot %s starts %s late", u.Slot.Wall, late)
		}
	}
}

func TestLagIsHowLongTheFirstWaits(t *testing.T) {
	inWorld(t, lasting(8*time.Minute), func(t *testing.T, w *world) {
		w.options.MaxRuns = 1
		w.start(spec("a", "10 * * * *"), spec("b", "11 * * * *"))
		w.pass(10*time.Minute + 30*time.Second)
		if lag := w.service.Lag(); lag != 0 {
			t.Errorf("lag = %s with nobody waiting", lag)
		}
		w.pass(3 * time.Minute)
		if lag := w.service.Lag(); lag != 150*time.Second {
			t.Errorf("lag = %s, want 2m30s", lag)
		}
	})
}

// BenchmarkStart100000Jobs loads and starts a scheduler with very many jobs, and reports the memory that a job takes.
func BenchmarkStart100000Jobs(b *testing.B) {
	const n = 100_000
	specs := make([]job.Spec, n)
	for i := range specs {
		specs[i] = spec(fmt.Sprintf("job-%06d", i), fmt.Sprintf("%d %d * * *", i%60, i/60%24))
	}
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		service := scheduler.New(scheduler.Options{Store: newMemory(), Runner: runner(lasting(0))})
		if err := service.Load(specs, nil); err != nil {
			b.Fatal(err)
		}
		if err := service.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/job")
		if err := service.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
