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
	latest   map[string]job.Progress // by job, of files under way
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
	h.remember(p)
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

// remember keeps the last sign of a job until its file is done.
func (h *Hub) remember(p job.Progress) {
	if p.Stage == job.StageEnd {
		delete(h.latest, p.Job)
		return
	}
	if h.latest == nil {
		h.latest = map[string]job.Progress{}
	}
	h.latest[p.Job] = p
}

// Latest gives the last sign of a file that a job has under way, for whoever comes later. Of a run that was cut off it may be left
// until the next: it names its run.
func (h *Hub) Latest(jobName string) (p job.Progress, found bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, found = h.latest[jobName]
	return p, found
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
