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
	return watchingWith(t, watchBounds, steps, every, step, nil)
}

func watchingWith(t *testing.T, bounds job.Timeouts, steps int, every time.Duration, step func(*transfer), served func() time.Duration) (after time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		tr := &transfer{served: served}
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
		err = tr.watch(ctx, bounds)
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

// A server that serves other transfers of the session is alive, but not for ever.
func TestStallWaitsWhileOthersAreServed(t *testing.T) {
	for name, test := range map[string]struct{ served, stalls time.Duration }{
		"one after the other":    {3 * time.Minute, 4 * time.Minute},
		"all but this one":       {time.Hour, patience * time.Minute},
		"nobody any more":        {0, time.Minute},
		"for as long as allowed": {patience*time.Minute - time.Second, patience * time.Minute},
	} {
		bounds := watchBounds
		bounds.FloorOver = time.Hour
		began := time.Time{}
		after, err := watchingWith(t, bounds, 1, 2*time.Hour, func(tr *transfer) {}, func() time.Duration {
			if began.IsZero() {
				began = time.Now()
			}
			return min(time.Since(began), test.served)
		})
		if !errors.Is(err, errStalled) || after < test.stalls || after > test.stalls+8*time.Second {
			t.Errorf("%s: %v after %v, want %v", name, err, after, test.stalls)
		}
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
