package scheduler_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

// A loop that rests, that works, or whose store refuses everything, is never silent for long.
func TestALivingLoopIsNotSilentForLong(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		if idle := scheduler.New(w.options); idle.Silence() != 0 {
			t.Errorf("one that was never started is silent for %s", idle.Silence())
		}
		w.start(spec("a", "*/10 * * * *"))
		longest := time.Duration(0)
		look := func(n int) {
			for range n {
				w.pass(7 * time.Second)
				longest = max(longest, w.service.Silence())
			}
		}
		look(200)
		w.store.mu.Lock()
		w.store.fail = func(string) error { return errors.New("no space left on device") }
		w.store.mu.Unlock()
		look(200)
		if longest == 0 || longest > scheduler.LongestSilence/2 {
			t.Errorf("the loop lives and was silent for %s", longest)
		}
		w.store.mu.Lock()
		w.store.fail = nil
		w.store.mu.Unlock()
	})
}

// A store that never answers has the loop hang, and that is seen.
func TestALoopThatHangsIsSilent(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		answers := make(chan struct{})
		w.options.Store = slotStore{w.store, func(job.Slot) error { <-answers; return nil }}
		w.start(spec("a", "5 0 * * *"))
		w.pass(4 * time.Minute)
		if silent := w.service.Silence(); silent > scheduler.LongestSilence {
			t.Errorf("silent for %s before anything was due", silent)
		}
		w.pass(time.Minute + scheduler.LongestSilence + time.Second)
		if silent := w.service.Silence(); silent <= scheduler.LongestSilence {
			t.Errorf("the loop hangs, and was silent for only %s", silent)
		}
		close(answers)
		synctest.Wait()
		if silent := w.service.Silence(); silent != 0 {
			t.Errorf("the loop turns again, and is silent for %s", silent)
		}
	})
}
