package wire_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// working makes a peer whose own goroutine answers, so that it is never the pipe that waits. The test ends after it: one that
// is still in the midst of an answer would sleep for ever in a bubble that has come to its end.
func working(t *testing.T, p *peer, answer func(query)) {
	ctx, work, left := t.Context(), make(chan query, 1000), make(chan struct{})
	p.lie = func(_ *peer, q query) bool { work <- q; return true }
	t.Cleanup(func() { <-left })
	go func() {
		defer close(left)
		for {
			select {
			case q := <-work:
				answer(q)
			case <-ctx.Done():
				return
			}
		}
	}()
}

// helped is a first server that goes on behind its second READ or WRITE when each of so many helpers has come to one.
type helped struct {
	t      *testing.T
	file   *inode
	came   sync.WaitGroup
	mu     sync.Mutex
	faults []error
	rules  wire.Stripes
}

func newHelped(t *testing.T, running *sync.WaitGroup, helpers int, file *inode, serve func(came func(), p *peer, q query) bool) *helped {
	h := &helped{t: t, file: file}
	h.came.Add(helpers)
	h.rules = wire.Stripes{Lanes: func(time.Duration) int { return helpers + 1 }, AtOnce: 1, Patience: 20 * time.Second, Running: running,
		Call: func(context.Context) (*wire.Helper, error) {
			p, came := &peer{hello: greet(packet.Fsync)}, sync.OnceFunc(h.came.Done)
			p.meet = func(p *peer, q query) bool { return serve(came, p, q) }
			c, _, err := p.dial(t, wire.Options{RequestTimeout: 20 * time.Second})
			if err != nil {
				return nil, err
			}
			return &wire.Helper{Client: c, Wanted: func() bool { return false }, Leave: func(fault error) {
				h.mu.Lock()
				h.faults = append(h.faults, fault)
				h.mu.Unlock()
				_ = c.Close(context.Background())
			}}, nil
		}}
	return h
}

// first is the first server.
func (h *helped) first() *wire.Client {
	p, moves := &peer{data: h.file.data, hello: greet(packet.Fsync)}, 0
	working(h.t, p, func(q query) {
		switch q.kind {
		case packet.Fstat:
			h.file.fstat(p, q, 0)
			return
		case packet.Extended:
			p.status(q.id, packet.OK)
			return
		case packet.Write:
			h.file.write(q)
		}
		if q.kind == packet.Read || q.kind == packet.Write {
			if moves++; moves == 3 {
				h.came.Wait()
			}
			time.Sleep(10 * time.Millisecond)
		}
		p.honest(q)
	})
	c, _, err := p.dial(h.t, wire.Options{RequestTimeout: 20 * time.Second})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// Helpers that drip hold nobody up, however many they are, and keep their places.
func TestHelpersThatDripHoldNothingUp(t *testing.T) {
	for _, helpers := range []int{1, 2, 5} {
		var running sync.WaitGroup
		synctest.Test(t, func(t *testing.T) {
			file := &inode{data: bigContent(40 << 20), mtime: 1_700_000_000}
			h := newHelped(t, &running, helpers, file, func(came func(), p *peer, q query) bool {
				switch q.kind {
				case packet.Fstat:
					file.fstat(p, q, 0)
				case packet.Read:
					came()
					b := packet.AppendString(packet.Begin(nil, packet.Data, q.id), file.data[q.offset:q.offset+int64(q.length)])
					for _, c := range packet.End(b, 0) {
						if _, err := p.Write([]byte{c}); err != nil {
							return false
						}
						time.Sleep(time.Second)
					}
				default:
					p.honest(q)
				}
				return true
			})
			c := h.first()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			var got bytes.Buffer
			var moved atomic.Int64
			n, err := c.Get(ctx, "f", int64(len(file.data)), &got, wire.GetOptions{Stripes: &h.rules, Progress: func(n int) { moved.Add(int64(n)) }})
			if err != nil || !bytes.Equal(got.Bytes(), file.data) {
				t.Errorf("%d helpers: %d bytes, %v", helpers, n, err)
			}
			if m := moved.Load(); m > n {
				t.Errorf("%d helpers: %d bytes of %d are said to have moved", helpers, m, n)
			}
			_ = c.Close(context.Background())
			running.Wait()
			if len(h.faults) != helpers || slices.ContainsFunc(h.faults, func(err error) bool { return err != nil && !errors.Is(err, wire.ErrNotNeeded) }) {
				t.Errorf("%d helpers were let go for %v", helpers, h.faults)
			}
		})
	}
}

// A helper that falls silent behind its last WRITE fails the upload in the time that it would have alone: a second more for every MiB.
func TestAHelperThatIsSilentAtTheEndOfAnUpload(t *testing.T) {
	const size = 40 << 20
	for _, kind := range []byte{packet.Fstat, packet.Extended, packet.Close} {
		var running sync.WaitGroup
		synctest.Test(t, func(t *testing.T) {
			file, wrote := &inode{}, false
			h := newHelped(t, &running, 1, file, func(came func(), p *peer, q query) bool {
				switch {
				case q.kind == packet.Write:
					came()
					wrote = true
					file.write(q)
					p.status(q.id, packet.OK)
				case wrote && q.kind == kind:
				case q.kind == packet.Fstat:
					file.fstat(p, q, 0)
				case q.kind == packet.Extended:
					p.status(q.id, packet.OK)
				default:
					p.honest(q)
				}
				return true
			})
			c := h.first()
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err := c.Put(ctx, "f", bytes.NewReader(bigContent(size)), wire.PutOptions{Fsync: true, Size: size, Stripes: &h.rules})
			if took := time.Since(began); !errors.Is(err, wire.ErrSilent) || took < time.Minute || took > 65*time.Second || c.Err() != nil {
				t.Errorf("kind %d: %v after %v; the first connection: %v", kind, err, took, c.Err())
			}
			_ = c.Close(context.Background())
			running.Wait()
			if len(h.faults) != 1 || h.faults[0] == nil || errors.Is(h.faults[0], wire.ErrNotNeeded) {
				t.Errorf("kind %d: the helper was let go for %v", kind, h.faults)
			}
		})
	}
}

// distant is a server that is a tenth of a second away, and whose line takes so long for each READ.
func distant(t *testing.T, file *inode, each time.Duration) *wire.Client {
	const trip = 100 * time.Millisecond
	p := &peer{data: file.data, hello: func(p *peer) {
		time.Sleep(trip)
		greet(packet.Fsync)(p)
	}}
	came := make(chan time.Time, 1000)
	p.told = func(*peer, query) { came <- time.Now() }
	working(t, p, func(q query) {
		time.Sleep(time.Until((<-came).Add(trip)))
		if q.kind == packet.Read {
			time.Sleep(each)
		}
		if q.kind == packet.Fstat {
			file.fstat(p, q, 0)
		} else {
			p.honest(q)
		}
	})
	c, _ := p.mustDial(t)
	return c
}

// As many helpers are called as pay, and once, whatever becomes of them.
func TestAsManyHelpersAreCalledAsPay(t *testing.T) {
	const lanes = 6
	for name, test := range map[string]struct {
		atOnce int64
		fails  int32 // the call that comes to nothing
		each   time.Duration
		calls  int32
	}{
		"all pay":                {1, 0, 0, lanes - 1},
		"two pay":                {17 << 20, 0, 0, 2}, // of 40 MiB
		"one is gone":            {1, 3, 0, lanes - 1},
		"nothing pays":           {41 << 20, 0, 0, 0},
		"the line is slow":       {41 << 20, 0, 5 * time.Millisecond, lanes - 1},
		"the line loses packets": {41 << 20, 0, 50 * time.Millisecond, lanes},
	} {
		var running sync.WaitGroup
		synctest.Test(t, func(t *testing.T) {
			file := &inode{data: bigContent(40 << 20), mtime: 1_700_000_000}
			h := newHelped(t, &running, 0, file, func(_ func(), p *peer, q query) bool {
				switch q.kind {
				case packet.Fstat:
					file.fstat(p, q, 0)
				default:
					p.status(q.id, packet.Failure) // it opens nothing: all is left to the first
				}
				return true
			})
			call, calls := h.rules.Call, atomic.Int32{}
			h.rules.AtOnce, h.rules.Lanes, h.rules.Lossy = test.atOnce, func(time.Duration) int { return lanes }, lanes+1
			h.rules.Call = func(ctx context.Context) (*wire.Helper, error) {
				if calls.Add(1) == test.fails {
					return nil, errors.New("refused")
				}
				return call(ctx)
			}
			c := distant(t, file, test.each)
			var got bytes.Buffer
			_, err := c.Get(t.Context(), "f", int64(len(file.data)), &got, wire.GetOptions{Stripes: &h.rules})
			_ = c.Close(context.Background())
			running.Wait()
			if n := calls.Load(); err != nil || n != test.calls {
				t.Errorf("%s: %v, %d calls, want %d", name, err, n, test.calls)
			}
		})
	}
}

// A helper of a download is asked for no more than it has brought, and 64 KiB: a new connection is slow, and what was read on the others
// would wait for it in memory. That grows.
func TestAHelperTakesAsMuchAsItBrings(t *testing.T) {
	var running sync.WaitGroup
	synctest.Test(t, func(t *testing.T) {
		file := &inode{data: bigContent(40 << 20), mtime: 1_700_000_000}
		var mu sync.Mutex
		var waiting []query
		var brought, most int64
		answer := func(p *peer) {
			time.Sleep(100 * time.Millisecond) // there and back
			mu.Lock()
			defer mu.Unlock()
			asked := int64(0)
			for _, q := range waiting {
				if q.kind == packet.Fstat {
					file.fstat(p, q, 0)
					continue
				}
				asked += int64(q.length)
				p.send(packet.Data, q.id, packet.AppendString(nil, file.data[q.offset:q.offset+int64(q.length)]))
			}
			if asked > 64<<10+brought {
				t.Errorf("asked for %d bytes when it had brought %d", asked, brought)
			}
			brought, most, waiting = brought+asked, max(most, asked), nil
		}
		h := newHelped(t, &running, 1, file, func(came func(), p *peer, q query) bool {
			if q.kind != packet.Read && q.kind != packet.Fstat {
				p.honest(q)
				return true
			}
			if q.kind == packet.Read {
				came()
			}
			mu.Lock()
			defer mu.Unlock()
			if waiting = append(waiting, q); len(waiting) == 1 {
				go answer(p)
			}
			return true
		})
		c := h.first()
		var got bytes.Buffer
		_, err := c.Get(t.Context(), "f", int64(len(file.data)), &got, wire.GetOptions{Stripes: &h.rules})
		_ = c.Close(context.Background())
		running.Wait()
		if err != nil || !bytes.Equal(got.Bytes(), file.data) {
			t.Errorf("%d bytes, %v", got.Len(), err)
		}
		mu.Lock()
		defer mu.Unlock()
		if most < 1<<20 {
			t.Errorf("it was asked for %d bytes at the most", most)
		}
	})
}
