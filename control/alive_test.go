package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

func TestAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		defer close(released)
		for name, c := range map[string]struct {
			silence time.Duration
			ask     func(ctx context.Context) error
			cause   string // "": alive
			takes   time.Duration
		}{
			"all is well": {scheduler.LongestSilence, func(context.Context) error { return nil }, "", 0},
			"the loop hangs": {scheduler.LongestSilence + time.Second, func(context.Context) error { return nil },
				"the scheduler has not looked at the clock for 2 min 1 s", 0},
			"the store fails":   {0, func(context.Context) error { return errors.New("disk I/O error") }, "the store gives no answer: disk I/O error", 0},
			"the store hangs":   {0, func(context.Context) error { <-released; return nil }, "the store gave no answer within 10s", 10 * time.Second},
			"the store is slow": {0, func(context.Context) error { time.Sleep(9 * time.Second); return nil }, "", 9 * time.Second},
		} {
			began := time.Now()
			err := control.Pulse{Silence: func() time.Duration { return c.silence }, Ask: c.ask}.Alive(t.Context())
			if took := time.Since(began); took != c.takes {
				t.Errorf("%s: the answer took %s, want %s", name, took, c.takes)
			}
			var reason *job.Reason
			switch {
			case c.cause == "":
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case !errors.As(err, &reason) || reason.Slug != control.SlugHangs || !strings.HasPrefix(reason.Cause, c.cause):
				t.Errorf("%s: %v, want the cause %q", name, err, c.cause)
			}
		}
	})
}
