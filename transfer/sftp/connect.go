package sftp

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// closeWait bounds the farewell of a session that is well.
const closeWait = 3 * time.Second

// way is the chain of SSH connections to a server and the SFTP session at its end.
type way struct {
	life *life
	hops []*hop
	wire *wire.Client
	like *wire.Limits // of a helper: what its session was granted; nil: it is asked

	hungUp atomic.Bool
}

// last is the customer's server.
func (w *way) last() *hop { return w.hops[len(w.hops)-1] }

// hopsOf prepares every hop before anything is dialled: pins, keys, secrets.
func (p *Pool) hopsOf(ctx context.Context, c job.Connection, t *trace) ([]*hop, error) {
	hops, err := p.jumpsOf(ctx, c)
	if err != nil {
		return nil, err
	}
	h, err := p.hopOf(ctx, c.Name, c.Endpoint)
	if err != nil {
		return nil, err
	}
	h.trace, h.deny = t, c.DenyNetworks
	return append(hops, h), nil
}

func (p *Pool) jumpsOf(ctx context.Context, c job.Connection) ([]*hop, error) {
	var hops []*hop
	for _, j := range c.Jump {
		h, err := p.hopOf(ctx, c.Name, j.Endpoint)
		if err != nil {
			return nil, viaJump(j.Name, err)
		}
		hops = append(hops, h)
	}
	return hops, nil
}

func (p *Pool) hopOf(ctx context.Context, connection string, e job.Endpoint) (*hop, error) {
	h := &hop{pool: p, connection: connection, endpoint: e, timeouts: withDefaults(e.Timeouts)}
	var err error
	if h.pins, err = p.pinsOf(ctx, e); err != nil {
		return nil, err
	}
	creds, err := p.credentialsOf(ctx, e)
	if err != nil {
		return nil, err
	}
	h.login, h.mark = &login{creds: creds, user: e.User}, p.mark(ctx, e)
	return h, nil
}

// connect goes the whole way. A failure on a jump host names it.
func (p *Pool) connect(ctx context.Context, c job.Connection, hops []*hop, like *wire.Limits) (*way, error) {
	w := &way{hops: hops, like: like}
	for i := range hops {
		isLast := i == len(hops)-1
		err := w.step(ctx, i, isLast)
		if err != nil {
			w.drop(err)
		}
		switch {
		case isLast:
			return w, err
		case err != nil:
			return nil, viaJump(c.Jump[i].Name, err)
		}
		w.last().trace.done(stageJump+c.Jump[i].Name, hops[i].jumpDetail())
	}
	return nil, errors.New("a connection has at least one hop")
}

// step makes the connection of one hop, and starts SFTP on the customer's server, under one deadline.
func (w *way) step(ctx context.Context, i int, withSFTP bool) error {
	h := w.hops[i]
	if i > 0 {
		h.before = w.hops[i-1]
	}
	raw, err := w.reach(ctx, i)
	if err != nil {
		return w.redact(h.dialReason(w.interrupted(ctx, err)))
	}
	if w.life == nil {
		w.life = &life{conn: raw}
	}
	stop := w.life.guard(ctx, h.timeouts.Handshake, errHandshake)
	defer stop()
	if err := h.handshake(raw); err != nil {
		return w.redact(h.failure(w.interrupted(ctx, err)))
	}
	if !withSFTP {
		return nil
	}
	if w.wire, err = w.startSFTP(ctx); err != nil {
		return w.redact(h.startReason(w.interrupted(ctx, err)))
	}
	h.trace.done(stageSFTP, extensionsText(w.wire))
	return nil
}

// reach opens the byte stream to a hop: TCP for the first, a tunnel through the hop before for the others.
func (w *way) reach(ctx context.Context, i int) (net.Conn, error) {
	h := w.hops[i]
	if i == 0 {
		return h.dialTCP(ctx)
	}
	if err := h.denyLiteral(); err != nil {
		return nil, err
	}
	stop := w.life.guard(ctx, h.timeouts.Connect, errNoAnswer)
	defer stop()
	h.trace.done(stageDNS, "left to the jump host")
	conn, err := w.hops[i-1].client.Dial("tcp", address(h.endpoint))
	if err != nil {
		return nil, &tunnelError{err}
	}
	h.trace.done(stageTCP, address(h.endpoint)+" through the jump host")
	return conn, nil
}

// A tunnelError says that a jump host did not make the connection.
type tunnelError struct{ err error }

func (e *tunnelError) Error() string { return "through the jump host: " + e.err.Error() }
func (e *tunnelError) Unwrap() error { return e.err }

// interrupted prefers our own cause of an end to what the end looked like from inside.
func (w *way) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &endError{context.Cause(ctx)}
	}
	if w.life != nil {
		if cause := w.life.why(); cause != nil {
			return cause
		}
	}
	return err
}

// A subsystemError says that the server has no SFTP for this user.
type subsystemError struct{ err error }

func (e *subsystemError) Error() string {
	if e.err != nil {
		return "the server refused the SFTP subsystem: " + e.err.Error()
	}
	return "the server refused the SFTP subsystem"
}
func (e *subsystemError) Unwrap() error { return e.err }

func (w *way) startSFTP(ctx context.Context) (*wire.Client, error) {
	channel, requests, err := w.last().client.OpenChannel("session", nil)
	if err != nil {
		return nil, err
	}
	go ssh.DiscardRequests(requests)
	ok, err := channel.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{"sftp"}))
	if err != nil || !ok {
		_ = channel.Close()
		if err == nil {
			err = &subsystemError{}
		}
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, channel.Stderr()) }() // unread, it would fill the channel's window
	return wire.New(ctx, channel, wire.Options{Kill: w.life.cut, Closed: w.hangUp, Limits: w.like, RequestTimeout: w.last().timeouts.Operation})
}

// drop cuts the connection and waits for what runs on it.
func (w *way) drop(cause error) {
	if w.life == nil {
		return
	}
	w.life.cut(cause)
	for i := len(w.hops) - 1; i >= 0; i-- {
		h := w.hops[i]
		if h.client != nil {
			_ = h.client.Wait()
		}
		h.serving.Wait()
		h.proven()
	}
	if w.wire != nil {
		_ = w.wire.Close(context.Background())
	}
}

// leave says farewell to a server that is well, and is gone after closeWait in any case. It waits for the server to hang
// up: one that counts connections may refuse the next as long as it has not seen the end of this.
func (w *way) leave() {
	ctx, cancel := context.WithTimeoutCause(context.Background(), closeWait, errClosed)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { w.life.cut(errClosed) })
	defer stop()
	for _, h := range w.hops {
		h.proven()
	}
	_ = w.wire.Close(ctx)
	if w.hungUp.Load() || w.halfClose() {
		_ = w.hops[0].client.Wait()
	}
	w.drop(errClosed)
}

// hangUp ends our half of the connection right behind the end of the session, so that both are answered in one round trip. A jump host
// is left until that is through: it may drop what it has not passed on.
func (w *way) hangUp() {
	if len(w.hops) == 1 {
		w.hungUp.Store(w.halfClose())
	}
}

func (w *way) halfClose() bool {
	half, ok := w.life.conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// openRefused says whether the server would not open one more channel.
func openRefused(err error) bool {
	var refused *ssh.OpenChannelError
	return errors.As(err, &refused)
}
