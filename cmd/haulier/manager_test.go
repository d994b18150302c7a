package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// toldManager is a manager whose words are kept.
func toldManager() (m *manager, told func() []string) {
	var mu sync.Mutex
	var all []string
	m = &manager{log: slog.New(slog.DiscardHandler), tell: func(state string) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, state)
		return nil
	}}
	return m, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// A daemon that lives gives two signs in each time that is waited for; one that hangs gives none, and gives them again when
// it works again.
func TestWatchdogIsFedByTheLivingOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, told := toldManager()
		var mu sync.Mutex
		var hangs error
		set := func(err error) { mu.Lock(); hangs = err; mu.Unlock() }
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go m.feed(ctx, 3*time.Minute, func(context.Context) error { mu.Lock(); defer mu.Unlock(); return hangs })
		signs := func(d time.Duration) int {
			before := len(told())
			time.Sleep(d)
			synctest.Wait()
			return len(told()) - before
		}
		synctest.Wait()
		if first, n := len(told()), signs(9*time.Minute+time.Second); first != 1 || n != 6 {
			t.Errorf("%d signs of life at once and %d in 9 minutes, want 1 and 6", first, n)
		}
		set(errors.New("the loop hangs"))
		if n := signs(time.Hour); n != 0 {
			t.Errorf("%d signs of life of one that hangs", n)
		}
		set(nil)
		if n := signs(3 * time.Minute); n != 2 {
			t.Errorf("%d signs of life in 3 minutes of one that works again", n)
		}
		for _, state := range told() {
			if state != "WATCHDOG=1" {
				t.Errorf("told %q", state)
			}
		}
	})
}

func TestNoWatchdogNoSigns(t *testing.T) {
	m, told := toldManager()
	m.feed(t.Context(), 0, func(context.Context) error { t.Error("asked for a life that nobody waits for"); return nil })
	if len(told()) != 0 {
		t.Errorf("told %q", told())
	}
}

// Nothing is told behind the stop: systemd would take the service for one that runs.
func TestNothingIsToldBehindTheStop(t *testing.T) {
	m, told := toldManager()
	m.stops()
	m.say("READY=1")
	m.say("WATCHDOG=1")
	if got := strings.Join(told(), " "); got != "STOPPING=1" {
		t.Errorf("told %s", got)
	}
}
