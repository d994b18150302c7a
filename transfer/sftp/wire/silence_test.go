package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// silent makes a peer that answers all but one kind of request.
func silent(kind byte) *peer {
	return &peer{data: content(100_000), listing: [][]byte{names("a")}, hello: greet(packet.Statvfs),
		lie: func(_ *peer, q query) bool { return q.kind == kind }}
}

// Time is that of the bubble: nobody waits, and the bounds are exact.
func TestADeadlineFreesFromEverySilence(t *testing.T) {
	for kind, act := range acts {
		synctest.Test(t, func(t *testing.T) {
			c, k := silent(kind).mustDial(t)
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			began := time.Now()
			err := act(ctx, c)
			var connection *wire.ConnectionError
			if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &connection) || !connection.Sent {
				t.Errorf("kind %d: %v", kind, err)
			}
			if took := time.Since(began); took != 30*time.Second {
				t.Errorf("kind %d: it took %v", kind, took)
			}
			if k.count() != 1 || c.Err() == nil {
				t.Errorf("kind %d: killed %d times, %v", kind, k.count(), c.Err())
			}
			if again := c.Remove(context.Background(), "f"); !errors.Is(again, context.DeadlineExceeded) || errors.As(again, &connection) && connection.Sent {
				t.Errorf("kind %d, afterwards: %v", kind, again)
			}
		})
	}
}

// READ and WRITE may take long on a slow line; all else may not.
func TestTheRequestTimeoutBoundsSilenceInNames(t *testing.T) {
	for kind, act := range acts {
		if kind == packet.Read || kind == packet.Write {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			c, k, err := silent(kind).dial(t, wire.Options{RequestTimeout: 20 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err = act(context.Background(), c)
			if took := time.Since(began); !errors.Is(err, wire.ErrSilent) || took != 20*time.Second || k.count() != 1 {
				t.Errorf("kind %d: %v after %v, killed %d times", kind, err, took, k.count())
			}
		})
	}
}

// Gateways to object stores store a file when it is closed.
func TestTheCloseOfALongFileMayTakeLonger(t *testing.T) {
	for kind, op := range map[byte]wire.Op{packet.Close: wire.OpClose, packet.Extended: wire.OpFsync} {
		longClose(t, kind, op, nil)
		longClose(t, kind, op, func() {})
	}
}

func longClose(t *testing.T, kind byte, op wire.Op, ahead func()) {
	synctest.Test(t, func(t *testing.T) {
		p := silent(kind)
		p.hello = greet(packet.Fsync)
		c, _, err := p.dial(t, wire.Options{RequestTimeout: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = c.Put(context.Background(), "f", bytes.NewReader(content(3<<20)), wire.PutOptions{Fsync: op == wire.OpFsync, Ahead: ahead})
		if took := time.Since(began); !errors.Is(err, wire.ErrSilent) || took != 23*time.Second {
			t.Errorf("%s: %v after %v", op, err, took)
		}
	})
}

// As long as the server sends anything, it lives, and a request in a long queue is not given up.
func TestTheRequestTimeoutBeginsAgainWithEveryByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{lie: func(p *peer, q query) bool {
			if q.kind != packet.Stat {
				return false
			}
			b := packet.End(append(packet.Begin(nil, packet.Attributes, q.id), 0, 0, 0, 0), 0)
			for i := range b {
				time.Sleep(15 * time.Second)
				p.raw(b[i : i+1])
			}
			return true
		}}
		c, _, err := p.dial(t, wire.Options{RequestTimeout: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Stat(context.Background(), "f"); err != nil {
			t.Error(err)
		}
	})
}

func TestASilentServerIsLeftAtTheStart(t *testing.T) {
	for name, opts := range map[string]wire.Options{"context": {}, "timeout": {RequestTimeout: time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer theirs.Close()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if _, err := wire.New(ctx, ours, opts); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, wire.ErrSilent) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// A peer that does not even read blocks the writer; the deadline frees it.
func TestADeadlineFreesFromAPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		stop := make(chan struct{})
		p.lie = func(*peer, query) bool { <-stop; return true }
		c, k := p.mustDial(t)
		defer close(stop)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := c.Put(ctx, "f", zeros{}, wire.PutOptions{})
		if !errors.Is(err, context.DeadlineExceeded) || k.count() != 1 {
			t.Errorf("%v, killed %d times", err, k.count())
		}
	})
}

func TestOneWhoGivesUpFreesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := silent(packet.Stat).mustDial(t)
		errs := make(chan error, 10)
		for range 10 {
			go func() {
				_, err := c.Stat(context.Background(), "f")
				errs <- err
			}()
		}
		gaveUp := errors.New("the run was cancelled")
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(time.Second, func() { cancel(gaveUp) })
		if _, err := c.Stat(ctx, "f"); !errors.Is(err, gaveUp) {
			t.Error(err)
		}
		for range 10 {
			if err := <-errs; !errors.Is(err, gaveUp) {
				t.Error(err)
			}
		}
		if k.count() != 1 {
			t.Errorf("killed %d times", k.count())
		}
	})
}

// Nothing was sent, so nothing is in doubt and the session lives.
func TestAContextThatIsOverSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for kind, act := range acts {
		p := silent(0)
		c, _ := p.mustDial(t)
		err := act(ctx, c)
		var connection *wire.ConnectionError
		if !errors.Is(err, context.Canceled) || !errors.As(err, &connection) || connection.Sent {
			t.Errorf("kind %d: %v", kind, err)
		}
		if len(p.kinds()) != 0 || c.Err() != nil {
			t.Errorf("kind %d: requests %v, %v", kind, p.kinds(), c.Err())
		}
	}
}

// What a lost answer means depends on the step: the error names it.
func TestALostAnswerNamesItsStep(t *testing.T) {
	for kind, op := range map[byte]wire.Op{packet.Open: wire.OpOpen, packet.Write: wire.OpWrite, packet.Extended: wire.OpFsync, packet.Close: wire.OpClose} {
		p := &peer{hello: greet(packet.Fsync), lie: func(p *peer, q query) bool {
			if q.kind == kind {
				_ = p.ReadWriter.(io.Closer).Close()
			}
			return q.kind == kind
		}}
		c, _ := p.mustDial(t)
		_, err := c.Put(context.Background(), "f", bytes.NewReader(content(100_000)), wire.PutOptions{Fsync: op == wire.OpFsync})
		var connection *wire.ConnectionError
		if !errors.As(err, &connection) || connection.Op != op || !connection.Sent || connection.Path != "f" {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// late gives its second piece when the session is over.
type late struct {
	c      *wire.Client
	pieces int
}

func (l *late) Read(p []byte) (int, error) {
	if l.pieces++; l.pieces == 2 {
		<-l.c.Done()
	}
	return len(p), nil
}

// The WRITE at hand did not go out any more, but others had.
func TestAHalfWrittenFileIsSaidToBeSent(t *testing.T) {
	p := &peer{lie: func(p *peer, q query) bool {
		if q.kind == packet.Write {
			_ = p.ReadWriter.(io.Closer).Close()
		}
		return q.kind == packet.Write
	}}
	c, _ := p.mustDial(t)
	_, err := c.Put(context.Background(), "f", &late{c: c}, wire.PutOptions{})
	var connection *wire.ConnectionError
	if !errors.As(err, &connection) || connection.Op != wire.OpWrite || !connection.Sent {
		t.Errorf("put: %v", err)
	}
}

func TestATimeLimitEndsAListingThatDrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{lie: func(p *peer, q query) bool {
			if q.kind != packet.Readdir {
				return false
			}
			time.Sleep(time.Second)
			p.send(packet.Name, q.id, names("a"))
			return true
		}}
		c, k := p.mustDial(t)
		err := c.List(context.Background(), "d", wire.ListOptions{MaxTime: time.Minute}, func(job.Entry) error { return nil })
		var limit *wire.LimitError
		if !errors.As(err, &limit) || limit.What != "time" || k.count() != 1 {
			t.Errorf("%v, killed %d times", err, k.count())
		}
	})
}

func TestCloseWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := silent(packet.Stat).mustDial(t)
		lost := make(chan error)
		go func() {
			_, err := c.Stat(context.Background(), "f")
			lost <- err
		}()
		synctest.Wait()
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-lost; !errors.Is(err, wire.ErrClosed) {
			t.Error(err)
		}
		if err := c.Close(context.Background()); err != nil || k.count() != 0 {
			t.Errorf("again: %v, killed %d times", err, k.count())
		}
	})
}

// Many close one session while its connection breaks, as an upload that sends its helpers home does beside the pool.
func TestManyCloseWhatBreaks(t *testing.T) {
	for range 2000 {
		ours, theirs := net.Pipe()
		p := &peer{ReadWriter: theirs}
		go func() { p.run(); _ = theirs.Close() }()
		c, err := wire.New(context.Background(), ours, wire.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() { _ = ours.Close() })
		for range 4 {
			all.Go(func() {
				if err := c.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}

// immovable is a stream whose Close hangs until its connection is killed, as an SSH channel's does.
type immovable struct {
	net.Conn
	dead chan struct{}
}

func (s immovable) Close() error { <-s.dead; return s.Conn.Close() }

func TestCloseKillsWhatDoesNotClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		p := &peer{ReadWriter: theirs}
		go func() { p.run(); _ = theirs.Close() }()
		stream := immovable{ours, make(chan struct{})}
		c, err := wire.New(context.Background(), stream, wire.Options{Kill: func(error) { close(stream.dead) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := c.Close(ctx); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		for range 20 { // ctx is over by now, and the connection dead: killing it again would panic here
			_ = c.Close(ctx)
		}
	})
}

// A server that answers others is alive, but nobody waits for ever for the one answer that it keeps back, or gives byte by byte.
func TestOneAnswerMayTakeTenTimesTheSilence(t *testing.T) {
	const silence = 20 * time.Second
	for name, byBytes := range map[string]bool{"kept back": false, "byte by byte": true} {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{lie: func(p *peer, q query) bool {
				if q.kind != packet.Rename || !byBytes {
					return q.kind == packet.Rename
				}
				b := packet.End(append(packet.Begin(nil, packet.Status, q.id), make([]byte, 12)...), 0)
				for i := range b {
					time.Sleep(silence - time.Second)
					p.raw(b[i : i+1])
				}
				return true
			}}
			c, k, err := p.dial(t, wire.Options{RequestTimeout: silence})
			if err != nil {
				t.Fatal(err)
			}
			if !byBytes {
				go func() {
					for c.Err() == nil {
						_, _ = c.Stat(context.Background(), "f")
						time.Sleep(silence / 2)
					}
				}()
			}
			began := time.Now()
			err = c.Rename(context.Background(), "f", "g")
			var lost *wire.ConnectionError
			if took := time.Since(began); !errors.Is(err, wire.ErrUnanswered) || !errors.As(err, &lost) || !lost.Sent || took != wire.Patience*silence || k.count() != 1 {
				t.Errorf("%s: %v after %v, killed %d times", name, err, took, k.count())
			}
			time.Sleep(silence)
		})
	}
}
