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
	handle, err := c.openFile(ctx, path, flags)
	if err != nil {
		return 0, err
	}
	p := &putter{c: c, path: path, handle: handle, src: src, opts: opts, flight: newFlight(c, OpWrite, path, windowCount)}
	err = p.run(ctx)
	if err == nil && opts.Fsync && c.offers(packet.Fsync) {
		err = c.fsync(ctx, path, handle, p.acked)
	}
	if err != nil && c.Err() != nil {
		return p.acked, err
	}
	if closed := c.closeHandle(ctx, path, handle, p.acked); err == nil {
		err = closed
	}
	return p.acked, err
}

// putter is one Put at work.
type putter struct {
	c            *Client
	path, handle string
	src          io.Reader
	opts         PutOptions
	flight       *flight

	next  int64 // where the next WRITE goes
	acked int64
	ended bool // src is at its end
}

// run reads, sends and takes answers until all is acknowledged. What is in flight at an error is waited for, so that the
// handle can be closed.
func (p *putter) run(ctx context.Context) error {
	err := p.loop(ctx)
	if err != nil && p.c.Err() == nil {
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
		if p.flight.open == 0 {
			return nil
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
			p.flight.open--
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
	p.release(r)
	if err := r.status(); err != nil {
		return err
	}
	p.acked += int64(r.n)
	if p.opts.Progress != nil {
		p.opts.Progress(r.n)
	}
	return nil
}

func (p *putter) release(r *request) {
	p.c.window.recycle(r.packet, p.full())
	p.c.window.give(r.reserve)
}

// head is the length of a WRITE without its data.
func (p *putter) head() int { return packet.HeaderLength + 4 + len(p.handle) + 8 + 4 }

// full is the length of the largest WRITE.
func (p *putter) full() int { return p.c.limits.Write + p.head() }

// want is how many bytes to read for the next WRITE.
func (p *putter) want() int {
	if p.opts.Size <= 0 {
		return p.c.limits.Write
	}
	return int(min(int64(p.c.limits.Write), max(p.opts.Size-p.next, smallest)))
}

// sendOne reads from src and sends one WRITE; false if the window is full or src is at its end.
func (p *putter) sendOne(ctx context.Context) (bool, error) {
	if p.ended || p.flight.open == windowCount {
		return false, nil
	}
	want := p.want()
	if !p.c.window.try(want) {
		if p.flight.open > 0 {
			return false, nil
		}
		if !p.c.window.wait(ctx, p.c.dead, want) {
			return false, p.c.giveUp(&request{op: OpWrite, path: p.path}, context.Cause(ctx))
		}
	}
	buf := p.c.window.buffer(want+p.head(), p.full())
	n, err := readFull(p.src, buf[p.head():])
	p.ended = err == io.EOF
	if err != nil && !p.ended {
		p.c.window.give(want)
		return false, &LocalError{Act: "read source", Err: err}
	}
	if n == 0 {
		p.c.window.give(want)
		return false, nil
	}
	r := &request{op: OpWrite, path: p.path, packet: p.frame(buf, n), reserve: want, n: n}
	p.next += int64(n)
	return true, p.flight.send(r)
}

// frame makes a WRITE of the n bytes that lie behind the head of buf.
func (p *putter) frame(buf []byte, n int) []byte {
	b := packet.AppendString(packet.Begin(buf[:0], packet.Write, 0), p.handle)
	b = packet.AppendUint64(b, uint64(p.next))
	packet.AppendUint32(b, uint32(n))
	return buf[:p.head()+n]
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
