package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// Load makes specs the jobs of the scheduler. It may be called at any time; a later call changes what differs: jobs that
// are new begin their slots now, jobs that are gone have no further slots, a changed cron line or zone counts from now on.
// Runs at work go on with the configuration they began with. An error names every problem and changes nothing.
//
// A job with a former name takes the place of that one, with all that waits for it. Its history cannot be moved under a run:
// while one of the two is at work the error is a *job.Reason.
//
// record, if not nil, writes down that these jobs count from now on. It is called when nothing but itself can fail any
// more, and before any of them runs; its error changes nothing either.
func (s *Service) Load(specs []job.Spec, record func() error) error {
	s.book.Lock()
	defer s.book.Unlock()
	fresh, after, err := plan(specs)
	if err != nil {
		return fmt.Errorf("load jobs: %w", err)
	}
	locked, err := s.lockRenamed(fresh)
	if err != nil {
		return fmt.Errorf("load jobs: %w", err)
	}
	if record != nil {
		err = record()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.apply(fresh)
		s.after = after
	}
	for _, e := range locked {
		s.free(e)
	}
	s.poke()
	return err
}

// plan makes an entry of each spec and refuses what cannot be scheduled.
func plan(specs []job.Spec) (fresh map[string]*entry, after map[string][]string, err error) {
	fresh, after = make(map[string]*entry, len(specs)), map[string][]string{}
	var problems []error
	for _, spec := range specs {
		e := &entry{spec: spec, place: -1}
		if fresh[spec.Name] != nil {
			problems = append(problems, fmt.Errorf("job %s: the name is used twice", spec.Name))
		}
		if spec.Timing.Zone == nil {
			problems = append(problems, fmt.Errorf("job %s: it has no zone", spec.Name))
		} else if spec.Timing.Cron != "" {
			if e.schedule, err = Parse(spec.Timing.Cron, spec.Timing.Zone); err != nil {
				problems = append(problems, fmt.Errorf("job %s: schedule: %w", spec.Name, err))
			}
		}
		fresh[spec.Name] = e
		if before := spec.Timing.After; before != "" {
			after[before] = append(after[before], spec.Name)
		}
	}
	problems = append(problems, checkAfter(fresh)...)
	return fresh, after, errors.Join(problems...)
}

// checkAfter refuses jobs that wait for a job that is not there, or in a circle for themselves.
func checkAfter(jobs map[string]*entry) (problems []error) {
	const visiting, clear = 1, 2
	state := make(map[string]int, len(jobs))
	for name := range jobs {
		var path []string
		for at := name; at != "" && state[at] != clear; at = jobs[at].spec.Timing.After {
			if jobs[at] == nil {
				problems = append(problems, fmt.Errorf("job %s: after: there is no job %s", path[len(path)-1], at))
				break
			}
			if state[at] == visiting {
				circle := append(path[slices.Index(path, at):], at)
				problems = append(problems, fmt.Errorf("job %s: after: it would wait for itself (%s)", at, strings.Join(circle, " after ")))
				break
			}
			state[at] = visiting
			path = append(path, at)
		}
		for _, seen := range path {
			state[seen] = clear
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return problems
}

// apply brings the jobs in line with a plan. Needs mu.
func (s *Service) apply(fresh map[string]*entry) {
	s.rename(fresh)
	for name, e := range s.jobs {
		if fresh[name] == nil {
			s.remove(e)
		}
	}
	now := s.now()
	for name, next := range fresh {
		e := s.jobs[name]
		switch {
		case e == nil:
			e, next.came = next, now
			s.jobs[name] = e
		case e.removed: // back before its last run ended
			next.turn, next.queued, next.place, next.came = e.turn, e.queued, e.place, now
			*e = *next
		default:
			if e.spec.Timing.Cron != next.spec.Timing.Cron || e.spec.Timing.Zone.String() != next.spec.Timing.Zone.String() {
				e.at, e.schedule = after(now), next.schedule
			}
			e.spec = next.spec
		}
		if s.started {
			s.schedule(e)
		}
	}
}

// remove takes a job out; one that is at work is forgotten when its run has ended. Needs mu.
func (s *Service) remove(e *entry) {
	e.removed, e.retry = true, nil
	s.schedule(e)
	s.forget(e)
}

// forget drops a removed job that has nothing left to end. Needs mu.
func (s *Service) forget(e *entry) {
	if e.removed && e.turn == nil && e.queued == nil && s.jobs[e.spec.Name] == e {
		delete(s.jobs, e.spec.Name)
	}
}
