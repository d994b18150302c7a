package transfer

import (
	memory "bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/haulier/haulier/job"
)

// random gives n bytes that are the same each time.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// inPieces writes b in pieces of chance lengths.
func inPieces(w io.Writer, b []byte, most int) error {
	r := rand.New(rand.NewPCG(1, uint64(len(b))))
	for len(b) > 0 {
		n := min(1+r.IntN(most), len(b))
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// onlyReader has no WriteTo.
type onlyReader struct{ io.Reader }

func TestPipeKeepsBytesAndOrder(t *testing.T) {
	for _, size := range []int{0, 1, 1 << 10, 1<<10 + 1, pipeBuffer - 1, pipeBuffer, pipeBuffer*pipeDepth + 1, 5 << 20} {
		for _, expected := range []int64{-1, 0, int64(size), 1 << 40} {
			want := random(size)
			for name, read := range map[string]func(io.Reader) io.Reader{
				"read":     func(r io.Reader) io.Reader { return onlyReader{r} },
				"write to": func(r io.Reader) io.Reader { return r },
			} {
				var got memory.Buffer
				wrote, failed := piped(expected, func(w io.Writer) error { return inPieces(w, want, 300_000) }, func(r io.Reader) error {
					_, err := io.CopyBuffer(struct{ io.Writer }{&got}, read(r), make([]byte, 70_001))
					return err
				})
				if wrote != nil || failed != nil || !memory.Equal(got.Bytes(), want) {
					t.Errorf("%s: %d bytes of %d, errors %v and %v", name, got.Len(), size, wrote, failed)
				}
			}
		}
	}
}

// The reader waits for what the writer can only do without it.
func TestPipeLetsTheWriterGoAhead(t *testing.T) {
	ahead := make(chan struct{})
	wrote, failed := piped(1<<40, func(w io.Writer) error {
		_, err := w.Write(make([]byte, pipeDepth*pipeBuffer))
		close(ahead)
		return err
	}, func(r io.Reader) error {
		<-ahead
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if wrote != nil || failed != nil {
		t.Errorf("errors %v and %v", wrote, failed)
	}
}

func TestPipeHoldsNoMoreThanItsBuffers(t *testing.T) {
	p := newPipe(1 << 40)
	for range pipeDepth {
		if _, err := (*pipeWriter)(p).Write(make([]byte, pipeBuffer)); err != nil {
			t.Fatal(err)
		}
	}
	p.leave(io.ErrClosedPipe) // else the next would wait for ever
	if n, err := (*pipeWriter)(p).Write([]byte{1}); n != 0 || err != io.ErrClosedPipe {
		t.Errorf("a byte more: %d, %v", n, err)
	}
	small := newPipe(100)
	_, _ = (*pipeWriter)(small).Write([]byte{1})
	if got := cap(small.filling); got != 1<<10 {
		t.Errorf("%d bytes are held for a file of 100", got)
	}
}

// The reader has every byte before it is told, word for word, why there are no more.
func TestPipeTellsTheReaderWhyItEnds(t *testing.T) {
	lost := errors.New("the connection is lost")
	for _, size := range []int{0, 1, pipeBuffer, pipeBuffer + 1, 3*pipeDepth*pipeBuffer + 7} {
		var got memory.Buffer
		wrote, failed := piped(1<<40, func(w io.Writer) error { return errors.Join(inPieces(w, random(size), 99_999), lost) }, func(r io.Reader) error {
			_, err := got.ReadFrom(onlyReader{r})
			return err
		})
		if !errors.Is(wrote, lost) || failed != wrote || !memory.Equal(got.Bytes(), random(size)) {
			t.Errorf("%d of %d bytes, %v and %v", got.Len(), size, wrote, failed)
		}
	}
}

// A writer that waits for room is told why nobody reads any more.
func TestPipeTellsTheWriterWhyNobodyReads(t *testing.T) {
	wrong := errors.New("it is for another key")
	wrote, failed := piped(1<<40, func(w io.Writer) error { return inPieces(w, random(10<<20), 99_999) }, func(r io.Reader) error {
		_, err := io.ReadFull(r, make([]byte, 100))
		return errors.Join(err, wrong)
	})
	if !errors.Is(failed, wrong) || wrote != failed {
		t.Errorf("%v and %v", wrote, failed)
	}
	wrote, failed = piped(1<<40, func(w io.Writer) error { return inPieces(w, random(10<<20), 99_999) }, func(io.Reader) error { return nil })
	if wrote != io.EOF || failed != nil {
		t.Errorf("of one that had enough: %v and %v", wrote, failed)
	}
}

// failing is a disk that is full after some bytes.
type failing struct {
	room int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	n := min(f.room, len(b))
	if f.room -= n; n < len(b) {
		return n, f.err
	}
	return n, nil
}

// Whatever byte the disk fails at, also one that the writer has long left behind, all is said to have failed.
func TestBehindSaysWhatDidNotArrive(t *testing.T) {
	const size = 3*pipeBuffer + 5
	full := errors.New("the disk is full")
	for _, room := range []int{0, 1, pipeBuffer, size - 5, size - 1} {
		if err := behind(&failing{room, full}, size, func(w io.Writer) error { return inPieces(w, random(size), 50_000) }); !errors.Is(err, full) {
			t.Errorf("room for %d of %d: %v", room, size, err)
		}
		if err := behind(&failing{room, nil}, size, func(w io.Writer) error { return inPieces(w, random(size), 50_000) }); err != io.ErrShortWrite {
			t.Errorf("a writer that takes only %d of %d: %v", room, size, err)
		}
	}
	if err := behind(&failing{size, full}, size, func(w io.Writer) error { return inPieces(w, random(size), 50_000) }); err != nil {
		t.Errorf("with room for all: %v", err)
	}
	broken := errors.New("the message is broken")
	if err := behind(io.Discard, size, func(io.Writer) error { return broken }); err != broken {
		t.Errorf("of a writer that failed: %v", err)
	}
}

func TestPipePanicsAreErrors(t *testing.T) {
	mistake := func() { panic("a mistake") }
	reason := new(job.Reason)
	wrote, failed := piped(1<<40, func(w io.Writer) error { return inPieces(w, random(10<<20), 99_999) }, func(io.Reader) error { mistake(); return nil })
	if !errors.As(failed, &reason) || reason.Slug != "unexpected.panic" || wrote != failed {
		t.Errorf("reader: %v and %v", wrote, failed)
	}
	wrote, failed = piped(1<<40, func(io.Writer) error { mistake(); return nil }, func(r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if !errors.As(wrote, &reason) || reason.Slug != "unexpected.panic" || wrote != failed {
		t.Errorf("writer: %v and %v", wrote, failed)
	}
}

func BenchmarkPipe(b *testing.B) {
	const size = 64 << 20
	chunk := random(255 << 10)
	write := func(w io.Writer) error {
		for left := size; left > 0; left -= len(chunk) {
			if _, err := w.Write(chunk[:min(left, len(chunk))]); err != nil {
				return err
			}
		}
		return nil
	}
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			if err := behind(io.Discard, size, write); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("io.Pipe", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		buffer := make([]byte, 64<<10)
		for b.Loop() {
			r, w := io.Pipe()
			go func() { w.CloseWithError(write(w)) }()
			if _, err := io.CopyBuffer(io.Discard, onlyReader{r}, buffer); err != nil {
				b.Fatal(err)
			}
		}
	})
}
