package sftp

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// rules say when further connections help with one file. They are options so that tests can use them without a long line.
type rules struct {
	lanes    func(roundTrip time.Duration) int
	lossy    int
	least    int64
	atOnce   int64
	patience time.Duration
	kept     time.Duration
}

var usual = rules{lanes: lanesFor, lossy: 1 + helpersOfSession, least: 8 << 20, patience: 20 * time.Second, kept: keptFor}

// lanesFor gives as many connections as pay: what one of them has in flight is 2 MiB, which on a short line is all that server and
// client can do. At 20 ms more than four writers get into each other's way in the server's file.
func lanesFor(roundTrip time.Duration) int {
	switch {
	case roundTrip < 2*time.Millisecond:
		return 1
	case roundTrip < 8*time.Millisecond:
		return 2
	case roundTrip < 40*time.Millisecond:
		return 4
	}
	return 8
}

const (
	helpersOfSession = 7  // eight connections and their memory
	helpersOfPool    = 24 // in memory, for all accounts together

	// keptFor is how long a helper waits for the next large file of its session.
	keptFor = 15 * time.Second

	// How long the process leaves an account alone in which a helper met trouble. A login that was refused is not put to the
	// server again and again: it may count such.
	refusedRest = 24 * time.Hour
	fullRest    = time.Hour
	brokenRest  = 10 * time.Minute
)

// stripes says how a download may use further connections.
func (s *Session) stripes() *wire.Stripes {
	if s.conn.MaxConnections < 2 || s.putOnly {
		return nil
	}
	p := s.Profile()
	tells := p.List != nil && *p.List || p.Stat != nil && *p.Stat
	return &wire.Stripes{Lanes: s.pool.rules.lanes, Lossy: s.pool.rules.lossy, Early: tells, Least: s.pool.rules.least,
		AtOnce: s.pool.rules.atOnce, Patience: s.pool.rules.patience, Call: s.help, Running: &s.helpers.running, Memory: &s.pool.account(accountOf(s.conn.Endpoint)).striped}
}

// writeStripes is the same for an upload. Only OpenSSH is known to write at any place of a file through any number of handles; a
// gateway to an object store may take the bytes of one handle, in order, for the whole of the file. A system that takes files at
// CLOSE, whatever their names, would do so at the first of several. And only a private name, which nobody else reads or writes, may be
// written in several places at once.
func (s *Session) writeStripes(private bool) *wire.Stripes {
	p := s.Profile()
	known := private && bytes.HasPrefix(s.way.last().client.ServerVersion(), []byte("SSH-2.0-OpenSSH_")) &&
		p.Fsync != nil && *p.Fsync && p.PosixRename != nil && *p.PosixRename && p.Statvfs != nil && *p.Statvfs
	if takes := p.SweepsAtOnce != nil && *p.SweepsAtOnce; takes {
		return nil
	}
	if !known {
		return nil
	}
	stripes := s.stripes()
	if stripes != nil {
		stripes.Lossy = 0 // no upload was seen to gain by more: 32 MiB at 20 ms and 0.1 % loss took as long
	}
	return stripes
}

var errNoHelper = errors.New("no further connection is to be had now")

// help gives a further connection: one that was kept, or a new one, if the account has one free that nobody waits for. No failure of it is
// one of the copy, opens a breaker or is told to anybody: it is logged, and the account left alone for a while.
func (s *Session) help(ctx context.Context) (*wire.Helper, error) {
	a := s.pool.account(accountOf(s.conn.Endpoint))
	if a.rests(s.pool.opts.Now()) {
		return nil, errNoHelper
	}
	w, release, err := s.further(ctx, a)
	if err != nil {
		return nil, err
	}
	if a.rests(s.pool.opts.Now()) { // since it was waited for
		s.keep(a, w, release)
		return nil, errNoHelper
	}
	return s.lend(a, w, release), nil
}

// further gives a connection that was kept, or logs in.
func (s *Session) further(ctx context.Context, a *account) (*way, func(), error) {
	if k := s.helpers.again(ctx); k != nil {
		return k.w, k.release, nil
	}
	if !s.helpers.take() {
		return nil, nil, errNoHelper
	}
	w, release, err := s.pool.helper(ctx, s, a)
	if err != nil {
		s.helpers.give()
	}
	return w, release, err
}

// lend gives a helper to a copy.
func (s *Session) lend(a *account, w *way, release func()) *wire.Helper {
	told := false // by the copy's own goroutine, before it lets the helper go
	return &wire.Helper{
		Client: w.wire,
		Wanted: func() bool {
			told = told || a.wants()
			return told
		},
		Fault: func(fault error) {
			if !errors.Is(fault, wire.ErrNotNeeded) {
				s.pool.troubled(s, a, 0, brokenRest, fault)
			}
		},
		Parts: s.helpers.parts,
		Leave: func(fault error) {
			defer s.helpers.came()
			if fault == nil && !told {
				s.keep(a, w, release)
				return
			}
			if fault == nil {
				w.leave()
			} else {
				w.drop(fault)
			}
			release()
			if told {
				a.gone()
			}
			s.helpers.give()
		},
	}
}

// helper takes a free connection of the account and logs in.
func (p *Pool) helper(ctx context.Context, s *Session, a *account) (*way, func(), error) {
	if !a.hasSpare(s.conn.MaxConnections, p.opts.Now()) {
		return nil, nil, errNoHelper // no key and no password is read for nothing
	}
	hops, err := p.hopsOf(ctx, s.conn, nil)
	if err != nil {
		return nil, nil, err
	}
	leave, err := p.sidedoor(ctx, hops)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	release := p.spare(s, a)
	if release == nil {
		return nil, nil, errNoHelper
	}
	ctx, done := a.idling(s.helpers.ctx) // behind the end of the copy too: a login that is broken off counts against us at some servers
	defer done()
	limits := s.way.wire.Limits()
	w, err := p.connect(ctx, s.conn, hops, &limits)
	if err == nil {
		for _, h := range hops {
			p.account(h.account()).share(h.mark)
		}
		return w, release, nil
	}
	defer release()
	switch {
	case ctx.Err() != nil: // the session has ended, or somebody else needs the connection
	case wasRefused(hops):
		for _, h := range hops {
			p.account(h.account()).doubt(h.mark)
		}
		p.troubled(s, a, 0, refusedRest, err)
	default:
		p.troubled(s, a, a.inUse()-1, fullRest, err)
	}
	return nil, nil, err
}

// spare takes a connection for a helper, within the account's limit and that of the process.
func (p *Pool) spare(s *Session, a *account) func() {
	if p.helping.Add(1) > helpersOfPool {
		p.helping.Add(-1)
		return nil
	}
	release := a.spare(s.conn.MaxConnections, p.opts.Now())
	if release == nil {
		p.helping.Add(-1)
		return nil
	}
	return sync.OnceFunc(func() { p.helping.Add(-1); release() })
}

// sidedoor lets the logins of helpers through where nothing is in doubt: this process has logged in with the same credentials, and no
// breaker is open. The first helper of an account with a password goes alone, and so does the first of any behind a refusal: a server that takes one login at a
// time and says no to a second as it would to a wrong password must not hear it seven times.
func (p *Pool) sidedoor(ctx context.Context, hops []*hop) (leave func(), err error) {
	e := &entry{pool: p}
	var alone []*account
	for _, h := range hops {
		if a := p.account(h.account()); len(h.login.creds.passwords) > 0 && !a.isShared(h.mark) || a.isDoubted(h.mark) {
			alone = append(alone, a)
		}
	}
	if err := e.take(ctx, alone); err != nil {
		e.leave()
		return nil, err
	}
	for _, h := range hops {
		b, err := p.opts.Store.Breaker(ctx, h.account())
		if err != nil || b.Open || !p.account(h.account()).isProven(h.mark) {
			e.leave()
			return nil, errors.Join(errNoHelper, err)
		}
	}
	return e.leave, nil
}

func wasRefused(hops []*hop) bool {
	for _, h := range hops {
		if h.refused != nil {
			return true
		}
	}
	return false
}

// troubled remembers that a helper met trouble. Beside most connections, none is tried for a while.
func (p *Pool) troubled(s *Session, a *account, most int, rest time.Duration, err error) {
	now := p.opts.Now()
	a.bound(most, now, now.Add(rest))
	p.opts.Log.Info("a further connection for a large file came to nothing; the file goes on without it", "connection", s.conn.Name,
		"connections", most, "error", s.way.redact(&job.Reason{Technical: technical(err)}).Technical)
}
