package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/web/route"
)

const (
	looksMost     = 90 * time.Second // that one look at a server takes
	looksBusy     = 8                // servers looked at for people and programs at once
	looksOfTenant = 3                // of those, for one tenant's connections

	// looksBurst and looksEach are the pace of looks as one account: so many at once, and one more for each such time.
	looksBurst = 6
	looksEach  = time.Minute
	// looksRefused is how many looks a refused login counts for beside itself: servers lock accounts after some of them.
	looksRefused = 2
)

// turn is a look at a customer's server that wants its turn.
type turn struct {
	what    string // is done once at a time
	tenant  string // whose connection it is
	account string // keeps the pace: several connections may log in as it
}

// turnOf is the turn of a look at a connection, or for a job on it.
func turnOf(cfg *config.Config, what, connection string) turn {
	c := cfg.Connections[connection]
	return turn{what: what, tenant: cmp.Or(c.Entity, "of "+connection), account: accountOf(c.Endpoint)}
}

// accountOf is the account that a server locks after some refused logins.
func accountOf(e job.Endpoint) string {
	return fmt.Sprintf("%s@%s:%d", e.User, strings.ToLower(e.Host), e.Port)
}

// turns let each thing be done once at a time, few at once and fewer of one tenant, and none too often: what takes its time at customers' servers
// must not pile up, and nobody locks an account by asking.
type turns struct {
	mu      sync.Mutex
	busy    map[string]string    // tenants, by what is being done
	rested  map[string]time.Time // when all of the burst of an account may be had again
	looking map[string]int       // by tenant
}

// take begins a turn, or says why not now.
func (t *turns) take(k turn) (done func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy == nil {
		t.busy, t.looking = map[string]string{}, map[string]int{}
	}
	if _, same := t.busy[k.what]; same {
		return nil, &job.Reason{
			Slug: "api.busy", What: "nothing was begun", Cause: "the same is being done already", Do: "ask again in a moment", Who: job.WhoUs, Err: job.ErrExists,
		}
	}
	if t.looking[k.tenant] >= looksOfTenant || len(t.busy) >= looksBusy {
		return nil, route.TooSoon{Wait: 10 * time.Second, Reason: &job.Reason{
			Slug: "api.looks_full", What: "nothing was begun", Cause: fmt.Sprintf("%d servers are looked at already, or %d of this customer's", looksBusy, looksOfTenant), Do: "ask again in a moment", Who: job.WhoUs,
		}}
	}
	if err := t.pace(k.account, 1); err != nil {
		return nil, err
	}
	t.busy[k.what] = k.tenant
	t.looking[k.tenant]++
	return func() { t.end(k) }, nil
}

func (t *turns) end(k turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.busy, k.what)
	if t.looking[k.tenant]--; t.looking[k.tenant] == 0 {
		delete(t.looking, k.tenant)
	}
}

// login counts a login that somebody lets through past a refusal: it is made without the look's turn, and keeps its pace.
func (t *turns) login(account string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pace(account, 1+looksRefused)
}

// pace counts looks as an account, or says how long to wait. The lock is held.
func (t *turns) pace(account string, looks int) error {
	now := time.Now()
	if t.rested == nil {
		t.rested = map[string]time.Time{}
	}
	for name, at := range t.rested {
		if !at.After(now) {
			delete(t.rested, name)
		}
	}
	at := now
	if rested, tired := t.rested[account]; tired {
		at = rested
	}
	at = at.Add(time.Duration(looks) * looksEach)
	if wait := at.Sub(now) - looksBurst*looksEach; wait > 0 {
		return route.TooSoon{Wait: wait, Reason: &job.Reason{
			Slug: "api.too_soon", What: "nothing was begun, and the server was not asked", Cause: fmt.Sprintf("%s was tried %d times or more in the last minutes; a refused login counts for %d", naming.Printable(account, mostShown), looksBurst, looksRefused+1),
			Do: fmt.Sprintf("ask again in %s", wait.Round(time.Second)), Who: job.WhoUs,
		}}
	}
	t.rested[account] = at
	return nil
}

// refused has a refused login count for more than one look.
func (t *turns) refused(account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := time.Now()
	if rested := t.rested[account]; rested.After(at) {
		at = rested
	}
	t.rested[account] = at.Add(looksRefused * looksEach)
}

// look lets one look at a server take its turn, in bounded time.
func look[T any](ctx context.Context, t *turns, k turn, of func(context.Context) (T, error)) (T, error) {
	done, err := t.take(k)
	if err != nil {
		var none T
		return none, err
	}
	defer done()
	ctx, stop := context.WithTimeout(ctx, looksMost)
	defer stop()
	return of(ctx)
}
