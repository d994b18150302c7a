package sftp

import (
	"context"
	"slices"
	"sync"
	"time"
)

// helpers are the further connections of one session.
type helpers struct {
	running sync.WaitGroup
	ctx     context.Context // ends with the session
	end     context.CancelFunc

	mu     sync.Mutex
	used   int
	parted int // helpers on their way back from a copy
	kept   []*kept
	turned chan struct{} // closed when one of those has come; nil: nobody waits for it
}

// kept is a helper without work.
type kept struct {
	w       *way
	release func()
	taken   chan struct{} // closed when it has work again
}

// take counts one in, if there may be one more.
func (h *helpers) take() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.used == helpersOfSession {
		return false
	}
	h.used++
	return true
}

func (h *helpers) give() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.used--
}

func (h *helpers) add(k *kept) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, k)
}

// parts is told of a helper that leaves a copy, and came of its end: it is kept, or gone.
func (h *helpers) parts() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parted++
}

func (h *helpers) came() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parted--
	if h.turned != nil {
		close(h.turned)
		h.turned = nil
	}
}

// again gives a helper that was kept, or waits for one that is on its way back: the next file begins when the one before has ended, and
// a CLOSE takes a round trip. Nil: there is none.
func (h *helpers) again(ctx context.Context) *kept {
	for {
		k, turned := h.pick()
		if turned == nil {
			return k
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return nil
		}
	}
}

func (h *helpers) pick() (k *kept, turned <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.IndexFunc(h.kept, func(k *kept) bool { return k.w.wire.Err() == nil }); i >= 0 {
		k = h.kept[i]
		h.kept = slices.Delete(h.kept, i, i+1)
		close(k.taken)
		return k, nil
	}
	if h.parted == 0 {
		return nil, nil
	}
	if h.turned == nil {
		h.turned = make(chan struct{})
	}
	return nil, h.turned
}

// remove says whether the helper was still there.
func (h *helpers) remove(k *kept) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := len(h.kept)
	h.kept = slices.DeleteFunc(h.kept, func(other *kept) bool { return other == k })
	return len(h.kept) < before
}

// keep keeps a helper for the next large file, until somebody waits for its connection, the session ends, or it was for nothing.
func (s *Session) keep(a *account, w *way, release func()) {
	ctx, done := a.idling(s.helpers.ctx)
	k := &kept{w: w, release: release, taken: make(chan struct{})}
	s.helpers.add(k)
	s.helpers.running.Go(func() {
		defer done()
		timer := time.NewTimer(s.pool.rules.kept)
		defer timer.Stop()
		select {
		case <-k.taken:
			return
		case <-ctx.Done():
		case <-w.wire.Done():
		case <-timer.C:
		}
		if !s.helpers.remove(k) {
			return // taken at the same time
		}
		w.leave()
		release()
		s.helpers.give()
	})
}
