package control

import (
	"sync"

	"github.com/haulier/haulier/job"
)

// Hub passes signs of life of runs on to whoever watches them. Nobody who is slow holds up a run: what does not fit
// into a watcher's buffer is dropped.
type Hub struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

type watcher struct {
	run    int64
	events chan job.Progress
}

// hubBuffer is how many signs of life a watcher may be behind.
const hubBuffer = 1024

// Tell passes one on.
func (h *Hub) Tell(p job.Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		if w.run != 0 && w.run != p.Run {
			continue
		}
		select {
		case w.events <- p:
		default:
		}
	}
}

// Watch gives the signs of life of a run from now on, 0 for all runs; stop ends it.
func (h *Hub) Watch(run int64) (events <-chan job.Progress, stop func()) {
	w := &watcher{run: run, events: make(chan job.Progress, hubBuffer)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = map[*watcher]struct{}{}
	}
	h.watchers[w] = struct{}{}
	return w.events, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, w)
	}
}
