package scheduler

import (
	"slices"
	"time"

	"github.com/haulier/haulier/job"
)

// dispatch gives a job its turn: at once if there is a place, behind the others if not, after the run at work if the
// job is busy. A retry that waits is dropped in its favour; the deaths of the process in it go on with the turn. Needs mu.
func (s *Service) dispatch(t *turn) {
	e := t.job
	if e.turn != nil {
		if before := e.queued; before != nil && t.run.Follows == 0 {
			t.run.Follows = before.run.Follows
		}
		e.queued = t
		return
	}
	if e.retry != nil {
		t.drops, e.retry = e.retry.run.ID, nil
	}
	t.run.Deaths = max(t.run.Deaths, e.deaths)
	e.turn, t.spec, t.done = t, e.spec, make(chan struct{})
	if !s.hasPlace() || !s.mayStart(t) {
		s.waiting = append(s.waiting, t)
		s.sayStandsBack(t)
		return
	}
	s.launch(t)
}

// hasPlace says whether anything may start now. Needs mu.
func (s *Service) hasPlace() bool {
	return !s.stopping && s.places < s.o.MaxRuns && time.Until(s.ill.until) <= 0
}

// launch gives a turn its goroutine. Needs mu.
func (s *Service) launch(t *turn) {
	if t.suspected() {
		s.suspect = t
	}
	s.places++
	s.turns.Add(1)
	go s.perform(t)
}

// leave gives the place of a turn up. Needs mu.
func (s *Service) leave(t *turn) {
	s.places--
	if s.suspect == t {
		s.suspect = nil
	}
}

// fillPlaces starts those who wait. Needs mu.
func (s *Service) fillPlaces() {
	for s.hasPlace() {
		first := slices.IndexFunc(s.waiting, s.mayStart)
		if first < 0 {
			for _, t := range s.waiting {
				s.sayStandsBack(t)
			}
			return
		}
		t := s.waiting[first]
		if first > 0 {
			copy(s.waiting[1:], s.waiting[:first])
		}
		s.waiting[0] = nil
		s.waiting = s.waiting[1:]
		s.launch(t)
	}
}

func (s *Service) perform(t *turn) {
	defer s.turns.Done()
	s.mu.Lock()
	if !t.job.removed {
		t.spec = t.job.spec // it may have waited over a reload
	}
	s.mu.Unlock()
	reason, err := s.refuse(s.base, t)
	switch {
	case err != nil:
		s.postpone(t, err)
		return
	case reason != nil:
		s.skip(t, reason)
		s.release(t)
		return
	}
	if err := s.begin(s.base, t); err != nil {
		s.postpone(t, err)
		return
	}
	s.recovered()
	s.carryOut(t)
}

// postpone puts a turn whose run could not be recorded back at the head of the line.
func (s *Service) postpone(t *turn, err error) {
	if s.base.Err() == nil {
		s.fallIll(err, nil)
	}
	s.mu.Lock()
	s.leave(t)
	s.waiting = append([]*turn{t}, s.waiting...)
	s.mu.Unlock()
	s.poke()
}

// release ends a turn and starts whatever waited for that.
func (s *Service) release(t *turn) {
	s.mu.Lock()
	e := t.job
	delete(s.running, t.run.ID)
	s.leave(t)
	if ofItsOwn(t.ended.State) {
		e.deadly, e.deaths = false, 0
	}
	if at := t.ended.RetryAt; !at.IsZero() && !e.removed && t.ended.State != job.RunInterrupted {
		e.retry = &retry{run: t.ended, at: at}
	}
	s.free(e)
	s.follow(t.followers, t.run.ID)
	s.fillPlaces()
	s.mu.Unlock()
	close(t.done)
	s.poke()
}

// free gives a job's lock up, to the turn that waits for it if there is one. Needs mu.
func (s *Service) free(e *entry) {
	e.turn = nil
	if next := e.queued; next != nil {
		e.queued = nil
		s.dispatch(next)
	}
	s.forget(e)
	if s.started {
		s.schedule(e)
	}
}
