// Package link is a line that is slow and may lose packets, between two network namespaces of its own: what netem does where a
// kernel has it. A TUN device at each end hands its packets to this process, which hands them on after half a round trip.
// Unlike a proxy that leaves TCP whole from end to end: its windows, its congestion control, its recovery from losses.
//
// Nothing has a name on the machine, so nothing can stay behind: namespaces and devices go with Close, or with the process.
// It needs root, and ip of iproute2.
package link

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Options of a line. The zero value is one without delay and loss.
type Options struct {
	RTT  time.Duration
	Loss float64 // chance that a packet vanishes, either way; 0.001 is one in a thousand
	Seed uint64  // of the losses
	// Small lets no packet be larger than 1,500 bytes, as where there is loss; else the kernel may hand over many as one.
	Small bool
}

// Link is a line that is up.
type Link struct {
	Near, Far *Namespace
	options   Options
	devices   [2]*os.File
	done      sync.WaitGroup
	refused   atomic.Int64
}

// New makes the namespaces and lets packets through.
func New(o Options) (*Link, error) {
	o.Small = o.Small || o.Loss > 0
	l := &Link{options: o}
	for i, end := range []**Namespace{&l.Near, &l.Far} {
		n, err := newNamespace(fmt.Sprintf("10.77.0.%d", i+1))
		if err == nil {
			*end = n
			l.devices[i], err = n.device(o.Small)
		}
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	l.carry(l.devices[0], l.devices[1], o.Seed)
	l.carry(l.devices[1], l.devices[0], o.Seed+1)
	return l, nil
}

// Close ends the line, and waits until nobody works on it.
func (l *Link) Close() error {
	var errs []error
	for _, device := range l.devices {
		if device != nil {
			errs = append(errs, device.Close())
		}
	}
	l.done.Wait()
	return errors.Join(append(errs, l.Near.Close(), l.Far.Close())...)
}

// parcel is a packet on its way.
type parcel struct {
	due  time.Time
	data []byte
}

// onTheWay bounds the packets of one direction: more than the windows of any number of connections hold.
const onTheWay = 1 << 17

// carry brings packets from one end to the other.
func (l *Link) carry(from, to *os.File, seed uint64) {
	queue := make(chan parcel, onTheWay)
	chance := rand.New(rand.NewPCG(seed, seed))
	l.done.Go(func() {
		defer close(queue)
		l.take(from, queue, chance)
	})
	l.done.Go(func() {
		for p := range queue {
			sleepUntil(p.due)
			if _, err := to.Write(p.data); err != nil && !errors.Is(err, os.ErrClosed) {
				l.refused.Add(1)
			}
			giveBack(p.data)
		}
	})
}

// take reads packets until the device is closed.
func (l *Link) take(from io.Reader, queue chan<- parcel, chance *rand.Rand) {
	whole := make([]byte, largest)
	for {
		n, err := from.Read(whole)
		if err != nil {
			return
		}
		if l.options.Loss > 0 && chance.Float64() < l.options.Loss {
			continue
		}
		queue <- parcel{time.Now().Add(l.options.RTT / 2), copyOf(whole[:n])}
	}
}

// Lost counts packets that vanished without being meant to: a line that loses any is no measure.
func (l *Link) Lost() (int64, error) {
	near, nearErr := l.Near.dropped()
	far, farErr := l.Far.dropped()
	return l.refused.Load() + near + far, errors.Join(nearErr, farErr)
}

// sleepUntil is more exact than the runtime's timers, which may be a millisecond late.
func sleepUntil(due time.Time) {
	for wait := time.Until(due); wait > 0; wait = time.Until(due) {
		span := unix.NsecToTimespec(int64(wait))
		_ = unix.Nanosleep(&span, nil) // a signal ends it early: it goes on
	}
}

// Packets are kept in two sizes, as most are acknowledgements, or small in all. What was used is used again.
const (
	small   = 2 << 10
	largest = 1<<16 + 64
)

type store chan []byte

var smalls, larges = make(store, 1<<14), make(store, 1<<10)

func copyOf(data []byte) []byte {
	kept, size := larges, largest
	if len(data) <= small {
		kept, size = smalls, small
	}
	select {
	case b := <-kept:
		return append(b[:0], data...)
	default:
		return append(make([]byte, 0, size), data...)
	}
}

func giveBack(b []byte) {
	kept := larges
	if cap(b) == small {
		kept = smalls
	}
	select {
	case kept <- b:
	default:
	}
}
