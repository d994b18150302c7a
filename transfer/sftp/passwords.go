package sftp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// aroundChange is how long before and behind the day of a new password both are tried: the customer changes it at some hour of that
// day, by a clock of their own.
const aroundChange = 24 * time.Hour

// password is one that a login may give.
type password struct {
	text secret.Text
	ref  job.SecretRef
	from time.Time // zero: it is not a successor
}

// passwordsOf are the passwords that count now, in the order in which they are tried: the old one until the day of its successor, the
// successor from then on, and around that day the other one behind it. The one that the server took last, or has not refused,
// goes first.
func (p *Pool) passwordsOf(e job.Endpoint) []password {
	if e.Auth.Password == nil {
		return nil
	}
	before := password{ref: *e.Auth.Password}
	s := e.Auth.Successor
	if s == nil {
		return []password{before}
	}
	after := password{ref: s.Password, from: s.From}
	switch now := p.opts.Now(); {
	case now.Before(s.From.Add(-aroundChange)):
		return []password{before}
	case !now.Before(s.From.Add(aroundChange)):
		return []password{after}
	case now.Before(s.From):
		return p.preferred(e, []password{before, after})
	}
	return p.preferred(e, []password{after, before})
}

func (p *Pool) preferred(e job.Endpoint, both []password) []password {
	if both[1].ref == p.account(accountOf(e)).preferred() {
		slices.Reverse(both)
	}
	return both
}

// revealed reads the passwords of a login. One that is to come and is not there yet keeps nobody from logging in with the other.
func (p *Pool) revealed(ctx context.Context, e job.Endpoint) ([]password, error) {
	all := p.passwordsOf(e)
	var found []password
	var first error
	for _, one := range all {
		text, err := p.opts.Secrets.Reveal(ctx, one.ref)
		if err != nil {
			what := "the password of " + who(e)
			if !one.from.IsZero() {
				what = fmt.Sprintf("the password of %s that is valid from %s", who(e), one.from.Format(time.DateOnly))
			}
			if first == nil {
				first = secretReason(what, err)
			}
			continue
		}
		one.text = text
		found = append(found, one)
	}
	if len(found) == 0 {
		return nil, first
	}
	return found, nil
}

// prefer notes which of two passwords goes first at the next login of this process; unheard: because the other one was refused, and
// not because it was taken.
func (a *account) prefer(ref job.SecretRef, unheard bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first, a.unheard = ref, unheard
}

// awaits says whether the first of these passwords was never heard, while the other one was refused: that refusal keeps it out no longer.
func (a *account) awaits(passwords []password) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unheard && len(passwords) > 1 && passwords[0].ref == a.first
}

func (a *account) preferred() job.SecretRef {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.first
}

// turn goes on to the next password of whoever refused one, with hops for a connection of its own; false: there is none.
func (e *entry) turn(ctx context.Context) bool {
	fresh, turned := make([]*hop, len(e.hops)), false
	for i, h := range e.hops {
		if h.client != nil {
			h.settlePassword(ctx) // of this connection: whether the next one gets as far is open
		}
		fresh[i] = h.anew()
		if h.refused != nil && h.login.missed() && h.login.pass+1 < len(h.login.creds.passwords) {
			fresh[i].login.pass++
			turned = true
		}
	}
	if turned {
		e.hops = fresh
	}
	return turned
}

// settlePassword notes which password the server took, or which it did not hear because something came between. A server that let us in has
// taken it, whatever became of the way behind it: the one that it refused is not sent again.
func (h *hop) settlePassword(ctx context.Context) {
	given, all := h.login.password()
	switch {
	case len(all) < 2 || given < 0:
	case h.client != nil && h.login.took():
		h.pool.account(h.account()).prefer(all[given].ref, false)
		h.mark = h.pool.mark(ctx, h.endpoint)
	case h.refused != nil && given+1 < len(all) && !h.login.asked:
		h.pool.account(h.account()).prefer(all[given+1].ref, true)
	}
}
