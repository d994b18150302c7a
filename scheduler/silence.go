package scheduler

import "time"

// LongestSilence is how long a loop that lives may be silent at most: it rests for half a minute, and what it does for the
// jobs that are due together is over soon. One that is silent for longer hangs.
const LongestSilence = 4 * recheck

// Silence is how long ago the scheduler's loop last turned. It is zero before Start. That a store refuses what is written
// lets it not grow, that a store never answers does.
func (s *Service) Silence() time.Duration {
	turned := s.turned.Load()
	if turned == nil {
		return 0
	}
	return time.Since(*turned)
}

// turnsNow notes that the loop lives.
func (s *Service) turnsNow() {
	now := time.Now()
	s.turned.Store(&now)
}
