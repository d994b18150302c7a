package sftp

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// ladder is how long a refused account is left alone before one login is let through; the last step repeats.
var ladder = []time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour}

// mostMarks bounds the configurations of one account whose refusal is remembered.
const mostMarks = 8

// Ready says whether a session may be asked for: nil, or the reason why not, and until when it holds unless credentials
// or configuration change before (zero: until somebody acts). It dials nothing.
func (p *Pool) Ready(ctx context.Context, c job.Connection) (*job.Reason, time.Time) {
	active, err := p.opts.Store.ConnectionState(ctx, c.Name)
	if err != nil {
		return storeReason("read the state of connection "+c.Name, err), time.Time{}
	}
	if !active {
		return draftReason(c), time.Time{}
	}
	return p.Blocked(ctx, c)
}

// Blocked is Ready without the question whether the connection ever worked: what keeps a login out is a refusal, of the server or of a
// jump host, that nothing has changed since.
func (p *Pool) Blocked(ctx context.Context, c job.Connection) (*job.Reason, time.Time) {
	endpoints := make([]job.Endpoint, 0, len(c.Jump)+1)
	for _, j := range c.Jump {
		endpoints = append(endpoints, j.Endpoint)
	}
	for _, e := range append(endpoints, c.Endpoint) {
		b, err := p.opts.Store.Breaker(ctx, accountOf(e))
		if err != nil {
			return storeReason("read the breaker of "+who(e), err), time.Time{}
		}
		if p.blocks(b, p.mark(ctx, e)) {
			return openReason(b), b.Until
		}
	}
	return nil, time.Time{}
}

// Resume lets one login of the account through at once, whatever its breaker says.
func (p *Pool) Resume(ctx context.Context, a job.Account) error {
	_, err := LetThrough(ctx, p.opts.Store, a, p.opts.Now())
	return err
}

// LetThrough is Resume over a store: whoever asks has their line of the audit list in the same transaction. open says that there was
// something to let through.
func LetThrough(ctx context.Context, kept Breakers, a job.Account, now time.Time) (open bool, err error) {
	b, err := kept.Breaker(ctx, a)
	if err != nil || !b.Open {
		return false, err
	}
	b.Until = now
	return true, kept.SaveBreaker(ctx, a, b)
}

// blocks says whether a breaker keeps a login with this mark out.
func (p *Pool) blocks(b job.Breaker, mark string) bool {
	return b.Open && p.opts.Now().Before(b.Until) && slices.Contains(strings.Split(b.Mark, ","), mark)
}

// entry is the way in for one attempt: the gates that it holds, and the breakers as they were.
type entry struct {
	pool   *Pool
	hops   []*hop
	always bool // a test: breakers do not keep it out, and the times of their next logins stay where they are
	held   []*account
	before []job.Breaker // one a hop
}

// enter waits until the attempt may be made. Logins that may be refused are made one at a time, so that a wrong password
// is tried once and not by every job at the same time.
func (p *Pool) enter(ctx context.Context, hops []*hop, always bool) (*entry, error) {
	e := &entry{pool: p, hops: hops, always: always}
	if err := e.lock(ctx); err != nil {
		e.leave()
		return nil, waitReason(hops[len(hops)-1].endpoint, err)
	}
	if err := e.pass(ctx); err != nil {
		e.leave()
		return nil, err
	}
	return e, nil
}

// lock takes the gates of all accounts that are not proven yet.
func (e *entry) lock(ctx context.Context) error {
	var unproven []*account
	for _, h := range e.hops {
		if a := e.pool.account(h.account()); !a.isProven(h.mark) {
			unproven = append(unproven, a)
		}
	}
	return e.take(ctx, unproven)
}

// take takes the gates of accounts, each once, and in one order for everybody: two ways may lead over the same accounts in turn.
func (e *entry) take(ctx context.Context, accounts []*account) error {
	slices.SortFunc(accounts, func(a, b *account) int {
		return strings.Compare(pinAddress(job.Endpoint{Host: a.name.Host, Port: a.name.Port})+a.name.User,
			pinAddress(job.Endpoint{Host: b.name.Host, Port: b.name.Port})+b.name.User)
	})
	for _, a := range slices.Compact(accounts) {
		select {
		case a.gate <- struct{}{}:
			e.held = append(e.held, a)
		case <-ctx.Done():
			return &endError{context.Cause(ctx)}
		}
	}
	return nil
}

// leave opens the gates for the next.
func (e *entry) leave() {
	for _, a := range e.held {
		<-a.gate
	}
	e.held = nil
}

// pass asks the breakers. One that lets a login through counts it before anything is dialled: a crash in between must not
// turn one login into many. A test is not counted.
func (e *entry) pass(ctx context.Context) error {
	for _, h := range e.hops {
		b, err := e.pool.opts.Store.Breaker(ctx, h.account())
		if err != nil {
			return storeReason("read the breaker of "+who(h.endpoint), err)
		}
		if !e.always && e.pool.blocks(b, h.mark) {
			return openReason(b)
		}
		e.before = append(e.before, b)
	}
	for i, h := range e.hops {
		if b := e.before[i]; b.Open && !e.always {
			if err := e.pool.opts.Store.SaveBreaker(ctx, h.account(), e.pool.letThrough(b, h.mark)); err != nil {
				return storeReason("write the breaker of "+who(h.endpoint), err)
			}
		}
	}
	return nil
}

// letThrough counts one login.
func (p *Pool) letThrough(b job.Breaker, mark string) job.Breaker {
	b.Waits++
	b.Until = p.opts.Now().Add(ladder[min(b.Waits, len(ladder)-1)])
	b.Mark = addMark(b.Mark, mark)
	return b
}

// addMark remembers one more configuration that was refused: two connections of one account must not take turns in
// looking new.
func addMark(marks, mark string) string {
	list := strings.FieldsFunc(marks, func(r rune) bool { return r == ',' })
	if slices.Contains(list, mark) {
		return marks
	}
	list = append(list, mark)
	return strings.Join(list[max(0, len(list)-mostMarks):], ",")
}

// failed opens the breaker of the account that was refused. The others, and all of them after a failure of the network,
// are as they were before: no login was tried.
func (e *entry) failed(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for i, h := range e.hops {
		switch {
		case h.refused != nil:
			e.open(ctx, h, e.before[i])
		case e.before[i].Open && h.client != nil:
			e.close(ctx, h)
		case e.before[i].Open && !e.always:
			e.save(ctx, h, e.before[i])
		}
		e.warn(ctx, h)
	}
}

// warn writes down that the server of a hop showed another host key than the pinned ones.
func (e *entry) warn(ctx context.Context, h *hop) {
	if h.strange == nil {
		return
	}
	if err := e.pool.opts.Store.HostKeyChanged(ctx, *h.strange); err != nil {
		e.pool.opts.Log.Error("write down a changed host key", "host", address(h.endpoint), "error", err)
	}
}

func (e *entry) open(ctx context.Context, h *hop, before job.Breaker) {
	now := e.pool.opts.Now()
	b := job.Breaker{Open: true, Reason: h.refused, Since: now, Until: now.Add(ladder[0]), Mark: h.mark}
	if e.always {
		before = e.asOfNow(ctx, h, before)
	}
	switch {
	case before.Open && e.always:
		b = before
		b.Reason, b.Mark = h.refused, addMark(b.Mark, h.mark)
	case before.Open:
		b = e.pool.letThrough(before, h.mark)
		b.Reason = h.refused
	}
	e.save(ctx, h, b)
	e.pool.account(h.account()).prove("")
}

// asOfNow reads a breaker again: a daemon beside this test may have counted a login of its own since.
func (e *entry) asOfNow(ctx context.Context, h *hop, before job.Breaker) job.Breaker {
	now, err := e.pool.opts.Store.Breaker(ctx, h.account())
	if err != nil {
		return before
	}
	return now
}

// succeeded closes the breakers and lets later logins of this process go side by side.
func (e *entry) succeeded(ctx context.Context) {
	for i, h := range e.hops {
		if e.before[i].Open {
			e.close(context.WithoutCancel(ctx), h)
		}
		e.pool.account(h.account()).prove(h.mark)
	}
}

func (e *entry) close(ctx context.Context, h *hop) { e.save(ctx, h, job.Breaker{}) }

func (e *entry) save(ctx context.Context, h *hop, b job.Breaker) {
	b.Connection = h.connection
	if err := e.pool.opts.Store.SaveBreaker(ctx, h.account(), b); err != nil {
		e.pool.opts.Log.Error("write a breaker", "host", address(h.endpoint), "user", h.endpoint.User, "error", err)
	}
}
