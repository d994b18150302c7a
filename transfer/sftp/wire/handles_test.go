package wire_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// No more files are open at once than the server said that it can bear, less one for a listing, and not more than 64 if it says nothing.
func TestNoMoreFilesAreOpenThanTheServerBears(t *testing.T) {
	for told, most := range map[uint64]int{0: 64, 1: 1, 3: 2, 1000: 256} {
		open, peak := 0, 0
		p := &peer{data: content(10), hello: greet(packet.Limits)}
		p.lie = func(p *peer, q query) bool {
			switch q.kind {
			case packet.Extended:
				body := packet.AppendUint64(packet.AppendUint64(nil, 0), 0)
				p.send(packet.ExtendedReply, q.id, packet.AppendUint64(packet.AppendUint64(body, 0), told))
				return true
			case packet.Open:
				open++
				peak = max(peak, open)
			case packet.Close:
				open--
			}
			return false
		}
		c, _ := p.mustDial(t)
		var copies sync.WaitGroup
		for range 100 {
			copies.Go(func() {
				if n, err := c.Get(context.Background(), "f", 10, io.Discard, wire.GetOptions{}); n != 10 || err != nil {
					t.Errorf("get: %d, %v", n, err)
				}
			})
			copies.Go(func() {
				if n, err := c.Put(context.Background(), "g", &zeroed{10}, wire.PutOptions{Size: 10, Ahead: func() {}}); n != 10 || err != nil {
					t.Errorf("put: %d, %v", n, err)
				}
			})
		}
		copies.Wait()
		if err := c.Remove(context.Background(), "f"); err != nil { // all CLOSEs came before
			t.Error(err)
		}
		if peak > most || peak == 0 {
			t.Errorf("told %d: %d files were open at once, want at most %d", told, peak, most)
		}
	}
}

type zeroed struct{ left int }

func (z *zeroed) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(z.left, len(p))
	z.left -= n
	return n, nil
}

// A file is open until CLOSE is answered, however long a server takes that works on many requests at once. The copy does not wait.
func TestAFileIsOpenUntilItsCloseIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 4
		var open, worst atomic.Int32
		p := &peer{data: content(10), hello: greet(packet.Limits)}
		p.lie = func(p *peer, q query) bool {
			switch q.kind {
			case packet.Extended:
				body := packet.AppendUint64(packet.AppendUint64(nil, 0), 0)
				p.send(packet.ExtendedReply, q.id, packet.AppendUint64(packet.AppendUint64(body, 0), most+1))
				return true
			case packet.Open:
				worst.Store(max(worst.Load(), open.Add(1)))
			case packet.Close:
				time.AfterFunc(time.Second, func() { // when nobody can do anything more without it
					open.Add(-1)
					p.status(q.id, packet.OK)
				})
				return true
			}
			return false
		}
		c, _ := p.mustDial(t)
		began := time.Now()
		for i := range 5 * most { // one after the other: each has its file before its CLOSE is answered
			if n, err := c.Get(t.Context(), "f", 10, io.Discard, wire.GetOptions{}); n != 10 || err != nil {
				t.Fatalf("get: %d, %v", n, err)
			}
			if i == most-1 && time.Since(began) > 0 {
				t.Error("a copy waited for an answer to CLOSE")
			}
		}
		time.Sleep(2 * time.Second)
		if worst.Load() != most || open.Load() != 0 {
			t.Errorf("%d files were open at once, want %d; %d are left", worst.Load(), most, open.Load())
		}
	})
}

// A server that never answers CLOSE makes nobody wait for ever for a file to open.
func TestACloseThatIsNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, err := silent(packet.Close).dial(t, wire.Options{RequestTimeout: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 64 {
			if n, err := c.Get(t.Context(), "f", 100_000, io.Discard, wire.GetOptions{}); n != 100_000 || err != nil {
				t.Fatalf("get: %d, %v", n, err)
			}
		}
		_, err = c.Get(t.Context(), "f", 100_000, io.Discard, wire.GetOptions{})
		if took := time.Since(began); !errors.Is(err, wire.ErrSilent) || took != 20*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A CLOSE that is never answered costs nothing where nobody waits for it: not a folder's, and a file's only when no more may be open.
func TestACloseThatIsNeverAnsweredHarmsNobody(t *testing.T) {
	for _, most := range []uint64{3, 20} { // one of them is left for a listing
		synctest.Test(t, func(t *testing.T) {
			p := silent(packet.Close)
			p.listing, p.data, p.hello = [][]byte{names("a")}, content(10), greet(packet.Limits)
			swallow := p.lie
			p.lie = func(p *peer, q query) bool {
				if q.kind == packet.Extended {
					body := packet.AppendUint64(packet.AppendUint64(nil, 0), 0)
					p.send(packet.ExtendedReply, q.id, packet.AppendUint64(packet.AppendUint64(body, 0), most))
					return true
				}
				return swallow(p, q)
			}
			c, _, err := p.dial(t, wire.Options{RequestTimeout: 20 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.List(t.Context(), "d", wire.ListOptions{}, func(job.Entry) error { return nil }); err != nil {
				t.Fatal(err)
			}
			for i := range 2 {
				if _, err := c.Get(t.Context(), "f", 10, io.Discard, wire.GetOptions{}); err != nil {
					t.Fatalf("get %d: %v", i, err)
				}
			}
			for range 100 {
				time.Sleep(10 * time.Second)
				if _, err := c.Stat(t.Context(), "f"); err != nil {
					t.Fatal(err)
				}
			}
			_, err = c.Get(t.Context(), "f", 10, io.Discard, wire.GetOptions{})
			if full := most == 3; full != errors.Is(err, wire.ErrSilent) || !full && err != nil {
				t.Errorf("a third file of %d: %v", most-1, err)
			}
		})
	}
}
