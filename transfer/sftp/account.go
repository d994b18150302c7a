package sftp

import (
	"context"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// account is the share of a pool that belongs to one host, port and user.
type account struct {
	name job.Account
	gate chan struct{} // held around a login that may be refused

	striped wire.Memory // of all downloads over several connections

	mu      sync.Mutex
	used    int
	line    []*waiter
	proven  string        // mark of the last good login of this process
	first   job.SecretRef // of two passwords, the one to try first; zero: as the day says
	unheard bool          // and it was not given yet

	standing map[string]int // sessions by the mark that they logged in with

	shared  string                     // mark of the last good login of a helper
	doubted string                     // mark of the last one that was refused, if none was good since
	idle    map[int]context.CancelFunc // of helpers without work: not logged in yet, or kept
	idled   int
	leaving int       // helpers that go because somebody waits in line
	most    int       // connections beside which no helper is tried, until then
	until   time.Time // zero: any number
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
	a.interrupt()
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

// spare takes a connection for a helper if one is free now and nobody waits, and gives nil if not. Helpers never wait: they are of
// use to work that goes on without them.
func (a *account) spare(limit int, now time.Time) (release func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.isFree(limit, now) {
		return nil
	}
	a.used++
	return a.releaser()
}

// rests says whether the account is left alone: there are more connections than those beside which helpers are tried.
func (a *account) rests(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return now.Before(a.until) && a.used > a.most
}

// hasSpare says whether spare would give a connection now.
func (a *account) hasSpare(limit int, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isFree(limit, now)
}

func (a *account) isFree(limit int, now time.Time) bool {
	return len(a.line) == 0 && a.used < limit && (a.used < a.most || !now.Before(a.until))
}

// bound sees that no helper is tried beside most connections until then. The narrowest of several bounds counts, and the longest.
func (a *account) bound(most int, now, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.until) {
		most = min(most, a.most)
	}
	a.most = most
	if until.After(a.until) {
		a.until = until
	}
}

func (a *account) inUse() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.used
}

// idling gives a context for a helper without work, which ends as soon as somebody waits in line.
func (a *account) idling(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.idle == nil {
		a.idle = map[int]context.CancelFunc{}
	}
	a.idled++
	n := a.idled
	a.idle[n] = cancel
	if len(a.line) > 0 {
		cancel()
	}
	return ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.idle, n)
		cancel()
	}
}

// interrupt ends helpers without work: a connection is needed for more than help.
func (a *account) interrupt() {
	for _, cancel := range a.idle {
		cancel()
	}
}

// wants says whether a helper is to go, because somebody waits in line for whom no other helper goes already. Who is told so goes:
// gone is called when it has given its connection back.
func (a *account) wants() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.line) <= a.leaving {
		return false
	}
	a.leaving++
	return true
}

func (a *account) gone() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leaving--
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

// excuse says whether a login with a mark that was good in this process may have been cut by chance: once, and then the next one is made
// as if none had been good, so that of many at the same time only one is excused.
func (a *account) excuse(mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.proven != mark {
		return false
	}
	a.proven = ""
	return true
}

// stand counts a session in that logged in with a mark, and gives what counts it out.
func (a *account) stand(mark string) func() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.standing == nil {
		a.standing = map[string]int{}
	}
	a.standing[mark]++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.standing[mark]--; a.standing[mark] == 0 {
			delete(a.standing, mark)
		}
	}
}

// stands says whether a session stands that logged in with the same credentials.
func (a *account) stands(mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.standing[mark] > 0
}

// stand counts a session in at all accounts on its way.
func (p *Pool) stand(hops []*hop) (leave func()) {
	var leaves []func()
	for _, h := range hops {
		leaves = append(leaves, p.account(h.account()).stand(h.mark))
	}
	return func() {
		for _, leave := range leaves {
			leave()
		}
	}
}

// isShared says whether a helper has logged in with the same configuration and credentials before.
func (a *account) isShared(mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shared == mark
}

func (a *account) share(mark string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shared, a.doubted = mark, ""
}

// doubt lets helpers go one by one again: the server refused one.
func (a *account) doubt(mark string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shared, a.doubted = "", mark
}

func (a *account) isDoubted(mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.doubted == mark
}
