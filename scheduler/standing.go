package scheduler

import (
	"time"

	"github.com/haulier/haulier/job"
)

// Standing is how a job stands with the scheduler.
type Standing struct {
	Job     string
	Next    time.Time // when the next slot or retry starts; zero: no such time is known
	Retry   time.Time // when the next attempt of the ladder is due; zero: none waits
	Waiting bool      // its turn has come and waits for a free place
	Queued  bool      // another run follows the one at work
	Run     *job.Run  // at work; nil: none
}

// Standings tells how every job stands, in no order.
func (s *Service) Standings() []Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Standing, 0, len(s.jobs))
	for name, e := range s.jobs {
		st := Standing{Job: name, Queued: e.queued != nil}
		if e.place >= 0 && e.came.IsZero() {
			st.Next = e.wake
		}
		if e.retry != nil {
			st.Retry = e.retry.at
		}
		if e.turn != nil {
			if st.Waiting = e.turn.run.ID == 0; !st.Waiting {
				run := e.turn.run
				st.Run = &run
			}
		}
		all = append(all, st)
	}
	return all
}

// Lag is by how much the scheduler is behind: how long ago the earliest thing that is not yet decided was due. It is zero
// when all is well; a store that cannot be written lets it grow. What stands back because it may be what ends the process is not behind.
func (s *Service) Lag() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lag time.Duration
	now := s.now()
	if len(s.agenda) > 0 {
		lag = now.Sub(s.agenda[0].wake)
	}
	for _, t := range s.waiting {
		if t.run.Slot != nil && t.owns && s.standsBack(t) == nil {
			lag = max(lag, now.Sub(t.run.Slot.Due))
			break
		}
	}
	return max(0, lag)
}
