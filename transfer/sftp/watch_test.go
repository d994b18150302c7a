package sftp

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
)

var watchBounds = job.Timeouts{Stall: time.Minute, Floor: 1024, FloorOver: 5 * time.Minute}

// watching runs the watchdog over a transfer that moves n bytes at every step, until it is done.
func watching(t *testing.T, steps int, every time.Duration, step func(*transfer)) (after time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		tr := &transfer{}
		go func() {
			defer cancel()
			for range steps {
				select {
				case <-time.After(every):
				case <-ctx.Done():
					return
				}
				step(tr)
			}
		}()
		err = tr.watch(ctx, watchBounds)
		after = time.Since(began)
		cancel()
		synctest.Wait()
	})
	return after, err
}

func TestStallEndsATransfer(t *testing.T) {
	after, err := watching(t, 1, time.Hour, func(*transfer) {})
	if !errors.Is(err, errStalled) || after > 76*time.Second {
		t.Errorf("%v after %v", err, after)
	}
}

// The last byte may come at any moment between two looks.
func TestStallIsCountedFromTheLastByte(t *testing.T) {
	for _, last := range []int{1, 13, 29, 30, 31} {
		n := 0
		after, err := watching(t, 200, time.Second, func(tr *transfer) {
			if n++; n <= last {
				tr.moved(1 << 20)
			}
		})
		if silence := after - time.Duration(last)*time.Second; !errors.Is(err, errStalled) || silence < time.Minute || silence > 67*time.Second {
			t.Errorf("%v after a silence of %v that began at second %d", err, silence, last)
		}
	}
}

func TestPauseBelowTheStallTimeIsFine(t *testing.T) {
	_, err := watching(t, 100, 50*time.Second, func(tr *transfer) { tr.moved(1 << 20) })
	if err != nil {
		t.Error(err)
	}
}

func TestDripEndsATransfer(t *testing.T) {
	after, err := watching(t, 1000, 20*time.Second, func(tr *transfer) { tr.moved(1) })
	if !errors.Is(err, errTooSlow) || after > 6*time.Minute {
		t.Errorf("%v after %v", err, after)
	}
}

func TestSlowLineAboveTheFloorIsFine(t *testing.T) {
	_, err := watching(t, 3600, time.Second, func(tr *transfer) { tr.moved(1100) })
	if err != nil {
		t.Error(err)
	}
}

func TestOurOwnSlowDiskIsNotTheServers(t *testing.T) {
	_, err := watching(t, 1, time.Hour, func(*transfer) {})
	if err == nil {
		t.Fatal("the watchdog sees nothing")
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tr := &transfer{}
		go func() {
			defer cancel()
			_ = tr.ours(func(job.Entry) error { time.Sleep(time.Hour); return nil })(job.Entry{})
		}()
		if err := tr.watch(ctx, watchBounds); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

func TestNoFloorMeansAnyRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tr := &transfer{}
		go func() {
			defer cancel()
			for range 100 {
				time.Sleep(30 * time.Second)
				tr.moved(1)
			}
		}()
		if err := tr.watch(ctx, withDefaults(job.Timeouts{})); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}
