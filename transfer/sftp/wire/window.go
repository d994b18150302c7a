package wire

import (
	"context"
	"sync"
)

// window bounds the bytes that all copies of a session have in flight, and so the memory of their buffers.
//
// A copy that has something in flight only tries; one that has nothing waits in line. So nobody holds bytes while
// waiting for more, and nobody starves.
type window struct {
	mu    sync.Mutex
	size  int
	free  int
	line  []*place
	spare [][]byte // buffers of full length, for reuse
}

type place struct {
	n     int
	ready chan struct{}
}

func newWindow(size int) *window { return &window{size: size, free: size} }

// try takes n bytes if they are free and nobody waits.
func (w *window) try(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n = min(n, w.size)
	if len(w.line) > 0 || w.free < n {
		return false
	}
	w.free -= n
	return true
}

// wait takes n bytes, or gives up when ctx or dead ends it.
func (w *window) wait(ctx context.Context, dead <-chan struct{}, n int) bool {
	w.mu.Lock()
	n = min(n, w.size)
	if len(w.line) == 0 && w.free >= n {
		w.free -= n
		w.mu.Unlock()
		return true
	}
	p := &place{n: n, ready: make(chan struct{})}
	w.line = append(w.line, p)
	w.mu.Unlock()
	select {
	case <-p.ready:
		return true
	case <-ctx.Done():
	case <-dead:
	}
	return w.leave(p)
}

// leave takes p out of the line; true if its turn came meanwhile.
func (w *window) leave(p *place) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.line {
		if w.line[i] == p {
			w.line = append(w.line[:i], w.line[i+1:]...)
			w.serve()
			return false
		}
	}
	return true
}

// give gives n bytes back.
func (w *window) give(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.free += min(n, w.size)
	w.serve()
}

// serve lets those in front of the line in.
func (w *window) serve() {
	for len(w.line) > 0 && w.free >= w.line[0].n {
		w.free -= w.line[0].n
		close(w.line[0].ready)
		w.line = w.line[1:]
	}
}

// buffer gives a buffer of n bytes; full ones are reused.
func (w *window) buffer(n, full int) []byte {
	if n != full {
		return make([]byte, n)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if last := len(w.spare) - 1; last >= 0 && cap(w.spare[last]) >= n {
		b := w.spare[last]
		w.spare = w.spare[:last]
		return b[:n]
	}
	return make([]byte, n)
}

// recycle keeps a buffer of full length for the next buffer, as many as the window holds.
func (w *window) recycle(b []byte, full int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if cap(b) >= full && (len(w.spare)+1)*full <= w.size {
		w.spare = append(w.spare, b)
	}
}
