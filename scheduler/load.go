package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// Load makes specs the jobs of the scheduler. It may be called at any time; a later call changes what differs: jobs that
// are new begin their slots now, jobs that are gone have no further slots, a changed cron line or zone counts from now on.
// Runs at work go on with the configuration they began with. An error names every problem and changes nothing.
func (s *Service) Load(ctx context.Context, specs []job.Spec) error {
	s.book.Lock()
	defer s.book.Unlock()
	fresh, after, err := plan(specs)
	if err != nil {
		return fmt.Errorf("load jobs: %w", err)
	}
	s.mu.Lock()
	started := s.started
	var arriving []*entry
	for _, e := range fresh {
		if old := s.jobs[e.spec.Name]; old == nil || old.removed {
			arriving = append(arriving, e)
		}
	}
	s.mu.Unlock()
	if started {
		for _, e := range arriving {
			if err := s.admit(ctx, e, nil); err != nil {
				return fmt.Errorf("load job %s: %w", e.spec.Name, err)
			}
		}
	}
	s.mu.Lock()
	s.apply(fresh, started)
	s.after = after
	s.mu.Unlock()
	s.poke()
	return nil
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
func (s *Service) apply(fresh map[string]*entry, started bool) {
	for name, e := range s.jobs {
		if fresh[name] == nil {
			s.remove(e)
		}
	}
	now := after(s.now())
	for name, next := range fresh {
		e := s.jobs[name]
		switch {
		case e == nil:
			e = next
			s.jobs[name] = e
		case e.removed: // back before its last run ended
			next.turn, next.queued, next.place = e.turn, e.queued, e.place
			*e = *next
		default:
			if e.spec.Timing.Cron != next.spec.Timing.Cron || e.spec.Timing.Zone.String() != next.spec.Timing.Zone.String() {
				e.at, e.schedule = now, next.schedule
			}
			e.spec = next.spec
		}
		if started {
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

// admit finds out where the slots of a job that is new here go on: behind the last that is recorded, or from when the
// job was first loaded. open are its slots that are recorded and not decided; nil: ask. Needs book.
func (s *Service) admit(ctx context.Context, e *entry, open []job.Slot) error {
	now := s.now()
	first, err := s.o.Store.Loaded(ctx, e.spec.Name, e.spec.Connection, now)
	if err != nil {
		return err
	}
	last, ok, err := s.o.Store.LastSlot(ctx, e.spec.Name)
	if err != nil {
		return err
	}
	if open == nil {
		if open, err = s.o.Store.OpenSlots(ctx, e.spec.Name); err != nil {
			return err
		}
	}
	e.open, e.at = open, after(first)
	switch at, known := e.schedule.find(last); {
	case !ok || !last.Due.After(first):
	case !known || last.Due.After(now): // the cron line was changed meanwhile, or the clock was once ahead
		e.at = after(now)
	default:
		e.at = at
	}
	return nil
}

// find gives the position of a slot; known is false if the schedule has no such slot.
func (s Schedule) find(slot job.Slot) (at position, known bool) {
	at = position{slot.Due.Unix() - 1, ever}
	for {
		found, next, ok := s.next(at)
		switch {
		case !ok || found.Due.After(slot.Due):
			return at, false
		case found.Wall == slot.Wall && found.Offset == slot.Offset:
			return next, true
		}
		at = next
	}
}
