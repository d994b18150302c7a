package scheduler

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

const (
	// recheck is how long the loop sleeps at most. A timer does not see that the machine slept or the clock was set.
	recheck = 30 * time.Second
	// jump is how far the wall clock may part from the monotonic one between two looks before it is called a jump.
	jump = 10 * time.Second

	firstPause   = 5 * time.Second // after a failed write
	longestPause = time.Minute

	// together is how many jobs are decided about at once: the store brings what is written at the same time to the disk
	// in one go.
	together = 64
)

// sighting is when both clocks were looked at. Only the loop uses it.
type sighting struct{ wall, mono time.Time }

// illness is the state of a store that cannot be used. Guarded by mu.
type illness struct {
	pause time.Duration // zero: well
	until time.Time     // by the monotonic clock
}

func (s *Service) loop() {
	defer close(s.looped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		case <-timer.C:
		}
		timer.Reset(s.pass(s.base))
	}
}

// pass does all that is due and says for how long there is nothing to do.
func (s *Service) pass(ctx context.Context) time.Duration {
	s.book.Lock()
	defer s.book.Unlock()
	s.turnsNow()
	s.watchClock()
	if wait := s.resting(); wait > 0 {
		return wait
	}
	for {
		s.turnsNow()
		list, now := s.nextDue()
		if len(list) == 0 {
			break
		}
		if !s.serveAll(ctx, list, now) {
			return s.resting()
		}
		s.recovered()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fillPlaces()
	return s.untilNext()
}

// nextDue gives the first jobs for which something is due; none if there are none, or the service is stopping.
func (s *Service) nextDue() (list []*entry, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.now()
	for !s.stopping && len(list) < together && len(s.agenda) > 0 && !s.agenda[0].wake.After(now) {
		list = append(list, heap.Pop(&s.agenda).(*entry))
	}
	for _, e := range list { // each has its place until it is served: Lag counts them
		heap.Push(&s.agenda, e)
	}
	return list, now
}

// serveAll serves jobs side by side, and begins what is due of them in their order; ok is false if the store could not be
// used for one of them. Needs book.
func (s *Service) serveAll(ctx context.Context, list []*entry, now time.Time) (ok bool) {
	turns, errs := make([]*turn, len(list)), make([]error, len(list))
	var served sync.WaitGroup
	for i, e := range list {
		served.Go(func() { turns[i], errs[i] = s.serve(ctx, e, now) })
	}
	served.Wait()
	ok = true
	for i, e := range list {
		s.goOn(e, turns[i], errs[i], now)
		if errs[i] != nil {
			s.fallIll(errs[i], e)
			ok = false
		}
	}
	return ok
}

func (s *Service) untilNext() time.Duration {
	if len(s.agenda) == 0 {
		return recheck
	}
	return max(0, min(recheck, s.agenda[0].wake.Sub(s.now())))
}

// serve admits a job that came and decides about its slots that have come due; one of them may get a turn. Needs book.
func (s *Service) serve(ctx context.Context, e *entry, now time.Time) (*turn, error) {
	if !e.came.IsZero() {
		if err := s.admit(ctx, e); err != nil {
			return nil, err
		}
	}
	return s.settle(ctx, e, now)
}

// goOn gives a job that was served its turn, or starts its retry.
func (s *Service) goOn(e *entry, t *turn, err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t != nil {
		s.dispatch(t)
	}
	if r := e.retry; err == nil && r != nil && e.turn == nil && !r.at.After(now) {
		e.retry = nil
		s.dispatch(r.turn(e))
	}
	s.schedule(e)
}

// watchClock notices that the machine slept or the clock was set. A leap forward needs no act: what was passed is caught
// up on. After a leap back the slots ahead are looked at again from now on; those that are recorded stay as they are.
func (s *Service) watchClock() {
	now := sighting{wall: s.now(), mono: time.Now()}
	by := now.wall.Sub(s.seen.wall) - now.mono.Sub(s.seen.mono)
	s.seen = now
	if by.Abs() < jump {
		return
	}
	s.o.Log.Warn("the clock jumped", "slug", "scheduler.clock_jump", "by", by.Round(time.Second).String())
	if by > 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.jobs {
		if e.came.After(now.wall) {
			e.came = now.wall
		}
		if e.at.due > now.wall.Unix() {
			e.at = after(now.wall)
		}
		if e.retry != nil {
			e.retry.at = e.retry.at.Add(by)
		}
		e.notBefore = time.Time{}
		s.schedule(e)
	}
}

// resting says how long the store is left alone after a failed write.
func (s *Service) resting() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, time.Until(s.ill.until))
}

// fallIll has everything wait a while after a failed write; e, if any, comes after the others then.
func (s *Service) fallIll(err error, e *entry) {
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return
	}
	known := time.Until(s.ill.until) > 0
	if !known {
		s.ill.pause = min(max(firstPause, 2*s.ill.pause), longestPause)
		s.ill.until = time.Now().Add(s.ill.pause)
	}
	pause := s.ill.pause
	if e != nil {
		e.unsure, e.notBefore = true, s.now().Add(pause)
		s.schedule(e)
	}
	s.mu.Unlock()
	if known {
		return
	}
	s.o.Log.Error("the store cannot be used; no run begins and no slot is lost until it can", "error", err, "again_in", pause.String())
	if s.o.Trouble != nil {
		s.o.Trouble(err)
	}
	s.poke()
}

// recovered tells once that the store works again.
func (s *Service) recovered() {
	s.mu.Lock()
	was := s.ill.pause
	s.ill = illness{}
	s.mu.Unlock()
	if was == 0 {
		return
	}
	s.o.Log.Info("the store can be used again")
	if s.o.Trouble != nil {
		s.o.Trouble(nil)
	}
}
