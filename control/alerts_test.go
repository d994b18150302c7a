package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
)

// night is a daemon's scheduler, runner and clock of alerts on a store of their own, in a bubble of time.
type night struct {
	t      *testing.T
	store  *store.Store
	config *config.Config
	reason *job.Reason // why no session can be had
	end    context.CancelFunc
	clock  sync.WaitGroup
}

func refusedReason() *job.Reason {
	return &job.Reason{Slug: "net.refused", What: "nothing was moved", Cause: "the server says no", Do: "ask them", Who: job.WhoNetwork, Temporary: true}
}

// specs are jobs that run at 01:00, each on the connection acme.
func nightly(n int, retry job.Retry, alert job.Alert) (specs []job.Spec) {
	for i := range n {
		specs = append(specs, job.Spec{
			Name: fmt.Sprintf("job-%03d", i), Type: job.TypeExport, Connection: "acme", Enabled: true, Retry: retry, Alert: alert,
			Timing: job.Timing{Cron: "0 1 * * *", Zone: time.UTC, Overlap: job.OverlapSkip, CatchUp: time.Hour},
			Limits: job.Limits{Timeout: time.Hour}, Export: &job.Export{},
		})
	}
	return specs
}

// watch begins a night in which every session fails for a reason.
func watch(t *testing.T, specs []job.Spec, reason *job.Reason) *night {
	t.Helper()
	n := &night{t: t, store: openStore(t), reason: reason, config: &config.Config{
		Jobs: specs, Connections: map[string]job.Connection{"acme": {Name: "acme", Enabled: true, Contacts: []string{"it@acme.example"}}},
		Alert: job.Alert{RemindEvery: 12 * time.Hour},
	}}
	runner := &control.Runner{
		Sessions:    func(context.Context, job.Connection) (control.Session, error) { return nil, n.reason },
		Connections: func(name string) (job.Connection, bool) { c, found := n.config.Connections[name]; return c, found },
		Book:        n.store, Logger: slog.New(slog.DiscardHandler),
	}
	s := scheduler.New(scheduler.Options{Store: n.store, Runner: runner, Revision: func() int64 { return 1 }, Log: slog.New(slog.DiscardHandler)})
	if err := s.Load(specs, func() error { return n.store.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopClock := n.startClock()
	n.end = func() {
		stopClock()
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	return n
}

// startClock lets a clock of alerts run until it is stopped, as a process does.
func (n *night) startClock() (stop func()) {
	ctx, cancel := context.WithCancel(n.t.Context())
	clock := control.AlertClock{Book: n.store, Config: func() *config.Config { return n.config }, Logger: slog.New(slog.DiscardHandler)}
	n.clock.Go(func() { clock.Run(ctx) })
	return func() { cancel(); n.clock.Wait() }
}

type alertTold struct {
	Type     string
	ID       int64
	Cause    string   `json:"cause_key"`
	Jobs     []string `json:"jobs"`
	Total    int      `json:"jobs_total"`
	Contacts []string
	Missed   []string
	Error    struct{ Who string }
}

// told gives the alerts of the store, in their order.
func (n *night) told() (all []alertTold) {
	n.t.Helper()
	synctest.Wait()
	for after := int64(0); ; {
		events, err := n.store.Events(n.t.Context(), after, 1000)
		if err != nil {
			n.t.Fatal(err)
		}
		for _, e := range events {
			one := alertTold{Type: e.Type}
			if err := json.Unmarshal(e.Data, &one); err != nil {
				n.t.Fatal(err)
			}
			if after = e.ID; one.Cause != "" {
				all = append(all, one)
			}
		}
		if len(events) < 1000 {
			return all
		}
	}
}

func (n *night) types() (types []string) {
	for _, one := range n.told() {
		types = append(types, one.Type)
	}
	return types
}

func (n *night) wants(when string, types ...string) {
	n.t.Helper()
	if got := n.types(); !slices.Equal(got, types) {
		n.t.Errorf("%s: told %v, wanted %v", when, got, types)
	}
}

// A hundred jobs on one server that is dead are one incident and one message, which names them all, when the last attempts of
// the ladder have failed; one recovery follows, when the last of them is well again.
func TestAHundredJobsOnADeadServerAreOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ladder := job.Retry{Attempts: 3, Backoff: time.Minute, MaxBackoff: time.Minute}
		n := watch(t, nightly(100, ladder, job.Alert{After: 1}), refusedReason())
		defer n.end()
		time.Sleep(time.Hour + 90*time.Second)
		n.wants("while attempts are left")
		time.Sleep(10 * time.Minute)
		told := n.told()
		if len(told) != 1 || told[0].Type != "alert.opened" || len(told[0].Jobs) != 100 || told[0].Total != 100 || told[0].Cause != "connection/acme/net.refused" {
			t.Fatalf("told %+v", told)
		}
		if told[0].Error.Who != "network" || !slices.Equal(told[0].Contacts, []string{"it@acme.example"}) {
			t.Errorf("told %+v", told[0])
		}
		for i, spec := range n.config.Jobs {
			n.wants(fmt.Sprintf("with %d jobs well", i), "alert.opened")
			if err := n.store.ResolveJob(t.Context(), spec.Name, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		n.wants("when all are well", "alert.opened", "alert.resolved")
		time.Sleep(30 * time.Hour)
		if got := n.types(); len(got) != 3 || got[2] != "alert.opened" {
			t.Errorf("told %v until the night after", got)
		}
	})
}

// What no attempt can mend is told at once, and a threshold in runs is one in nights.
func TestAThresholdCountsNights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := watch(t, nightly(2, job.Retry{Attempts: 5, Backoff: time.Second}, job.Alert{After: 2, RemindEvery: time.Hour}), &job.Reason{Slug: "auth.key_rejected", Who: job.WhoCustomer})
		defer n.end()
		time.Sleep(24 * time.Hour)
		n.wants("after one night")
		time.Sleep(time.Hour + job.GatherFor + time.Second)
		n.wants("after two", "alert.opened")
		time.Sleep(time.Hour)
		n.wants("an hour later", "alert.opened", "alert.reminded")
	})
}

// An untold incident that is over is told neither.
func TestWhatNobodyHeardOfIsNotSaidToBeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := watch(t, nightly(1, job.Retry{Attempts: 4, Backoff: time.Minute}, job.Alert{}), refusedReason())
		defer n.end()
		time.Sleep(time.Hour + time.Minute)
		if err := n.store.ResolveJob(t.Context(), "job-000", time.Now()); err != nil {
			t.Fatal(err)
		}
		n.config.Jobs = nil
		time.Sleep(time.Second)
		n.wants("over before the ladder")
	})
}

// A clock that dies and starts again between any two of its looks tells what one does that lives.
func TestAClockThatDiesTellsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &night{t: t, store: openStore(t), config: &config.Config{Alert: job.Alert{RemindEvery: time.Hour}}}
		raise := func() {
			if _, err := n.store.Raise(t.Context(), "job/a/pgp.wrong_key", "a", job.Reason{Slug: "pgp.wrong_key"}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		raise()
		for range 100 {
			stop := n.startClock()
			time.Sleep(time.Second)
			stop()
			time.Sleep(58 * time.Second)
		}
		n.wants("after a hundred starts", "alert.opened", "alert.reminded")
		if err := n.store.Resolve(t.Context(), "job/a/pgp.wrong_key", time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Hour) // nobody is there to tell it
		for range 3 {
			stop := n.startClock()
			time.Sleep(time.Second)
			stop()
		}
		n.wants("once somebody is there", "alert.opened", "alert.reminded", "alert.resolved")
	})
}

// An export that cannot be sent is told when its window ends, not at its first failure.
func TestAnExportIsToldAtTheEndOfItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		specs := nightly(1, job.Retry{Attempts: 2, Backoff: time.Minute}, job.Alert{})
		specs[0].Expect = &job.Expect{}
		n := watch(t, specs, refusedReason())
		defer n.end()
		at := func(hour int) time.Time { return time.Date(2000, 1, 1, hour, 0, 0, 0, time.UTC) }
		err := n.store.BeginExpectation(t.Context(), job.Expectation{Job: "job-000", Connection: "acme", Type: job.TypeExport, Day: "2000-01-01", Zone: "UTC",
			Opens: at(0), By: at(3), Missing: at(5), Closes: at(24), Planned: at(3), Wanted: 1, Verdict: job.VerdictPending})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Hour)
		n.wants("within the window")
		time.Sleep(job.GatherFor + time.Second)
		n.wants("behind it", "alert.opened")
	})
}
