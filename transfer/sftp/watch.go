package sftp

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/job"
)

// samples is how many times within FloorOver a transfer's progress is noted.
const samples = 10

// looks is how many times within Stall the watchdog looks whether bytes move: a dead peer is given up at most two looks late.
const looks = 20

// patience is how many stall times a transfer may be without a byte of its own while the server serves others of the session: they
// share its time, and one that serves them one by one is alive.
const patience = 10

// transfer is one copy under watch.
type transfer struct {
	total  atomic.Int64         // bytes that moved on the wire
	local  atomic.Int32         // our own side is reading or writing: the wire may well be quiet
	served func() time.Duration // changes while the server serves other transfers; nil: there are none
}

func (t *transfer) moved(n int) { t.total.Add(int64(n)) }

// waits is for a time in which the server was asked for nothing.
func (t *transfer) waits(more int32) { t.local.Add(more) }

// watch gives a transfer a context that ends when no byte has moved for the stall time, or when fewer bytes than the floor
// rate allows have moved over its span.
func (s *Session) watch(ctx context.Context) (watched context.Context, t *transfer, stop func()) {
	s.moving.Add(1)
	t = &transfer{served: s.served}
	watched, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := t.watch(watched, s.way.last().timeouts); err != nil {
			cancel(err)
		}
	}()
	return watched, t, func() {
		cancel(nil)
		<-done
		s.moving.Add(-1)
	}
}

// served is when the server last answered anything, if it has more to do than one transfer.
func (s *Session) served() time.Duration {
	if s.moving.Load() < 2 && s.way.wire.Closing() == 0 {
		return 0
	}
	return s.way.wire.Heard()
}

// watch returns when ctx ends, or with the reason why the transfer must.
func (t *transfer) watch(ctx context.Context, bounds job.Timeouts) error {
	stall := time.NewTicker(max(bounds.Stall/looks, time.Millisecond))
	defer stall.Stop()
	floor := time.NewTicker(max(bounds.FloorOver/samples, time.Millisecond))
	defer floor.Stop()
	var seen []int64 // one a tick of floor, the latest last
	last, since := t.total.Load(), time.Now()
	beside, alive := time.Duration(0), since
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-stall.C:
			if n := t.total.Load(); n != last || t.local.Load() > 0 {
				last, since, alive = n, now, now
			} else if at := t.servedAt(); at != beside {
				beside, alive = at, now
			}
			switch {
			case now.Sub(alive) >= bounds.Stall:
				return &timeoutError{errStalled, bounds.Stall}
			case now.Sub(since) >= patience*bounds.Stall:
				return &timeoutError{errStalled, patience * bounds.Stall}
			}
		case <-floor.C:
			if t.local.Load() > 0 {
				seen = seen[:0]
			}
			seen = append(seen, t.total.Load())
			if len(seen) <= samples {
				continue
			}
			if float64(seen[samples]-seen[0]) < float64(bounds.Floor)*bounds.FloorOver.Seconds() {
				return &timeoutError{errTooSlow, bounds.FloorOver}
			}
			seen = seen[1:]
		}
	}
}

func (t *transfer) servedAt() time.Duration {
	if t.served == nil {
		return 0
	}
	return t.served()
}

// ours is a step of our own side, during which the wire is quiet.
func (t *transfer) ours(step func(job.Entry) error) func(job.Entry) error {
	if step == nil {
		return nil
	}
	return func(read job.Entry) error {
		t.local.Add(1)
		defer t.local.Add(-1)
		return step(read)
	}
}

// sink is our side of a download.
type sink struct {
	io.Writer
	t *transfer
}

func (s *sink) Write(p []byte) (int, error) {
	s.t.local.Add(1)
	defer s.t.local.Add(-1)
	return s.Writer.Write(p)
}

// source is our side of an upload.
type source struct {
	asked context.Context // for how long the bytes are wanted
	io.Reader
	t *transfer
}

func (s *source) Read(p []byte) (int, error) {
	if s.asked.Err() != nil {
		return 0, context.Cause(s.asked)
	}
	s.t.local.Add(1)
	defer s.t.local.Add(-1)
	return s.Reader.Read(p)
}

// lastBytes is how long an upload that is not wanted any more may take to come to an end that leaves the session alive.
const lastBytes = 2 * time.Second

// outliving gives a context that ends a moment after ctx.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(lastBytes)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel(nil) }
}
