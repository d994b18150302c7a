package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// Check fails unless a byte goes there and back in the time that was asked for, within a tenth and a millisecond. It gives the
// time. As a machine may be busy for a moment it tries a few times.
func (l *Link) Check(ctx context.Context) (rtt time.Duration, err error) {
	near, far, err := l.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer near.Close()
	defer far.Close()
	go func() { _, _ = io.Copy(far, far) }() // ends with the connection
	for range 3 {
		if rtt, err = pingPong(near); err != nil {
			return 0, err
		}
		if err = judge(rtt, l.options.RTT); err == nil {
			break
		}
	}
	return rtt, err
}

func judge(rtt, want time.Duration) error {
	if rtt < want || rtt > want+want/10+time.Millisecond {
		return fmt.Errorf("the line's round trip is %v, not %v", rtt, want)
	}
	return nil
}

// pingPong gives the median of some round trips.
func pingPong(conn net.Conn) (time.Duration, error) {
	var took []time.Duration
	for range 15 {
		begin, b := time.Now(), []byte{1}
		if _, err := conn.Write(b); err != nil {
			return 0, err
		}
		if _, err := io.ReadFull(conn, b); err != nil {
			return 0, err
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// Speed gives how many bytes a second one TCP stream moves over a line of ours that has neither delay nor loss.
func Speed(ctx context.Context, small bool, size int64) (perSecond float64, err error) {
	l, err := New(Options{Small: small})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	near, far, err := l.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer near.Close()
	sent := make(chan error, 1)
	begin := time.Now()
	go func() {
		_, err := io.Copy(far, io.LimitReader(zeros{}, size))
		sent <- errors.Join(err, far.Close())
	}()
	n, err := io.Copy(io.Discard, near)
	if err = errors.Join(err, <-sent); err == nil && n != size {
		err = fmt.Errorf("%d bytes of %d came through", n, size)
	}
	return float64(n) / time.Since(begin).Seconds(), err
}

// connect gives the two ends of a TCP connection over the line.
func (l *Link) connect(ctx context.Context) (near, far net.Conn, err error) {
	var listener net.Listener
	if err := l.Far.Do(func() (err error) {
		listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort(l.Far.Addr, "0"))
		return err
	}); err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	if err := l.Near.Do(func() (err error) {
		near, err = (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp4", listener.Addr().String())
		return err
	}); err != nil {
		return nil, nil, err
	}
	if far, err = listener.Accept(); err != nil {
		return nil, nil, errors.Join(err, near.Close())
	}
	return near, far, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
