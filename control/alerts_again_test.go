package control_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
)

// mortal is the store of a process that dies at the first end of a run that it is to record.
type mortal struct {
	*store.Store
	dead atomic.Bool
}

var errDead = errors.New("the process is dead")

func (m *mortal) EndRun(context.Context, job.Run, ...job.Run) error {
	m.dead.Store(true)
	return errDead
}

// process is a scheduler with its runner over a store.
func (n *night) process(s scheduler.Store) *scheduler.Service {
	n.t.Helper()
	runner := &control.Runner{
		Sessions:    func(context.Context, job.Connection) (control.Session, error) { return nil, n.reason },
		Connections: func(name string) (job.Connection, bool) { c, found := n.config.Connections[name]; return c, found },
		Book:        n.store, Logger: slog.New(slog.DiscardHandler),
	}
	service := scheduler.New(scheduler.Options{Store: s, Runner: runner, Revision: func() int64 { return 1 }, Log: slog.New(slog.DiscardHandler)})
	if err := service.Load(n.config.Jobs, func() error { return n.store.MarkConnections(n.t.Context(), map[string]string{"acme": ""}) }); err != nil {
		n.t.Fatal(err)
	}
	return service
}

// stop ends a process without waiting for what is at work.
func (n *night) stop(s *scheduler.Service) {
	n.t.Helper()
	at, now := context.WithCancel(n.t.Context())
	now()
	if err := s.Stop(at); err != nil {
		n.t.Error(err)
	}
}

// A process dies when it has noted that a run failed, and before it has noted that it ended. Somebody runs the job by hand, and the
// next daemon does the run once more: these are two failures, however often each was noted.
func TestARunThatIsDoneAgainIsOneFailure(t *testing.T) {
	for name, byHand := range map[string]bool{"at once": false, "after one by hand": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := watch(t, nightly(1, job.Retry{Attempts: 1}, job.Alert{After: 3, RemindEvery: 99 * time.Hour}), &job.Reason{Slug: "auth.key_rejected", Who: job.WhoCustomer})
				n.end() // its place is taken
				defer n.startClock()()
				dying := &mortal{Store: n.store}
				first := n.process(dying)
				if err := first.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour + time.Minute)
				n.stop(first)
				if !dying.dead.Load() {
					t.Fatal("the process did not die")
				}
				if byHand {
					alone := n.process(n.store)
					begun, err := alone.RunNow(t.Context(), "job-000", job.Run{By: "ann"})
					if err == nil {
						_, err = begun.Wait(t.Context())
					}
					if err != nil {
						t.Fatal(err)
					}
					n.stop(alone)
				}
				again := n.process(n.store)
				if err := again.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				defer n.stop(again)
				time.Sleep(22 * time.Hour)
				if runs, err := n.store.Runs(t.Context(), store.RunFilter{Job: "job-000"}); err != nil || len(runs) != map[bool]int{false: 2, true: 3}[byHand] {
					t.Fatalf("%d runs, %v", len(runs), err)
				}
				n.wants("after one night")
				time.Sleep(2*time.Hour + time.Minute)
				if byHand {
					n.wants("after the second night, one by hand among them", "alert.opened")
					return
				}
				n.wants("after the second night")
				time.Sleep(24 * time.Hour)
				n.wants("after the third", "alert.opened")
			})
		})
	}
}
