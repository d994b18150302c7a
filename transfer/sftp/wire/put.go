package wire

import (
	"context"
	"io"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// smallest is the least that is read from a source at once.
const smallest = 4 << 10

// PutOptions say how a file is written. The zero value creates it, or replaces what is there.
type PutOptions struct {
	// Excl: the name must be free.
	Excl bool
	// Fsync: the server is asked to bring the file to its disk before CLOSE, if it offers that.
	Fsync bool
	// Size is how long src is expected to be, in bytes: buffers are not made larger. It is not checked. Zero: not known.
	Size int64
	// Progress is called with the bytes of every WRITE that the server acknowledged.
	Progress func(n int)
	// Waiting is called with 1 and then with -1 around the time in which too many other files are open.
	Waiting func(int32)
	// Stripes let a large file of known Size go over several connections at once. Only for servers that write at any place of
	// a file through any number of handles, and for names that nobody else touches. Nil: over one.
	Stripes *Stripes
	// Ahead, if it is not nil, lets fsync and CLOSE be sent behind the last WRITE, before that is answered: the protocol has
	// requests about one file done in order. It is called when they are on their way; what the caller asks then goes out
	// behind them. Not for files that the server takes at CLOSE: a lost answer to a WRITE would mean that it may have.
	Ahead func()
}

// Put copies src to a file and gives the bytes that the server acknowledged. Only flags to write are sent with OPEN, and
// no attributes. A nil error says that every WRITE, the fsync if there was one, and CLOSE were answered OK.
//
// After an error the handle is closed if the session lives, and the file may hold any part of src. What a lost answer
// means, its Op tells: OpOpen, an empty file may be there; OpWrite and OpFsync, some of it; OpClose with Sent, all of
// it, and the server may have taken it.
func (c *Client) Put(ctx context.Context, path string, src io.Reader, opts PutOptions) (int64, error) {
	flags := uint32(packet.FlagWrite | packet.FlagCreate | packet.FlagTruncate)
	if opts.Excl {
		flags = packet.FlagWrite | packet.FlagCreate | packet.FlagExcl
	}
	if err := c.takeHandle(ctx, path, opts.Waiting); err != nil {
		return 0, err
	}
	defer c.giveHandle()
	p := &putter{c: c, path: path, src: src, opts: opts, lanes: []*lane{{c: c}}}
	p.team = newTeam(c, opts.Stripes, path, packet.FlagWrite, opts.Size)
	defer p.team.finish() // also when src panics
	p.flight = p.team.flight(c, OpWrite, path, windowCount+2)
	p.callHelpers()
	handle, err := c.openFile(ctx, path, flags)
	if err != nil {
		p.team.finish()
		return 0, err
	}
	p.lanes[0].handle = handle
	if p.team != nil {
		close(p.team.opened)
	}
	err = p.run(ctx)
	if err == nil && opts.Ahead == nil && p.syncs() {
		err = c.fsync(ctx, path, handle, p.acked)
	}
	if err != nil && c.Err() != nil {
		return p.acked, err
	}
	if p.closing {
		return p.acked, err
	}
	if closed := c.closeHandle(ctx, path, handle, p.acked); err == nil {
		err = closed
	}
	return p.acked, err
}

// putter is one Put at work.
type putter struct {
	c      *Client
	path   string
	src    io.Reader
	opts   PutOptions
	flight *flight
	team   *team   // nil: it goes over one connection
	lanes  []*lane // the first connection first
	at     int     // in lanes: the one whose turn it is

	next    int64 // where the next WRITE goes
	acked   int64
	ended   bool // src is at its end
	alone   bool // no helper is wanted any more
	closing bool // CLOSE was sent ahead
}

// syncs says whether the server is asked to bring the file to its disk.
func (p *putter) syncs() bool { return p.opts.Fsync && p.c.offers(packet.Fsync) }

// run reads, sends and takes answers until all is acknowledged. What is in flight at an error is waited for, so that the
// handle can be closed.
func (p *putter) run(ctx context.Context) error {
	err := p.loop(ctx)
	p.team.end(p.team.faultIn(p.c, err))
	if err != nil && p.c.Err() == nil {
		for p.helped() {
			p.drop(p.lanes[1])
		}
		_ = p.flight.drain(ctx, p.release)
	}
	return err
}

func (p *putter) loop(ctx context.Context) error {
	for {
		if err := p.takeAll(); err != nil {
			return err
		}
		sent, err := p.sendOne(ctx)
		if err != nil {
			return p.lastWords(err)
		}
		if sent {
			continue
		}
		if p.flight.open == 0 && p.helped() {
			if err := p.part(ctx); err != nil {
				return err
			}
			continue
		}
		if p.ended && p.opts.Ahead != nil && !p.closing && !p.helped() {
			if err := p.closeAhead(); err != nil {
				return p.lastWords(err)
			}
		}
		if p.flight.open == 0 {
			return nil
		}
		if p.closing && p.acked == p.next {
			p.flight.patience = p.c.patience(flushTime(p.acked)) // only fsync and CLOSE are owed
		}
		r, err := p.flight.next(ctx)
		if err != nil {
			return err
		}
		if err := p.take(r); err != nil {
			return err
		}
	}
}

// closeAhead sends fsync and CLOSE behind the last WRITE.
func (p *putter) closeAhead() error {
	first := p.lanes[0]
	if p.syncs() {
		if err := p.flight.sendOn(first, fsyncRequest(p.path, first.handle)); err != nil {
			return err
		}
	}
	r := handleRequest(OpClose, packet.Close, p.path, first.handle)
	if err := p.flight.sendOn(first, r); err != nil {
		return err
	}
	p.closing, p.flight.asked = true, r // whatever answer is lost now, the file may be whole and taken
	p.opts.Ahead()
	return nil
}

// lastWords prefers what the server said before the end of the session to err.
func (p *putter) lastWords(err error) error {
	if p.c.Err() != nil {
		p.c.settle()
		if refused := p.takeAll(); refused != nil {
			return refused
		}
	}
	return err
}

// takeAll takes the answers that are there already, so that a refusal stops the copy at once.
func (p *putter) takeAll() error {
	for {
		select {
		case r := <-p.flight.done:
			p.flight.count(r)
			if err := p.take(r); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// take takes the answer to a WRITE. Anything but OK is an error, the end of file included.
func (p *putter) take(r *request) error {
	if r.event != nil {
		return r.event()
	}
	p.release(r)
	if r.lane.gone {
		return nil
	}
	if err := r.status(); err != nil {
		return p.refused(r.lane, err)
	}
	p.acked += int64(r.n)
	if p.opts.Progress != nil {
		p.opts.Progress(r.n)
	}
	return nil
}

func (p *putter) release(r *request) {
	if r.lane != nil {
		r.lane.c.window.recycle(r.packet, p.full(r.lane))
		r.lane.c.window.give(r.reserve)
	}
}

// head is the length of a WRITE without its data.
func (l *lane) head() int { return packet.HeaderLength + 4 + len(l.handle) + 8 + 4 }

// full is the length of the largest WRITE.
func (p *putter) full(l *lane) int { return p.c.limits.Write + l.head() }

// want is how many bytes to read for the next WRITE.
func (p *putter) want() int {
	if p.opts.Size <= 0 {
		return p.c.limits.Write
	}
	return int(min(int64(p.c.limits.Write), max(p.opts.Size-p.next+1, smallest))) // one more, to see the end
}

// sendOne reads from src and sends one WRITE; false if the windows are full or src is at its end.
func (p *putter) sendOne(ctx context.Context) (bool, error) {
	p.callHelpers()
	if p.ended || p.yields() {
		return false, nil
	}
	want := p.want()
	l := p.pick(want)
	if l == nil {
		if p.flight.open > 0 {
			return false, nil
		}
		if l = p.lanes[0]; !p.c.window.wait(ctx, p.c.dead, want) {
			return false, p.c.giveUp(&request{op: OpWrite, path: p.path}, context.Cause(ctx))
		}
	}
	buf := l.c.window.buffer(want+l.head(), p.full(l))
	n, err := readFull(p.src, buf[l.head():])
	p.ended = err == io.EOF
	if err != nil && !p.ended {
		l.c.window.give(want)
		return false, &LocalError{Act: "read source", Err: err}
	}
	if n == 0 {
		l.c.window.give(want)
		return false, nil
	}
	r := &request{op: OpWrite, path: p.path, packet: p.frame(l, buf, n), reserve: want, n: n}
	p.next += int64(n)
	l.wrote = true
	if err := p.flight.sendOn(l, r); err != nil {
		return false, p.unsent(l, err)
	}
	return true, nil
}

// frame makes a WRITE of the n bytes that lie behind the head of buf.
func (p *putter) frame(l *lane, buf []byte, n int) []byte {
	b := packet.AppendString(packet.Begin(buf[:0], packet.Write, 0), l.handle)
	b = packet.AppendUint64(b, uint64(p.next))
	packet.AppendUint32(b, uint32(n))
	return buf[:l.head()+n]
}

// readFull fills buf from src. At the end of src it gives io.EOF, with what was left; unlike io.ReadFull it never takes
// an io.ErrUnexpectedEOF of src, which is a source cut off, for that end.
func readFull(src io.Reader, buf []byte) (int, error) {
	for n, idle := 0, 0; ; {
		k, err := src.Read(buf[n:])
		n += k
		switch {
		case err == io.EOF: // exactly: a wrapped one is a failure
			return n, io.EOF
		case err != nil:
			return n, err
		case n == len(buf):
			return n, nil
		case k > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return n, io.ErrNoProgress
			}
		}
	}
}
