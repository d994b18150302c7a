package scheduler_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

// A slot that takes the place of a run that was cut off takes its deaths over, however it does so: the run that ends the process is found.
func TestDeathsGoOnWithTheSlotThatTakesTheRunsPlace(t *testing.T) {
	for name, test := range map[string]struct {
		overlap job.Overlap
		away    time.Duration
	}{
		"queued":             {job.OverlapQueue, 10 * time.Second},
		"due meanwhile":      {job.OverlapSkip, 10 * time.Minute},
		"queued, and missed": {job.OverlapQueue, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, lasting(time.Hour), func(t *testing.T, w *world) {
				a := spec("a", "*/10 * * * *")
				a.Timing.Overlap = test.overlap
				for range 5 {
					w.start(a)
					w.pass(11 * time.Minute)
					w.crash()
					w.pass(test.away)
				}
				if len(w.givenUp) != 0 {
					t.Errorf("given up too soon: %+v", w.givenUp)
				}
				w.start(a)
				if len(w.givenUp) != 1 || w.givenUp[0].Deaths != 5 || w.givenUp[0].ID != 5 {
					t.Errorf("runs %q, and people were told of %+v", w.all(), w.givenUp)
				}
			})
		})
	}
}

// Who stands by a run that ends the process, and is long, is not taken for it though the other has a new slot each time; and has its turn, also
// when the other was given up and comes back with each slot.
func TestWhoStandsByOneWithManySlotsIsNotGivenUp(t *testing.T) {
	work, killing := killer("killer", 100*time.Minute)
	inWorld(t, work, func(t *testing.T, w *world) {
		k, inn := spec("killer", "*/10 * * * *"), spec("innocent", "10 0,12 * * *")
		k.Timing.Overlap = job.OverlapQueue
		w.start(k, inn)
		for range 450 {
			w.pass(2 * time.Minute)
			if !killing.Swap(false) {
				continue
			}
			w.pass(9 * time.Minute) // its next slot is queued
			w.crash()
			w.start(k, inn)
		}
		if len(w.givenUp) == 0 {
			t.Errorf("nobody was given up in runs %q", w.all())
		}
		for _, r := range w.givenUp {
			if r.Job != "killer" {
				t.Errorf("given up: run %d of %s, with %d deaths", r.ID, r.Job, r.Deaths)
			}
		}
		if n := ended(w.store)["innocent"]; n < 2 {
			t.Errorf("the other succeeded %d times", n)
		}
	})
}

// A run that comes to an end of its own leaves no deaths behind.
func TestAnEndOfItsOwnForgetsTheDeaths(t *testing.T) {
	inWorld(t, lasting(time.Hour), func(t *testing.T, w *world) {
		a := spec("a", "10 * * * *")
		a.Timing.Overlap = job.OverlapQueue
		for range 4 {
			w.start(a)
			w.pass(11 * time.Minute)
			w.crash()
		}
		w.start(a)
		w.pass(2 * time.Hour)
		w.crash()
		w.start(a)
		w.pass(time.Minute)
		if len(w.givenUp) != 0 {
			t.Errorf("runs %q, and people were told of %+v", w.all(), w.givenUp)
		}
	})
}

// A process that dies between telling people of a run and recording its end has the same told once more, as it was.
func TestWhatIsToldTwiceIsToldAsItWas(t *testing.T) {
	inWorld(t, lasting(time.Hour), func(t *testing.T, w *world) {
		a := spec("a", "10 * * * *")
		for range 6 {
			w.start(a)
			w.pass(11 * time.Minute)
			w.crash()
			if w.run(len(w.store.runs)).Deaths == 4 {
				w.store.fail = func(what string) error {
					if what == "EndRun" {
						return errors.New("the disk is full")
					}
					return nil
				}
				s := scheduler.New(w.options)
				if err := s.Load([]job.Spec{a}, nil); err != nil {
					t.Fatal(err)
				}
				if err := s.Start(t.Context()); err == nil {
					t.Error("it started though the end of a run could not be recorded")
				}
				w.store.fail = nil
				break
			}
		}
		w.start(a)
		if len(w.givenUp) != 2 || w.givenUp[0].Deaths != 5 || w.givenUp[0].Reason.Cause != w.givenUp[1].Reason.Cause || strings.Contains(w.givenUp[1].Reason.Cause, "given up before") {
			t.Errorf("people were told of %+v", w.givenUp)
		}
	})
}

// A run that waits for another, as either may be what ends the process, says so: in the log, and in its job's next slots. The scheduler is not behind.
func TestOneThatStandsBackSaysSo(t *testing.T) {
	inWorld(t, lasting(90*time.Minute), func(t *testing.T, w *world) {
		var log strings.Builder
		w.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		specs := []job.Spec{spec("a", "10 * * * *"), spec("b", "10 * * * *")}
		for range 3 {
			w.start(specs...)
			w.pass(11 * time.Minute)
			w.crash()
			w.pass(time.Hour)
		}
		w.start(specs...)
		w.pass(65 * time.Minute)
		busy, waits := "a", "b"
		for _, st := range w.service.Standings() {
			if st.Waiting && st.Job == "a" {
				busy, waits = "b", "a"
			}
		}
		if n := strings.Count(log.String(), "run waits for another to end"); n != 1 || !strings.Contains(log.String(), "job="+waits+" deaths=3 behind="+busy) {
			t.Errorf("said %d times in\n%s", n, log.String())
		}
		if lag := w.service.Lag(); lag != 0 {
			t.Errorf("lag = %s", lag)
		}
		want := map[string]string{
			busy:  "Run 7 of " + busy + ", begun at ",
			waits: "An earlier run of " + waits + " was waiting for run 7 to end: Haulier or the machine stopped in the middle of both before.",
		}
		for _, slot := range w.store.slots {
			if slotted := slot.Reason; slotted != nil && slotted.Slug == "schedule.overlap" {
				if !strings.HasPrefix(slotted.Cause, want[slot.Job]) {
					t.Errorf("slot %s of %s: %s", slot.Wall, slot.Job, slotted.Cause)
				}
				delete(want, slot.Job)
			}
		}
		if len(want) != 0 {
			t.Errorf("no slot says %q", want)
		}
	})
}

// A run by hand waits for nobody: where it may be what ends the process, who is at work beside it is not taken for that.
func TestARunByHandTakesNobodyWithIt(t *testing.T) {
	for name, test := range map[string]struct {
		deaths, told int
	}{"given up": {5, 1}, "has deaths": {3, 0}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, lasting(30*time.Minute), func(t *testing.T, w *world) {
				k, inn := spec("killer", "10 0 * * *"), spec("innocent", "10 2 * * *")
				for range test.deaths {
					w.start(k, inn)
					w.pass(11 * time.Minute)
					w.crash()
				}
				k.Timing.Window = &job.Window{From: 20 * 60, To: 21 * 60} // what is left of its run is not begun now
				w.start(k, inn)
				w.pass(midnight.Add(131 * time.Minute).Sub(w.now()))
				for range 7 {
					if _, err := w.service.RunNow(t.Context(), "killer", job.Run{By: "max"}); err != nil {
						t.Error(err)
					}
					w.pass(time.Minute)
					if w.busy() != 2 {
						t.Errorf("%d at work of %q", w.busy(), w.all())
					}
					w.crash()
					w.start(k, inn)
					if test.told == 0 { // what is known of the other went with its run by hand
						break
					}
				}
				last := w.run(len(w.store.runs))
				if len(w.givenUp) != test.told || last.Job != "innocent" || last.Deaths != 0 || last.Trigger != job.TriggerCatchUp {
					t.Errorf("last run %+v; people were told of %+v", last, w.givenUp)
				}
			})
		})
	}
}
