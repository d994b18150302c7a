package scheduler

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/job"
)

// Options say what a Service works with. Store and Runner are required.
type Options struct {
	Store  Store
	Runner Runner
	Gate   Gate             // nil: every job may dial
	Log    *slog.Logger     // nil: nothing is logged
	Clock  func() time.Time // the wall clock; nil: time.Now

	// MaxRuns is how many scheduled runs may be at work at once, over all jobs; others wait their turn, first come first
	// served. 0: 32. Runs by hand begin at once and count.
	MaxRuns int
	// CutOff is how long Stop waits for runs to return after it has cancelled them. 0: 10 s.
	CutOff time.Duration
	// Revision gives the number of the configuration in force, kept with each run. nil: 0.
	Revision func() int64
	// GivenUp is told of a run in which the process died as often as that may be, before its end is recorded, and which jobs were at
	// work beside it: nobody starts it again. nil: nobody is told.
	GivenUp func(ctx context.Context, run job.Run, beside []string) error
	// Ended is told of each run after its end was recorded, on the run's goroutine. nil: nobody is told.
	Ended func(Ended)
	// Trouble is told when the store cannot be used (no run begins until it can, and no slot is lost), and with nil
	// when it can again. Calls may come from several goroutines. nil: only the log tells.
	Trouble func(error)
}

// Service runs jobs at their times. Load gives it jobs, Start sets it going, Stop ends it. Without Start it still runs
// jobs by hand, under the same lock per job. Its methods are safe for concurrent use.
type Service struct {
	o Options

	book sync.Mutex // held by whoever decides about slots: the loop, Load, Start. Taken before mu, and kept over store calls

	mu       sync.Mutex // guards what follows; never held over a call of a port
	jobs     map[string]*entry
	after    map[string][]string // who runs after whom
	agenda   agenda
	waiting  []*turn // for a free place, first come first served
	running  map[int64]*turn
	places   int   // turns that have a goroutine
	suspect  *turn // of those, the one that may be what ends the process; nil: none
	started  bool
	stopping bool
	ill      illness

	base   context.Context // parent of every run
	cutOff context.CancelCauseFunc
	wake   chan struct{}
	stop   chan struct{}
	looped chan struct{} // closed when the loop is over
	turns  sync.WaitGroup
	turned atomic.Pointer[time.Time] // when the loop last did; nil: it never began
	seen   sighting
}

// New makes a Service without jobs. It starts no goroutine.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.MaxRuns <= 0 {
		o.MaxRuns = 32
	}
	if o.CutOff <= 0 {
		o.CutOff = 10 * time.Second
	}
	if o.GivenUp == nil {
		o.GivenUp = func(context.Context, job.Run, []string) error { return nil }
	}
	if o.Revision == nil {
		o.Revision = func() int64 { return 0 }
	}
	s := &Service{
		o: o, jobs: map[string]*entry{}, after: map[string][]string{}, running: map[int64]*turn{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), looped: make(chan struct{}),
	}
	s.base, s.cutOff = context.WithCancelCause(context.Background())
	return s
}

// now is the wall clock without its monotonic reading, which knows nothing of suspends and clock changes.
func (s *Service) now() time.Time { return s.o.Clock().Round(0) }

// Start recovers what the end of the last process left open, then watches the clock until Stop. The runs found open end
// interrupted and their jobs run once more at once, runs that were to follow others begin, and slots that passed meanwhile
// are caught up on or recorded as missed.
// It may be called once; an error leaves the service as it was before.
func (s *Service) Start(ctx context.Context) error {
	s.book.Lock()
	defer s.book.Unlock()
	s.mu.Lock()
	refused := s.started || s.stopping
	s.mu.Unlock()
	if refused {
		return errors.New("start the scheduler: it was started or stopped before")
	}
	queued, err := s.recoverAll(ctx)
	if err != nil {
		return fmt.Errorf("start the scheduler: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return fmt.Errorf("start the scheduler: %w", ErrStopped)
	}
	s.started = true
	s.seen = sighting{wall: s.now(), mono: time.Now()}
	for _, run := range queued {
		s.follow([]job.Run{run}, run.Follows)
	}
	s.turnsNow()
	go s.loop()
	return nil
}

// Stop begins no more runs, waits for those at work until ctx is done, then cancels them; they end interrupted and are
// run again after the next Start. It returns when all have ended, or with an error that names those that did not
// return within CutOff. It may be called before Start and more than once.
func (s *Service) Stop(ctx context.Context) error {
	s.mu.Lock()
	first := !s.stopping
	s.stopping = true
	started := s.started
	s.mu.Unlock()
	if first {
		close(s.stop)
	}
	if started {
		<-s.looped
	}
	done := make(chan struct{})
	go func() { s.turns.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	s.cutOff(errors.Join(errStopping, stopped()))
	timer := time.NewTimer(s.o.CutOff)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return errors.Join(fmt.Errorf("stop the scheduler: still at work %s after they were cancelled: %s", s.o.CutOff, s.atWork()), s.leaveBehind())
	}
}

func (s *Service) atWork() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for id, t := range s.running {
		names = append(names, fmt.Sprintf("run %d of %s", id, t.run.Job))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// poke has the loop look again.
func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// agenda orders jobs by the time at which something is to be done for them.
type agenda []*entry

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].wake.Before(a[j].wake) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i]; a[i].place, a[j].place = i, j }

// Push is for container/heap.
func (a *agenda) Push(x any) {
	e := x.(*entry)
	e.place = len(*a)
	*a = append(*a, e)
}

// Pop is for container/heap.
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	e.place = -1
	return e
}

// enter puts a job at its time, moves it there, or takes it out if it has none. Needs mu.
func (a *agenda) enter(e *entry, wake time.Time) {
	e.wake = wake
	switch {
	case wake.IsZero() && e.place >= 0:
		heap.Remove(a, e.place)
	case wake.IsZero():
	case e.place >= 0:
		heap.Fix(a, e.place)
	default:
		heap.Push(a, e)
	}
}
