package control_test

import (
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// unseen leaves a file of a supervised job waiting for a person.
func unseen(t *testing.T, s *store.Store, name, hash string) job.File {
	t.Helper()
	return leave(t, s, job.File{Job: "acme-in", Type: job.TypeImport, Path: "/out/" + name}, func(f *job.File) {
		held(job.SlugSupervised)(f)
		f.Step, f.Stage, f.Kept, f.Landing = job.StepChecked, "1.1.ready", "1.1.received", "/landing"
		f.Plain = job.Digest{Size: 3, SHA256: hash}
	})
}

// wiped notes what is removed.
type wiped []string

func (w *wiped) Remove(name string) error { *w = append(*w, name); return nil }

func TestApproveLetsAFileGoOnInItsContent(t *testing.T) {
	s := openStore(t)
	f := unseen(t, s, "a.csv", "abc1")
	cause := "job/acme-in/" + job.SlugSupervised
	if _, err := s.Raise(t.Context(), cause, "acme-in", *f.Reason, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.ResolveJob(t.Context(), "acme-in", time.Now()); err != nil {
		t.Fatal(err)
	}
	if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 1 {
		t.Fatalf("a run that passes the file by ends its incident: %v, %v", open, err)
	}
	if _, err := control.Approve(t.Context(), s, control.Look{File: f.ID, SHA256: "abc2", Who: "ann"}); slugOf(err) != "held.other_content" {
		t.Errorf("another content: %v", err)
	}
	got, err := control.Approve(t.Context(), s, control.Look{File: f.ID, SHA256: "ABC", Who: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	if got.State != job.FileWaiting || got.Step != job.StepChecked || got.Stage != "1.1.ready" || got.Fence != f.Fence+1 {
		t.Errorf("row %+v", got)
	}
	if hash, err := s.Approved(t.Context(), f.ID); err != nil || hash != "abc1" {
		t.Errorf("approved %q, %v", hash, err)
	}
	if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("incidents %v, %v", open, err)
	}
	lines, err := s.Audit(t.Context(), 0, 10)
	if err != nil || !slices.ContainsFunc(lines, func(l store.AuditLine) bool {
		return l.Who == "ann" && l.Act == "file.approve" && l.Detail == "sha256 abc1"
	}) {
		t.Errorf("audit %v, %v", lines, err)
	}
	if _, err := control.Approve(t.Context(), s, control.Look{File: f.ID, Who: "ann"}); slugOf(err) != "held.not_supervised" {
		t.Errorf("twice: %v", err)
	}
}

func TestApproveIsInTheOrderOfVersions(t *testing.T) {
	s := openStore(t)
	older, newer := unseen(t, s, "a.csv", "one"), unseen(t, s, "a.csv", "two")
	if _, err := control.Approve(t.Context(), s, control.Look{File: newer.ID}); slugOf(err) != "held.older_first" {
		t.Errorf("the newer one first: %v", err)
	}
	for _, id := range []int64{older.ID, newer.ID} { // the older one is superseded, and its bytes are here
		if _, err := control.Approve(t.Context(), s, control.Look{File: id}); err != nil {
			t.Errorf("file %d: %v", id, err)
		}
	}
	if all, err := s.ApprovalsOfAll(t.Context()); err != nil || len(all) != 1 || all["acme-in"] != (job.Approvals{Files: 2, Days: 1}) {
		t.Errorf("approved of all jobs %+v, %v", all, err)
	}
	if got, err := s.Approvals(t.Context(), "acme-in"); err != nil || got != (job.Approvals{Files: 2, Days: 1}) {
		t.Errorf("approvals %+v, %v", got, err)
	}
}

func TestRejectEndsAFileAndItsCopy(t *testing.T) {
	s := openStore(t)
	f := unseen(t, s, "a.csv", "abc")
	var gone wiped
	got, err := control.Reject(t.Context(), s, control.Look{File: f.ID, Who: "ann", Why: "last year's\x1b[31m"}, func(job.File) (control.Wiper, error) { return &gone, nil })
	if err != nil {
		t.Fatal(err)
	}
	if got.State != job.FileRejected || got.Step != job.StepDone || got.Stage != "" || got.Reason.Slug != "content.disapproved" ||
		got.Reason.Cause != `ann looked at it and rejected it: last year's\u001b[31m` {
		t.Errorf("row %+v, reason %+v", got, got.Reason)
	}
	if !slices.Equal(gone, wiped{"1.1.ready", "1.1.received"}) {
		t.Errorf("wiped %v", gone)
	}
	if got, err := s.Approvals(t.Context(), "acme-in"); err != nil || got != (job.Approvals{}) {
		t.Errorf("approvals %+v, %v", got, err)
	}
}

// A word that was given counts no more when somebody decides anew, and moves with its job.
func TestApprovalsAreTheLastWordAndMoveWithTheJob(t *testing.T) {
	s := openStore(t)
	f := unseen(t, s, "a.csv", "abc")
	f, err := control.Approve(t.Context(), s, control.Look{File: f.ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Rename(t.Context(), "acme-in", "acme-new"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Approvals(t.Context(), "acme-new"); err != nil || got.Files != 1 {
		t.Errorf("after the rename %+v, %v", got, err)
	}
	f, _ = s.File(t.Context(), f.ID)
	f.State, f.Reason = job.FileHeld, &job.Reason{Slug: "ledger.restored"}
	if f, err = s.Advance(t.Context(), f.Step, f, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: job.AsAgain, By: "ann", Why: "look anew"}); err != nil {
		t.Fatal(err)
	}
	if hash, err := s.Approved(t.Context(), f.ID); err != nil || hash != "" {
		t.Errorf("approved %q, %v", hash, err)
	}
}
