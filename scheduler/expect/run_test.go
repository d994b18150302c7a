package expect

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/job"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store of one job that notes when it was asked.
type memory struct {
	mu     sync.Mutex
	rows   []job.Expectation
	asked  []time.Time
	told   map[job.Verdict]time.Time
	broken bool
	filled time.Time
}

func (m *memory) BeginExpectation(_ context.Context, e job.Expectation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = append(m.rows, e)
	return nil
}

func (m *memory) LastExpectation(context.Context, string) (job.Expectation, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rows) == 0 {
		return job.Expectation{}, false, nil
	}
	return m.rows[len(m.rows)-1], true, nil
}

func (m *memory) OpenExpectations(context.Context, string) (open []job.Expectation, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.rows {
		if !e.Closed {
			open = append(open, e)
		}
	}
	return open, nil
}

func (m *memory) JudgeExpectation(_ context.Context, read job.Expectation, j job.Judging) (job.Expectation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, time.Now())
	if m.broken {
		return read, context.DeadlineExceeded
	}
	came := job.Arrivals{Filled: m.filled}
	if m.filled.Before(read.Opens) {
		came.Filled = time.Time{}
	}
	next := j.Decide(read, time.Now(), came, nil)
	if next.Verdict != read.Verdict {
		m.told[next.Verdict] = time.Now()
		next.Version++
	}
	for i := range m.rows {
		if m.rows[i].Day == next.Day {
			m.rows[i] = next
		}
	}
	return next, nil
}

func (m *memory) ExpectingJobs(context.Context) ([]string, error)                     { return nil, nil }
func (m *memory) CloseExpectations(context.Context, string, job.Reason) error         { return nil }
func (m *memory) Look(context.Context, string) (l job.Look, ok bool, err error)       { return l, false, nil }
func (m *memory) LastArrivals(context.Context, string, int) (f []job.File, err error) { return f, nil }
func (m *memory) LooksSince(context.Context, string, time.Time) (int, *job.Run, error) {
	return 0, nil, nil
}

func (m *memory) Expectations(context.Context, string, string, int) ([]job.Expectation, error) {
	return nil, nil
}

// evaluate runs an evaluator in a bubble for as long as inside takes.
func evaluate(t *testing.T, inside func(m *memory, s *Service, start time.Time)) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{told: map[job.Verdict]time.Time{}}
		s := New(Options{Store: m, Evidence: m, Names: names, Log: slog.New(slog.DiscardHandler)})
		start := time.Now() // 2000-01-01 00:00 UTC, 01:00 in Brussels
		if err := s.Load([]job.Spec{nightly()}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { s.Run(ctx) })
		inside(m, s, start)
		cancel()
		running.Wait()
	})
}

func TestItWakesAtDeadlines(t *testing.T) {
	evaluate(t, func(m *memory, _ *Service, start time.Time) {
		time.Sleep(9 * time.Hour)
		synctest.Wait()
		for verdict, after := range map[job.Verdict]time.Duration{job.VerdictLate: 2 * time.Hour, job.VerdictMissing: 4 * time.Hour} {
			if got := m.told[verdict].Sub(start); got < after || got > after+time.Second {
				t.Errorf("%s was told after %s, wanted %s", verdict, got, after)
			}
		}
		before := 0
		for _, at := range m.asked {
			if at.Sub(start) < 2*time.Hour {
				before++
			}
		}
		if before != 1 {
			t.Errorf("asked %d times before the deadline: it is to sleep until then", before)
		}
	})
}

func TestAPokeIsJudgedAtOnce(t *testing.T) {
	evaluate(t, func(m *memory, s *Service, start time.Time) {
		time.Sleep(2*time.Hour + 10*time.Minute + time.Second)
		m.mu.Lock()
		m.filled = time.Now()
		m.mu.Unlock()
		s.Poke("acme-in")
		s.Poke("another")
		synctest.Wait()
		if got := m.told[job.VerdictRecoveredLate]; got != start.Add(2*time.Hour+10*time.Minute+time.Second) {
			t.Errorf("recovery told at %s", got)
		}
	})
}

// The next day begins when one has ended, at whatever hour that was: nothing has to run for its deadline to count.
func TestTheNextDayBeginsWhenOneHasEnded(t *testing.T) {
	evaluate(t, func(m *memory, s *Service, start time.Time) {
		time.Sleep(time.Hour + 50*time.Minute)
		m.mu.Lock()
		m.filled = time.Now()
		m.mu.Unlock()
		s.Poke("acme-in")
		synctest.Wait()
		if open, _ := m.OpenExpectations(t.Context(), "acme-in"); len(open) != 1 || !open[0].By.Equal(start.Add(26*time.Hour)) {
			t.Errorf("open are %+v", open)
		}
		time.Sleep(time.Until(start.Add(26*time.Hour + time.Second)))
		synctest.Wait()
		if m.told[job.VerdictMet].IsZero() || m.told[job.VerdictLate].IsZero() {
			t.Errorf("the next day is not late by its deadline: %v", m.told)
		}
	})
}

// A store that cannot be written is asked again, ever more seldom, and nothing is forgotten.
func TestABrokenStoreIsAskedAgain(t *testing.T) {
	evaluate(t, func(m *memory, _ *Service, start time.Time) {
		m.mu.Lock()
		m.broken = true
		m.mu.Unlock()
		time.Sleep(3 * time.Hour)
		m.mu.Lock()
		asked := len(m.asked)
		m.broken = false
		m.mu.Unlock()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if asked > 200 || m.told[job.VerdictLate].IsZero() {
			t.Errorf("asked %d times; late told at %s", asked, m.told[job.VerdictLate])
		}
	})
}
