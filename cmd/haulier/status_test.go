package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// statusYAML has a job for each standing; bank is never logged in to.
func statusYAML() string {
	var b strings.Builder
	b.WriteString("version: 1\ntimezone: Europe/Brussels\nconnections:\n")
	for _, name := range []string{"acme", "bank", "off"} {
		fmt.Fprintf(&b, "  %s:\n    host: sftp.%s.example\n    username: platform\n    enabled: %t\n    auth: {methods: [publickey], key: k}\n    locations: {out: /out}\n", name, name, name != "off")
	}
	b.WriteString("jobs:\n")
	for _, j := range [][3]string{
		{"well", "acme", "@daily"}, {"fresh", "acme", ""}, {"fails", "acme", "@hourly"}, {"was-bad", "acme", ""}, {"doubt", "acme", ""},
		{"stopped", "acme", "@daily"}, {"works", "acme", ""}, {"unmet", "bank", "@daily"}, {"off-a", "off", "@daily"},
	} {
		fmt.Fprintf(&b, "  %s:\n    type: import\n    connection: %s\n    from: {location: out, match: \"%s*\"}\n    to: {dir: landing/%s}\n", j[0], j[1], j[0], j[0])
		if j[2] != "" {
			fmt.Fprintf(&b, "    schedule: \"%s\"\n", j[2])
		}
	}
	return b.String()
}

// fillStatus writes what the runs of some days came to.
func fillStatus(ctx context.Context, t *testing.T, s *store.Store) {
	t.Helper()
	start := time.Now().Add(-72 * time.Hour)
	refused := &job.Reason{Slug: "auth.key_rejected", What: "nothing was moved", Cause: "the server takes keys, but not ours", Do: "haulier keys show k", Who: job.WhoCustomer}
	run := func(name string, hours int, state job.RunState, reason *job.Reason) {
		began, err := s.BeginRun(ctx, job.Run{Job: name, Connection: "acme", Type: job.TypeImport, Trigger: job.TriggerSchedule, Started: start.Add(time.Duration(hours) * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if state == job.RunRunning {
			return
		}
		began.State, began.Reason, began.Ended = state, reason, began.Started.Add(time.Minute)
		if err := s.EndRun(ctx, began); err != nil {
			t.Fatal(err)
		}
	}
	run("well", 1, job.RunFailed, refused)
	run("well", 2, job.RunSucceeded, nil)
	run("well", 3, job.RunCancelled, nil)
	run("fails", 1, job.RunFailed, refused)
	run("fails", 2, job.RunSucceeded, nil)
	run("fails", 3, job.RunFailed, refused)
	run("fails", 4, job.RunPartial, refused)
	run("fails", 5, job.RunInterrupted, nil)
	run("was-bad", 1, job.RunFailed, refused)
	run("was-bad", 2, job.RunSucceeded, nil)
	run("doubt", 1, job.RunSucceeded, nil)
	run("stopped", 1, job.RunFailed, refused)
	run("works", 6, job.RunRunning, nil)

	before, err := s.BeginRun(ctx, job.Run{Job: "elsewhere"})
	before.State = job.RunSucceeded
	if err := errors.Join(err, s.EndRun(ctx, before, job.Run{Job: "fresh", Connection: "acme"})); err != nil { // queued is not running
		t.Fatal(err)
	}

	f, err := s.See(ctx, job.File{Job: "doubt", Connection: "acme", Type: job.TypeImport, Path: "/out/x", Step: job.StepSeen, State: job.FileHeld, Reason: refused})
	_, raised := s.Raise(ctx, "connection/acme/auth.key_rejected", "fails", *refused, time.Now())
	paused := s.Pause(ctx, job.Pause{Kind: "job", Name: "stopped", Reason: "their server moves", By: "ops"})
	if err := errors.Join(err, raised, paused, s.Activate(ctx, "acme")); err != nil || f.ID == 0 {
		t.Fatal(err)
	}
}

func TestStatus(t *testing.T) {
	b := newBench(t, statusYAML())
	// Before there is a store, and without making one.
	out, _ := b.run(exitOK, "status")
	wants(t, out, "9 jobs: 8 draft · 1 disabled", "no daemon")
	var worker *control.Lock // at work on the data folder
	b.store(func(ctx context.Context, cfg *config.Config, s *store.Store) {
		fillStatus(ctx, t, s)
		var err error
		if worker, err = control.TakeLock(cfg.DataDir); err != nil {
			t.Fatal(err)
		}
	})

	out, _ = b.run(exitOK, "--json", "status")
	var o overlook
	if err := json.Unmarshal([]byte(out), &o); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	got := map[string]string{}
	for _, st := range o.Jobs {
		got[st.Job] = st.Standing
	}
	want := map[string]string{
		"well": "ok", "fresh": "new", "fails": "FAILING", "was-bad": "ok", "doubt": "held", "stopped": "paused", "works": "running",
		"unmet": "draft", "off-a": "disabled",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("standings (-want +got):\n%s", diff)
	}
	fails := o.Jobs[2]
	if fails.Failed != 2 || fails.Error == nil || fails.LastRun == 0 || fails.LastSuccess == nil || !fails.Since.After(*fails.LastSuccess) {
		t.Errorf("fails: %+v", fails)
	}
	if len(o.Next) != 2 || o.Next[0].Job != "fails" || o.Next[1].Job != "well" || o.Daemon != nil {
		t.Errorf("next %+v, daemon %+v", o.Next, o.Daemon)
	}
	if o.Counts["ok"] != 2 || o.Counts["paused"] != 1 || len(o.Incidents) != 1 {
		t.Errorf("counts %v, incidents %v", o.Counts, o.Incidents)
	}

	out, _ = b.run(exitOK, "status")
	wants(t, out, "9 jobs: 2 ok · 1 running · 1 FAILING · 1 held · 1 paused · 1 draft · 1 new · 1 disabled",
		" FAILING  fails ", "2 runs   auth.key_rejected   haulier show 7", " running  works ", "their server moves",
		"haulier connections test bank", "1 file in doubt: haulier held list doubt",
		"✖ nothing was moved [auth.key_rejected]", "Do        haulier keys show k", "Who       customer", "Concerns  fails", " next     fails ")
	out, _ = b.run(exitOK, "status", "well")
	wants(t, out, "1 job: 1 ok", " next     well ")
	if strings.Contains(out, "fails ") {
		t.Errorf("tells of another job: %s", out)
	}
	if err := worker.Release(); err != nil { // it died
		t.Fatal(err)
	}
	out, _ = b.run(exitOK, "status")
	wants(t, out, "2 ok · 1 cut-off · 1 FAILING", " cut-off  works ", "its process died. The next start of Haulier ends it: haulier serve, or haulier run works", "no daemon")
	_, problem := b.run(exitUsage, "status", "nobody")
	wants(t, problem, `there is no job "nobody"`)
}

// TestWatchStatusEndsWithTheContext: a watched status looks again and again, and leaves no store open.
func TestWatchStatusEndsWithTheContext(t *testing.T) {
	b := newBench(t, statusYAML())
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	looks := 0
	a := &app{configPath: b.dir, stderr: writer(func([]byte) {}), stdout: writer(func(text []byte) {
		if strings.Contains(string(text), "9 jobs") {
			if looks++; looks == 2 {
				cancel(stopped)
			}
		}
	})}
	cfg, err := a.config()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.watchStatus(ctx, cfg, cfg.Jobs, false); !errors.Is(err, stopped) || looks != 2 {
		t.Errorf("%v after %d looks", err, looks)
	}
}

type writer func(text []byte)

func (w writer) Write(text []byte) (int, error) { w(text); return len(text), nil }
