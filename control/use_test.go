package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
)

// blocking makes runs that last until they are cut off.
type blocking struct{}

func (blocking) Run(ctx context.Context, _ job.Spec, _ job.Run) job.Result {
	<-ctx.Done()
	return job.Result{State: job.RunFailed}
}

// newDaemon makes a daemon on a store of its own. use rewrites its configuration: jobs are "NAME CRON" or "NAME CRON FORMERLY",
// with the fields of the cron line joined by underscores.
func newDaemon(t *testing.T) (d *control.Daemon, use func(jobs ...string) error) {
	t.Helper()
	s := openStore(t)
	path := filepath.Join(t.TempDir(), "haulier.yaml")
	d = &control.Daemon{Store: s, Hub: &control.Hub{}, Logger: slog.New(slog.DiscardHandler), Started: time.Now()}
	d.Scheduler = scheduler.New(scheduler.Options{Store: s, Runner: blocking{}, Revision: d.Revision})
	d.Load = func(context.Context) (*config.Config, config.Problems) { return config.Load(path, config.Options{}) }
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		if err := d.Scheduler.Stop(now); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("PASSWORD", "secret")
	return d, func(jobs ...string) error {
		t.Helper()
		text := "version: 1\ntimezone: UTC\nconnections:\n  acme:\n    host: 127.0.0.1\n    username: u\n    auth: {methods: [password], password: {env: PASSWORD}}\n    locations: {out: /out}\njobs:\n"
		for _, line := range jobs {
			f := append(strings.Fields(line), "")
			text += fmt.Sprintf("  %s:\n    type: import\n    connection: acme\n    schedule: %q\n    from: {location: out, match: \"*\"}\n    to: {dir: %s}\n",
				f[0], strings.ReplaceAll(f[1], "_", " "), f[0])
			if f[2] != "" {
				text += "    formerly: " + f[2] + "\n"
			}
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if d.Config() != nil {
			_, err := d.Reload(t.Context(), "ann")
			return err
		}
		cfg, problems := d.Load(t.Context())
		if problems.Errors() > 0 {
			t.Fatal(problems.Text(false))
		}
		return d.Use(t.Context(), cfg, "ann")
	}
}

// seen leaves a file of a job in the ledger.
func seen(t *testing.T, s *store.Store, jobName string) {
	t.Helper()
	if _, err := s.See(t.Context(), job.File{Job: jobName, Connection: "acme", Type: job.TypeImport, Path: "/out/a.csv", Size: 1}); err != nil {
		t.Fatal(err)
	}
}

// has says whether a job has that file.
func has(t *testing.T, s *store.Store, jobName string) bool {
	t.Helper()
	rows, err := s.Known(t.Context(), jobName, []string{"/out/a.csv"})
	if err != nil {
		t.Fatal(err)
	}
	return len(rows) == 1
}

// A configuration that cannot be taken over whole changes nothing: not the history that its first job carries on, not
// what is recorded, not what runs when.
func TestAConfigurationIsTakenOverWholeOrNotAtAll(t *testing.T) {
	d, use := newDaemon(t)
	if err := use("one 0_3_*_*_*", "two 0_3_*_*_*", "new-two 0_3_*_*_*"); err != nil {
		t.Fatal(err)
	}
	if err := d.Scheduler.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two", "new-two"} {
		seen(t, d.Store, name)
	}
	var reason *job.Reason
	err := use("new-one 0_4_*_*_* one", "new-two 0_4_*_*_* two")
	if !errors.As(err, &reason) || reason.Slug != "config.two_histories" {
		t.Fatalf("reload: %v", err)
	}
	if !has(t, d.Store, "one") || has(t, d.Store, "new-one") {
		t.Error("the history of one went over")
	}
	if revisions, err := d.Store.Revisions(t.Context(), 0); err != nil || len(revisions) != 1 || d.Revision() != revisions[0].ID {
		t.Errorf("%d revisions, in force %d, %v", len(revisions), d.Revision(), err)
	}
	if removed, err := d.Store.RemovedJobs(t.Context()); err != nil || len(removed) != 0 {
		t.Errorf("removed jobs: %v, %v", removed, err)
	}
	if _, found := d.Config().Job("one"); !found {
		t.Error("the new configuration counts")
	}
	if next, err := d.Scheduler.Next("one", 1); err != nil || next[0].Starts.Hour() != 3 {
		t.Errorf("next of one: %v, %v", next, err)
	}
	if incidents, err := d.Store.OpenIncidents(t.Context()); err != nil || len(incidents) != 1 || incidents[0].Cause != control.CauseReload {
		t.Errorf("incidents: %+v, %v", incidents, err)
	}
	if err := use("new-one 0_4_*_*_* one", "new-two 0_4_*_*_*"); err != nil {
		t.Fatal(err)
	}
	if incidents, err := d.Store.OpenIncidents(t.Context()); err != nil || len(incidents) != 0 || !has(t, d.Store, "new-one") || d.Revision() != 2 {
		t.Errorf("after a good reload: revision %d, incidents %v, %v", d.Revision(), incidents, err)
	}
}

// The history of a job that is at work stays where it is until the run has ended; then the new name has all of it.
func TestAJobIsNotRenamedUnderItsRun(t *testing.T) {
	d, use := newDaemon(t)
	if err := use("old 0_3_*_*_*"); err != nil {
		t.Fatal(err)
	}
	if err := d.Scheduler.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen(t, d.Store, "old")
	run, err := d.RunJob(t.Context(), "old", job.Run{By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	var reason *job.Reason
	if _, err := d.RunJob(t.Context(), "old", job.Run{By: "ann"}); !errors.Is(err, job.ErrExists) || !errors.As(err, &reason) || reason.Slug != "run.busy" {
		t.Errorf("begun twice: %v", err)
	}
	if err := use("new 0_3_*_*_* old"); !errors.As(err, &reason) || reason.Slug != "config.renamed_at_work" {
		t.Errorf("reload under the run: %v", err)
	}
	if _, found := d.Config().Job("old"); !found || !has(t, d.Store, "old") || d.Revision() != 1 {
		t.Errorf("the reload was refused, and revision %d counts", d.Revision())
	}
	if err := d.CancelRun(t.Context(), run.ID, "ann"); err != nil {
		t.Fatal(err)
	}
	if run, err = d.WaitRun(t.Context(), run.ID); err != nil || run.State != job.RunCancelled {
		t.Fatalf("run: %+v, %v", run, err)
	}
	err = use("new 0_3_*_*_* old")
	for reason = nil; errors.As(err, &reason) && reason.Slug == "config.renamed_at_work"; reason = nil {
		err = use("new 0_3_*_*_* old") // the run's end is recorded a moment before its job is free
	}
	if err != nil {
		t.Fatal(err)
	}
	if !has(t, d.Store, "new") || has(t, d.Store, "old") || d.Revision() != 2 {
		t.Errorf("the history did not go over; revision %d counts", d.Revision())
	}
}

// expecter keeps what is expected of.
type expecter struct {
	specs []job.Spec
	err   error
}

func (e *expecter) Plan(specs []job.Spec) (count func(), err error) {
	return func() { e.specs = specs }, e.err
}

// A configuration of which something cannot be counted does not count at all, and one that is told as rejected does not count.
func TestWhatIsToldAsRejectedDoesNotCount(t *testing.T) {
	d, use := newDaemon(t)
	seen := &expecter{}
	d.Expect = seen
	if err := use("a 0_0_*_*_*"); err != nil {
		t.Fatal(err)
	}
	seen.err = &job.Reason{Slug: "config.rejected_on_reload", Cause: "a rule that cannot be"}
	if err := use("a 0_0_*_*_*", "b 0_0_*_*_*"); !errors.Is(err, seen.err) {
		t.Errorf("error %v", err)
	}
	events, err := d.Store.Events(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range events {
		told = append(told, e.Type)
	}
	if d.Revision() != 1 || len(d.Config().Jobs) != 1 || len(seen.specs) != 1 || !slices.Equal(told, []string{"config.rejected"}) {
		t.Errorf("revision %d counts, with %d jobs and %d expected; told %q", d.Revision(), len(d.Config().Jobs), len(seen.specs), told)
	}
}

// Nothing is expected over a connection that is switched off, as nothing is of a job that is.
func TestNothingIsExpectedOverADisabledConnection(t *testing.T) {
	d, use := newDaemon(t)
	seen := &expecter{}
	d.Expect = seen
	if err := use("a 0_0_*_*_*"); err != nil {
		t.Fatal(err)
	}
	if !seen.specs[0].Enabled {
		t.Fatal("nothing is expected of a job that is on")
	}
	cfg, _ := d.Load(t.Context())
	c := cfg.Connections["acme"]
	c.Enabled = false
	cfg.Connections["acme"] = c
	if err := d.Use(t.Context(), cfg, "ann"); err != nil {
		t.Fatal(err)
	}
	if seen.specs[0].Enabled || !cfg.Jobs[0].Enabled {
		t.Error("expected over a connection that is off, or the configuration was changed")
	}
}
