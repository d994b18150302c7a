package local

import (
	"errors"
	"sync"
	"sync/atomic"
)

// shared lets many ask for one act at a time: each gets the outcome of one that began after it had asked. So files that move
// together share the syncs of their folders.
type shared struct {
	begun atomic.Int64
	turn  sync.Mutex
	err   error // of the last act
}

var errCutOff = errors.New("the act that was shared did not come to its end")

func (s *shared) do(act func() error) error {
	asked := s.begun.Load()
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.begun.Load() == asked {
		s.begun.Add(1)
		s.err = errCutOff
		s.err = act()
	}
	return s.err
}
