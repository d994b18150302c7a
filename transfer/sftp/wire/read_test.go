package wire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// shortReads are the most bytes that a server gives in one answer.
var shortReads = []int{1, 2, 3, 7, 64, 100, 511, 512, 1000, 1024, 4095, 4096, 4097, 8192, 10000, 16384, 20000, 30000, 32766, 32767}

func TestShortReadsLoseNothing(t *testing.T) {
	ctx := context.Background()
	packets := 40_000 // a pipe is slow with a million
	if testing.Short() {
		packets = 1000
	}
	for _, size := range []int{0, 1, 32767, 32768, 32769, 1<<20 + 1} {
		for _, most := range shortReads {
			if size/most > packets {
				continue
			}
			p := &peer{data: content(size), most: most}
			c, _ := p.mustDial(t)
			for _, opts := range []wire.GetOptions{{}, {ReadOnce: true}} {
				var out bytes.Buffer
				n, err := c.Get(ctx, "f", int64(size), &out, opts)
				if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), p.data) {
					t.Fatalf("%d bytes in pieces of %d, read-once %v: got %d, %v", size, most, opts.ReadOnce, n, err)
				}
			}
			var out bytes.Buffer
			n, err := c.Get(ctx, "f", -1, &out, wire.GetOptions{Max: 1 << 30})
			if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), p.data) {
				t.Fatalf("%d bytes in pieces of %d, size not known: got %d, %v", size, most, n, err)
			}
		}
	}
}

// shuffler holds READs back and answers them in another order.
func shuffler(depth int) func(*peer, query) bool {
	var held []query
	return func(p *peer, q query) bool {
		if q.kind != packet.Read {
			return false
		}
		held = append(held, q)
		last := q.offset >= int64(len(p.data)) // the proof comes last
		if len(held) < depth && !last {
			return true
		}
		rand.Shuffle(len(held), func(i, k int) { held[i], held[k] = held[k], held[i] })
		for _, q := range held {
			p.read(q)
		}
		held = nil
		return true
	}
}

func TestAnswersOutOfOrderArePutInOrder(t *testing.T) {
	p := &peer{data: content(3<<20 + 5), lie: shuffler(60)}
	c, _ := p.mustDial(t)
	var out bytes.Buffer
	if n, err := c.Get(context.Background(), "f", int64(len(p.data)), &out, wire.GetOptions{}); err != nil || !bytes.Equal(out.Bytes(), p.data) {
		t.Errorf("got %d bytes, %v", n, err)
	}
}

func TestAFileOfAnotherSizeIsTold(t *testing.T) {
	ctx := context.Background()
	for _, real := range []int{0, 1, 32767, 32768, 65536, 100_000} {
		for _, told := range []int{0, 1, 32768, 65535, 65536, 65537, 99_999, 100_001, 1 << 30} {
			if real == told {
				continue
			}
			want := wire.ErrShort
			if real > told {
				want = wire.ErrLong
			}
			p := &peer{data: content(real)}
			c, _ := p.mustDial(t)
			var out bytes.Buffer
			_, err := c.Get(ctx, "f", int64(told), &out, wire.GetOptions{})
			var size *wire.SizeError
			if !errors.Is(err, want) || !errors.As(err, &size) || size.Want != int64(told) {
				t.Errorf("%d bytes where %d were told: %v", real, told, err)
			}
			if !bytes.HasPrefix(p.data, out.Bytes()) {
				t.Errorf("%d bytes where %d were told: wrong bytes were written", real, told)
			}
			if got := p.kinds(); got[len(got)-1] != packet.Close {
				t.Errorf("%d bytes where %d were told: the file was left open", real, told)
			}
			if err := c.Remove(ctx, "f"); err != nil {
				t.Errorf("the session ended: %v", err)
			}
		}
	}
}

// A file that shrinks or grows while it is read has its end in the middle of what was answered, before or after it.
func TestAnEndBehindWhichDataComesIsNotBelieved(t *testing.T) {
	p := &peer{data: content(200_000)}
	p.lie = func(p *peer, q query) bool {
		if q.kind == packet.Read && q.offset == 0 {
			p.status(q.id, packet.EOF)
		}
		return q.kind == packet.Read && q.offset == 0
	}
	c, _ := p.mustDial(t)
	n, err := c.Get(context.Background(), "f", -1, io.Discard, wire.GetOptions{Max: 1 << 20})
	if !errors.Is(err, wire.ErrLong) || n != 0 {
		t.Errorf("the end first: %d, %v", n, err)
	}

	for _, size := range []int64{-1, 2 * 32768} {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{data: content(2 * 32768), lie: func(p *peer, q query) bool {
				if q.kind != packet.Read || q.offset > 0 {
					return false
				}
				time.AfterFunc(time.Minute, func() { p.status(q.id, packet.EOF) }) // all others are answered by then
				return true
			}}
			c, _ := p.mustDial(t)
			n, err := c.Get(context.Background(), "f", size, io.Discard, wire.GetOptions{Max: 1 << 20})
			var told *wire.SizeError
			if !errors.As(err, &told) || n != 0 {
				t.Errorf("size %d, the end last: %d, %v", size, n, err)
			}
		})
	}
}

func TestAFileOfUnknownSizeHasAMaximum(t *testing.T) {
	p := &peer{data: content(100_000)}
	c, _ := p.mustDial(t)
	ctx := context.Background()
	var out bytes.Buffer
	if n, err := c.Get(ctx, "f", -1, &out, wire.GetOptions{Max: 100_000}); err != nil || n != 100_000 {
		t.Errorf("at the maximum: %d, %v", n, err)
	}
	var limit *wire.LimitError
	if n, err := c.Get(ctx, "f", -1, io.Discard, wire.GetOptions{Max: 99_999}); !errors.As(err, &limit) || n > 99_999 {
		t.Errorf("above the maximum: %d, %v", n, err)
	}
	if _, err := c.Get(ctx, "f", -1, io.Discard, wire.GetOptions{}); err == nil {
		t.Error("no maximum was asked for")
	}
}

func TestReadOnceAsksForNothingTwiceAndNothingBehindTheEnd(t *testing.T) {
	p := &peer{data: content(100_001), most: 30_000}
	open, furthest := 0, int64(0)
	p.told = func(p *peer, q query) {
		switch q.kind {
		case packet.Open:
			open++
		case packet.Read:
			if q.offset != furthest {
				t.Errorf("READ at %d after %d bytes", q.offset, furthest)
			}
			if q.offset+int64(q.length) > int64(len(p.data)) {
				t.Errorf("READ of %d at %d, behind the end", q.length, q.offset)
			}
			furthest = q.offset + int64(min(q.length, p.most))
		}
	}
	c, _ := p.mustDial(t)
	var out bytes.Buffer
	if _, err := c.Get(context.Background(), "f", int64(len(p.data)), &out, wire.GetOptions{ReadOnce: true}); err != nil {
		t.Fatal(err)
	}
	got := p.kinds()
	want := append([]byte{packet.Open}, bytes.Repeat([]byte{packet.Read}, len(got)-2)...)
	if !bytes.Equal(got, append(want, packet.Close)) || !bytes.Equal(out.Bytes(), p.data) {
		t.Errorf("requests %v, %d bytes", got, out.Len())
	}
}

// tap fails after some bytes.
type tap struct{ left int }

var errFull = errors.New("no space left on device")

func (d *tap) Write(p []byte) (int, error) {
	if len(p) > d.left {
		return d.left, errFull
	}
	d.left -= len(p)
	return len(p), nil
}

func TestCloseIsTheAcknowledgement(t *testing.T) {
	committed := errors.New("the ledger is on a full disk")
	ctx := context.Background()
	for name, tc := range map[string]struct {
		opts   wire.GetOptions
		size   int64
		space  int
		closed bool // CLOSE was sent
	}{
		"all well":                   {wire.GetOptions{}, 100_000, 1 << 20, true},
		"commit fails":               {wire.GetOptions{BeforeClose: func(job.Entry) error { return committed }}, 100_000, 1 << 20, true},
		"disk full":                  {wire.GetOptions{}, 100_000, 50_000, true},
		"read-once, all well":        {wire.GetOptions{ReadOnce: true, BeforeClose: func(job.Entry) error { return nil }}, 100_000, 1 << 20, true},
		"read-once, commit fails":    {wire.GetOptions{ReadOnce: true, BeforeClose: func(job.Entry) error { return committed }}, 100_000, 1 << 20, false},
		"read-once, disk full":       {wire.GetOptions{ReadOnce: true}, 100_000, 50_000, false},
		"read-once, shorter in fact": {wire.GetOptions{ReadOnce: true}, 100_001, 1 << 20, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{data: content(100_000)}
			c, k := p.mustDial(t)
			before := tc.opts.BeforeClose
			if before != nil {
				tc.opts.BeforeClose = func(read job.Entry) error {
					if slices.Contains(p.kinds(), packet.Close) {
						t.Error("CLOSE was sent before the commit")
					}
					return before(read)
				}
			}
			_, err := c.Get(ctx, "f", tc.size, &tap{tc.space}, tc.opts)
			well := tc.closed && (before == nil || before(job.Entry{}) == nil) && tc.space > 100_000
			if (err == nil) != well {
				t.Errorf("get: %v", err)
			}
			var local *wire.LocalError
			if err != nil && tc.size == 100_000 && !errors.As(err, &local) {
				t.Errorf("get: %v is not our side's", err)
			}
			if tc.closed && c.Remove(ctx, "f") != nil { // which is answered behind a CLOSE that nobody waited for
				t.Error("the session ended")
			}
			if closed := slices.Contains(p.kinds(), packet.Close); closed != tc.closed {
				t.Errorf("CLOSE sent: %v", closed)
			}
			if !tc.closed && (!errors.Is(c.Err(), wire.ErrAbandoned) || k.count() != 1) {
				t.Errorf("the session goes on: %v, killed %d times", c.Err(), k.count())
			}
		})
	}
}

func TestACloseThatFailsIsTold(t *testing.T) {
	p := &peer{data: content(10), lie: func(p *peer, q query) bool {
		if q.kind == packet.Close {
			p.status(q.id, packet.Failure)
		}
		return q.kind == packet.Close
	}}
	c, _ := p.mustDial(t)
	var status *wire.StatusError
	if n, err := c.Get(context.Background(), "f", 10, io.Discard, wire.GetOptions{ReadOnce: true}); n != 10 || !errors.As(err, &status) || status.Op != wire.OpClose {
		t.Errorf("get: %d, %v", n, err)
	}
	for _, ahead := range []func(){nil, func() {}} {
		if n, err := c.Put(context.Background(), "f", bytes.NewReader(p.data), wire.PutOptions{Ahead: ahead}); n != 10 || !errors.As(err, &status) || status.Op != wire.OpClose {
			t.Errorf("put: %d, %v", n, err)
		}
	}
}

// On an ordinary server CLOSE of what was read takes nothing back: its answer is not waited for, and may be anything, or none.
func TestNobodyWaitsForTheCloseOfADownload(t *testing.T) {
	for answer, lie := range map[string]func(p *peer, q query){
		"a refusal": func(p *peer, q query) { p.status(q.id, packet.Failure) },
		"silence":   func(*peer, query) {},
	} {
		p := &peer{data: content(10)}
		p.lie = func(p *peer, q query) bool {
			if q.kind == packet.Close {
				lie(p, q)
			}
			return q.kind == packet.Close
		}
		c, _ := p.mustDial(t)
		for range 3 {
			if n, err := c.Get(context.Background(), "f", 10, io.Discard, wire.GetOptions{}); n != 10 || err != nil {
				t.Errorf("%s: %d, %v", answer, n, err)
			}
		}
		if err := c.Remove(context.Background(), "f"); err != nil {
			t.Errorf("%s: the session ended: %v", answer, err)
		}
		if got := p.kinds(); got[len(got)-2] != packet.Close {
			t.Errorf("%s: requests %v", answer, got)
		}
	}
}

func TestReadRefusedInTheMiddle(t *testing.T) {
	for k := range 6 {
		reads := 0
		p := &peer{data: content(5 * 32768), lie: func(p *peer, q query) bool {
			if q.kind != packet.Read {
				return false
			}
			if reads++; reads != k+1 {
				return false
			}
			p.status(q.id, packet.PermissionDenied)
			return true
		}}
		c, _ := p.mustDial(t)
		var out bytes.Buffer
		_, err := c.Get(context.Background(), "f", int64(len(p.data)), &out, wire.GetOptions{})
		var status *wire.StatusError
		if !errors.As(err, &status) || status.Op != wire.OpRead || status.Message != "told so" {
			t.Errorf("READ %d refused: %v", k, err)
		}
		if !bytes.HasPrefix(p.data, out.Bytes()) {
			t.Errorf("READ %d refused: wrong bytes", k)
		}
		if err := c.Remove(context.Background(), fmt.Sprint(k)); err != nil {
			t.Errorf("the session ended: %v", err)
		}
	}
}

// What is in flight, and so the memory, is bounded though nothing is answered.
func TestTheWindowBoundsWhatIsInFlight(t *testing.T) {
	var inFlight, most int
	var held []query
	p := &peer{data: content(8 << 20), lie: func(p *peer, q query) bool {
		if q.kind != packet.Read || q.length == 1 {
			return false
		}
		inFlight += q.length
		most = max(most, inFlight)
		if held = append(held, q); len(held) < 8 { // with fewer than the window holds there would be nothing to see
			return true
		}
		for _, q := range held {
			inFlight -= q.length
			p.read(q)
		}
		held = nil
		return true
	}, hello: greet(packet.Limits)}
	lie := p.lie
	p.lie = func(p *peer, q query) bool {
		if q.kind == packet.Extended {
			p.send(packet.ExtendedReply, q.id, limits(1<<20, 256<<10, 256<<10, 0))
			return true
		}
		return lie(p, q)
	}
	c, _ := p.mustDial(t)
	var out bytes.Buffer
	size := int64(8 * 4 * 255 << 10)
	p.data = content(int(size))
	if _, err := c.Get(context.Background(), "f", size, &out, wire.GetOptions{}); err != nil || !bytes.Equal(out.Bytes(), p.data) {
		t.Fatal(err)
	}
	if most > 2<<20 || most < 1<<20 {
		t.Errorf("%d bytes in flight", most)
	}
}

func limits(numbers ...uint64) []byte {
	var b []byte
	for _, n := range numbers {
		b = packet.AppendUint64(b, n)
	}
	return b
}

// On a slow line an answer takes long: its bytes are a sign of life before the rest of them has come.
func TestBytesAreToldAsTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		came := make(chan int, 100)
		p := &peer{data: content(100_000)}
		p.lie = func(p *peer, q query) bool {
			if q.kind != packet.Read || q.offset != 0 {
				return false
			}
			b := packet.End(append(packet.Begin(nil, packet.Data, q.id), str(string(p.data[:q.length]))...), 0)
			p.raw(b[:len(b)/2])
			for told := 0; told < q.length/4; { // nothing more is sent before
				told += <-came
			}
			p.raw(b[len(b)/2:])
			return true
		}
		c, _ := p.mustDial(t)
		n, err := c.Get(context.Background(), "f", 100_000, io.Discard, wire.GetOptions{Progress: func(n int) { came <- n }})
		if err != nil || n != 100_000 {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}
