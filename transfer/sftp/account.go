package sftp

import (
	"context"
	"sync"

	"github.com/haulier/haulier/job"
)

// account is the share of a pool that belongs to one host, port and user.
type account struct {
	name job.Account
	gate chan struct{} // held around a login that may be refused

	mu     sync.Mutex
	used   int
	line   []*waiter
	proven string // mark of the last good login of this process
}

type waiter struct {
	limit int
	ready chan struct{}
}

// acquire takes a connection out of limit, in the order of asking. Jobs of one account may have different limits; each
// waits for its own.
func (a *account) acquire(ctx context.Context, limit int) (release func(), err error) {
	a.mu.Lock()
	if ctx.Err() != nil {
		a.mu.Unlock()
		return nil, &endError{context.Cause(ctx)}
	}
	if len(a.line) == 0 && a.used < limit {
		a.used++
		a.mu.Unlock()
		return a.releaser(), nil
	}
	w := &waiter{limit: limit, ready: make(chan struct{})}
	a.line = append(a.line, w)
	a.mu.Unlock()
	select {
	case <-w.ready:
		return a.releaser(), nil
	case <-ctx.Done():
	}
	if a.quit(w) {
		return nil, &endError{context.Cause(ctx)}
	}
	a.releaser()() // its turn came while it gave up
	return nil, &endError{context.Cause(ctx)}
}

// releaser gives a connection back, once.
func (a *account) releaser() func() {
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.used--
		a.serve()
	})
}

func (a *account) quit(w *waiter) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.line {
		if a.line[i] == w {
			a.line = append(a.line[:i], a.line[i+1:]...)
			a.serve()
			return true
		}
	}
	return false
}

func (a *account) serve() {
	for len(a.line) > 0 && a.used < a.line[0].limit {
		a.used++
		close(a.line[0].ready)
		a.line = a.line[1:]
	}
}

// isProven says whether this process has logged in with the same configuration and credentials before.
func (a *account) isProven(mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.proven == mark
}

func (a *account) prove(mark string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.proven = mark
}
