package scheduler_test

import (
	"context"
	"strings"
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
		if len(w.begun) != 5 {
			t.Errorf("runs %q, want 5", w.begun)
		}
		if len(w.givenUp) != 1 || w.givenUp[0].ID != 5 || w.givenUp[0].AttemptOf != 1 || slugOf(w.givenUp[0].Reason) != "run.given_up" {
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
		if len(w.begun) != 5 {
			t.Fatalf("runs %q, want 5", w.begun)
		}
		w.crash()
		w.start(a)
		w.pass(11 * time.Minute)
		if len(w.begun) != 6 || len(w.givenUp) != 0 {
			t.Errorf("runs %q, and people were told of %+v", w.begun, w.givenUp)
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
		if len(w.begun) != 8 || len(w.givenUp) != 0 {
			t.Errorf("runs %q, and people were told of %+v", w.begun, w.givenUp)
		}
	})
}
