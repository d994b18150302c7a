package control_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/store/blank"
	"github.com/haulier/haulier/transfer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openStore(t *testing.T) *store.Store {
	t.Helper()
	dir := t.TempDir()
	key := store.KeySource{Path: filepath.Join(dir, "master.key")}
	s, err := store.Open(t.Context(), store.Options{Path: blank.Lay(t, filepath.Join(dir, "haulier.db")), MasterKey: key.MasterKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// leave makes a row and leaves it at a step, as a run would.
func leave(t *testing.T, s *store.Store, f job.File, change func(*job.File)) job.File {
	t.Helper()
	if f.Job == "" {
		f.Job, f.Type, f.Path = "acme-in", job.TypeImport, "/out/a.csv"
	}
	f.Size, f.ModTime = 3, 1
	row, err := s.See(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.BeginRun(t.Context(), job.Run{Job: row.Job, Type: row.Type, Trigger: job.TriggerManual})
	if err != nil {
		t.Fatal(err)
	}
	if row, err = s.Claim(t.Context(), row, run.ID); err != nil {
		t.Fatal(err)
	}
	from := row.Step
	change(&row)
	if row, err = s.Advance(t.Context(), from, row, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Outcome(t.Context(), job.Outcome{Run: run.ID, File: row}); err != nil {
		t.Fatal(err)
	}
	run.State = job.RunPartial
	if err := s.EndRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	return row
}

func held(slug string) func(*job.File) {
	return func(f *job.File) {
		f.State, f.Reason = job.FileHeld, &job.Reason{Slug: slug, What: "w", Cause: "c", Do: "d", Who: job.WhoUs}
	}
}

func TestResolveEndsADoubtAsSomebodyDecided(t *testing.T) {
	export := job.File{Job: "acme-out", Type: job.TypeExport, Path: "/outbox/a.csv"}
	onItsWay := func(f *job.File) {
		held("remote.indeterminate")(f)
		f.Step, f.Final, f.Temp, f.Received = job.StepSending, "/in/a.csv", "/in/a.csv", job.Digest{Size: 3, SHA256: "abc"}
	}
	unhashed := func(f *job.File) { // sent as it lies, and cut off
		onItsWay(f)
		f.Received.SHA256 = ""
	}
	kept := func(f *job.File) {
		held("pgp.wrong_key")(f)
		f.Step, f.Kept = job.StepDownloaded, "1.1.received"
	}
	only := func(f *job.File) {
		kept(f)
		f.Spent = true
	}
	lost := func(f *job.File) {
		only(f)
		f.Reason.Slug = "local.stage_lost"
	}
	for name, test := range map[string]struct {
		file   job.File
		change func(*job.File)
		as     job.Resolution
		step   job.Step
		state  job.State
	}{
		"landed":                 {job.File{}, held("remote.mass_change"), job.AsLanded, job.StepDone, job.FileLanded},
		"again":                  {job.File{}, held("remote.source_consumed"), job.AsAgain, job.StepSeen, job.FileWaiting},
		"received again":         {job.File{}, kept, job.AsAgain, job.StepSeen, job.FileWaiting},
		"only copy again":        {job.File{}, only, job.AsAgain, job.StepDownloaded, job.FileWaiting},
		"lost copy again":        {job.File{}, lost, job.AsAgain, job.StepSeen, job.FileWaiting},
		"drop":                   {job.File{}, held("remote.mass_change"), job.AsDrop, job.StepDone, job.FileSkipped},
		"delivered":              {export, onItsWay, job.AsDelivered, job.StepDelivered, job.FileDelivered},
		"delivered, cut off":     {export, unhashed, job.AsDelivered, job.StepDelivered, job.FileDelivered},
		"delivered, never begun": {export, held("ledger.restored"), job.AsDelivered, job.StepDone, job.FileDelivered},
		"export again":           {export, onItsWay, job.AsAgain, job.StepSeen, job.FileWaiting},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			f := leave(t, s, test.file, test.change)
			got, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: test.as, By: "ann", Why: "asked the customer"})
			if err != nil {
				t.Fatal(err)
			}
			if got.Step != test.step || got.State != test.state || got.Fence <= f.Fence {
				t.Errorf("the row is %s at %s under fence %d (was %d)", got.State, got.Step, got.Fence, f.Fence)
			}
			copied := f.Kept // perhaps all there is of it
			if f.Reason.Slug == "local.stage_lost" {
				copied = ""
			}
			if test.as == job.AsAgain && (got.Kept != copied || got.Temp != f.Temp || got.Reason != nil) { // what Temp names is cleared away by the next attempt
				t.Errorf("the row still knows of the attempt before: %+v", got)
			}
			if _, err := s.Advance(t.Context(), f.Step, f, job.Beside{}); !errors.Is(err, job.ErrStale) {
				t.Errorf("whoever held the file last can still write: %v", err)
			}
			same, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: test.as, By: "bob", Why: "twice"})
			if line, errLine := s.LastAudit(t.Context(), "held.resolve", fmt.Sprint("file ", f.ID)); err != nil || errLine != nil || same.Touched != got.Touched || line.Who != "ann" {
				t.Errorf("the same decision again: %v %v, the row was written: %t, in the audit list %+v", err, errLine, same.Touched != got.Touched, line)
			}
			other := job.AsDrop
			if test.as == job.AsDrop {
				other = job.AsAgain
			}
			if _, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: other, By: "bob", Why: "no"}); slugOf(err) != "held.decided" || !strings.Contains(err.Error(), "ann has decided") {
				t.Errorf("another decision: %v", err)
			}
		})
	}
}

func slugOf(err error) string {
	var reason *job.Reason
	if errors.As(err, &reason) {
		return reason.Slug
	}
	return ""
}

func TestResolveRefusesWhatDoesNotFit(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, held("remote.mass_change"))
	for _, as := range []job.Resolution{job.AsDelivered, "lost", ""} {
		if _, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: as, By: "ann", Why: "why"}); slugOf(err) != "held.verdict" {
			t.Errorf("as %q: %v", as, err)
		}
	}
	if _, err := control.Resolve(t.Context(), s, job.Decision{File: 4711, As: job.AsDrop, By: "ann", Why: "why"}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("a row that is not there: %v", err)
	}
	leave(t, s, job.File{}, func(f *job.File) { f.State, f.Step = job.FileLanded, job.StepDone })
	if _, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: job.AsAgain, By: "ann", Why: "why"}); slugOf(err) != "held.superseded" {
		t.Errorf("an older version again: %v", err)
	}
	if _, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: job.AsDrop, By: "ann", Why: "why"}); err != nil {
		t.Errorf("an older version dropped: %v", err)
	}
	only := leave(t, s, job.File{}, func(f *job.File) {
		held("pgp.wrong_key")(f)
		f.Step, f.Kept, f.Spent = job.StepDownloaded, "3.1.received", true
	})
	leave(t, s, job.File{}, func(f *job.File) { f.State, f.Step = job.FileLanded, job.StepDone })
	if _, err := control.Resolve(t.Context(), s, job.Decision{File: only.ID, As: job.AsAgain, By: "ann", Why: "why"}); err != nil {
		t.Errorf("the only copy of an older version again: %v", err)
	}
}

func TestReopenGivesRejectedFilesBackToTheNextRun(t *testing.T) {
	s := openStore(t)
	rejected := func(f *job.File) {
		f.State, f.Step, f.Reason, f.Refetched = job.FileRejected, job.StepDone, &job.Reason{Slug: "pgp.not_encrypted"}, true
	}
	f := leave(t, s, job.File{}, rejected)
	if err := control.Reopen(t.Context(), s, job.Run{Reopen: f.Run, Only: "another.csv", By: "ann"}); err != nil {
		t.Fatal(err)
	}
	if now, err := s.File(t.Context(), f.ID); err != nil || now.State != job.FileRejected {
		t.Errorf("a file that was not asked for: %+v, %v", now, err)
	}
	if err := control.Reopen(t.Context(), s, job.Run{Reopen: f.Run, Only: "a.csv", By: "ann"}); err != nil {
		t.Fatal(err)
	}
	now, err := s.File(t.Context(), f.ID)
	if err != nil || now.State != job.FileWaiting || now.Step != job.StepSeen || now.Refetched || now.Reason != nil {
		t.Errorf("row %+v, %v", now, err)
	}
	landed := leave(t, s, job.File{Job: "acme-in", Type: job.TypeImport, Path: "/out/b.csv"}, func(f *job.File) { f.State, f.Step = job.FileLanded, job.StepDone })
	if err := control.Reopen(t.Context(), s, job.Run{Reopen: landed.Run, By: "ann"}); err != nil {
		t.Fatal(err)
	}
	if now, err := s.File(t.Context(), landed.ID); err != nil || now.State != job.FileLanded {
		t.Errorf("a landed file: %+v, %v", now, err)
	}
}

// A retry may still be refused, because the job is busy or paused: being asked for it changes nothing.
func TestAgainOnlyReads(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, func(f *job.File) { f.State, f.Step = job.FileRejected, job.StepDone })
	name, asked, err := control.Again(t.Context(), s, &config.Config{}, f.Run, job.Run{By: "ann", Only: "a.csv"})
	if err != nil || name != "acme-in" || asked.Reopen != f.Run || asked.Only != "a.csv" {
		t.Errorf("job %q, %+v, %v", name, asked, err)
	}
	if now, err := s.File(t.Context(), f.ID); err != nil || now.Touched != f.Touched {
		t.Errorf("row %+v, %v", now, err)
	}
	running, err := s.BeginRun(t.Context(), job.Run{Job: "acme-in", Type: job.TypeImport, Trigger: job.TriggerManual, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := control.Again(t.Context(), s, &config.Config{}, running.ID, job.Run{By: "ann"}); slugOf(err) != "run.at_work" {
		t.Errorf("a run at work: %v", err)
	}
}

type stage struct{ epoch string }

func (s *stage) Epoch(string) (string, error)   { return s.epoch, nil }
func (s *stage) SetEpoch(_, epoch string) error { s.epoch = epoch; return nil }

var landedSays = job.Settling{As: job.AsLanded, By: "ann", Why: "they are there"}

func TestReconcileWantsALookAfterARestore(t *testing.T) {
	s := openStore(t)
	spec := job.Spec{Name: "acme-in", Type: job.TypeImport}
	f := leave(t, s, job.File{}, held("ledger.restored"))
	for life, epoch := range map[string]string{"before 17": "now", "now 1000000": "now", "": job.RestoredEpoch + "now"} {
		kept := &stage{epoch: life}
		n, _, err := control.Reconcile(t.Context(), s, spec, kept, epoch, landedSays)
		if n != 0 || slugOf(err) != "ledger.look_first" || kept.epoch != life {
			t.Errorf("before any look: %d, %v; the stage remembers %q", n, err, kept.epoch)
		}
		if row, err := s.File(t.Context(), f.ID); err != nil || row.State != job.FileHeld {
			t.Errorf("row %+v, %v", row, err)
		}
	}
	if _, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: job.AsDrop, By: "ann", Why: "why"}); err != nil {
		t.Fatal(err)
	}
	kept := &stage{epoch: transfer.Looked("now") + " 2"}
	if n, _, err := control.Reconcile(t.Context(), s, spec, kept, "now", landedSays); n != 0 || err != nil || kept.epoch != "now" {
		t.Errorf("after a look that found nothing: %d, %v; the stage remembers %q", n, err, kept.epoch)
	}
}

func TestReconcileSettlesWhatARestoreHolds(t *testing.T) {
	s := openStore(t)
	restored := leave(t, s, job.File{}, held("ledger.restored"))
	mass := leave(t, s, job.File{Job: "acme-in", Type: job.TypeImport, Path: "/out/b.csv"}, held("remote.mass_change"))
	other := leave(t, s, job.File{Job: "acme-in", Type: job.TypeImport, Path: "/out/c.csv"}, held("remote.source_consumed"))
	elsewhere := leave(t, s, job.File{Job: "other", Type: job.TypeImport, Path: "/out/a.csv"}, held("ledger.restored"))
	kept := &stage{epoch: transfer.Looked("now")}
	n, _, err := control.Reconcile(t.Context(), s, job.Spec{Name: "acme-in", Type: job.TypeImport}, kept, "now", landedSays)
	if err != nil || n != 2 || kept.epoch != "now" {
		t.Fatalf("%d settled, epoch %q, %v", n, kept.epoch, err)
	}
	for id, want := range map[int64]job.State{restored.ID: job.FileLanded, mass.ID: job.FileLanded, other.ID: job.FileHeld, elsewhere.ID: job.FileHeld} {
		if f, err := s.File(t.Context(), id); err != nil || f.State != want {
			t.Errorf("file %d is %s, want %s; %v", id, f.State, want, err)
		}
	}
	refused := &stage{epoch: transfer.Looked("now")}
	if _, _, err := control.Reconcile(t.Context(), s, job.Spec{Name: "other", Type: job.TypeImport}, refused, "now", job.Settling{As: job.AsDelivered, By: "ann", Why: "why"}); err == nil || refused.epoch != transfer.Looked("now") {
		t.Errorf("epoch %q after %v", refused.epoch, err)
	}
}

func TestARunOfAnUnknownRevisionIsNotRunAsItWas(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, func(f *job.File) {
		f.State, f.Step, f.Reason = job.FileRejected, job.StepDone, &job.Reason{Slug: "pgp.wrong_key"}
	})
	if _, _, err := control.Again(t.Context(), s, &config.Config{}, f.Run, job.Run{By: "ann", AsRun: true}); slugOf(err) != "config.revision_unknown" {
		t.Errorf("no revision: %v", err)
	}
	old, err := s.AddRevision(t.Context(), store.Revision{Hash: "h", Text: "version: 1\n"}) // of a version that kept no path
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.BeginRun(t.Context(), job.Run{Job: f.Job, Revision: old})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := control.AsRun(t.Context(), s, &config.Config{}, run); slugOf(err) != "config.revision_unknown" {
		t.Errorf("no path: %v", err)
	}
	if row, err := s.File(t.Context(), f.ID); err != nil || row.State != job.FileRejected {
		t.Errorf("row %+v, %v", row, err)
	}
}
