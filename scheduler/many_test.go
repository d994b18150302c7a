package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// everyDay makes jobs that are spread over the minutes of a day, from its second minute on.
func everyDay(n int) []job.Spec {
	specs := make([]job.Spec, n)
	for i := range specs {
		minute := 1 + i%(24*60-1)
		specs[i] = spec(fmt.Sprintf("j%d", i), fmt.Sprintf("%d %d * * *", minute%60, minute/60))
	}
	return specs
}

// Very many jobs wait without a goroutine each, and each is begun in its minute.
func TestManyJobsWait(t *testing.T) {
	n := 100_000
	if underRace || testing.Short() {
		n = 5_000
	}
	inWorld(t, nil, func(t *testing.T, w *world) {
		before := runtime.NumGoroutine()
		w.start(everyDay(n)...)
		if more := runtime.NumGoroutine() - before; more > 10 {
			t.Errorf("%d jobs have %d goroutines, not just the one that watches the clock", n, more)
		}
		w.wantBegun()
		w.pass(2 * time.Minute)
		var want []string
		for i := range n {
			if minute := 1 + i%(24*60-1); minute <= 2 {
				want = append(want, fmt.Sprintf("j%d schedule 11-21T00:%02d 1", i, minute))
			}
		}
		slices.Sort(want)
		slices.Sort(w.begun)
		w.wantBegun(want...)
	})
}

// slotStore does something before a slot is written.
type slotStore struct {
	*memory
	before func(slot job.Slot) error
}

func (s slotStore) AddSlot(ctx context.Context, slot job.Slot) (bool, error) {
	if err := s.before(slot); err != nil {
		return false, err
	}
	return s.memory.AddSlot(ctx, slot)
}

// noon are jobs that are due together.
func noon(n int) []job.Spec {
	specs := make([]job.Spec, n)
	for i := range specs {
		specs[i] = spec(fmt.Sprintf("j%d", i), "0 12 * * *")
	}
	return specs
}

// Slots that are due together are written side by side: the store can bring them to the disk in one go.
func TestSlotsOfOneInstantAreWrittenTogether(t *testing.T) {
	const n = 40
	inWorld(t, nil, func(t *testing.T, w *world) {
		came, all := make(chan struct{}, n), make(chan struct{})
		w.options.Store = slotStore{w.store, func(job.Slot) error {
			if came <- struct{}{}; len(came) == n {
				close(all)
			}
			select {
			case <-all:
				return nil
			case <-time.After(time.Minute):
				return errors.New("alone")
			}
		}}
		w.start(noon(n)...)
		w.pass(12 * time.Hour)
		if len(w.begun) != n || len(w.trouble) > 0 {
			t.Errorf("%d runs were begun, and the store had %v", len(w.begun), w.trouble)
		}
	})
}

// Where the store fails for one of many slots, the others have their runs, and that one has its own soon after.
func TestOneOfManySlotsFails(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		var failed atomic.Bool
		w.options.Store = slotStore{w.store, func(slot job.Slot) error {
			if slot.Job != "j7" || !failed.CompareAndSwap(false, true) {
				return nil
			}
			return errors.New("disk full")
		}}
		w.start(noon(20)...)
		w.pass(12 * time.Hour)
		w.mu.Lock()
		if slices.ContainsFunc(w.begun, func(line string) bool { return strings.HasPrefix(line, "j7 ") }) || !failed.Load() {
			t.Errorf("j7 was begun without its slot: %q", w.begun)
		}
		w.mu.Unlock()
		w.pass(time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		slices.Sort(w.begun)
		if got := slices.Compact(slices.Clone(w.begun)); len(got) != 20 || len(w.begun) != 20 {
			t.Errorf("%d runs of 20 jobs: %q", len(w.begun), w.begun)
		}
		if len(w.trouble) != 2 || w.trouble[1] != nil {
			t.Errorf("told of trouble: %v", w.trouble)
		}
	})
}

// Jobs that have come due behind each other, while nobody looked, begin in their order.
func TestLateJobsBeginInOrder(t *testing.T) {
	inWorld(t, lasting(time.Second), func(t *testing.T, w *world) {
		w.options.MaxRuns = 1
		var specs []job.Spec
		var want []string
		for i := range 50 {
			name := fmt.Sprintf("j%d", 49-i)
			specs = append(specs, spec(name, fmt.Sprintf("%d 3 * * *", i)))
			want = append(want, fmt.Sprintf("%s catch-up 11-21T03:%02d 1", name, i))
		}
		w.start(specs...)
		w.skew.Add(int64(4 * time.Hour)) // the machine slept
		w.pass(2 * time.Minute)
		w.wantBegun(want...)
	})
}
