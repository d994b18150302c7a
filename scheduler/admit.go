package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
)

// admit finds out where the slots of a job that came go on: behind the last that is recorded, or from when the job was
// first loaded. Needs book.
func (s *Service) admit(ctx context.Context, e *entry) error {
	s.mu.Lock()
	spec, came, turns := e.spec, e.came, []*turn{e.turn, e.queued}
	s.mu.Unlock()
	first, err := s.o.Store.Loaded(ctx, spec.Name, spec.Connection, came)
	if err != nil {
		return err
	}
	last, ok, err := s.o.Store.LastSlot(ctx, spec.Name)
	if err != nil {
		return err
	}
	open, err := s.o.Store.OpenSlots(ctx, spec.Name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e.open = slices.DeleteFunc(open, func(slot job.Slot) bool {
		return slices.ContainsFunc(turns, func(t *turn) bool { return t.serves(slot) }) // it came back before its turn
	})
	e.came, e.at = time.Time{}, after(first)
	if ok && last.Due.After(first) {
		e.at = e.schedule.resumeAt(last, s.now())
	}
	return nil
}

// serves says whether a slot ends with this turn.
func (t *turn) serves(slot job.Slot) bool {
	return t != nil && t.owns && t.run.Slot.Wall == slot.Wall && t.run.Slot.Offset == slot.Offset
}

// resumeAt gives the position behind the last recorded slot; that of now, if the schedule has no such slot as its cron
// line was changed meanwhile, or if the clock was once ahead.
func (s Schedule) resumeAt(last job.Slot, now time.Time) position {
	if at, known := s.find(last); known && !last.Due.After(now) {
		return at
	}
	return after(now)
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
