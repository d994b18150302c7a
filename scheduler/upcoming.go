package scheduler

import (
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// mostLooked is how many slots Upcoming looks at: a calendar may leave out very many.
const mostLooked = 100_000

// Upcoming is a slot that lies ahead.
type Upcoming struct {
	Slot   job.Slot
	Starts time.Time // Due and the job's jitter
	Notes  []string  // what a change of the clocks does to it
}

// Next gives the next n slots of a job; job.ErrNotFound if it is not loaded.
func (s *Service) Next(name string, n int) ([]Upcoming, error) {
	s.mu.Lock()
	e := s.jobs[name]
	if e == nil || e.removed {
		s.mu.Unlock()
		return nil, fmt.Errorf("next times of %s: %w", name, job.ErrNotFound)
	}
	spec := e.spec
	s.mu.Unlock()
	return Next(spec, s.now(), n)
}

// Next gives the next n slots of a job after a time, without those that its calendar or window leaves out, and with one
// slot for several at one instant. A job without a cron line has none.
func Next(spec job.Spec, after time.Time, n int) ([]Upcoming, error) {
	if spec.Timing.Cron == "" {
		return nil, nil
	}
	schedule, err := Parse(spec.Timing.Cron, spec.Timing.Zone)
	if err != nil {
		return nil, fmt.Errorf("next times of %s: %w", spec.Name, err)
	}
	e := &entry{spec: spec, schedule: schedule}
	var list []Upcoming
	looked := 0
	for slot := range schedule.Slots(after) {
		if looked++; len(list) >= n || looked > mostLooked {
			break
		}
		slot.Job = spec.Name
		starts := e.starts(slot)
		together := len(list) > 0 && list[len(list)-1].Slot.Due.Equal(slot.Due)
		if together || !onCalendar(spec.Timing.Calendar, slot) || !inWindow(spec.Timing, starts) {
			continue
		}
		list = append(list, Upcoming{Slot: slot, Starts: starts, Notes: schedule.Notes(slot)})
	}
	return list, nil
}
