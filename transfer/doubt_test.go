package transfer_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftptest"
)

func TestImportHoldsWhatARestoredLedgerBelievesToBeWaiting(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.DoneFile = "{name}.done" })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 0, 0, 0)
	landing, err := local.OpenLanding(b.landing)
	if err != nil {
		t.Fatal(err)
	}
	if err := landing.SetEpoch(b.spec.Name, "another life"); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "a.csv.done"), "")
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "ledger.restored" {
		t.Errorf("reason %+v", result.Reason)
	}
	has(t, b.landing, nil)
}

func TestExportHoldsWhatARestoredLedgerBelievesToBeOnItsWay(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0) // uploaded, not renamed
	stage, err := local.OpenStage(b.stage)
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.SetEpoch(b.spec.Name, "another life"); err != nil {
		t.Fatal(err)
	}
	b.server.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "ledger.restored" {
		t.Errorf("reason %+v", result.Reason)
	}
	if _, err := os.Stat(b.remote("in", "a.csv")); err == nil {
		t.Error("the file was published")
	}
}

// TestImportTakesNothingOfTheLostLifeForItsOwn: what the lost ledger put aside bears a row number that the one that was put
// back has not given out, and never will.
func TestImportTakesNothingOfTheLostLifeForItsOwn(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	old := filepath.Join(t.TempDir(), "old.db")
	if err := b.store.Backup(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "a.csv"), "monday")
	b.want(1, 0, 0, 0)
	lost := b.last()
	aside := naming.Aside(lost.ID, lost.Fence, "a.csv")
	put(t, b.remote("out", aside), "tuesday, put aside by the ledger that is lost")
	above, err := b.store.LastNumber(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.putBack(old, above)
	put(t, b.remote("out", "a.csv"), "wednesday")
	b.want(1, 0, 0, 0)
	b.want(0, 0, 0, 0)
	if f := b.last(); f.ID <= lost.ID || f.Run <= lost.Run {
		t.Errorf("row %d of run %d, after row %d of run %d was lost", f.ID, f.Run, lost.ID, lost.Run)
	}
	has(t, b.landing, map[string]string{"a.csv": "monday", "a.2.csv": "wednesday"})
	has(t, b.remote("out"), map[string]string{aside: "tuesday, put aside by the ledger that is lost"})
}

// TestImportArchivesBesideWhatTheLostLifeArchived: a row that the backup has keeps its number, which the lost life has given to
// a copy as well. The same content is that copy; other content gets a name of its own.
func TestImportArchivesBesideWhatTheLostLifeArchived(t *testing.T) {
	for name, now := range map[string]string{"the same version": "one", "another version": "changed"} {
		t.Run(name, func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "archive")
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.DoneFile, im.Archive = "{name}.done", &job.Archive{Dir: archive} })
			put(t, b.remote("out", "a.csv"), "one")
			b.want(0, 0, 0, 0)
			old := filepath.Join(t.TempDir(), "old.db")
			if err := b.store.Backup(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			put(t, b.remote("out", "a.csv.done"), "")
			b.want(1, 0, 0, 0)
			lost := b.last()
			b.putBack(old, 1000)
			put(t, b.remote("out", "a.csv"), now)
			b.want(1, 0, 0, 0)
			b.want(0, 0, 0, 0)
			want := map[string]string{filepath.Base(lost.Archived): "one"}
			f := b.last()
			if f.ID != lost.ID || f.Step != job.StepDone || f.Fence <= lost.Fence || (f.Archived == lost.Archived) != (now == "one") {
				t.Errorf("row %+v, lost %+v", f, lost)
			}
			want[filepath.Base(f.Archived)] = now
			has(t, archive, want)
		})
	}
}

// putBack goes on with an older copy of the ledger, as after restore and reconcile.
func (b *bundle) putBack(old string, above int64) {
	b.t.Helper()
	s, err := store.Open(b.t.Context(), store.Options{Path: old})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = s.Close() })
	b.store = s
	epoch, err := s.NewEpoch(b.t.Context(), above)
	if err != nil {
		b.t.Fatal(err)
	}
	landing, err := local.OpenLanding(b.landing)
	if err == nil {
		err = landing.SetEpoch(b.spec.Name, epoch)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestForceTakesAFileOncePerRun(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.StableFor, im.Duplicates = 60*time.Millisecond, job.DuplicatesLand })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	text := "x"
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait { // another file keeps the run looking
			text += "x"
			put(t, b.remote("out", "b.csv"), text)
		}
	}
	put(t, b.remote("out", "b.csv"), text)
	b.want(1, 0, 0, 0, func(r *job.Run) { r.Force = true })
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "one"})
}

func TestImportClaimsWhereNobodyMayLook(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoStat: true}).importing(func(im *job.Import) { im.Claim, im.AfterSuccess.Action = true, job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	has(t, b.remote("out"), nil)
	b.want(0, 0, 0, 0)
}

func TestImportTakesARejectedClaimAgain(t *testing.T) {
	ours := keyPair(t, "ours")
	b := opening(setup(t, sftptest.Knobs{}), ours)
	b.spec.Import.Claim, b.spec.Import.AfterSuccess.Action = true, job.RetireDelete
	put(t, b.remote("out", "a.csv.pgp"), sealTo(t, keyPair(t, "theirs"), "secret"))
	b.want(0, 1, 0, 0)
	f := b.last()
	if _, err := os.Stat(b.remote(f.Aside)); err != nil {
		t.Fatalf("the rejected file does not lie aside: %v", err)
	}
	b.want(0, 0, 0, 0)
	b.again(b.last())
	b.want(0, 1, 0, 0) // it was fetched and looked at again
}

func TestImportJudgesSizesWhenFilesAreQuiet(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.StableFor = 60 * time.Millisecond })
	b.spec.Limits.MaxFileSize = 10
	put(t, b.remote("out", "a.csv"), "")
	put(t, b.remote("out", "b.csv"), "small")
	grown := false
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait && !grown {
			grown = true
			put(t, b.remote("out", "a.csv"), "arrived")
			put(t, b.remote("out", "b.csv"), "more than ten bytes")
		}
	}
	if result := b.want(1, 1, 0, 0); result.Reason.Slug != "content.too_large" {
		t.Errorf("reason %+v", result.Reason)
	}
	has(t, b.landing, map[string]string{"a.csv": "arrived"})
}

func TestImportHoldsWhatAStageThatIsGoneCouldTell(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	row := b.last()
	row.Step, row.State = job.StepLanding, job.FileMoving // as a run leaves it that died in C11
	if _, err := b.store.Advance(t.Context(), job.StepDone, row, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(b.landing); err != nil {
		t.Fatal(err)
	}
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "local.stage_lost" {
		t.Errorf("reason %+v", result.Reason)
	}
}
