package transfer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftptest"
)

// What most of these tests show was found by the models of docs/model, and by holding the steps of the program against theirs, in the program
// as it was. Others take a step that is rare.

// goesAside does late what a session had asked for that died: what lies under the source's name by now goes to a name of the row's.
func (b *bundle) goesAside(f job.File, fence int64) {
	b.t.Helper()
	if err := os.Rename(b.remote("out", "a.csv"), b.remote("out", naming.Aside(f.ID, fence, "a.csv"))); err != nil {
		b.t.Fatal(err)
	}
}

// A rename takes a file from nobody who has it open and still writes.
func TestImportAdoptsOnlyWhatIsQuiet(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.StableFor, im.AfterSuccess.Action = 60*time.Millisecond, job.RetireDelete
	})
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	put(t, b.remote("out", "a.csv"), "half")
	b.goesAside(f, f.Fence)
	looks := 0
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait {
			if looks++; looks == 1 {
				put(t, b.remote("out", naming.Aside(f.ID, f.Fence, "a.csv")), "half and whole")
			}
		}
	}
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "half and whole"})
	has(t, b.remote("out"), nil)
}

// Several versions may lie under our names at a time, and each one is a row's.
func TestImportAdoptsEachVersionOnce(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.StableFor, im.AfterSuccess.Action, im.Duplicates = 60*time.Millisecond, job.RetireDelete, job.DuplicatesLand
	})
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	for i, text := range []string{"the second", "and the third"} {
		put(t, b.remote("out", "a.csv"), text)
		b.goesAside(f, f.Fence+int64(i))
	}
	b.want(2, 0, 0, 0)
	b.want(0, 0, 0, 0)
	has(t, b.remote("out"), nil)
	if n := len(b.rows()); n != 3 {
		t.Errorf("%d rows for three versions", n)
	}
}

// A late rename may take along a version that a newer row is of: it is not a new one.
func TestImportKnowsANewerVersionUnderAnOlderName(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Duplicates = job.DuplicatesLand })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	put(t, b.remote("out", "a.csv"), "the second")
	b.want(1, 0, 0, 0)
	b.goesAside(f, f.Fence)
	b.want(0, 0, 0, 0)
	b.want(0, 0, 0, 0)
	has(t, b.remote("out"), map[string]string{"a.csv": "the second"})
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
	b.goesAside(f, f.Fence)
	put(t, b.remote("out", "a.csv"), "and then a third") // whose row is the newest
	b.want(1, 0, 0, 0)
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second", "a.3.csv": "and then a third"})
}

// A row that waits for its source and has another version adopted before it is not the newest any more: it ends.
func TestImportThatAdoptsLeavesNoRowWaiting(t *testing.T) {
	for name, there := range map[string]bool{"its source is gone": false, "its source is there": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
			put(t, b.remote("out", "a.csv"), "one")
			b.want(1, 0, 0, 0)
			f := b.last()
			b.spec.Import.DoneFile = "{name}.done"
			put(t, b.remote("out", "a.csv"), "the second")
			b.want(0, 0, 0, 0)
			put(t, b.remote("out", "a.csv"), "and the third")
			b.goesAside(f, f.Fence)
			if there {
				put(t, b.remote("out", "a.csv"), "the second")
			}
			b.want(0, 0, 1, 0)
			if second := b.rows()[1]; second.Step != job.StepDone || second.State != job.FileSkipped {
				t.Errorf("the row that waited stands at %s, %s", second.Step, second.State)
			}
			has(t, b.landing, map[string]string{"a.csv": "one"})
			put(t, b.remote("out", "a.csv.done"), "")
			b.want(1, 0, 0, 0)
			if !there {
				return
			}
			b.want(1, 0, 0, 0)
			has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "and the third", "a.3.csv": "the second"})
		})
	}
}

// Each attempt to retire a source gives it another name: the rename of a session that died may still be done.
func TestImportRetiresUnderANameOfEachAttempt(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "posix-rename", Do: sftptest.Drop, Times: 1}}}).
		importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.do()
	f := b.last()
	if f.Step != job.StepRetiring {
		t.Fatalf("the row stands at %s", f.Step)
	}
	b.want(0, 0, 0, 0)
	if now := b.last(); now.Aside == f.Aside {
		t.Errorf("both attempts used the name %s", f.Aside)
	}
	put(t, b.remote("out", "a.csv"), "the second")
	b.goesAside(f, f.Fence)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
	has(t, b.remote("out"), nil)
}

// A rename was done and nobody heard of it. What lies under the source's name by then is another file, though it looks the same: it is
// taken as one, and not removed for the one before.
func TestImportLooksAsideBeforeItRenamesAgain(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "posix-rename", Do: sftptest.DropDone, Times: 1}}}).
		importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	source := b.remote("out", "a.csv")
	put(t, source, "one")
	info, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	b.do()
	if f := b.last(); f.Step != job.StepRetiring {
		t.Fatalf("the row stands at %s", f.Step)
	}
	put(t, source, "two")
	if err := os.Chtimes(source, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	b.do()
	b.do()
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "two"})
	has(t, b.remote("out"), nil)
}

// Another version lies where a read-once server had given one to a run that died: that one is gone, and somebody is told.
func TestImportSaysWhatAReadOnceServerUsedUp(t *testing.T) {
	b := setup(t, sftptest.Knobs{ReadOnce: true, Faults: []sftptest.Fault{{Op: "read", Do: sftptest.DropDone, Times: 1}}}).importing(nil)
	b.conn.Profile = "read-once"
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	put(t, b.remote("out", "a.csv"), "the second")
	b.want(1, 0, 0, 1)
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "the second"})
	if first := b.rows()[0]; first.State != job.FileHeld || first.Reason.Slug != "remote.source_consumed" {
		t.Errorf("the version that was used up is %s: %v", first.State, first.Reason)
	}
}

// A server that takes files at CLOSE takes temporaries, too: one that is gone was taken, although its answer was lost.
func TestExportToASweeperWhoseCloseWasNotHeard(t *testing.T) {
	b := setup(t, sftptest.Knobs{Sweep: sftptest.SweepAtClose, Faults: []sftptest.Fault{{Op: "close", Do: sftptest.DropDone, Times: 1}}}).exporting(nil)
	sweeps := true
	if err := b.store.SaveProfile(t.Context(), "acme", job.Profile{SweepsAtOnce: &sweeps}); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.server.ClearLog()
	if r := b.want(0, 0, 0, 1); r.Reason.Slug != "remote.indeterminate" {
		t.Errorf("reason %v", r.Reason)
	}
	if slices.Contains(ops(b), "write") {
		t.Error("it was sent again")
	}
}

// A server that turns out to have no rename is written to directly, and from the stage: the platform may overwrite its file.
func TestExportThatTurnsDirectSendsFromTheStage(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	if f := b.last(); f.Stage != "" {
		t.Fatalf("it was staged as %s at once", f.Stage)
	}
	b.conn.Rename = job.RenameNone // as the profile would say by now
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
	if f := b.last(); f.Stage == "" {
		t.Error("it was sent from the outbox")
	}
}

// What comes back from the customer in another size does not mean that the source in the outbox has changed: it is not sent again.
func TestExportReadBackShortIsNotSentAgain(t *testing.T) {
	b := setup(t, sftptest.Knobs{EndEarly: 2}).exporting(func(ex *job.Export) { ex.Verify = job.VerifyReadback })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	if r := b.want(0, 0, 0, 1); r.Reason.Slug != "remote.content_differs" || !strings.HasSuffix(r.Reason.Cause, "read back in another size") {
		t.Errorf("reason %v", r.Reason)
	}
	if err := os.Remove(b.remote("in", "a.csv")); err != nil { // the customer has taken it
		t.Fatal(err)
	}
	b.server.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	b.want(0, 0, 0, 0)
	has(t, b.remote("in"), nil)
}

// A rename of a session that died, after the row was taken back to uploaded: it is found before another one is asked for.
func TestExportFindsARenameThatWasDoneLate(t *testing.T) {
	for _, after := range []job.RetireAction{job.RetireKeep, job.RetireDelete} {
		t.Run(string(after), func(t *testing.T) {
			b := setup(t, sftptest.Knobs{NoRename: true}).exporting(func(ex *job.Export) { ex.AfterSuccess.Action = after })
			put(t, filepath.Join(b.outbox, "a.csv"), "one")
			b.want(0, 1, 0, 0)
			if err := os.Rename(b.remote(b.last().Temp), b.remote("in", "a.csv")); err != nil {
				t.Fatal(err)
			}
			b.want(1, 0, 0, 0)
			if f := b.last(); f.Proof != job.ProofVerified {
				t.Errorf("proof %s", f.Proof)
			}
			has(t, b.remote("in"), map[string]string{"a.csv": "one"})
		})
	}
}

// Nothing is under either name, and the job says to send again then.
func TestExportSendsAgainWhatIsNowhere(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "rename", Do: sftptest.Drop, Times: 1}}}).exporting(func(ex *job.Export) { ex.OnLostReply = job.LostResend })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	if err := os.Remove(b.remote(b.last().Temp)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transfer.Hasten())
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
}

// The platform writes its file again before it is sent once more, directly: that version is another one.
func TestExportThatTurnsDirectAndChanged(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.conn.Rename = job.RenameNone
	put(t, filepath.Join(b.outbox, "a.csv"), "the second")
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "the second"})
}

// The step from sending to delivered.
func TestExportDirectlyDeletesItsSource(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.InPlace, ex.AfterSuccess.Action = true, job.RetireDelete })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
	has(t, b.outbox, nil)
}

// The platform writes its file again between the first reading and the snapshot.
func TestExportChangedBeforeItIsStaged(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.InPlace = true })
	source := filepath.Join(b.outbox, "a.csv")
	put(t, source, "one")
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageEncrypt {
			put(t, source, "the second")
		}
	}
	if r := b.want(0, 0, 0, 1); r.Reason.Slug != "remote.size_changed" {
		t.Errorf("reason %v", r.Reason)
	}
	has(t, b.remote("in"), nil)
	b.watch = nil
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "the second"})
}
