package wire

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// chunkLeast is how far a server's short answers shrink what it is asked.
const chunkLeast = 4 << 10

// GetOptions say how a file is read. The zero value suits an ordinary server.
type GetOptions struct {
	// ReadOnce is for servers on which a download uses the file up: one READ at a time, never behind the size, and no
	// CLOSE unless all went well, BeforeClose included, because CLOSE tells the server that the file is taken. After an
	// error the session is ended instead.
	ReadOnce bool
	// BeforeClose is called when all bytes are written and the size is proven, before CLOSE is sent, with what the server
	// said of the open file after the last READ: of what was read, whatever lies under its name by then. Nothing is asked,
	// and so nothing told, with ReadOnce, and nothing is asked where nobody wants to know. Its error is returned as a *LocalError.
	BeforeClose func(read job.Entry) error
	// Progress is called with the bytes of the file as they come in, long before a whole answer is there and can be written
	// to dst, and by another goroutine.
	Progress func(n int)
	// Max bounds the bytes of a file of unknown size; it must be set for one. A longer file gives a *LimitError.
	Max int64
}

// Get copies a file to dst, strictly in order, and gives the bytes written. It ends well only if the file ends exactly
// at size, which the server has to prove by an end of file there (but for ReadOnce); else the error is a *SizeError. A
// size of -1 is unknown: the file is read to its end. An error of CLOSE is returned though the bytes are all there.
func (c *Client) Get(ctx context.Context, path string, size int64, dst io.Writer, opts GetOptions) (int64, error) {
	if size < 0 && opts.Max <= 0 {
		return 0, &LocalError{Act: "get " + quote(path), Err: errors.New("a file of unknown size needs a maximum")}
	}
	handle, err := c.openFile(ctx, path, packet.FlagRead)
	if err != nil {
		return 0, err
	}
	most := windowCount
	if opts.ReadOnce {
		most = 1
	}
	g := &getter{c: c, path: path, handle: handle, size: size, dst: dst, opts: opts, most: most,
		flight: newFlight(c, OpRead, path, most), chunk: c.limits.Read, end: -1, read: untold}
	g.looked = !g.looks()
	err = g.run(ctx)
	if err == nil && opts.BeforeClose != nil {
		if failed := opts.BeforeClose(g.read); failed != nil {
			err = &LocalError{Act: "before close", Err: failed}
		}
	}
	if err != nil && opts.ReadOnce {
		c.fail(fmt.Errorf("%w: %w", ErrAbandoned, err))
	}
	if err != nil && c.Err() != nil {
		return g.written, err
	}
	if closed := c.closeHandle(ctx, path, handle, 0); err == nil {
		err = closed
	}
	return g.written, err
}

// slot is one stretch of a file that was asked for.
type slot struct {
	off    int64
	buf    []byte // its length is what is wanted
	filled int
	ended  bool // the end of the file is at off+filled
	proof  bool // the byte behind the size, which must not be there
}

func (s *slot) whole() bool { return s.ended || s.filled == len(s.buf) }

// at is the place in the file up to which the slot is filled.
func (s *slot) at() int64 { return s.off + int64(s.filled) }

// getter is one Get at work.
type getter struct {
	c            *Client
	path, handle string
	size         int64 // -1: unknown
	dst          io.Writer
	opts         GetOptions
	most         int
	flight       *flight

	chunk   int     // bytes to ask for; shrinks to what the server gives
	largest int     // most bytes in one answer
	next    int64   // where the next slot begins
	end     int64   // where the server says the file ends; -1: not told yet
	slots   []*slot // asked for and not written yet, in order
	proven  bool    // the proof was asked for
	written int64

	read   job.Entry // what the server says of the open file
	looked bool      // it was asked, after the last READ so far
	short  bool      // the server gives less than it is asked, and is asked again
}

// looks says whether the open file is to be asked about.
func (g *getter) looks() bool { return !g.opts.ReadOnce && g.opts.BeforeClose != nil }

// untold is what is known of a file when nothing was said.
var untold = job.Entry{Size: -1, Kind: job.KindUnknown}

// run asks, takes and writes until all is there. What is in flight at an error is waited for, so that the handle can be
// closed.
func (g *getter) run(ctx context.Context) error {
	err := g.loop(ctx)
	if err == nil || g.c.Err() != nil {
		return err
	}
	if lost := g.flight.drain(ctx, nil); lost != nil {
		return err
	}
	for _, s := range g.slots {
		g.release(s)
	}
	return err
}

func (g *getter) loop(ctx context.Context) error {
	for {
		if err := g.askMore(ctx); err != nil {
			return err
		}
		if g.flight.open == 0 && g.looked {
			return nil
		}
		r, err := g.flight.next(ctx)
		if err != nil {
			return err
		}
		if err := g.take(r); err != nil {
			return err
		}
		if err := g.write(); err != nil {
			return err
		}
	}
}

// want is how many bytes the next slot should have; 0: nothing more is to be asked.
func (g *getter) want() int {
	switch {
	case g.end >= 0:
		return 0
	case g.size < 0:
		return int(min(int64(g.chunk), g.opts.Max+1-g.next))
	case g.next < g.size:
		return int(min(int64(g.chunk), g.size-g.next))
	case g.opts.ReadOnce || g.proven:
		return 0
	}
	return 1
}

// askMore fills the window.
func (g *getter) askMore(ctx context.Context) error {
	for g.flight.open < g.most && len(g.slots) < g.most {
		n := g.want()
		if n <= 0 {
			return g.look()
		}
		if !g.c.window.try(n) {
			if len(g.slots) > 0 {
				return nil
			}
			if !g.c.window.wait(ctx, g.c.dead, n) {
				return g.c.giveUp(g.request(&slot{}), context.Cause(ctx))
			}
		}
		s := &slot{off: g.next, buf: g.c.window.buffer(n, g.c.limits.Read)}
		if s.proof = g.next == g.size; s.proof {
			g.proven = true
		}
		g.next += int64(n)
		g.slots = append(g.slots, s)
		if err := g.flight.send(g.request(s)); err != nil {
			return err
		}
	}
	return nil
}

// request asks for what a slot still lacks.
func (g *getter) request(s *slot) *request {
	r := handleRequest(OpRead, packet.Read, g.path, g.handle)
	r.packet = packet.AppendUint64(r.packet, uint64(s.at()))
	r.packet = packet.AppendUint32(r.packet, uint32(len(s.buf)-s.filled))
	r.into, r.slot, r.came = s.buf[s.filled:], s, g.opts.Progress
	return r
}

// look asks what the server knows of the open file, behind the last READ, so that it costs no time of its own. Where answers
// are short, any of them may ask for more: it waits for them all.
func (g *getter) look() error {
	if g.looked || (g.short && g.flight.open > 0) {
		return nil
	}
	g.looked = true
	return g.flight.send(handleRequest(OpFstat, packet.Fstat, g.path, g.handle))
}

// saw takes the answer. A server that does not tell is believed by the bytes that it gave.
func (g *getter) saw(r *request) error {
	g.read = untold
	if r.kind == packet.Status {
		return nil
	}
	f := packet.Parse(r.body)
	attrs := f.Attrs()
	if f.Err() != nil {
		return g.c.broken(OpFstat, g.path, f.Err())
	}
	g.read = entry("", attrs)
	return nil
}

// take takes one answer: data, all or some of what was asked, or the end of the file.
func (g *getter) take(r *request) error {
	if r.op == OpFstat {
		return g.saw(r)
	}
	s := r.slot
	if r.kind == packet.Status {
		if r.code() != packet.EOF {
			return r.status()
		}
		return g.ended(s)
	}
	s.filled += r.n
	g.largest = max(g.largest, r.n)
	switch {
	case s.proof:
		return &SizeError{Path: g.path, Want: g.size, Got: g.size + 1, Err: ErrLong}
	case g.end >= 0 && s.at() > g.end:
		return &SizeError{Path: g.path, Want: g.end, Got: s.at(), Err: ErrLong}
	case s.whole():
		return nil
	}
	g.chunk = min(g.chunk, max(g.largest, chunkLeast))
	g.short, g.looked = true, !g.looks() // what was said before the last READ does not count
	return g.flight.send(g.request(s))
}

// ended takes the server's word that the file ends where s is filled to.
func (g *getter) ended(s *slot) error {
	s.ended = true
	if s.at() < g.size {
		return &SizeError{Path: g.path, Want: g.size, Got: s.at(), Err: ErrShort}
	}
	if g.end < 0 || s.at() < g.end {
		g.end = s.at()
	}
	for _, other := range g.slots {
		if other.filled > 0 && other.at() > g.end {
			return &SizeError{Path: g.path, Want: g.end, Got: other.at(), Err: ErrLong}
		}
	}
	return nil
}

// write writes what is whole at the front.
func (g *getter) write() error {
	for len(g.slots) > 0 && g.slots[0].whole() {
		s := g.slots[0]
		g.slots = g.slots[1:]
		err := g.writeSlot(s)
		g.release(s)
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *getter) writeSlot(s *slot) error {
	if s.filled == 0 {
		return nil
	}
	if g.size < 0 && s.at() > g.opts.Max {
		return &LimitError{Op: OpRead, Path: g.path, What: "bytes", Limit: g.opts.Max}
	}
	n, err := g.dst.Write(s.buf[:s.filled])
	g.written += int64(n)
	if err == nil && n < s.filled {
		err = io.ErrShortWrite
	}
	if err != nil {
		return &LocalError{Act: "write target", Err: err}
	}
	return nil
}

// release gives the slot's bytes of the window back.
func (g *getter) release(s *slot) {
	n := len(s.buf)
	g.c.window.recycle(s.buf, g.c.limits.Read)
	g.c.window.give(n)
}
