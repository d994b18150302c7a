package control_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
)

// What came to be held while somebody read what they settle is not settled with it, and until it is the job goes on holding what looks new.
func TestReconcileSettlesOnlyWhatWasSeen(t *testing.T) {
	s := openStore(t)
	spec, kept := job.Spec{Name: "acme-in", Type: job.TypeImport}, &stage{epoch: transfer.Looked("now")}
	seen := leave(t, s, job.File{}, held("remote.mass_change"))
	later := leave(t, s, job.File{Job: "acme-in", Type: job.TypeImport, Path: "/out/b.csv"}, held("remote.mass_change"))
	cause := raised(t, s, seen)
	for _, step := range []struct {
		upTo, settled, left int64
		epoch               string
		now                 map[int64]job.State
	}{
		{seen.ID, 1, 1, transfer.Looked("now"), map[int64]job.State{seen.ID: job.FileLanded, later.ID: job.FileHeld}},
		{later.ID, 1, 0, "now", map[int64]job.State{seen.ID: job.FileLanded, later.ID: job.FileLanded}},
	} {
		word := landedSays
		word.UpTo = step.upTo
		n, left, err := control.Reconcile(t.Context(), s, spec, kept, "now", word)
		if err != nil || int64(n) != step.settled || int64(left) != step.left || kept.epoch != step.epoch || isOpen(t, s, cause) != (step.left > 0) {
			t.Errorf("up to %d: %d settled, %d left, epoch %q, the incident is open: %t; %v", step.upTo, n, left, kept.epoch, isOpen(t, s, cause), err)
		}
		for id, want := range step.now {
			if f, err := s.File(t.Context(), id); err != nil || f.State != want {
				t.Errorf("up to %d: file %d is %s, want %s; %v", step.upTo, id, f.State, want, err)
			}
		}
		if line, err := s.LastAudit(t.Context(), "job.reconcile", "acme-in"); err != nil || !strings.Contains(line.Detail, fmt.Sprintf("up to file %d: they are there", step.upTo)) {
			t.Errorf("the audit list has %+v, %v", line, err)
		}
	}
}

// A verdict that does not fit the job settles nothing, also where nothing is held, and leaves no line as if it had.
func TestReconcileRefusesVerdictsThatDoNotFit(t *testing.T) {
	s := openStore(t)
	for _, as := range []job.Resolution{"", "nonsense", job.AsDelivered, job.Resolution(strings.Repeat("x", 60_000))} {
		kept := &stage{epoch: transfer.Looked("now")}
		_, _, err := control.Reconcile(t.Context(), s, job.Spec{Name: "acme-in", Type: job.TypeImport}, kept, "now", job.Settling{As: as, By: "ann", Why: "x"})
		if slugOf(err) != "held.verdict" || kept.epoch != transfer.Looked("now") || len(err.Error()) > 1000 {
			t.Errorf("as %.20q: the stage remembers %q, %.200v", as, kept.epoch, err)
		}
	}
	if line, err := s.LastAudit(t.Context(), "job.reconcile", "acme-in"); err != nil || line.ID != 0 {
		t.Errorf("the audit list has %.200v, %v", line, err)
	}
}
