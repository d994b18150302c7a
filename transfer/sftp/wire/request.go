package wire

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// request is one packet to the server and its answer.
type request struct {
	op      Op
	path    string      // raw, for errors
	packet  []byte      // complete but for its id
	into    []byte      // READ: where the data goes; its length is what was asked
	came    func(n int) // READ: told of the bytes of the data, as they come; nil: nobody
	done    chan *request
	then    func()        // called when it is answered; it must not wait
	slot    *slot         // READ: whose bytes these are
	block   *block        // FSTAT: of a download over several connections, to what the answer belongs
	reserve int           // WRITE: bytes of the window to give back
	longer  time.Duration // allowed beside Options.RequestTimeout
	sent    []func()      // called when it is on its way
	lane    *lane         // copies: on which of their connections it is asked; nil: the first
	event   func() error  // nothing was asked: this is to be done by the copy that is told

	id    uint32
	begun bool         // guarded by Client.mu: the writer took it
	left  atomic.Int32 // of the two events "written" and "answered"; the second one delivers

	// The answer.
	kind byte
	body []byte // nil for DATA
	n    int    // DATA: bytes in into
}

// arrived counts one of the two events and delivers the request after both: its buffers are free from then on.
func (r *request) arrived() {
	if r.left.Add(-1) > 0 {
		return
	}
	if r.then != nil {
		r.then()
	}
	if r.done != nil {
		r.done <- r
	}
}

// wrote is called when the request is on its way and its answer has not been read.
func (r *request) wrote() {
	if failpoint.Enabled {
		_ = failpoint.Hit("sftp." + string(r.op) + ".sent")
	}
	r.arrived()
}

// code gives the code of a Status answer.
func (r *request) code() uint32 { return binary.BigEndian.Uint32(r.body) }

// status gives the error in a Status answer; nil for OK.
func (r *request) status() error {
	code := r.code()
	if code == packet.OK {
		return nil
	}
	f := packet.Parse(r.body[4:])
	return &StatusError{Code: code, Op: r.op, Path: r.path, Message: clean(f.Bytes())}
}

// send gives a request its id and puts it in the queue of the writer. r.done must have room for it.
func (c *Client) send(r *request) error {
	packet.End(r.packet, 0)
	r.left.Store(2)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return &ConnectionError{Op: r.op, Path: r.path, Err: c.cause}
	}
	for {
		c.nextID++
		if _, taken := c.pending[c.nextID]; !taken {
			break
		}
	}
	r.id = c.nextID
	binary.BigEndian.PutUint32(r.packet[5:], r.id)
	c.pending[r.id] = r
	c.queue = append(c.queue, r)
	c.queued.Signal()
	return nil
}

// ask sends one request and waits for its answer.
func (c *Client) ask(ctx context.Context, r *request) (*request, error) {
	if ctx.Err() != nil {
		return nil, &ConnectionError{Op: r.op, Path: r.path, Err: context.Cause(ctx)}
	}
	r.done = make(chan *request, 1)
	began := time.Now() // no later: the shortest time that an answer took is the way's
	if err := c.send(r); err != nil {
		return nil, err
	}
	for _, sent := range r.sent {
		sent()
	}
	answer, err := c.await(ctx, r.done, r, c.patience(r.longer))
	if err == nil {
		c.timed(time.Since(began))
	}
	return answer, err
}

// timed keeps the shortest time that an answer took: the longer ones hold the server's work and our own.
func (c *Client) timed(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trip == 0 || took < c.trip {
		c.trip = max(took, 1)
	}
}

// RoundTrip is the shortest time in which the server has answered a request; 0: none was answered yet.
func (c *Client) RoundTrip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trip
}

// patience is how long the server may be silent that owes an answer, with what is allowed beside; 0: any time.
func (c *Client) patience(longer time.Duration) time.Duration {
	if c.opts.RequestTimeout <= 0 {
		return 0
	}
	return c.opts.RequestTimeout + longer
}

// Patience is how many times Options.RequestTimeout an answer may take from a server that answers others of the session meanwhile: one
// that works them off one by one is alive.
const Patience = 10

// await waits for the next answer on done. Giving up, for ctx or for silence longer than timeout (0: any), ends the
// session; the error names the request asked.
func (c *Client) await(ctx context.Context, done <-chan *request, asked *request, timeout time.Duration) (*request, error) {
	select { // what has come counts, whatever happened since
	case r := <-done:
		return r, nil
	default:
	}
	var silent <-chan time.Time
	var timer *time.Timer
	if timeout > 0 {
		timer = time.NewTimer(timeout)
		defer timer.Stop()
		silent = timer.C
	}
	began := time.Since(c.start)
	for {
		select {
		case r := <-done:
			return r, nil
		case <-ctx.Done():
			return nil, c.giveUp(asked, context.Cause(ctx))
		case <-c.dead:
			c.settle()
			select {
			case r := <-done:
				return r, nil
			default:
				return nil, c.lost(asked)
			}
		case <-silent:
			again, overdue := c.overdue(began, timeout)
			if overdue != nil {
				return nil, c.giveUp(asked, overdue)
			}
			timer.Reset(again)
		}
	}
}

// overdue says that what has been waited for since then is waited for no more, or when to ask that again.
func (c *Client) overdue(began, timeout time.Duration) (again time.Duration, err error) {
	now, most := time.Since(c.start), timeout+(Patience-1)*c.opts.RequestTimeout
	quiet, took := now-max(began, time.Duration(c.heard.Load())), now-began
	switch {
	case quiet >= timeout:
		return 0, fmt.Errorf("%w for %v", ErrSilent, timeout)
	case took >= most:
		return 0, fmt.Errorf("%w for %v", ErrUnanswered, most)
	}
	return min(timeout-quiet, most-took), nil
}

// giveUp ends the session because nobody waits for asked any longer.
func (c *Client) giveUp(asked *request, cause error) error {
	c.fail(fmt.Errorf("%s %s given up: %w", asked.op, quote(asked.path), cause))
	return c.lost(asked)
}

// lost is the error of a request whose session ended.
func (c *Client) lost(asked *request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &ConnectionError{Op: asked.op, Path: asked.path, Sent: asked.begun, Err: c.cause}
}
