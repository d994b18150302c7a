package local

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// What one wrote before it asked must be there when the act that serves it begins.
func TestSharedActsBeginAfterTheyAreAskedFor(t *testing.T) {
	var s shared
	var acts int
	var written atomic.Int64
	var saved int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 200 {
				mine := written.Add(1)
				err := s.do(func() error {
					acts++
					saved = written.Load()
					return nil
				})
				s.turn.Lock()
				if err != nil || saved < mine {
					t.Errorf("%d was written and %d saved, %v", mine, saved, err)
				}
				s.turn.Unlock()
			}
		})
	}
	all.Wait()
	if acts > 16*200 || acts == 0 {
		t.Errorf("%d acts", acts)
	}
}

func TestSharedActThatFailsOrPanicsIsToldToAll(t *testing.T) {
	var s shared
	broken := errors.New("the disk is gone")
	if err := s.do(func() error { return broken }); err != broken {
		t.Errorf("%v", err)
	}
	asked := s.begun.Load()
	func() {
		defer func() { _ = recover() }()
		_ = s.do(func() error { panic("torn") })
	}()
	if s.begun.Load() == asked || s.err != errCutOff {
		t.Errorf("after a panic the act counts as %v", s.err)
	}
	if err := s.do(func() error { return nil }); err != nil {
		t.Errorf("%v", err)
	}
}
