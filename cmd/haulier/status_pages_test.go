package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/web/page"
)

// histories are runs of a job, the oldest first, and how it stands behind them.
var histories = []struct{ runs, standing string }{
	{"good", standingOK},
	{"bad", standingFailing},
	{"good bad bad", standingFailing},
	{"bad good", standingOK},
	{"good held", standingOK},
	{"bad held", standingFailing}, // it has not succeeded since
	{"bad held held", standingFailing},
	{"bad cancelled", standingFailing},
	{"bad interrupted", standingFailing},
	{"good nothing", standingOK}, // asked for what is not there
	{"bad nothing", standingFailing},
	{"good held-and-bad", standingFailing},
	{"held", standingNew},
	{"good bad good held", standingOK},
}

// Pages and `status` say the same of a job, whatever its last run was: a run that only held files for a person to look at neither
// fails nor makes good that others failed.
func TestPagesSayOfAJobWhatStatusSays(t *testing.T) {
	var text strings.Builder
	text.WriteString("version: 1\ntimezone: UTC\nconnections:\n  acme: {host: sftp.acme.example, username: platform, auth: {methods: [publickey], key: k}, locations: {out: /out}}\njobs:\n")
	for i := range histories {
		fmt.Fprintf(&text, "  j%02d: {type: import, connection: acme, from: {location: out, match: \"j%02d*\"}, to: {dir: landing/%02d}}\n", i, i, i)
	}
	b := newBench(t, text.String())
	b.store(func(ctx context.Context, cfg *config.Config, s *store.Store) {
		if err := s.Activate(ctx, "acme"); err != nil {
			t.Fatal(err)
		}
		for i, h := range histories {
			name := fmt.Sprintf("j%02d", i)
			must[time.Time](t)(s.Loaded(ctx, name, "acme", time.Now()))
			for _, kind := range strings.Fields(h.runs) {
				runOfKind(ctx, t, s, name, kind)
			}
		}
		l := looker{ctx: ctx, cfg: cfg, store: s}
		if err := l.prepare(); err != nil {
			t.Fatal(err)
		}
		lasts := must[map[string]store.Last](t)(s.Lasts(ctx, nil))
		held := must[map[string]heldOfJob](t)(heldOfAll(ctx, &control.Daemon{Store: s}))
		for i, spec := range cfg.Jobs {
			h := histories[i]
			st := must[standing](t)(l.lookAt(spec))
			shown := standingOn(&l, spec, lasts[spec.Name], held[spec.Name], scheduler.Standing{})
			if st.Standing != h.standing || shown.Word != page.Word(pageWord(h.standing)) {
				t.Errorf("%s: status says %s, pages say %s, wanted %s", h.runs, st.Standing, shown.Word, h.standing)
			}
			if st.Failed != shown.Failed || (st.Since != nil) != !shown.Since.IsZero() || st.Since != nil && !st.Since.Equal(shown.Since) {
				t.Errorf("%s: status says %d runs since %v, pages say %d since %v", h.runs, st.Failed, st.Since, shown.Failed, shown.Since)
			}
			if st.Failed > 0 && (st.LastRun != shown.LastRun || shown.Reason == nil || st.Error.Slug != shown.Reason.Slug || st.Error.Slug != "pgp.wrong_key") {
				t.Errorf("%s: status says run %d with %+v, pages say %d with %+v", h.runs, st.LastRun, st.Error, shown.LastRun, shown.Reason)
			}
		}
	})
}

// runOfKind writes a run of a history.
func runOfKind(ctx context.Context, t *testing.T, s *store.Store, name, kind string) {
	t.Helper()
	run := must[job.Run](t)(s.BeginRun(ctx, job.Run{Job: name, Connection: "acme", Type: job.TypeImport, Trigger: job.TriggerSchedule}))
	looked := &job.Reason{Slug: job.SlugSupervised, What: "it waits", Who: job.WhoUs}
	switch kind {
	case "good":
		run.State = job.RunSucceeded
	case "bad":
		run.State, run.Reason = job.RunFailed, &job.Reason{Slug: "pgp.wrong_key", What: "it did not land", Who: job.WhoCustomer}
	case "held":
		run.State, run.Reason, run.Counts = job.RunPartial, looked, job.Counts{Held: 2}
	case "held-and-bad":
		run.State, run.Reason, run.Counts = job.RunPartial, &job.Reason{Slug: "pgp.wrong_key", Who: job.WhoCustomer}, job.Counts{Held: 2, Failed: 1}
	case "cancelled":
		run.State = job.RunCancelled
	case "interrupted":
		run.State = job.RunInterrupted
	case "nothing":
		run.State, run.Reason = job.RunFailed, &job.Reason{Slug: transfer.SlugNoSuchFile, Who: job.WhoUs}
	default:
		t.Fatal(kind)
	}
	if err := s.EndRun(ctx, run); err != nil {
		t.Fatal(err)
	}
}

// Pages count, order and filter every standing that there is: one that they did not know would be in no count.
func TestPagesKnowEveryStanding(t *testing.T) {
	for _, word := range standings {
		if !slices.Contains(page.Words, page.Word(pageWord(word))) {
			t.Errorf("pages do not know %q", word)
		}
	}
}
