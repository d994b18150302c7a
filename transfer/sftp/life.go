package sftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Causes for which we end a connection ourselves.
var (
	errStalled   = errors.New("no byte moved")
	errTooSlow   = errors.New("the transfer is slower than the floor rate")
	errNoAnswer  = errors.New("no answer")
	errHandshake = errors.New("handshake, login and start of SFTP took too long")
	errSilent    = errors.New("the peer is gone: keepalives were answered before and are no more")
	errClosed    = errors.New("the session was closed")
)

// A timeoutError is one of the causes above with the time that was allowed.
type timeoutError struct {
	cause error
	after time.Duration
}

func (e *timeoutError) Error() string { return fmt.Sprintf("%v within %v", e.cause, e.after) }
func (e *timeoutError) Unwrap() error { return e.cause }

// life is the TCP connection below everything. Cutting it is the one sure way to free whoever waits for the peer.
type life struct {
	conn net.Conn

	mu    sync.Mutex
	cause error // why it was cut; nil: it was not, by us
}

// cut closes the connection for cause. Only the first cause counts.
func (l *life) cut(cause error) {
	l.mu.Lock()
	first := l.cause == nil
	if first {
		l.cause = cause
	}
	l.mu.Unlock()
	if first {
		_ = l.conn.Close()
	}
}

// why is the cause of our cut; nil: we did not cut it.
func (l *life) why() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// guard cuts the connection when ctx ends or d passes (0: no bound), until stop is called.
func (l *life) guard(ctx context.Context, d time.Duration, cause error) (stop func()) {
	cancel := func() {}
	if d > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, d, &timeoutError{cause, d})
	}
	release := context.AfterFunc(ctx, func() { l.cut(context.Cause(ctx)) })
	return func() {
		release()
		cancel()
	}
}
