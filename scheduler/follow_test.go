package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// chain is a at ten past midnight, b after a, and c after b.
func chain() []job.Spec {
	b, c := spec("b", ""), spec("c", "")
	b.Timing.After, c.Timing.After = "a", "b"
	return []job.Spec{spec("a", "10 0 * * *"), b, c}
}

// wantRuns compares the recorded runs as "job trigger state slug follows".
func (w *world) wantRuns(want ...string) {
	w.t.Helper()
	var got []string
	for _, r := range w.store.choose(func(job.Run) bool { return true }) {
		got = append(got, fmt.Sprintf("%s %s %s %s %d", r.Job, r.Trigger, r.State, slugOf(r.Reason), r.Follows))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("runs:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// draft refuses some jobs as a connection that never worked does.
type draft []string

func (d draft) Ready(_ context.Context, spec job.Spec) *job.Reason {
	if slices.Contains(d, spec.Name) {
		return &job.Reason{Slug: "connection.draft"}
	}
	return nil
}

func TestAFollowerThatMayNotStartIsRecordedAsSkipped(t *testing.T) {
	for slug, refuse := range map[string]func(w *world, b *job.Spec){
		"schedule.window":  func(_ *world, b *job.Spec) { b.Timing.Window = &job.Window{From: 60, To: 120} },
		"connection.draft": func(w *world, _ *job.Spec) { w.options.Gate = draft{"b"} },
		"job.disabled":     func(_ *world, b *job.Spec) { b.Enabled = false },
		"job.paused":       func(w *world, _ *job.Spec) { w.store.pauses["job b"] = job.Pause{Kind: "job", Name: "b", By: "ops"} },
	} {
		t.Run(slug, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				jobs := chain()
				refuse(w, &jobs[1])
				w.start(jobs...)
				failing := func(write string) error { // of the follower's end: it is not done, then done without an answer
					if write == "BeginRun" && len(w.store.runs) > 1 {
						w.store.fail = nil
						w.store.after = func(string) error { w.store.after = nil; return errors.New("odd") }
						return errors.New("odd")
					}
					return nil
				}
				w.set(failing, nil)
				w.pass(time.Hour)
				w.wantRuns("a schedule succeeded  0", "b after skipped "+slug+" 1")
				if n := len(w.trouble); n != 3 || w.trouble[n-1] != nil {
					t.Errorf("trouble told: %v, want two lost writes and their end", w.trouble)
				}
				r := w.run(2)
				if r.Started.IsZero() || !r.Ended.Equal(r.Started) || r.Connection != "acme" || r.Type != job.TypeImport {
					t.Errorf("run = %+v", r)
				}
				w.stop()
				w.start(jobs...)
				w.pass(time.Hour)
				w.wantBegun("a schedule 11-21T00:10 1")
			})
		})
	}
}

// TestAFollowerIsOwedWhereverTheProcessDies kills the process at each of its writes, again and again until one life is
// long enough: a's success is followed by exactly one run of b that ends, and that by one of c.
func TestAFollowerIsOwedWhereverTheProcessDies(t *testing.T) {
	for dies := 1; dies <= 20; dies++ {
		for _, done := range []bool{false, true} {
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.start(chain()...)
				w.store.mu.Lock()
				begin := w.store.writes
				w.store.mu.Unlock()
				dead := func(string) error {
					if w.store.writes >= begin+dies {
						return errors.New("dead")
					}
					return nil
				}
				if done {
					w.set(nil, dead)
				} else {
					w.set(dead, nil)
				}
				w.pass(11 * time.Minute)
				w.crash()
				w.set(nil, nil)
				w.pass(24 * time.Hour / 2) // longer than catch_up
				w.start(chain()...)
				w.pass(time.Minute)
				w.auditChain(fmt.Sprintf("died at write %d, done: %t", dies, done))
			})
		}
	}
}

func (w *world) auditChain(when string) {
	w.t.Helper()
	finished := map[string]int{}
	for _, r := range w.store.choose(func(job.Run) bool { return true }) {
		if r.Ended.IsZero() {
			w.t.Errorf("%s: run %d of %s is %s", when, r.ID, r.Job, r.State)
		}
		if r.State == job.RunSucceeded {
			finished[r.Job]++
		}
	}
	a := finished["a"]
	if s := w.slots(); a != 1 && !slices.Equal(s, []string{"11-21T00:10 missed schedule.missed"}) || finished["b"] != a || finished["c"] != a {
		w.t.Errorf("%s: finished %v, slots %v", when, finished, s)
	}
}

func TestADeathBetweenARunAndItsFollower(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(chain()...)
		w.set(func(write string) error {
			if write == "BeginRun" && len(w.store.runs) > 1 {
				return errors.New("dead")
			}
			return nil
		}, nil)
		w.pass(11 * time.Minute)
		w.wantRuns("a schedule succeeded  0", "b after queued  1")
		w.crash()
		w.start(chain()...)
		w.wantRuns("a schedule succeeded  0", "b after succeeded  1", "c after succeeded  2")
		w.stop()
		w.start(chain()...)
		w.pass(time.Hour)
		w.wantBegun("a schedule 11-21T00:10 1", "b after - 1", "c after - 1")
	})
}

func TestAStopOwesTheFollowerToTheNextStart(t *testing.T) {
	inWorld(t, lasting(10*time.Minute), func(t *testing.T, w *world) {
		w.start(chain()...)
		w.pass(15 * time.Minute)
		if err := w.service.Stop(t.Context()); err != nil { // waits for a, and begins nothing more
			t.Fatal(err)
		}
		w.wantRuns("a schedule succeeded  0", "b after queued  1")
		w.service = nil
		w.start(spec("a", "10 0 * * *"), spec("b", "")) // it was owed when it still followed
		w.pass(time.Hour)
		w.wantRuns("a schedule succeeded  0", "b after succeeded  1")
	})
}

func TestAFollowerThatIsGoneIsNotOwedForEver(t *testing.T) {
	inWorld(t, lasting(10*time.Minute), func(t *testing.T, w *world) {
		w.start(chain()...)
		w.pass(15 * time.Minute)
		if err := w.service.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.service = nil
		w.start(spec("a", "10 0 * * *"))
		w.wantRuns("a schedule succeeded  0", "b after skipped job.removed 1")
	})
}

// TestATurnThatWaitsForAPlaceServesTheSuccess: a second run would find nothing to do.
func TestATurnThatWaitsForAPlaceServesTheSuccess(t *testing.T) {
	inWorld(t, lasting(10*time.Minute), func(t *testing.T, w *world) {
		w.options.MaxRuns = 1
		b := spec("b", "12 0 * * *")
		b.Timing.After = "a"
		w.start(spec("a", "10 0 * * *"), b)
		w.pass(time.Hour)
		w.wantRuns("a schedule succeeded  0", "b schedule succeeded  1")
		w.wantSlots("11-21T00:10 ran", "11-21T00:12 ran")
	})
}

// TestABusyFollowerRunsOnceMore: successes that come while it is at work are served by one run, or by a slot that waits.
func TestABusyFollowerRunsOnceMore(t *testing.T) {
	for slots, want := range map[string][]string{
		"": {"a schedule 11-21T00:10 1", "b after - 1", "a schedule 11-21T00:20 1", "a schedule 11-21T00:30 1", "b after - 1"},
		"15 0 * * *": {"a schedule 11-21T00:10 1", "b after - 1", "a schedule 11-21T00:20 1", "a schedule 11-21T00:30 1",
			"b schedule 11-21T00:15 1"},
	} {
		inWorld(t, func(ctx context.Context, spec job.Spec, run job.Run) job.Result {
			if spec.Name == "b" {
				return lasting(25*time.Minute)(ctx, spec, run)
			}
			return job.Result{State: job.RunSucceeded}
		}, func(t *testing.T, w *world) {
			b := spec("b", slots)
			b.Timing.After, b.Timing.Overlap = "a", job.OverlapQueue
			w.start(spec("a", "10,20,30 0 * * *"), b)
			w.pass(2 * time.Hour)
			w.wantBegun(want...)
			w.stop()
			w.start(spec("a", "10,20,30 0 * * *"), b)
			w.pass(time.Hour)
			w.wantBegun(want...)
		})
	}
}
