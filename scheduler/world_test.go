package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store that forgets nothing but is not on a disk.
type memory struct {
	mu      sync.Mutex
	first   map[string]time.Time
	slots   []job.Slot
	runs    []job.Run
	pauses  map[string]job.Pause
	fail    func(write string) error // before a write: it is not done
	after   func(write string) error // after a write: it is done, and answered with an error
	writes  int
	dropped []int64
	givenUp map[string]int64 // jobs, and the first start of the run of which people were told
}

func newMemory() *memory {
	return &memory{first: map[string]time.Time{}, pauses: map[string]job.Pause{}, givenUp: map[string]int64{}}
}

func (m *memory) write(what string, act func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.fail != nil {
		if err := m.fail(what); err != nil {
			return err
		}
	}
	if err := act(); err != nil {
		return err
	}
	if m.after != nil {
		return m.after(what)
	}
	return nil
}

func (m *memory) Loaded(_ context.Context, name, _ string, now time.Time) (first time.Time, err error) {
	err = m.write("Loaded", func() error {
		if m.first[name].IsZero() {
			m.first[name] = now
		}
		first = m.first[name]
		return nil
	})
	return first, err
}

func (m *memory) find(slot job.Slot) int {
	return slices.IndexFunc(m.slots, func(s job.Slot) bool {
		return s.Job == slot.Job && s.Wall == slot.Wall && s.Offset == slot.Offset
	})
}

func (m *memory) AddSlot(_ context.Context, slot job.Slot) (created bool, err error) {
	err = m.write("AddSlot", func() error {
		if m.find(slot) < 0 {
			m.slots = append(m.slots, slot)
			created = true
		}
		return nil
	})
	return created && err == nil, err
}

func (m *memory) EndSlot(_ context.Context, slot job.Slot) error {
	return m.write("EndSlot", func() error {
		i := m.find(slot)
		if i < 0 {
			return job.ErrNotFound
		}
		if s := m.slots[i].State; s != job.SlotDue && s != slot.State {
			return job.ErrStale
		}
		m.slots[i] = slot
		return nil
	})
}

func (m *memory) OpenSlots(_ context.Context, name string) (open []job.Slot, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.slots {
		if s.State == job.SlotDue && s.Job == name {
			open = append(open, s)
		}
	}
	return open, nil
}

func (m *memory) LastSlot(_ context.Context, name string) (last job.Slot, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.slots {
		if s.Job == name && (!ok || s.Due.After(last.Due) || s.Due.Equal(last.Due) && s.Wall > last.Wall) {
			last, ok = s, true
		}
	}
	return last, ok, nil
}

func (m *memory) BeginRun(_ context.Context, run job.Run) (job.Run, error) {
	err := m.write("BeginRun", func() error {
		if run.Follows != 0 {
			if err := m.beginFollower(&run); err != nil {
				return err
			}
		} else if own := slices.IndexFunc(m.runs, func(r job.Run) bool { return begunAs(r, run) }); own >= 0 {
			run.ID = int64(own + 1)
		} else {
			run.ID = int64(len(m.runs) + 1)
			m.runs = append(m.runs, run)
		}
		if run.Slot != nil && run.Ended.IsZero() {
			if i := m.find(*run.Slot); i >= 0 && m.slots[i].State == job.SlotDue {
				m.slots[i].State, m.slots[i].Reason, m.slots[i].Run = job.SlotRan, nil, run.ID
			}
		}
		return nil
	})
	return run, err
}

// begunAs says whether an open run is the same attempt for the same slot.
func begunAs(r, run job.Run) bool {
	return r.Ended.IsZero() && r.Job == run.Job && r.Attempt == run.Attempt && r.Slot != nil && run.Slot != nil &&
		r.Slot.Wall == run.Slot.Wall && r.Slot.Offset == run.Slot.Offset
}

// beginFollower takes the run's own row, else the one that is queued for its job, else a new one.
func (m *memory) beginFollower(run *job.Run) error {
	own := slices.IndexFunc(m.runs, func(r job.Run) bool { return r.Job == run.Job && r.Follows == run.Follows })
	if own >= 0 && !m.runs[own].Ended.IsZero() {
		return job.ErrExists
	}
	if own < 0 {
		own = slices.IndexFunc(m.runs, func(r job.Run) bool { return r.Job == run.Job && r.State == job.RunQueued })
	}
	if own < 0 {
		own, m.runs = len(m.runs), append(m.runs, *run)
	} else {
		run.Follows = m.runs[own].Follows
	}
	run.ID = int64(own + 1)
	m.runs[own] = *run
	return nil
}

func (m *memory) EndRun(_ context.Context, run job.Run, followers ...job.Run) error {
	return m.write("EndRun", func() error {
		if !m.runs[run.ID-1].Ended.IsZero() {
			return job.ErrStale
		}
		m.runs[run.ID-1] = run
		if run.State != job.RunInterrupted && run.State != job.RunCancelled {
			delete(m.givenUp, run.Job)
		}
		for _, f := range followers {
			if slices.ContainsFunc(m.runs, func(r job.Run) bool { return r.Job == f.Job && (r.State == job.RunQueued || r.Follows == run.ID) }) {
				continue
			}
			f.ID, f.Follows, f.State, f.Trigger, f.Started = int64(len(m.runs)+1), run.ID, job.RunQueued, job.TriggerAfter, run.Ended
			m.runs = append(m.runs, f)
		}
		return nil
	})
}

func (m *memory) DropRetry(_ context.Context, run int64) error {
	return m.write("DropRetry", func() error {
		m.runs[run-1].RetryAt = time.Time{}
		m.dropped = append(m.dropped, run)
		return nil
	})
}

func (m *memory) OpenRuns(context.Context) ([]job.Run, error) {
	return m.choose(func(r job.Run) bool { return r.Ended.IsZero() }), nil
}

func (m *memory) PendingRetries(context.Context) ([]job.Run, error) {
	all := m.choose(func(job.Run) bool { return true })
	return m.choose(func(r job.Run) bool {
		return !r.RetryAt.IsZero() && !r.Ended.IsZero() && !slices.ContainsFunc(all, func(later job.Run) bool {
			return later.AttemptOf != 0 && later.AttemptOf == max(r.AttemptOf, r.ID*b2i(r.AttemptOf == 0)) && later.Attempt > r.Attempt
		})
	}), nil
}

func (m *memory) GivenUp(context.Context) (map[string]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.givenUp), nil
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (m *memory) choose(which func(job.Run) bool) (runs []job.Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.runs {
		if which(r) {
			runs = append(runs, r)
		}
	}
	return runs
}

// rename moves the history of a job.
func (m *memory) rename(old, new string) error {
	return m.write("Rename", func() error {
		for i := range m.slots {
			if m.slots[i].Job == old {
				m.slots[i].Job = new
			}
		}
		for i := range m.runs {
			if m.runs[i].Job == old {
				m.runs[i].Job = new
			}
		}
		m.first[new] = m.first[old]
		return nil
	})
}

func (m *memory) Paused(_ context.Context, kind, name string) (*job.Pause, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.pauses[kind+" "+name]; ok {
		return &p, nil
	}
	return nil, nil
}

// world is a scheduler in a bubble of its own time.
type world struct {
	t       *testing.T
	store   *memory
	service *scheduler.Service
	skew    *atomic.Int64 // of the wall clock
	options scheduler.Options
	mu      sync.Mutex
	begun   []string // "job trigger slot attempt"
	atWork  int
	most    int
	trouble []error
	givenUp []job.Run
	beside  [][]string // of those, who was at work with them
}

// midnight is when every world begins.
var midnight = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// inWorld runs a test in a bubble. work is what a run does; nil: it succeeds at once.
func inWorld(t *testing.T, work func(ctx context.Context, spec job.Spec, run job.Run) job.Result, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, store: newMemory(), skew: new(atomic.Int64)}
		w.skew.Store(int64(time.Until(midnight)))
		w.options = scheduler.Options{
			Store: w.store, Runner: runner(func(ctx context.Context, spec job.Spec, run job.Run) job.Result {
				w.enter(run)
				defer w.leave()
				if work == nil {
					return job.Result{State: job.RunSucceeded}
				}
				return work(ctx, spec, run)
			}),
			Clock:   func() time.Time { return time.Now().Add(time.Duration(w.skew.Load())) },
			GivenUp: w.gaveUp,
			Trouble: func(err error) { w.mu.Lock(); w.trouble = append(w.trouble, err); w.mu.Unlock() },
		}
		test(t, w)
		w.stop()
	})
}

type runner func(ctx context.Context, spec job.Spec, run job.Run) job.Result

func (r runner) Run(ctx context.Context, spec job.Spec, run job.Run) job.Result {
	return r(ctx, spec, run)
}

// gaveUp notes a run as the store would, which a dead process does not reach.
func (w *world) gaveUp(_ context.Context, run job.Run, beside []string) error {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.store.fail != nil {
		if err := w.store.fail("gaveUp"); err != nil {
			return err
		}
	}
	w.store.givenUp[run.Job] = max(run.AttemptOf, run.ID*b2i(run.AttemptOf == 0))
	w.givenUp, w.beside = append(w.givenUp, run), append(w.beside, beside)
	return nil
}

func (w *world) enter(run job.Run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wall := "-"
	if run.Slot != nil {
		wall = run.Slot.Wall[5:]
	}
	w.begun = append(w.begun, fmt.Sprintf("%s %s %s %d", run.Job, run.Trigger, wall, run.Attempt))
	w.atWork++
	w.most = max(w.most, w.atWork)
}

func (w *world) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.atWork--
}

// all are the runs that were begun.
func (w *world) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.begun)
}

// busy counts the runs at work.
func (w *world) busy() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.atWork
}

func (w *world) now() time.Time { return w.options.Clock() }

// start brings a new process up on the same store.
func (w *world) start(specs ...job.Spec) {
	w.t.Helper()
	w.service = scheduler.New(w.options)
	if err := w.service.Load(specs, nil); err != nil {
		w.t.Fatal(err)
	}
	if err := w.service.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

// stop cuts off whatever is at work.
func (w *world) stop() {
	w.t.Helper()
	if w.service == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.service.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	w.service = nil
}

// crash stops the process without letting it write another word.
func (w *world) crash() {
	w.store.mu.Lock()
	w.store.fail = func(string) error { return errors.New("dead") }
	w.store.mu.Unlock()
	w.stop()
	w.store.mu.Lock()
	w.store.fail = nil
	w.store.mu.Unlock()
}

func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) wantBegun(want ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.begun, want) {
		w.t.Errorf("runs begun:\n  %s\nwant:\n  %s", strings.Join(w.begun, "\n  "), strings.Join(want, "\n  "))
	}
}

// wantSlots compares the slots as "wall state slug", in order of their due times.
func (w *world) wantSlots(want ...string) {
	w.t.Helper()
	if got := w.slots(); !slices.Equal(got, want) {
		w.t.Errorf("slots:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (w *world) slots() (got []string) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	list := slices.Clone(w.store.slots)
	slices.SortStableFunc(list, func(a, b job.Slot) int { return a.Due.Compare(b.Due) })
	for _, s := range list {
		line := s.Wall[5:] + " " + string(s.State)
		if s.Reason != nil {
			line += " " + s.Reason.Slug
		}
		got = append(got, line)
	}
	return got
}

// run gives a recorded run, counted from 1.
func (w *world) run(n int) job.Run {
	w.t.Helper()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if len(w.store.runs) < n {
		w.t.Fatalf("there are %d runs, want %d", len(w.store.runs), n)
	}
	return w.store.runs[n-1]
}

func spec(name, cron string) job.Spec {
	return job.Spec{Name: name, Type: job.TypeImport, Connection: "acme", Enabled: true,
		Timing: job.Timing{Cron: cron, Zone: time.UTC, Overlap: job.OverlapSkip, CatchUp: 6 * time.Hour},
		Retry:  job.Retry{Attempts: 1, Backoff: 30 * time.Second, MaxBackoff: 15 * time.Minute},
		Limits: job.Limits{Timeout: 2 * time.Hour},
	}
}

// lasting makes runs that take a while and mind their context.
func lasting(d time.Duration) func(context.Context, job.Spec, job.Run) job.Result {
	return func(ctx context.Context, _ job.Spec, _ job.Run) job.Result {
		select {
		case <-time.After(d):
			return job.Result{State: job.RunSucceeded}
		case <-ctx.Done():
			return job.Result{State: job.RunFailed, Counts: job.Counts{OK: 1}}
		}
	}
}

func slugOf(r *job.Reason) string {
	if r == nil {
		return ""
	}
	return r.Slug
}
