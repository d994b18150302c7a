package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

func TestARunThatKillsTheProcessIsNotStartedForEver(t *testing.T) {
	inWorld(t, lasting(time.Hour), func(t *testing.T, w *world) {
		a := spec("a", "10 0 * * *")
		for n := range 10 {
			if n <= 5 && len(w.givenUp) > 0 {
				t.Errorf("given up after %d starts", n)
			}
			w.start(a)
			w.pass(11 * time.Minute)
			w.crash()
		}
		if len(w.all()) != 5 {
			t.Errorf("runs %q, want 5", w.all())
		}
		if len(w.givenUp) != 1 || len(w.beside[0]) != 0 || w.givenUp[0].ID != 5 || w.givenUp[0].AttemptOf != 1 || slugOf(w.givenUp[0].Reason) != "run.given_up" {
			t.Errorf("people were told of %+v", w.givenUp)
		}
		if r := w.run(5); slugOf(r.Reason) != "run.given_up" || !strings.Contains(r.Reason.Cause, "Run 5 of a was start 5 of one run, the first of which was run 1") {
			t.Errorf("run 5 = %+v, %+v", r, r.Reason)
		}
	})
}

// Attempts that failed are no deaths: the first death after them is the first.
func TestFailuresBeforeADeathAreNoDeaths(t *testing.T) {
	failing := func(ctx context.Context, spec job.Spec, run job.Run) job.Result {
		if run.Attempt >= 5 {
			return lasting(10*time.Hour)(ctx, spec, run)
		}
		return job.Result{State: job.RunFailed, Reason: &job.Reason{Slug: "net.refused", Temporary: true}}
	}
	inWorld(t, failing, func(t *testing.T, w *world) {
		a := spec("a", "10 0 * * *")
		a.Retry = job.Retry{Attempts: 5, Backoff: time.Minute}
		w.start(a)
		w.pass(40 * time.Minute)
		if len(w.all()) != 5 {
			t.Fatalf("runs %q, want 5", w.all())
		}
		w.crash()
		w.start(a)
		w.pass(11 * time.Minute)
		if len(w.all()) != 6 || len(w.givenUp) != 0 {
			t.Errorf("runs %q, and people were told of %+v", w.all(), w.givenUp)
		}
	})
}

// Stops for updates end no run for good, and are told to nobody.
func TestARunThatIsStoppedAgainAndAgainGoesOn(t *testing.T) {
	inWorld(t, lasting(time.Hour), func(t *testing.T, w *world) {
		for range 8 {
			w.start(spec("a", "10 0 * * *"))
			w.pass(11 * time.Minute)
			w.stop()
		}
		if len(w.all()) != 8 || len(w.givenUp) != 0 {
			t.Errorf("runs %q, and people were told of %+v", w.all(), w.givenUp)
		}
	})
}

// A stop is no death, also where deaths follow it.
func TestAStopBeforeDeathsIsNone(t *testing.T) {
	inWorld(t, lasting(time.Hour), func(t *testing.T, w *world) {
		a := spec("a", "10 0 * * *")
		for n := range 7 {
			w.start(a)
			w.pass(11 * time.Minute)
			if n == 0 || n == 3 {
				w.stop()
				continue
			}
			if w.crash(); len(w.givenUp) > 0 {
				t.Errorf("given up before the fifth death: %+v", w.givenUp)
			}
		}
		w.start(a)
		if len(w.all()) != 7 || len(w.givenUp) != 1 || w.givenUp[0].Deaths != 5 {
			t.Errorf("runs %q, and people were told of %+v", w.all(), w.givenUp)
		}
	})
}

// Nor is one that a run does not heed.
func TestAStopThatIsNotHeededIsNoDeath(t *testing.T) {
	hangs := make(chan struct{})
	work := func(context.Context, job.Spec, job.Run) job.Result {
		<-hangs
		return job.Result{State: job.RunSucceeded}
	}
	inWorld(t, work, func(t *testing.T, w *world) {
		hangs = make(chan struct{})
		w.start(spec("a", "10 0 * * *"))
		w.pass(11 * time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.service.Stop(ctx); err == nil || !strings.Contains(err.Error(), "still at work 10s after they were cancelled: run 1 of a") {
			t.Errorf("error %v", err)
		}
		if r := w.run(1); r.State != job.RunInterrupted || r.Deaths != 0 || r.RetryAt.IsZero() || slugOf(r.Reason) != "run.interrupted" {
			t.Errorf("run 1 = %+v", r)
		}
		w.service = nil
		close(hangs)
		w.start(spec("a", "10 0 * * *"))
		w.pass(time.Second)
		if r := w.run(2); r.State != job.RunSucceeded || r.AttemptOf != 1 {
			t.Errorf("run 2 = %+v", r)
		}
	})
}

// killer is work in which one job ends the process, which its runs note, and all others last so long.
func killer(name string, others time.Duration) (work func(context.Context, job.Spec, job.Run) job.Result, killing *atomic.Bool) {
	killing = new(atomic.Bool)
	return func(ctx context.Context, spec job.Spec, run job.Run) job.Result {
		if spec.Name == name {
			killing.Store(true)
			<-ctx.Done()
			return job.Result{State: job.RunFailed}
		}
		return lasting(others)(ctx, spec, run)
	}, killing
}

// One of many jobs at work ends the process. It is found and given up, it alone, and the others come to their end.
func TestTheOneThatKillsIsFoundAmongMany(t *testing.T) {
	work, killing := killer("n15", 10*time.Minute)
	inWorld(t, work, func(t *testing.T, w *world) {
		var specs []job.Spec
		for n := range 30 {
			specs = append(specs, spec(fmt.Sprintf("n%02d", n), "10 0 * * *"))
		}
		deaths := 0
		w.start(specs...)
		w.pass(9*time.Minute + time.Second)
		for range 400 {
			w.pass(time.Minute)
			if !killing.Swap(false) {
				continue
			}
			deaths++
			w.crash()
			w.start(specs...)
		}
		if deaths != 5 || len(w.givenUp) != 1 || w.givenUp[0].Job != "n15" {
			t.Errorf("%d deaths, and people were told of %+v", deaths, w.givenUp)
		}
		for name, n := range ended(w.store) {
			if want := name != "n15"; (n == 1) != want {
				t.Errorf("%s succeeded %d times", name, n)
			}
		}
	})
}

// ended counts the good runs of each job.
func ended(m *memory) map[string]int {
	good := map[string]int{}
	for _, r := range m.choose(func(job.Run) bool { return true }) {
		good[r.Job] += 0
		if r.State == job.RunSucceeded {
			good[r.Job]++
		}
	}
	return good
}

// While one that may end the process is at work, all others go on, and those that may end it too wait for their turn.
func TestSuspectsAreAtWorkOneAtATime(t *testing.T) {
	inWorld(t, lasting(20*time.Minute), func(t *testing.T, w *world) {
		specs := []job.Spec{spec("a", "10 0 * * *"), spec("b", "10 0 * * *"), spec("c", "0 1 * * *")}
		for range 3 {
			w.start(specs...)
			w.pass(10*time.Minute + time.Second)
			w.crash()
		}
		w.start(specs...)
		w.pass(0)
		if len(w.all()) != 7 || w.busy() != 1 {
			t.Errorf("runs %q, %d at work, want the first of two", w.all(), w.busy())
		}
		w.pass(20 * time.Minute)
		if len(w.all()) != 8 || w.busy() != 1 {
			t.Errorf("runs %q, %d at work, want the other", w.all(), w.busy())
		}
		w.pass(10 * time.Minute)
		if len(w.all()) != 9 || w.busy() != 2 {
			t.Errorf("runs %q, %d at work, want one more beside it", w.all(), w.busy())
		}
		w.crash() // its fourth death, and the first of the last one
		w.start(specs...)
		if w.busy() != 2 || len(w.givenUp) != 0 {
			t.Errorf("%d at work, and people were told of %+v", w.busy(), w.givenUp)
		}
		w.crash()
		w.start(specs...)
		if len(w.givenUp) != 1 || !slices.Equal(w.beside[0], []string{"c"}) {
			t.Errorf("people were told of %+v beside %q", w.givenUp, w.beside)
		}
	})
}

// The job of a run that was given up has one start a slot until it succeeds, and is told with each.
func TestWhatWasGivenUpIsStartedOnceASlot(t *testing.T) {
	inWorld(t, lasting(30*time.Minute), func(t *testing.T, w *world) {
		a := spec("a", "10 * * * *")
		for range 5 {
			w.start(a)
			w.pass(11 * time.Minute)
			w.crash()
		}
		w.start(a)
		w.pass(20 * time.Minute)
		w.crash()
		w.start(a)
		w.pass(time.Minute)
		if len(w.all()) != 6 || len(w.givenUp) != 2 || !strings.Contains(w.run(6).Reason.Cause, "as it did in the run of a that was given up before") {
			t.Errorf("runs %q, and people were told of %+v", w.all(), w.givenUp)
		}
		w.pass(100 * time.Minute)
		if r := w.run(7); r.State != job.RunSucceeded {
			t.Errorf("run 7 = %+v", r)
		}
		w.pass(15 * time.Minute)
		w.crash()
		w.start(a)
		w.pass(time.Minute)
		if len(w.givenUp) != 2 || w.busy() != 1 {
			t.Errorf("a run after a good one: runs %q, %d at work, people were told of %+v", w.all(), w.busy(), w.givenUp)
		}
	})
}

// It also waits for others that may end the process, until a run of it ends by itself, well or not.
func TestWhatWasGivenUpStaysSuspect(t *testing.T) {
	for _, end := range []job.RunState{job.RunSucceeded, job.RunPartial, job.RunFailed} {
		t.Run(string(end), func(t *testing.T) { staysSuspect(t, end) })
	}
}

func staysSuspect(t *testing.T, end job.RunState) {
	work := func(ctx context.Context, spec job.Spec, run job.Run) job.Result {
		result := lasting(30*time.Minute)(ctx, spec, run)
		if result.State == job.RunSucceeded {
			result.State = end
		}
		return result
	}
	inWorld(t, work, func(t *testing.T, w *world) {
		specs := []job.Spec{spec("a", "10 * * * *"), spec("b", "0 1 * * *"), spec("c", "10 0,2 * * *")}
		dies := func(times int) {
			for range times {
				w.pass(10 * time.Second)
				w.crash()
				w.start(specs...)
			}
		}
		at := func(since time.Duration) { w.pass(midnight.Add(since).Sub(w.now())) }
		w.start(specs...)
		at(10 * time.Minute)
		dies(7) // a and c: three times together, twice each
		at(time.Hour)
		dies(3)
		at(75 * time.Minute)
		if w.busy() != 1 || !strings.HasPrefix(w.all()[len(w.all())-1], "b ") || len(w.givenUp) != 2 {
			t.Errorf("runs %q, %d at work, want b alone; people were told of %+v", w.all(), w.busy(), w.givenUp)
		}
		at(95 * time.Minute)
		if w.busy() != 1 || w.all()[len(w.all())-1] != "a schedule 11-21T01:10 1" {
			t.Errorf("runs %q, %d at work, want a behind it", w.all(), w.busy())
		}
		at(140 * time.Minute)
		if w.busy() != 2 {
			t.Errorf("runs %q, %d at work, want a beside c: it has come to an end", w.all(), w.busy())
		}
	})
}
