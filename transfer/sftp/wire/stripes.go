package wire

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// Stripes let one large copy go over further connections to the same server: a channel has 2 MiB in flight and no more, so a
// long round trip leaves one connection idle most of the time.
type Stripes struct {
	// Lanes is how many connections suit a round trip, the first included; below 2 there are no further ones. No more than
	// 8 are used.
	Lanes func(roundTrip time.Duration) int
	// Lossy is how many there may be where the line is seen to lose packets, if that is more.
	Lossy int
	// Least is the size of the smallest file to which this applies, in bytes.
	Least int64
	// AtOnce is how many bytes have to be left for each further connection, so that it is made at once, however fast the first one is.
	// Zero: what a connection moves while another logs in.
	AtOnce int64
	// Early: the server is known to tell of files, so helpers may be called before the first handle shows it.
	Early bool
	// Call gets one more connection, which may take long; the copy goes on meanwhile. It is called by several goroutines. The connection
	// may come behind the end of the copy, which ends ctx; it is left at once then.
	Call func(ctx context.Context) (*Helper, error)
	// Running counts the goroutines that are about helpers. They end by themselves a bounded time after the copy.
	Running *sync.WaitGroup
	// Patience is how long the helper of a download may be silent that owes answers, before it is let go.
	Patience time.Duration
	// Memory is shared by all downloads that are to be bounded together. Nil: each has its own bound only.
	Memory *Memory
}

// Memory bounds what downloads over several connections hold together, asked for or waiting for its turn: 20 MiB, and up to a MiB for
// each of them, so that none starves. That is what one over eight connections holds. The zero value holds nothing.
type Memory struct{ held atomic.Int64 }

// has says whether n bytes more are to be had.
func (m *Memory) has(n int64) bool { return m == nil || m.held.Load()+n <= lanesMost*aheadBytes }

func (m *Memory) add(n int64) {
	if m != nil {
		m.held.Add(n)
	}
}

// Helper is a further connection to the server.
type Helper struct {
	Client *Client
	Wanted func() bool       // somebody waits for the connection: it is to be given back soon
	Fault  func(fault error) // is told at once of what is wrong with it; nil: nobody wants to know
	Parts  func()            // is told at once that it is on its way back; nil: nobody wants to know
	Leave  func(fault error) // gives it back, when its handle is closed; nil: it is well. It may take a while
}

// ErrNotNeeded is the fault of a helper that has none: the copy ended without it.
var ErrNotNeeded = errors.New("the copy has ended")

// errQuiet is the fault of a helper that owed answers and was silent.
var errQuiet = errors.New("it fell silent")

const (
	lanesMost = 8
	// loginTrips is how many round trips a login takes. A connection moves 2 MiB in each, so a copy with less than
	// loginTrips times that before it is through before a helper is there.
	loginTrips = 13
	// slowTrips is how many round trips a line without loss needs to come to its full speed, from the first ten packets on.
	// A copy that is by then so slow that the rest takes as long as two logins has a line that loses packets, where one
	// connection gets a fraction of its window across: that pays for smaller files too.
	slowTrips = 8
	// lossyShare: a line loses packets where all connections together bring less than this part of one window each round trip. TCP is as
	// slow as its loss then, on each of them.
	lossyShare = 4
	// stretchBytes is how much of the file a lane takes at once: small, so that all lanes come to the end together, and large,
	// so that the disk on the other side is read and written in pieces.
	stretchBytes = 1 << 20
	// narrowBytes is what a helper of a download takes at first. TCP begins with ten packets a round trip and doubles them, and all that is
	// read on other connections meanwhile waits for what a new one has taken.
	narrowBytes = 64 << 10
	// aheadBytes is what a download may hold in memory for each lane: a window in flight, and a quarter of one that waits for its turn.
	// The collector doubles that: more would not stay below 96 MiB with eight lanes.
	aheadBytes = windowBytes * 5 / 4
	// slowTimes is how many times longer than on the first connection something may take on a helper when all else waits for it.
	slowTimes = 4
	// lookEvery is how often is looked whether it does.
	lookEvery = 250 * time.Millisecond
	// farewell bounds the CLOSE of a helper that is no longer needed.
	farewell = 3 * time.Second
)

// lane is one connection of a copy with its handle on the file.
type lane struct {
	c      *Client
	handle string
	helper *Helper // nil: the first
	open   int     // requests without an answer
	gone   bool    // its answers count no more
	asked  time.Time

	todo    []*slot // download: taken and not asked for yet
	owed    int64   // download: bytes that it was asked for and that are read on the first connection by now
	taken   int64   // download: bytes that it has taken and not brought
	width   int64   // download: how many those may be
	leaving bool    // download: it takes nothing more
	wrote   bool    // upload: a WRITE was sent
	sends   int     // upload: WRITEs in a row

	left chan struct{}
	once sync.Once
}

// team gets helpers for one copy, and sees that they go.
type team struct {
	rules  Stripes
	path   string
	flags  uint32
	events chan<- *request
	most   int // as suit the round trip
	lossy  int // where the line loses packets
	began  time.Time
	called int
	opened chan struct{} // closed when the first handle is there

	ctx    context.Context
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	over   bool
	lanes  []*lane
}

// newTeam gives nil where the copy is to go over one connection.
func newTeam(c *Client, rules *Stripes, path string, flags uint32, size int64) *team {
	if rules == nil || size < rules.Least || c.RoundTrip() == 0 {
		return nil
	}
	most := min(rules.Lanes(c.RoundTrip()), lanesMost)
	if most < 2 {
		return nil
	}
	own := *rules
	if own.AtOnce == 0 {
		own.AtOnce = loginTrips * windowBytes
	}
	t := &team{rules: own, path: path, flags: flags, most: most, lossy: max(most, min(rules.Lossy, lanesMost)), began: time.Now(), opened: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancelCause(context.Background())
	return t
}

// flight gives the flight of the copy, with room for all answers and events that may come at once: whoever tells never waits.
func (t *team) flight(c *Client, op Op, path string, most int) *flight {
	if t == nil {
		return newFlight(c, op, path, most)
	}
	f := newFlight(c, op, path, lanesMost*(2*windowCount+4)+1)
	t.events = f.done
	return f
}

// due gives how many more helpers pay for the bytes that are left, of which moved have come across: one for as much as a connection
// moves during a login, and all where those that there are would take as long as two logins each. On a line that loses packets that is more
// than suit its round trip.
func (t *team) due(moved, left int64, roundTrip time.Duration) int {
	if t == nil {
		return 0
	}
	pay := min(t.most-1, int(left/t.rules.AtOnce))
	took, slow := time.Since(t.began), 2*loginTrips*roundTrip*time.Duration(1+t.called)
	if took >= slowTrips*roundTrip && float64(left)*took.Seconds() > float64(moved)*slow.Seconds() {
		pay = t.most - 1
		if trips := float64(took) / float64(roundTrip); trips >= 2*slowTrips && float64(moved) < trips*windowBytes/lossyShare {
			pay = t.lossy - 1
		}
	}
	return max(0, pay-t.called)
}

// call sends for n helpers at once. Each that has opened the file is told to joined, with what the server says of its handle, and when its
// session ends to fell, both as events of the copy.
func (t *team) call(n int, first *Client, joined func(*lane, job.Entry) error, fell func(*lane) error) {
	t.called += n
	for range n {
		t.rules.Running.Go(func() {
			helper, err := t.rules.Call(t.ctx)
			if err != nil {
				return // no failure of the copy, which never waited for it
			}
			l := &lane{c: helper.Client, helper: helper, left: make(chan struct{})}
			seen, err := t.open(l, first.limits)
			if err != nil {
				t.leave(l, err)
				return
			}
			if !t.post(l, func() error { return joined(l, seen) }) {
				t.leave(l, nil)
				return
			}
			select {
			case <-l.left:
			case <-l.c.Done():
				t.post(nil, func() error { return fell(l) })
			}
		})
	}
}

// open opens the file once more, without making or emptying it, when it has been opened for the first time. Behind the end of the copy this may meet another file, or none:
// nothing is read from it and nothing written to it then.
func (t *team) open(l *lane, limits Limits) (job.Entry, error) {
	if l.c.limits != limits {
		return untold, errors.New("the server grants this connection other lengths")
	}
	select {
	case <-t.opened:
	case <-t.ctx.Done():
	}
	if t.ctx.Err() != nil {
		return untold, nil // nobody is there to be joined any more
	}
	var err error
	if l.handle, err = l.c.openFile(t.ctx, t.path, t.flags); err != nil {
		return untold, err
	}
	f, err := l.c.askBody(t.ctx, handleRequest(OpFstat, packet.Fstat, t.path, l.handle))
	if err != nil {
		return untold, err
	}
	attrs := f.Attrs()
	if f.Err() != nil {
		return untold, l.c.broken(OpFstat, t.path, f.Err())
	}
	return entry("", attrs), nil
}

// post tells the copy of something, unless it is over. l, if there is one, is of the team from then on.
func (t *team) post(l *lane, event func() error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	if l != nil {
		t.lanes = append(t.lanes, l)
	}
	t.events <- &request{event: event} // there is room: see flight
	return true
}

// every tells the copy to do something again and again, as long as it lasts. One that has not done it yet is not told again.
func (t *team) every(pause time.Duration, do func() error) {
	t.rules.Running.Go(func() {
		tick := time.NewTicker(max(pause, time.Millisecond))
		defer tick.Stop()
		var told atomic.Bool
		for {
			select {
			case <-t.ctx.Done():
				return
			case <-tick.C:
			}
			if told.CompareAndSwap(false, true) {
				t.post(nil, func() error { told.Store(false); return do() })
			}
		}
	})
}

// leave lets a helper go; only the first call counts. One that is well closes its handle first.
func (t *team) leave(l *lane, fault error) {
	l.once.Do(func() {
		close(l.left)
		l.blame(fault) // before the copy ends: the next one must know
		if l.helper.Parts != nil {
			l.helper.Parts()
		}
		t.rules.Running.Go(func() {
			if fault == nil && l.handle != "" {
				ctx, cancel := context.WithTimeout(context.Background(), farewell)
				defer cancel()
				fault = l.c.closeHandle(ctx, t.path, l.handle, 0)
				l.blame(fault)
			}
			l.helper.Leave(fault)
		})
	})
}

// finish lets all helpers go that are still there, or on their way.
func (t *team) finish() { t.end(ErrNotNeeded) }

// end is finish for a copy that failed, with the fault that its helpers may have in that.
func (t *team) end(fault error) {
	if t == nil {
		return
	}
	t.cancel(ErrNotNeeded)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for _, l := range t.lanes {
		if fault == ErrNotNeeded && l.open == 0 {
			t.leave(l, nil) // it is as good as new
		} else {
			t.leave(l, fault)
		}
	}
}

// faultIn is what helpers are let go with behind a copy that ended so: where the first connection was lost or fell silent with them, the
// next attempt tries without.
func (t *team) faultIn(c *Client, err error) error {
	if err == nil || c.Err() == nil || errors.Is(err, context.Canceled) {
		return ErrNotNeeded
	}
	return err
}

// without gives the lanes without one of them.
func without(lanes []*lane, l *lane) []*lane {
	return slices.DeleteFunc(lanes, func(other *lane) bool { return other == l })
}

// blame tells of a fault of a helper.
func (l *lane) blame(fault error) {
	if fault != nil && l.helper.Fault != nil {
		l.helper.Fault(fault)
	}
}

// quiet is how long a lane has owed an answer without a byte from the server.
func (l *lane) quiet() time.Duration {
	if l.open == 0 {
		return 0
	}
	return time.Since(l.c.start) - max(l.asked.Sub(l.c.start), time.Duration(l.c.heard.Load()))
}
