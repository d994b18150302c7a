package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

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
	// to dst, and by another goroutine; of what helpers read, when it is there and counts: that one of them drips is no progress.
	Progress func(n int)
	// Max bounds the bytes of a file of unknown size; it must be set for one. A longer file gives a *LimitError.
	Max int64
	// Waiting is called with 1 and then with -1 around the time in which too many other files are open.
	Waiting func(int32)
	// Stripes let a large file of known size come over several connections at once. Never with ReadOnce. Nil: over one.
	Stripes *Stripes
}

// Get copies a file to dst, strictly in order, and gives the bytes written. It ends well only if the file ends exactly
// at size, which the server has to prove by an end of file there (but for ReadOnce); else the error is a *SizeError. A
// size of -1 is unknown: the file is read to its end. With ReadOnce an error of CLOSE is returned though the bytes are all
// there; else nobody waits for its answer, which could take nothing back.
func (c *Client) Get(ctx context.Context, path string, size int64, dst io.Writer, opts GetOptions) (int64, error) {
	if size < 0 && opts.Max <= 0 {
		return 0, &LocalError{Act: "get " + quote(path), Err: errors.New("a file of unknown size needs a maximum")}
	}
	if err := c.takeHandle(ctx, path, opts.Waiting); err != nil {
		return 0, err
	}
	letGo := false
	defer func() {
		if !letGo {
			c.giveHandle()
		}
	}()
	most := windowCount
	if opts.ReadOnce {
		most = 1
	}
	g := &getter{c: c, path: path, first: &lane{c: c}, size: size, dst: dst, opts: opts, most: most,
		chunk: c.limits.Read, end: -1, read: untold}
	if !opts.ReadOnce {
		g.team = newTeam(c, opts.Stripes, path, packet.FlagRead, size)
	}
	defer g.uncount()
	defer g.team.finish() // also when dst panics: helpers would be waited for
	g.flight = g.team.flight(c, OpRead, path, most)
	g.looked = !g.looks()
	g.callEarly()
	handle, err := c.openFile(ctx, path, packet.FlagRead)
	if err != nil {
		g.team.finish()
		return 0, err
	}
	g.first.handle = handle
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
	if err == nil && !opts.ReadOnce {
		letGo = true
		c.letGo(path, handle, c.giveHandle)
		return g.written, nil
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
	asked  time.Time

	reserve int    // bytes of the window of the first connection to give back
	block   *block // of a helper that reads it; nil: the first connection does
}

func (s *slot) whole() bool { return s.ended || s.filled == len(s.buf) }

// ready says whether the slot may be written.
func (s *slot) ready() bool { return s.whole() && (s.block == nil || s.block.agreed()) }

// at is the place in the file up to which the slot is filled.
func (s *slot) at() int64 { return s.off + int64(s.filled) }

// getter is one Get at work.
type getter struct {
	c      *Client
	path   string
	first  *lane
	size   int64 // -1: unknown
	dst    io.Writer
	opts   GetOptions
	most   int
	flight *flight
	stripes

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
	g.dismiss(err)
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
	if err := g.askBase(); err != nil {
		return err
	}
	for {
		if err := g.askMore(ctx); err != nil {
			return err
		}
		if g.first.open == 0 && g.looked && len(g.slots) == 0 { // what helpers owe by now was taken back from them
			return nil
		}
		if ctx.Err() != nil { // answers may well be there all the time, from a server that is quicker than our disk
			return g.c.giveUp(g.flight.asked, context.Cause(ctx))
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
		g.count()
	}
}

// want is how many bytes the next slot should have; 0: nothing more is to be asked.
func (g *getter) want() int {
	switch {
	case len(g.first.todo) > 0:
		return len(g.first.todo[0].buf)
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

// askMore fills the windows.
func (g *getter) askMore(ctx context.Context) error {
	g.callHelpers()
	for _, l := range slices.Clone(g.helpers) {
		g.askHelper(l)
	}
	g.overtake()
	for g.first.open < g.most {
		n := g.want()
		if n <= 0 {
			return g.look()
		}
		if !g.holds(n) {
			return nil
		}
		if !g.c.window.try(n) {
			if g.flight.open > 0 {
				return nil
			}
			if !g.c.window.wait(ctx, g.c.dead, n) {
				return g.c.giveUp(g.request(g.first, &slot{}), context.Cause(ctx))
			}
		}
		s := g.nextSlot(n)
		s.reserve = n
		if err := g.flight.sendOn(g.first, g.request(g.first, s)); err != nil {
			return err
		}
	}
	return nil
}

// holds says whether there is room in memory for n bytes more. What is to be asked again has its room.
func (g *getter) holds(n int) bool {
	if len(g.first.todo) > 0 {
		return true
	}
	if !g.striped {
		return len(g.slots) < g.most
	}
	return g.fits(n)
}

// nextSlot is the next one for the first connection.
func (g *getter) nextSlot(n int) *slot {
	if again := g.first.todo; len(again) > 0 {
		g.first.todo = again[1:]
		return again[0]
	}
	s := g.newSlot(n)
	if s.proof = s.off == g.size; s.proof {
		g.proven = true
	}
	return s
}

func (g *getter) newSlot(n int) *slot {
	s := &slot{off: g.next, buf: g.buffer(n)}
	g.next += int64(n)
	g.slots = append(g.slots, s)
	g.count()
	return s
}

// request asks for what a slot still lacks.
func (g *getter) request(l *lane, s *slot) *request {
	r := handleRequest(OpRead, packet.Read, g.path, l.handle)
	r.packet = packet.AppendUint64(r.packet, uint64(s.at()))
	r.packet = packet.AppendUint32(r.packet, uint32(len(s.buf)-s.filled))
	r.into, r.slot, s.asked = s.buf[s.filled:], s, time.Now()
	if l.helper == nil {
		r.came = g.opts.Progress
	}
	return r
}

// look asks what the server knows of the open file, behind the last READ, so that it costs no time of its own. Where answers
// are short, any of them may ask for more: it waits for them all.
func (g *getter) look() error {
	if g.looked || (g.short && g.first.open > 0) {
		return nil
	}
	g.looked = true
	return g.flight.sendOn(g.first, handleRequest(OpFstat, packet.Fstat, g.path, g.first.handle))
}

// saw takes the answer. A server that does not tell is believed by the bytes that it gave.
func (g *getter) saw(r *request) error {
	var err error
	g.read, err = g.told(g.c, r)
	return err
}

// told reads what the server says of an open file.
func (g *getter) told(c *Client, r *request) (job.Entry, error) {
	if r.kind == packet.Status {
		return untold, nil
	}
	f := packet.Parse(r.body)
	attrs := f.Attrs()
	if f.Err() != nil {
		return untold, c.broken(OpFstat, g.path, f.Err())
	}
	return entry("", attrs), nil
}

// take takes one answer: data, all or some of what was asked, or the end of the file.
func (g *getter) take(r *request) error {
	switch {
	case r.event != nil:
		return r.event()
	case r.lane.gone:
		return nil
	case r.lane.helper != nil:
		g.takeHelped(r)
		return nil
	case r.op == OpFstat && r.block != nil:
		return g.sawBase(r)
	case r.op == OpFstat:
		return g.saw(r)
	}
	s := r.slot
	if r.kind == packet.Status {
		if r.code() != packet.EOF {
			return r.status()
		}
		return g.ended(s)
	}
	g.fill(s, r.n)
	g.took = time.Since(s.asked)
	switch {
	case s.proof:
		return &SizeError{Path: g.path, Want: g.size, Got: g.size + 1, Err: ErrLong}
	case g.end >= 0 && s.at() > g.end:
		return &SizeError{Path: g.path, Want: g.end, Got: s.at(), Err: ErrLong}
	case s.whole():
		if g.striped {
			g.giveBack(s)
		}
		return nil
	}
	g.shorter()
	g.short, g.looked = true, !g.looks() // what was said before the last READ does not count
	return g.flight.sendOn(g.first, g.request(g.first, s))
}

// fill counts n bytes that came for a slot.
func (g *getter) fill(s *slot, n int) {
	s.filled += n
	g.largest = max(g.largest, n)
}

// shorter learns from an answer that was short.
func (g *getter) shorter() { g.chunk = min(g.chunk, max(g.largest, chunkLeast)) }

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
	for len(g.slots) > 0 && g.slots[0].ready() {
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

// release ends a slot: its buffer and its bytes of the window are free.
func (g *getter) release(s *slot) {
	g.giveBack(s)
	g.recycle(s.buf)
}

// giveBack gives a slot's bytes of the window back.
func (g *getter) giveBack(s *slot) {
	g.c.window.give(s.reserve)
	s.reserve = 0
}
