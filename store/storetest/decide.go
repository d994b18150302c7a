package storetest

import (
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

var byAnn = store.AuditLine{Who: "ann", Act: "held.resolve", Object: "file", Detail: "asked the customer"}

func noRunClaimsWhatIsDecided(t *testing.T, b bundle) {
	for _, f := range []job.File{
		b.advance(t, b.claimed(t, "/in/held.csv"), job.StepSeen, job.FileHeld),
		b.advance(t, b.claimed(t, "/in/begun.csv"), job.StepDownloaded, job.FileHeld),
		b.advance(t, b.claimed(t, "/in/landed.csv"), job.StepDone, job.FileLanded),
		b.advance(t, b.claimed(t, "/in/rejected.csv"), job.StepDone, job.FileRejected),
	} {
		_, err := b.Claim(t.Context(), f, 2)
		wants(t, err, job.ErrStale)
		same(t, "row of "+f.Path, must[job.File](t)(b.File(t.Context(), f.ID)), f)
	}
}

func aDecisionWritesRowAndAudit(t *testing.T, b bundle) {
	held := b.advance(t, b.claimed(t, "/in/a.csv"), job.StepDownloaded, job.FileHeld)
	landed := held
	landed.Step, landed.State, landed.Reason, landed.Local = job.StepDone, job.FileLanded, nil, "/landing/a.csv"
	got := must[job.File](t)(b.Decide(t.Context(), job.FileHeld, landed, byAnn))
	same(t, "row", must[job.File](t)(b.File(t.Context(), held.ID)), got)
	same(t, "fence, step, state, fact, run", []any{got.Fence, got.Step, got.State, got.Local, got.Run},
		[]any{held.Fence + 1, job.StepDone, job.FileLanded, "/landing/a.csv", held.Run})
	if got.Decided <= held.Touched || got.Decided > got.Touched || got.Ended.IsZero() {
		t.Fatalf("decided %d, touched %d, before %d; ended %v", got.Decided, got.Touched, held.Touched, got.Ended)
	}
	same(t, "events", b.eventTypes(t), []string{"file.held", "file.landed"})
	lines := must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 0))
	same(t, "audit", []any{len(lines), lines[0].Who, lines[0].Detail}, []any{1, "ann", "asked the customer"})

	_, err := b.Advance(t.Context(), held.Step, held, job.Beside{}) // whoever held it before
	wants(t, err, job.ErrStale)
	next := b.see(t, found("/in/a.csv"))
	same(t, "decisions about the next version", next.Decided, 0)
}

func aDecisionNeedsTheRowAsRead(t *testing.T, b bundle) {
	held := b.advance(t, b.claimed(t, "/in/a.csv"), job.StepDownloaded, job.FileHeld)
	again := held
	again.Step, again.State = job.StepSeen, job.FileWaiting
	_, err := b.Decide(t.Context(), job.FileRejected, again, byAnn)
	wants(t, err, job.ErrStale)
	got := must[job.File](t)(b.Decide(t.Context(), job.FileHeld, again, byAnn))
	_, err = b.Decide(t.Context(), job.FileHeld, again, byAnn)
	wants(t, err, job.ErrStale)
	same(t, "row after the second decision", must[job.File](t)(b.File(t.Context(), held.ID)), got)

	shown := b.advance(t, b.claimed(t, "/in/c.csv"), job.StepDownloaded, job.FileHeld)
	b.advance(t, shown, job.StepDownloaded, job.FileHeld) // the run that holds it says more
	shown.State = job.FileSkipped
	_, err = b.Decide(t.Context(), job.FileHeld, shown, byAnn)
	wants(t, err, job.ErrStale)

	older := b.advance(t, b.claimed(t, "/in/b.csv"), job.StepSeen, job.FileHeld)
	b.see(t, found("/in/b.csv"))
	older.State = job.FileWaiting
	_, err = b.Decide(t.Context(), job.FileHeld, older, byAnn)
	wants(t, err, job.ErrStale)
	older.Kept = "1.1.received"
	must[job.File](t)(b.Decide(t.Context(), job.FileHeld, older, byAnn))
	same(t, "lines of the audit list", len(must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 0))), 2)
}
