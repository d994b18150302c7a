package main

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// soon is how long to wait, as whoever asks is told; -1: it is not that.
func soon(err error) time.Duration {
	var too route.TooSoon
	if !errors.As(err, &too) {
		return -1
	}
	return too.Wait
}

// What is being done at a server is not begun a second time, little is done at once, and less for one tenant.
func TestTurns(t *testing.T) {
	var turns turns
	done := must[func()](t)(turns.take(turn{"a", "one", "a"}))
	if _, err := turns.take(turn{"a", "one", "a"}); slugOf(err) != "api.busy" || !errors.Is(err, job.ErrExists) {
		t.Errorf("the same twice: %v", err)
	}
	var ends []func()
	for i := range looksOfTenant - 1 {
		ends = append(ends, must[func()](t)(turns.take(turn{fmt.Sprint("one", i), "one", fmt.Sprint(i)})))
	}
	if _, err := turns.take(turn{"z", "one", "z"}); slugOf(err) != "api.looks_full" || soon(err) <= 0 {
		t.Errorf("more than one tenant may: %v", err)
	}
	for i := range looksBusy - looksOfTenant {
		ends = append(ends, must[func()](t)(turns.take(turn{fmt.Sprint("two", i), fmt.Sprint("two", i), fmt.Sprint(i)})))
	}
	if _, err := turns.take(turn{"y", "three", "y"}); slugOf(err) != "api.looks_full" {
		t.Errorf("more than is borne: %v", err)
	}
	for _, end := range append(ends, done) {
		end()
	}
	for i := range looksOfTenant {
		must[func()](t)(turns.take(turn{fmt.Sprint("again", i), "one", fmt.Sprint("again", i)}))
	}
}

// Nobody looks at a server without a pause, and less so where it refuses the login. Others are not made to wait.
func TestTurnsKeepAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		at := turn{"connection acme", "one", "acme"}
		for range looksBurst {
			must[func()](t)(turns.take(at))()
		}
		if _, err := turns.take(at); slugOf(err) != "api.too_soon" || soon(err) != looksEach {
			t.Errorf("without a pause: %v, wait %v", err, soon(err))
		}
		must[func()](t)(turns.take(turn{"connection bank", "one", "bank"}))()
		time.Sleep(looksEach)
		must[func()](t)(turns.take(at))()
		time.Sleep(time.Hour)
		for range 2 { // refused
			must[func()](t)(turns.take(at))()
			turns.refused("acme")
		}
		if _, err := turns.take(at); soon(err) != looksEach {
			t.Errorf("after two refused logins: %v, wait %v", err, soon(err))
		}
		time.Sleep(time.Hour)
		must[func()](t)(turns.take(at))()
		if len(turns.rested) != 1 {
			t.Errorf("of %d connections something is remembered", len(turns.rested))
		}
	})
}
