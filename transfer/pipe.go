package transfer

import "io"

const (
	pipeBuffer = 128 << 10 // bytes of one buffer: two of them fit a core's cache
	pipeDepth  = 4         // buffers of a pipe
)

// pipe is an io.Pipe with room, so that both sides work at the same time: one fills a buffer while the other empties the
// one before. Its two ends are the methods of writing and reading; each belongs to one goroutine.
type pipe struct {
	size int
	free chan []byte // to be filled; nil: not made yet, and small files need but one
	full chan []byte // filled, in order; closed behind the last

	filling []byte // the writer's
	end     error  // what the reader is told behind the last byte; set before full is closed

	emptying []byte // the reader's
	rest     []byte // of it, not read yet
	gone     chan struct{}
	why      error // what the writer is told when nobody reads any more; set before gone is closed
}

// newPipe makes a pipe for about so many bytes.
func newPipe(expected int64) *pipe {
	p := &pipe{
		size: int(min(max(expected, 1<<10), pipeBuffer)),
		free: make(chan []byte, pipeDepth), full: make(chan []byte, pipeDepth), gone: make(chan struct{}),
	}
	for range pipeDepth {
		p.free <- nil
	}
	return p
}

// piped runs both sides of a pipe and gives their errors. Either is told the other's word for word: the reader behind the last byte,
// the writer at its next. A writer that is done may not have been read yet, so only both errors together say that all went well.
func piped(expected int64, write func(io.Writer) error, read func(io.Reader) error) (wrote, readErr error) {
	p := newPipe(expected)
	done := make(chan error, 1)
	go func() {
		err := guarded(func() error { return read((*pipeReader)(p)) })
		p.leave(orEOF(err))
		done <- err
	}()
	wrote = guarded(func() error { return write((*pipeWriter)(p)) })
	p.close(orEOF(wrote))
	return wrote, <-done
}

// behind runs write with a writer whose bytes go to dst on a goroutine of its own, and returns when they are all there.
func behind(dst io.Writer, expected int64, write func(io.Writer) error) error {
	wrote, passed := piped(expected, write, func(r io.Reader) error {
		_, err := io.Copy(dst, r)
		return err
	})
	return first(wrote, passed)
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

type pipeWriter pipe

func (w *pipeWriter) Write(b []byte) (n int, err error) {
	p := (*pipe)(w)
	for len(b) > 0 {
		if err := p.room(); err != nil {
			return n, err
		}
		some := min(len(b), cap(p.filling)-len(p.filling))
		p.filling = append(p.filling, b[:some]...)
		n, b = n+some, b[some:]
		if len(p.filling) == cap(p.filling) {
			p.pass()
		}
	}
	return n, nil
}

// room waits for a buffer that is not full, as long as somebody reads.
func (p *pipe) room() error {
	select {
	case <-p.gone:
		return p.why
	default:
	}
	if p.filling != nil {
		return nil
	}
	select {
	case <-p.gone:
		return p.why
	case p.filling = <-p.free:
		if p.filling == nil {
			p.filling = make([]byte, 0, p.size)
		}
		return nil
	}
}

// pass hands the buffer over: there is room for all that exist.
func (p *pipe) pass() {
	p.full <- p.filling
	p.filling = nil
}

// close ends what is written. The reader is told err behind the last byte.
func (p *pipe) close(err error) {
	if len(p.filling) > 0 {
		p.pass()
	}
	p.end = err
	close(p.full)
}

// leave says that nobody reads any more, and why.
func (p *pipe) leave(err error) {
	p.why = err
	close(p.gone)
}

type pipeReader pipe

func (r *pipeReader) Read(b []byte) (int, error) {
	p := (*pipe)(r)
	if err := p.more(); err != nil {
		return 0, err
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// WriteTo spares io.Copy a buffer of its own.
func (r *pipeReader) WriteTo(dst io.Writer) (total int64, err error) {
	p := (*pipe)(r)
	for {
		if err := p.more(); err == io.EOF {
			return total, nil
		} else if err != nil {
			return total, err
		}
		n, err := dst.Write(p.rest)
		total += int64(n)
		p.rest = p.rest[n:]
		if err == nil && len(p.rest) > 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return total, err
		}
	}
}

// more waits until there is something to read.
func (p *pipe) more() error {
	if len(p.rest) > 0 {
		return nil
	}
	if p.emptying != nil {
		p.free <- p.emptying[:0]
		p.emptying = nil
	}
	next, open := <-p.full
	if !open {
		return p.end
	}
	p.emptying, p.rest = next, next
	return nil
}
