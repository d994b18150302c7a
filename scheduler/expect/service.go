package expect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
)

// Service judges the days of all jobs. Its methods may be used by several goroutines.
type Service struct {
	o    Options
	wake chan struct{}

	mu   sync.Mutex
	jobs map[string]*watched
	gone bool // days of jobs that expect nothing any more may be open
}

// watched is a job that expects something. Guarded by mu.
type watched struct {
	rule    *rule
	due     time.Time     // when it is looked at next; zero: at once
	planned time.Time     // when that was said
	pause   time.Duration // after failed writes
}

// New makes an evaluator that expects nothing yet.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{o: o, wake: make(chan struct{}, 1), jobs: map[string]*watched{}}
}

// Load makes the expectations of these jobs the ones that count. Open days of the others are closed.
func (s *Service) Load(specs []job.Spec) error {
	count, err := s.Plan(specs)
	if err == nil {
		count()
	}
	return err
}

// Plan is Load in two parts: count makes these the jobs.
func (s *Service) Plan(specs []job.Spec) (count func(), err error) {
	fresh := map[string]*watched{}
	for _, spec := range specs {
		if spec.Expect == nil {
			continue
		}
		r, err := newRule(spec, s.o.Names(spec))
		if err != nil {
			return nil, err
		}
		fresh[spec.Name] = &watched{rule: r}
	}
	return func() {
		s.mu.Lock()
		s.jobs, s.gone = fresh, true
		s.mu.Unlock()
		s.poke()
	}, nil
}

// Poke has a job looked at: a run of it has ended, and something may have come.
func (s *Service) Poke(jobName string) {
	s.mu.Lock()
	w := s.jobs[jobName]
	if w != nil {
		w.due = time.Time{}
	}
	s.mu.Unlock()
	if w != nil {
		s.poke()
	}
}

func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

const (
	// recheck is how long the evaluator sleeps at most: a timer does not see that the machine slept or that the clock was set.
	recheck = 30 * time.Second
	// revisit is how often a day that is late or missing is looked at when nobody says that something came.
	revisit = time.Minute

	// idle is when a job is looked at again at the latest: it may have no open day.
	idle = 24 * time.Hour

	firstPause   = 5 * time.Second // after a failed write
	longestPause = time.Minute
)

// Run judges until the context ends.
func (s *Service) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		timer.Reset(s.pass(ctx))
	}
}

// pass judges all that is due, and says for how long there is nothing to do.
func (s *Service) pass(ctx context.Context) time.Duration {
	if s.forgetting() {
		if err := s.forget(ctx); err != nil {
			s.o.Log.Error("expectations of jobs that are gone were not closed", "error", err)
		}
	}
	for _, w := range s.dueNow() {
		err := s.visit(ctx, w)
		if err != nil && ctx.Err() == nil {
			s.o.Log.Error("expectation not judged; it is once the store can be used", "job", w.rule.spec.Name, "error", err)
		}
	}
	return s.untilNext()
}

// dueNow gives the jobs that are to be looked at, by name.
func (s *Service) dueNow() (list []*watched) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	for _, w := range s.jobs {
		if w.due.After(now) && !now.Before(w.planned) { // else the clock was set back
			continue
		}
		w.planned, w.due = now, now.Add(recheck) // visit knows better
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b *watched) int { return strings.Compare(a.rule.spec.Name, b.rule.spec.Name) })
	return list
}

func (s *Service) untilNext() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait, now := recheck, s.o.Now()
	for _, w := range s.jobs {
		wait = min(wait, w.due.Sub(now))
	}
	return max(0, wait)
}

// visit judges the open days of a job and plans when it is to be looked at again.
func (s *Service) visit(ctx context.Context, w *watched) error {
	next, err := s.judgeAll(ctx, w.rule)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		w.pause = min(max(firstPause, 2*w.pause), longestPause)
		next = s.o.Now().Add(w.pause)
	} else {
		w.pause = 0
	}
	if !w.due.IsZero() { // else somebody poked meanwhile
		w.due = next
	}
	return err
}

// judgeAll judges the open days of a job, the oldest first, begins those that are to be judged next, and gives when something
// of them is due.
func (s *Service) judgeAll(ctx context.Context, r *rule) (next time.Time, err error) {
	if err := s.begin(ctx, r); err != nil {
		return next, err
	}
	open, err := s.o.Store.OpenExpectations(ctx, r.spec.Name)
	if err != nil {
		return next, err
	}
	now := s.o.Now()
	next = now.Add(idle)
	for _, e := range open {
		if e, err = s.judge(ctx, r, e); err != nil {
			return next, err
		}
		if e.Closed {
			next = now // another day may begin
			continue
		}
		next = sooner(next, wake(e))
		if e.Verdict.Bad() {
			next = sooner(next, now.Add(revisit))
		}
	}
	return next, nil
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// mostBacklog is how many days of an absence are judged; those before it are not.
const mostBacklog = 31

// begin records the days whose time has come since the last, and always one whose deadline lies ahead. A deadline that a person has
// moved holds up no other day.
func (s *Service) begin(ctx context.Context, r *rule) error {
	now := s.o.Now()
	oldest := now.AddDate(0, 0, -mostBacklog)
	last, known, err := s.o.Store.LastExpectation(ctx, r.spec.Name)
	if err != nil {
		return err
	}
	if known && !last.Closed && last.Planned.After(now) {
		return nil
	}
	date, ok := r.first(now)
	if known && !dropped(last) && last.By.After(oldest) {
		date, ok = r.next(parseDay(last.Day))
	}
	for ahead := false; ok && !ahead; date, ok = r.next(date) {
		e := r.begin(date)
		ahead = e.By.After(now)
		if err := s.o.Store.BeginExpectation(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// dropped says whether the last day of a job was closed because nothing was expected of it any more: it begins anew.
func dropped(e job.Expectation) bool {
	return e.Verdict == job.VerdictExcused && e.Reason != nil && e.Reason.Slug == slugDropped
}

// judge judges one day until nothing changes.
func (s *Service) judge(ctx context.Context, r *rule, e job.Expectation) (job.Expectation, error) {
	for range 4 {
		says, err := s.gather(ctx, r, e)
		if err != nil {
			return e, err
		}
		judged, err := s.o.Store.JudgeExpectation(ctx, e, job.Judging{
			From: r.from(e), Next: r.nextOpens(e), Wants: r.names.Wants(parseDay(e.Day)),
			Decide: func(e job.Expectation, now time.Time, came job.Arrivals, off *job.Reason) job.Expectation {
				return r.decide(e, now, came, off, says.reason)
			},
		})
		if errors.Is(err, job.ErrStale) { // somebody extended it: it is read anew at once
			s.Poke(r.spec.Name)
			return e, nil
		}
		if err != nil || judged.Version == e.Version {
			return judged, err
		}
		if judged.Verdict != e.Verdict {
			s.o.Log.Info("expectation judged", "job", e.Job, "day", e.Day, "verdict", string(judged.Verdict), "got", judged.Got, "wanted", judged.Wanted)
		}
		if e = judged; e.Closed {
			return e, nil
		}
	}
	return e, nil
}

// forgetting says whether days of jobs that are gone may be open, and that they are looked for now.
func (s *Service) forgetting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := s.gone
	s.gone = false
	return gone
}

// forget closes the days of jobs that expect nothing any more.
func (s *Service) forget(ctx context.Context) error {
	names, err := s.o.Store.ExpectingJobs(ctx)
	for _, name := range names {
		s.mu.Lock()
		_, expects := s.jobs[name]
		s.mu.Unlock()
		if err == nil && !expects {
			err = s.o.Store.CloseExpectations(ctx, name, droppedReason(name))
		}
	}
	s.mu.Lock()
	s.gone = s.gone || err != nil
	s.mu.Unlock()
	return err
}

// slugDropped: nothing is expected of the job any more.
const slugDropped = "expect.dropped"

func droppedReason(jobName string) job.Reason {
	return job.Reason{
		Slug: slugDropped, What: "nothing was told of " + jobName, Cause: "its expectation was taken out of the configuration before the day was over",
		Do: "nothing", Who: job.WhoUs,
	}
}
