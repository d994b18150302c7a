package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/route"
)

// aFileInDoubt fills a store: the files of aFileWaits, held for a doubt.
func aFileInDoubt(t *testing.T) func(ctx context.Context, s *store.Store) {
	return func(ctx context.Context, s *store.Store) {
		aFileWaits(t)(ctx, s)
		f := must[job.File](t)(s.File(ctx, 1))
		from := f.Step
		f.Step, f.Reason = job.StepLanding, &job.Reason{Slug: "local.landing_unknown", What: "nobody knows whether it landed", Cause: "the disk was lost", Do: "look whether it is there", Who: job.WhoUs}
		must[job.File](t)(s.Advance(ctx, from, f, job.Beside{}))
		must[bool](t)(s.Raise(ctx, "job/acme-in/"+f.Reason.Slug, "acme-in", *f.Reason, time.Now()))
		later := must[job.Run](t)(s.BeginRun(ctx, job.Run{Job: "acme-in", Connection: "acme", Type: job.TypeImport, Trigger: job.TriggerManual, Started: time.Now()}))
		later.State, later.Ended = job.RunSucceeded, time.Now()
		if err := s.EndRun(ctx, later); err != nil {
			t.Fatal(err)
		}
	}
}

// actsOf are what somebody did, as the audit list has it, the latest first.
func actsOf(t *testing.T, s *store.Store, who string) string {
	t.Helper()
	var lines []string
	for _, line := range must[[]store.AuditLine](t)(s.Audit(t.Context(), 0, 100)) {
		if line.Who == who {
			lines = append(lines, line.Act+" "+line.Object+" "+line.Detail)
		}
	}
	return strings.Join(lines, "; ")
}

// A doubt that is decided on a page is decided in the ledger, once, for the doubt that was shown, with who and why in the audit list.
func TestPagesDecideAboutTheDoubtThatWasSeen(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Operator}
	h, s := pagesOf(t, pagesConfig, aFileInDoubt(t), &who)
	if text := pageOf(t, h, "/"); !strings.Contains(text, `href="/held?job=acme-in">Decide…`) || !strings.Contains(text, "Look at run 1<") {
		t.Error("the first page does not lead to the run that stopped, and to the decision")
	}
	if text := pageOf(t, h, "/held"); !strings.Contains(text, `action="/files/1/decide"`) || strings.Contains(text, `action="/files/2/decide"`) {
		t.Error("not just the file in doubt is offered to be decided about")
	}
	if text := pageOf(t, h, "/files/1/decide?as=landed"); !strings.Contains(text, "counts as landed") || !strings.Contains(text, `name="about" value="local.landing_unknown"`) {
		t.Error("the page does not say what will happen")
	}
	seen := strings.Split(strings.SplitAfter(pageOf(t, h, "/files/1/decide?as=landed"), `name="fence" value="`)[1], `"`)[0]
	formTo(t, h, "/files/1/decide", "as=landed&about=ledger.restored&reason=seen&fence="+seen)        // another doubt than there is
	formTo(t, h, "/files/1/decide", "as=landed&about=local.landing_unknown&reason=seen&fence=9"+seen) // another one of its kind
	if f := must[job.File](t)(s.File(t.Context(), 1)); f.State != job.FileHeld {
		t.Fatalf("file 1 is %s, though another doubt was decided", f.State)
	}
	formTo(t, h, "/files/1/decide", "as=landed&about=local.landing_unknown&reason=seen&fence="+seen)
	formTo(t, h, "/files/1/decide", "as=drop&about=local.landing_unknown&reason=no&fence="+seen) // it is decided
	if f := must[job.File](t)(s.File(t.Context(), 1)); f.State != job.FileLanded {
		t.Errorf("file 1 is %s", f.State)
	}
	if got := actsOf(t, s, "olivia"); got != "held.resolve file 1 as landed: seen" {
		t.Errorf("the audit list has %s", got)
	}
}

// What a mass change holds of a job is settled on a page as `haulier reconcile` does it, file by file in the audit list, and nothing else.
func TestPagesSettleWhatAMassChangeHolds(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Operator}
	h, s := pagesOf(t, pagesConfig, func(ctx context.Context, s *store.Store) {
		aFileInDoubt(t)(ctx, s)
		f := must[job.File](t)(s.File(ctx, 2))
		from := f.Step
		f.Step, f.Reason = job.StepSeen, &job.Reason{Slug: "remote.mass_change", What: "it did not land", Cause: "all are new", Do: "look", Who: job.WhoUs}
		must[job.File](t)(s.Advance(ctx, from, f, job.Beside{}))
	}, &who)
	if text := pageOf(t, h, "/jobs/acme-in/reconcile?as=landed"); !strings.Contains(text, "1 file</a> of it is held") {
		t.Error("the page does not say what is held")
	}
	formTo(t, h, "/jobs/acme-in/reconcile", "as=landed&upto=2&reason=they are old")
	for id, want := range map[int64]job.State{1: job.FileHeld, 2: job.FileLanded} {
		if f := must[job.File](t)(s.File(t.Context(), id)); f.State != want {
			t.Errorf("file %d is %s, want %s", id, f.State, want)
		}
	}
	if got := actsOf(t, s, "olivia"); got != "held.resolve file 2 as landed: they are old; job.reconcile acme-in as landed, up to file 2: they are old" {
		t.Errorf("the audit list has %s", got)
	}
}
