package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/route"
)

// aFileWaits fills a store: a run of acme-in that held two files for a person, and nothing else that failed.
func aFileWaits(t *testing.T) func(ctx context.Context, s *store.Store) {
	return func(ctx context.Context, s *store.Store) {
		must[time.Time](t)(s.Loaded(ctx, "acme-in", "acme", time.Now().Add(-time.Hour)))
		if err := s.Activate(ctx, "acme"); err != nil {
			t.Fatal(err)
		}
		run := must[job.Run](t)(s.BeginRun(ctx, job.Run{Job: "acme-in", Connection: "acme", Type: job.TypeImport, Trigger: job.TriggerManual, Started: time.Now()}))
		reason := &job.Reason{Slug: job.SlugSupervised, What: "it waits", Cause: "supervised: 0 of 2 files approved, automatic afterwards", Who: job.WhoUs}
		for i, name := range []string{"a.csv", "b.csv"} {
			f := must[job.File](t)(s.See(ctx, job.File{Job: "acme-in", Connection: "acme", Type: job.TypeImport, Path: "/out/" + name, Size: 3, ModTime: 1}))
			f = must[job.File](t)(s.Claim(ctx, f, run.ID))
			from := f.Step
			f.Step, f.State, f.Reason, f.Stage, f.Landing = job.StepChecked, job.FileHeld, reason, fmt.Sprintf("%d.ready", f.ID), "/nowhere"
			f.Plain = job.Digest{Size: 3, SHA256: contentHash(i)}
			f = must[job.File](t)(s.Advance(ctx, from, f, job.Beside{}))
			if err := s.Outcome(ctx, job.Outcome{Run: run.ID, File: f}); err != nil {
				t.Fatal(err)
			}
		}
		run.State, run.Ended, run.Reason, run.Counts = job.RunPartial, time.Now(), reason, job.Counts{Held: 2}
		if err := s.EndRun(ctx, run); err != nil {
			t.Fatal(err)
		}
		must[bool](t)(s.Raise(ctx, "job/acme-in/"+job.SlugSupervised, "acme-in", *reason, time.Now()))
	}
}

func contentHash(i int) string { return strings.Repeat(fmt.Sprint(i+1), 64) }

// A job whose last run only held files for a person does not fail, and each word about a file is of what was shown.
func TestPagesApproveWhatWasSeen(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Operator}
	text := strings.Replace(pagesConfig, "expect: {by: \"04:00\", grace: 1h}", "supervised: {files: 2}", 1)
	h, s := pagesOf(t, text, aFileWaits(t), &who)
	says := func(path string, wants ...string) {
		t.Helper()
		text := pageOf(t, h, path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
		for _, not := range []string{"failing", "needs attention", `class="card bad"`} {
			if strings.Contains(text, not) {
				t.Errorf("%s says %q", path, not)
			}
		}
	}
	says("/", "1 to-approve", "2 files wait for approval: 0 of 2 files approved, automatic afterwards", contentHash(0), contentHash(1))
	says("/jobs/acme-in", "2 files wait for approval", `action="/files/1/approve"`)
	says("/runs/1", "waits for approval: 0 of 2 files approved", `action="/files/2/reject"`)

	formTo(t, h, "/files/1/approve", "sha256="+contentHash(1)) // of another file than the page had
	formTo(t, h, "/files/1/reject", "reason=odd&sha256="+contentHash(1))
	if f := must[job.File](t)(s.File(t.Context(), 1)); f.State != job.FileHeld {
		t.Fatalf("file 1 is %s, though other bytes were decided on", f.State)
	}
	formTo(t, h, "/files/1/approve", "sha256="+contentHash(0))
	says("/", "1 file waits for approval: 1 of 2 files approved, automatic afterwards")
	formTo(t, h, "/files/2/reject", "reason=odd&sha256="+contentHash(1))
	says("/jobs/acme-in", "supervised: 1 of 2 files approved")
	for id, want := range map[int64]job.State{1: job.FileWaiting, 2: job.FileRejected} {
		if f := must[job.File](t)(s.File(t.Context(), id)); f.State != want {
			t.Errorf("file %d is %s, want %s", id, f.State, want)
		}
	}
	var acts []string
	for _, line := range must[[]store.AuditLine](t)(s.Audit(t.Context(), 0, 100)) {
		if line.Who == "olivia" {
			acts = append(acts, line.Act)
		}
	}
	if got := strings.Join(acts, " "); got != "file.reject file.approve" {
		t.Errorf("the audit list has %s", got)
	}
}

// The page of keys begins with what ends, also for whoever sees only some of it.
func TestPagesHaveTheCalendar(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Viewer}
	text := strings.Replace(pagesConfig, "entity: acme-nv\n", "entity: acme-nv\n    expires_at: 2020-01-02\n", 1)
	h, _ := pagesOf(t, text, aFileWaits(t), &who)
	for sight, there := range map[string]bool{"": true, "acme-nv": true, "bank-nv": false} {
		who.Sight = nil
		if sight != "" {
			who.Sight = job.Sight{sight}
		}
		page := pageOf(t, h, "/keys")
		if got := strings.Contains(page, "the password of acme") && strings.Contains(page, "ended"); got != there {
			t.Errorf("who sees %q is told that the password of acme ended: %v, want %v", sight, got, there)
		}
		if keys := strings.Contains(page, "Ours, for logins"); keys != (sight == "") {
			t.Errorf("who sees %q is shown the keys: %v", sight, keys)
		}
	}
}
