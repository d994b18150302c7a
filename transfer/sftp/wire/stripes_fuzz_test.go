package wire_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// inode is a file of a server, whatever names lead to it.
type inode struct {
	mu    sync.Mutex
	data  []byte
	mtime uint32
	done  []string // what happened to it, in order
}

func (f *inode) write(q query) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if end := int(q.offset) + len(q.data); end > len(f.data) {
		f.data = append(f.data, make([]byte, end-len(f.data))...)
	}
	copy(f.data[q.offset:], q.data)
}

func (f *inode) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, what)
}

func (f *inode) fstat(p *peer, q query, later uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.send(packet.Attributes, q.id, packet.AppendAttrs(nil, packet.Attrs{Flags: packet.AttrSize | packet.AttrPermissions | packet.AttrTimes,
		Size: uint64(len(f.data)), Mode: packet.ModeRegular | 0o644, ATime: f.mtime, MTime: f.mtime + later}))
}

// The ways of a helper's server.
const (
	wayHonest     = iota
	wayDies       // before it does a request
	wayDiesBehind // behind one, before its answer
	waySilent     // from a request on
	wayOther      // a file that is not the one: to read, from a request on and a second later; to write, from the beginning
	wayShort      // answers to READ
	wayEnds       // says no to a READ or WRITE
	wayBlind      // does not tell of open files
	wayWanted     // somebody waits for the connection
	ways
)

// aide is the server of one helper.
type aide struct {
	way   int
	at    int // request to which it applies
	file  *inode
	gate  func() // called once, when it has come to work or will not
	wait  func() // for the others; nil: not
	asked int
	lost  atomic.Bool // a WRITE came to it that was not answered with OK
}

func (a *aide) lose(q query) {
	if q.kind == packet.Write {
		a.lost.Store(true)
	}
}

// meet answers a request; false: the session ends.
func (a *aide) meet(p *peer, q query) bool {
	a.asked++
	struck := a.asked > a.at
	if q.kind == packet.Read || q.kind == packet.Write {
		a.gate()
	}
	if q.kind == packet.Write && a.wait != nil {
		a.wait() // or one would take it all
	}
	if a.way == wayDies && struck {
		a.lose(q)
		return false
	}
	if a.way == waySilent && struck {
		a.lose(q)
		a.gate()
		return true
	}
	switch q.kind {
	case packet.Read:
		if a.way == wayEnds && struck {
			p.status(q.id, packet.EOF)
			return true
		}
		n := max(0, min(q.length, len(a.file.data)-int(q.offset)))
		if a.way == wayShort {
			n = 1 + n*a.at/(a.at+1)/2
		}
		data := a.file.data[q.offset : q.offset+int64(n)]
		if a.way == wayOther && struck {
			data = make([]byte, n)
		}
		if a.way == wayDiesBehind && struck {
			return false
		}
		p.send(packet.Data, q.id, packet.AppendString(nil, data))
	case packet.Write:
		if a.way == wayEnds && struck {
			a.lost.Store(true)
			p.status(q.id, packet.Failure)
			return true
		}
		a.file.write(q)
		a.file.note("helper write")
		if a.way == wayDiesBehind && struck {
			a.lost.Store(true)
			return false
		}
		p.status(q.id, packet.OK)
	case packet.Fstat:
		later := uint32(0)
		if a.way == wayOther && struck {
			later = 1
		}
		if a.way == wayBlind {
			p.status(q.id, packet.Unsupported)
		} else {
			a.file.fstat(p, q, later)
		}
	case packet.Close, packet.Extended:
		a.file.note("helper end")
		p.status(q.id, packet.OK)
	default:
		p.honest(q)
	}
	return true
}

// crew makes the helpers that plans describe, three bytes each, and the gate through which the first server's third answer has to
// wait: until each of them has come to work, or will not.
func crew(t *testing.T, file *inode, plans []byte) (*wire.Stripes, []*aide, func()) {
	var all []*aide
	came := make(chan struct{}, 4)
	for ; len(plans) >= 3 && len(all) < 4; plans = plans[3:] {
		a := &aide{way: int(plans[0]) % ways, at: int(plans[1]), file: file}
		a.gate = sync.OnceFunc(func() { came <- struct{}{} })
		all = append(all, a)
	}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	var mu sync.Mutex
	next := 0
	return &wire.Stripes{
		Lanes: func(time.Duration) int { return len(all) + 1 }, AtOnce: 1, Patience: 20 * time.Millisecond, Running: &running,
		Call: func(context.Context) (*wire.Helper, error) {
			mu.Lock()
			a := all[next]
			next++
			mu.Unlock()
			p := &peer{hello: greet(packet.Fsync)}
			p.meet = a.meet
			c, _, err := p.dial(t, wire.Options{})
			if err != nil {
				t.Error(err)
				return nil, err
			}
			go func() { <-c.Done(); a.gate() }()
			asks := 0
			return &wire.Helper{
				Client: c,
				Wanted: func() bool {
					asks++
					if a.way != wayWanted || asks <= a.at {
						return false
					}
					for _, a := range all { // an upload sends all of them away
						a.gate()
					}
					return true
				},
				Leave: func(error) { _ = c.Close(context.Background()) },
			}, nil
		},
	}, all, sync.OnceFunc(func() { allOf(len(all), came) })
}

// allOf waits for n to come, as long as they do: behind a file that is all taken none is called.
func allOf(n int, came <-chan struct{}) {
	for range n {
		select {
		case <-came:
		case <-time.After(50 * time.Millisecond):
			return
		}
	}
}

func plans(ways ...byte) []byte {
	var b []byte
	for i, way := range ways {
		b = append(b, way, byte(3*i+3), 0)
	}
	return b
}

func seedStripes(f *testing.F) {
	for way := range byte(ways) {
		f.Add(uint32(5<<20)+uint32(way), plans(way))
		f.Add(uint32(11<<20), plans(way, wayHonest, way))
		f.Add(uint32(200_000), plans(wayHonest, way))
		f.Add(uint32(3<<20), []byte{way, 0, 0, way, 40, 0, (way + 1) % ways, 90, 0})
	}
}

func bigContent(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// Whatever helpers do, a download over several connections gives the bytes of the file, in order.
func FuzzStripedGet(f *testing.F) {
	seedStripes(f)
	f.Fuzz(func(t *testing.T, size uint32, plan []byte) {
		file := &inode{data: bigContent(int(size % (9 << 20))), mtime: 1_700_000_000}
		rules, _, wait := crew(t, file, plan)
		first, asked := &peer{data: file.data}, make(chan query, 1000)
		first.lie = func(_ *peer, q query) bool { asked <- q; return true } // it is never the pipe that waits
		go func() {
			for reads := 0; ; {
				var q query
				select {
				case q = <-asked:
				case <-t.Context().Done():
					return
				}
				if q.kind == packet.Fstat {
					file.fstat(first, q, 0)
					continue
				}
				if q.kind == packet.Read {
					if reads++; reads == 3 && len(file.data) > 2<<20 {
						wait()
					}
				}
				first.honest(q)
			}
		}()
		c, _ := first.mustDial(t)
		var got bytes.Buffer
		var told job.Entry
		n, err := c.Get(t.Context(), "f", int64(len(file.data)), &got, wire.GetOptions{Stripes: rules, BeforeClose: func(e job.Entry) error { told = e; return nil }})
		if err != nil || n != int64(len(file.data)) || !bytes.Equal(got.Bytes(), file.data) {
			t.Fatalf("%d of %d bytes, %v", n, len(file.data), err)
		}
		if told.Size != n || told.ModTime != int64(file.mtime) {
			t.Errorf("the file was told as %+v", told)
		}
	})
}

// Whatever helpers do, an upload over several connections that ends well has written the source, and nothing of it is to come.
func FuzzStripedPut(f *testing.F) {
	seedStripes(f)
	f.Fuzz(func(t *testing.T, size uint32, plan []byte) {
		file, source := &inode{}, bigContent(int(size%(12<<20)))
		rules, aides, wait := crew(t, file, plan)
		together := len(source) > 2<<20*(1+len(aides))
		for _, a := range aides {
			if together {
				a.wait = wait
			}
			if a.way == wayOther {
				a.file = &inode{}
			}
		}
		first, writes := &peer{hello: greet(packet.Fsync)}, 0
		first.lie = func(p *peer, q query) bool {
			switch q.kind {
			case packet.Write:
				if writes++; writes == 3 && together {
					wait()
				}
				file.write(q)
				file.note("write")
				p.status(q.id, packet.OK)
			case packet.Fstat:
				file.fstat(p, q, 0)
			case packet.Extended, packet.Close:
				file.note("end")
				p.status(q.id, packet.OK)
			default:
				return false
			}
			return true
		}
		c, _ := first.mustDial(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if slices.ContainsFunc(aides, func(a *aide) bool { return a.way == waySilent }) {
			stop := time.AfterFunc(200*time.Millisecond, cancel) // the session's watchdog does this
			defer stop.Stop()
		}
		n, err := c.Put(ctx, "f", bytes.NewReader(source), wire.PutOptions{Fsync: true, Size: int64(len(source)), Stripes: rules})
		harmless := !slices.ContainsFunc(aides, func(a *aide) bool {
			return a.way == wayDies || a.way == wayDiesBehind || a.way == waySilent || a.way == wayOther || a.way == wayEnds
		})
		if err != nil {
			if harmless {
				t.Error(err)
			}
			return
		}
		file.mu.Lock()
		defer file.mu.Unlock()
		if n != int64(len(source)) || !bytes.Equal(file.data, source) {
			t.Fatalf("%d bytes of %d, and they are right: %v", n, len(source), bytes.Equal(file.data, source))
		}
		if i := slices.Index(file.done, "end"); slices.ContainsFunc(file.done[i:], func(s string) bool { return s != "end" && s != "helper end" }) {
			t.Errorf("behind the first handle's end came %q", file.done[i:])
		}
		for _, a := range aides {
			if a.lost.Load() {
				t.Error("a WRITE without an answer was taken for done")
			}
		}
	})
}
