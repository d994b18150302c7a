package wire

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// maxHandle is the longest handle that the protocol allows, in bytes.
const maxHandle = 256

// takeHandle waits until one more file may be open: servers bound how many may, and some tell. A file is open until its CLOSE is
// answered, and giveHandle is called then. That others are open may take as long as it takes; a CLOSE may not.
func (c *Client) takeHandle(ctx context.Context, path string, waiting func(int32)) error {
	if waiting != nil {
		waiting(1)
		defer waiting(-1)
	}
	timer := time.NewTimer(max(c.opts.RequestTimeout, time.Millisecond))
	defer timer.Stop()
	began := time.Since(c.start)
	for {
		select {
		case c.handles <- struct{}{}:
			return nil
		case <-ctx.Done():
			return &ConnectionError{Op: OpOpen, Path: path, Err: context.Cause(ctx)}
		case <-c.dead:
			return &ConnectionError{Op: OpOpen, Path: path, Err: c.Err()}
		case <-timer.C:
			timer.Reset(c.unlessOverdue(&began))
		}
	}
}

// unlessOverdue ends a session in which a file cannot be opened because CLOSEs are not answered, or says when to ask that again.
func (c *Client) unlessOverdue(began *time.Duration) time.Duration {
	if c.Closing() == 0 || c.opts.RequestTimeout <= 0 {
		*began = time.Since(c.start)
		return max(c.opts.RequestTimeout, time.Second)
	}
	again, overdue := c.overdue(*began, c.opts.RequestTimeout)
	if overdue != nil {
		c.fail(fmt.Errorf("%s given up: %w", OpClose, overdue))
	}
	return again
}

func (c *Client) giveHandle() { <-c.handles }

// openFile asks for a handle on a file. No attributes are sent: permissions and times are the server's choice.
func (c *Client) openFile(ctx context.Context, path string, flags uint32) (string, error) {
	r := pathRequest(OpOpen, packet.Open, path)
	r.packet = packet.AppendUint32(packet.AppendUint32(r.packet, flags), 0)
	return c.openHandle(ctx, r)
}

func (c *Client) openHandle(ctx context.Context, r *request) (string, error) {
	op, path := r.op, r.path
	f, err := c.askBody(ctx, r)
	if err != nil {
		return "", err
	}
	handle := f.String()
	if f.Err() != nil {
		return "", c.broken(op, path, f.Err())
	}
	if len(handle) > maxHandle {
		return "", c.broken(op, path, protocol("a handle of %d bytes", len(handle)))
	}
	return handle, nil
}

// closeHandle sends CLOSE and waits for its status. When ctx is done already nothing may be sent any more, and the
// handle would stay open for the life of the session: it ends.
func (c *Client) closeHandle(ctx context.Context, path, handle string, written int64) error {
	r := handleRequest(OpClose, packet.Close, path, handle)
	r.longer = flushTime(written)
	if ctx.Err() != nil {
		return c.giveUp(r, context.Cause(ctx))
	}
	return c.askStatus(ctx, r)
}

// letGo sends CLOSE of what was read, and nobody waits for the answer but who wants to open one file too many: until it is there, and
// gone is called, the server has the file open. Nil: nobody minds, as with a folder.
func (c *Client) letGo(path, handle string, gone func()) {
	r := handleRequest(OpClose, packet.Close, path, handle)
	if gone != nil {
		c.closing.Add(1)
		r.then = func() { c.closing.Add(-1); gone() }
	}
	_ = c.send(r) // a session that has ended has let go of all
}

// Closing is how many files that were read are not closed yet.
func (c *Client) Closing() int { return int(c.closing.Load()) }

// handleRequest begins a request about an open file or folder.
func handleRequest(op Op, kind byte, path, handle string) *request {
	b := packet.Begin(make([]byte, 0, packet.HeaderLength+4+len(handle)+12), kind, 0)
	return &request{op: op, path: path, packet: packet.AppendString(b, handle)}
}

// fsync asks the server to bring a file to its disk.
func (c *Client) fsync(ctx context.Context, path, handle string, written int64) error {
	r := fsyncRequest(path, handle)
	r.longer = flushTime(written)
	return c.askStatus(ctx, r)
}

func fsyncRequest(path, handle string) *request {
	r := pathRequest(OpFsync, packet.Extended, packet.Fsync, handle)
	r.path = path
	return r
}

// flushTime is what a server may need to bring written bytes to its disk, or to the object store behind it, which many
// do at CLOSE: a second a MiB.
func flushTime(written int64) time.Duration { return time.Duration(written>>20) * time.Second }

// flight is the requests of one copy or listing that are not answered yet.
type flight struct {
	c        *Client
	done     chan *request
	asked    *request // stands for them all when their answers are lost
	open     int
	patience time.Duration // with a silent server; 0: any, data may take long on a slow line
}

func newFlight(c *Client, op Op, path string, most int) *flight {
	f := &flight{c: c, done: make(chan *request, most), asked: &request{op: op, path: path, begun: true}}
	if op == OpReaddir { // names may not take long
		f.patience = c.opts.RequestTimeout
	}
	return f
}

func (f *flight) send(r *request) error {
	r.done = f.done
	if err := f.c.send(r); err != nil {
		return f.c.lost(f.asked) // of the others some went out
	}
	f.open++
	return nil
}

// next waits for an answer; there must be one to come.
func (f *flight) next(ctx context.Context) (*request, error) {
	r, err := f.c.await(ctx, f.done, f.asked, f.patience)
	if err == nil {
		f.count(r)
	}
	return r, err
}

// sendOn sends a request on one of the lanes of a copy.
func (f *flight) sendOn(l *lane, r *request) error {
	r.lane = l
	if l.helper == nil {
		if err := f.send(r); err != nil {
			return err
		}
	} else {
		r.done = f.done
		if err := l.c.send(r); err != nil {
			return err
		}
		f.open++
	}
	l.open++
	l.asked = time.Now()
	return nil
}

// count counts an answer out. What comes from a lane that is gone was counted when it went, and events never.
func (f *flight) count(r *request) {
	switch {
	case r.event != nil || r.lane != nil && r.lane.gone:
	default:
		f.open--
		if r.lane != nil {
			r.lane.open--
		}
	}
}

// forget stops waiting for what a lane still owes.
func (f *flight) forget(l *lane) {
	l.gone = true
	f.open -= l.open
}

// drain waits for all answers and gives each to each, which may be nil.
func (f *flight) drain(ctx context.Context, each func(*request)) error {
	for f.open > 0 {
		r, err := f.next(ctx)
		if err != nil {
			return err
		}
		if each != nil {
			each(r)
		}
	}
	return nil
}
