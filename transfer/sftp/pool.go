package sftp

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/job"
)

// Options of a Pool.
type Options struct {
	Store   Store   // needed
	Secrets Secrets // needed
	// SecretVersion tells one content of a secret from the next, for example by the time at which it was set, without
	// giving it. It is asked for secrets that are not files. Nil: a breaker that a wrong password opened does not notice
	// that the password was changed, unless it stands in a file.
	SecretVersion func(ctx context.Context, ref job.SecretRef) string
	// EgressIPs are the addresses that customers see us come from; they stand in messages about firewalls.
	EgressIPs []string
	// Log gets what is worth knowing and no error: promoted keys, rotated host keys. Nil: nothing is logged.
	Log *slog.Logger
	// Now is the clock of breakers and pins. Nil: time.Now.
	Now func() time.Time
}

// Pool gives sessions. All sessions of one account share its limit of connections and its breaker.
type Pool struct {
	opts Options

	mu       sync.Mutex
	accounts map[job.Account]*account

	rules   rules
	helping atomic.Int32 // helpers of all sessions
}

// NewPool makes a pool. It holds no connection that no session holds, and needs no end.
func NewPool(opts Options) *Pool {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Pool{opts: opts, accounts: map[job.Account]*account{}, rules: usual}
}

// Session waits for a free connection of the account, dials, logs in and starts SFTP. Close gives the connection back.
//
// While the account's breaker is open, the refusal that opened it is returned and nothing is dialled, unless one login
// may be let through. Errors are *job.Reason.
func (p *Pool) Session(ctx context.Context, c job.Connection) (*Session, error) {
	return p.session(ctx, c, false, nil)
}

func (p *Pool) session(ctx context.Context, c job.Connection, always bool, t *trace) (*Session, error) {
	release, err := p.account(accountOf(c.Endpoint)).acquire(ctx, max(1, c.MaxConnections))
	if err != nil {
		return nil, waitReason(c.Endpoint, err)
	}
	w, err := p.open(ctx, c, always, t)
	if err != nil {
		release()
		return nil, err
	}
	lie := p.stand(w.hops)
	s, err := newSession(ctx, p, c, w, func() { lie(); release() })
	if err != nil {
		w.leave()
		lie()
		release()
		return nil, err
	}
	return s, nil
}

// open connects under the eyes of the breakers of all accounts on the way.
func (p *Pool) open(ctx context.Context, c job.Connection, always bool, t *trace) (*way, error) {
	hops, err := p.hopsOf(ctx, c, t)
	if err != nil {
		return nil, err
	}
	entry, err := p.enter(ctx, hops, always)
	if err != nil {
		return nil, err
	}
	defer entry.leave()
	w, err := p.arrive(ctx, c, entry)
	if err != nil {
		entry.failed(ctx)
		return nil, err
	}
	entry.succeeded(ctx)
	for _, h := range w.hops {
		h.remember(ctx)
	}
	p.activate(ctx, c.Name)
	return w, nil
}

// arrive connects, and around the day of a new password once more if the first one was refused. That takes a connection of its own: many
// servers close the line behind a wrong password, some without a word. No password is sent twice.
func (p *Pool) arrive(ctx context.Context, c job.Connection, e *entry) (*way, error) {
	w, err := p.connect(ctx, c, e.hops, nil)
	for err != nil && ctx.Err() == nil && e.turn(ctx) {
		w, err = p.connect(ctx, c, e.hops, nil)
	}
	for _, h := range e.hops {
		h.settlePassword(ctx)
	}
	return w, err
}

// activate ends a draft: one login over a pinned key has worked.
func (p *Pool) activate(ctx context.Context, connection string) {
	active, err := p.opts.Store.ConnectionState(ctx, connection)
	if err == nil && !active {
		err = p.opts.Store.Activate(ctx, connection)
	}
	if err != nil {
		p.opts.Log.Warn("activate a connection", "connection", connection, "error", err)
	}
}

func accountOf(e job.Endpoint) job.Account {
	return job.Account{Host: e.Host, Port: e.Port, User: e.User}
}

func (p *Pool) account(a job.Account) *account {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.accounts[a]
	if !ok {
		found = &account{name: a, gate: make(chan struct{}, 1)}
		p.accounts[a] = found
	}
	return found
}
