package transfer_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftptest"
)

// movedAtLast gives a job whose one version, of this time, went aside in the second attempt, and its row after the first, whose rename
// was never answered.
func movedAtLast(t *testing.T) (*bundle, job.File, time.Time) {
	t.Helper()
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "posix-rename", Do: sftptest.Drop, Times: 1}}}).
		importing(func(im *job.Import) { im.AfterSuccess.Action, im.Duplicates = job.RetireDelete, job.DuplicatesLand })
	at := time.Unix(1_700_000_000, 0)
	put(t, b.remote("out", "a.csv"), "one", at)
	b.do()
	f := b.last()
	b.want(0, 0, 0, 0)
	return b, f, at
}

// The move of a version was proven under the name of the second attempt. The first attempt's rename is done late and takes along
// another version, which looks the same: it waits, is not listed under its own name any more, and was never read.
func TestImportLandsATwinThatALateRenameTook(t *testing.T) {
	b, f, at := movedAtLast(t)
	b.want(0, 0, 0, 0) // a listing without it
	b.spec.Import.DoneFile = "{name}.done"
	put(t, b.remote("out", "a.csv"), "two", at)
	b.want(0, 0, 0, 0) // it waits for its done-file
	put(t, b.remote("out", "a.csv.done"), "")
	b.goesAside(f, f.Fence)
	b.do()
	b.do()
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "two"})
}

// The same when no listing has seen the twin under its own name.
func TestImportLandsATwinThatWasOnlySeenAside(t *testing.T) {
	b, f, at := movedAtLast(t)
	put(t, b.remote("out", "a.csv"), "two", at)
	b.goesAside(f, f.Fence)
	b.want(1, 0, 0, 0)
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "two"})
	has(t, b.remote("out"), nil)
}

// A server that renames by copying shows a source under both names for a while.
func TestImportWaitsForAServerThatCopies(t *testing.T) {
	for name, claim := range map[string]bool{"delete": false, "claim": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{NoPosixRename: true, RenameCopies: 500 * time.Millisecond}).importing(func(im *job.Import) {
				im.AfterSuccess.Action, im.Duplicates, im.Claim = job.RetireDelete, job.DuplicatesLand, claim
			})
			put(t, b.remote("out", "a.csv"), "one")
			b.want(1, 0, 0, 0)
			b.want(0, 0, 0, 0)
			has(t, b.landing, map[string]string{"a.csv": "one"})
			has(t, b.remote("out"), nil)
		})
	}
}

// When it takes longer than a run waits, the source stays as it is, the run says so, and the next one goes on.
func TestImportDoesNotLandAgainWhatAServerCopiesForLong(t *testing.T) {
	t.Cleanup(transfer.Hasten())
	b := setup(t, sftptest.Knobs{NoPosixRename: true, RenameCopies: time.Hour}).importing(func(im *job.Import) {
		im.AfterSuccess.Action, im.Duplicates = job.RetireDelete, job.DuplicatesLand
	})
	put(t, b.remote("out", "a.csv"), "one")
	for _, ok := range []int{1, 0} {
		if r := b.want(ok, 0, 0, 0); r.Reason == nil || r.Reason.Slug != "remote.rename_ignored" {
			t.Errorf("reason %v", r.Reason)
		}
	}
	if err := os.Remove(b.remote("out", "a.csv")); err != nil { // at last
		t.Fatal(err)
	}
	if r := b.want(0, 0, 0, 0); r.State != job.RunSucceeded {
		t.Errorf("%s: %v", r.State, r.Reason)
	}
	has(t, b.landing, map[string]string{"a.csv": "one"})
	has(t, b.remote("out"), nil)
}

// younger makes a server give every file that it renames another time.
func younger(b **bundle) sftptest.Knobs {
	return sftptest.Knobs{NoPosixRename: true, Linked: func(path string) {
		at := time.Now().Add(time.Hour)
		_ = os.Chtimes((*b).remote(path), at, at)
	}}
}

// Some servers give what they rename another time. Its content tells that it is the version that has landed.
func TestImportKnowsItsSourceByItsContent(t *testing.T) {
	for _, action := range []job.RetireAction{job.RetireDelete, job.RetireMove} {
		t.Run(string(action), func(t *testing.T) {
			var b *bundle
			b = setup(t, younger(&b)).importing(func(im *job.Import) {
				im.AfterSuccess, im.Duplicates = job.Retire{Action: action, Dir: "/done"}, job.DuplicatesLand
			})
			put(t, b.remote("out", "a.csv"), "one")
			b.want(1, 0, 0, 0)
			b.want(0, 0, 0, 0)
			has(t, b.landing, map[string]string{"a.csv": "one"})
			has(t, b.remote("out"), nil)
			if n := len(b.rows()); n != 1 {
				t.Errorf("%d rows for one version", n)
			}
		})
	}
}

// On such a server another version of the same size, put there before the rename, is no less another one.
func TestImportAdoptsAnotherVersionOfItsSizeAndOtherContent(t *testing.T) {
	var b *bundle
	knobs := younger(&b)
	touch := knobs.Linked
	var once sync.Once
	knobs.Linked = func(path string) {
		once.Do(func() { _ = os.WriteFile(b.remote(path), []byte("two"), 0o644) }) // which is both names, here
		touch(path)
	}
	b = setup(t, knobs).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.do()
	b.do()
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "two"})
	has(t, b.remote("out"), nil)
}

// A version that lay under a name of ours and has landed before is ended like any other source.
func TestImportEndsADuplicateThatLiesAside(t *testing.T) {
	for action, out := range map[job.RetireAction]map[string]string{job.RetireDelete: {}, job.RetireKeep: {"a.csv": "one"}} {
		t.Run(string(action), func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = action })
			put(t, b.remote("out", "a.csv"), "one", time.Unix(1_700_000_000, 0))
			b.want(1, 0, 0, 0)
			f := b.last()
			put(t, b.remote("out", "a.csv"), "one")
			b.goesAside(f, f.Fence)
			b.want(0, 0, 1, 0)
			b.want(0, 0, 0, 0)
			b.want(0, 0, 0, 0)
			has(t, b.remote("out"), out)
		})
	}
}

// A read-once server cut a fetch off, and an older row's rename is done late: what lies under our name is not used up.
func TestImportFindsWhatAReadOnceServerStillHas(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	b.conn.Profile = "read-once"
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	b.cutOff()
	put(t, b.remote("out", "a.csv"), "the second")
	b.want(0, 1, 0, 0)
	b.goesAside(f, f.Fence)
	b.want(1, 0, 0, 0)
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
	if n := len(b.rows()); n != 2 {
		t.Errorf("%d rows for two versions", n)
	}
}

// A source does not get its own name back from a server that is known to replace: the customer may put the next version there
// between the look and the rename.
func TestImportReplacesNothingToGiveANameBack(t *testing.T) {
	b := setup(t, sftptest.Knobs{RenameOverwrites: true, Faults: []sftptest.Fault{{Op: "open", Do: sftptest.Drop, Times: 1}}}).
		importing(func(im *job.Import) { im.Claim, im.AfterSuccess.Action = true, job.RetireDelete })
	replaces := true
	if err := b.store.SaveProfile(t.Context(), "acme", job.Profile{RenameOver: &replaces}); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "a.csv"), "one")
	b.do()
	b.spec.Import.Claim, b.spec.Import.AfterSuccess.Action = false, job.RetireKeep
	if r := b.want(1, 0, 0, 0); !strings.Contains(r.Note, "its source stays on the server as") {
		t.Errorf("note %q", r.Note)
	}
	has(t, b.remote("out"), map[string]string{filepath.Base(b.last().Aside): "one"})
	put(t, b.remote("out", "a.csv"), "the second")
	b.want(1, 0, 0, 0)
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
}

// A version that was adopted, and then taken away from where it lay, is renamed under a name of its own: a request that is done late
// would replace what lies under the one before.
func TestImportRenamesAnAdoptedSourceUnderANameOfItsOwn(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	put(t, b.remote("out", "a.csv"), "the second")
	b.goesAside(f, f.Fence)
	aside := naming.Aside(f.ID, f.Fence, "a.csv")
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageDownload {
			b.watch = nil
			_ = os.Remove(b.remote("out", aside))
			put(t, b.remote("out", "a.csv"), "and the third")
			b.server.Change(func(k *sftptest.Knobs) {
				k.Faults = []sftptest.Fault{{Op: "posix-rename", Do: sftptest.Drop, Times: 1}}
			})
		}
	}
	b.do()
	if second := b.last(); second.Step != job.StepRetiring || filepath.Base(second.Aside) == aside {
		t.Errorf("the second version stands at %s, and was to go to %s", second.Step, second.Aside)
	}
	b.do()
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second", "a.3.csv": "and the third"})
	has(t, b.remote("out"), nil)
}

// expiring is the ledger at a later time, when all that ended by then is to be forgotten.
type expiring struct {
	*store.Store
	by time.Time
}

func (e expiring) Expired(ctx context.Context, jobName string, _ time.Time, limit int) ([]job.File, error) {
	return e.Store.Expired(ctx, jobName, e.by, limit)
}

// Somebody cleared the copy of one version away, and the next version's has its name: it is not deleted for the first one.
func TestExportForgetsOnlyItsOwnCopy(t *testing.T) {
	sent := filepath.Join(t.TempDir(), "sent")
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) {
		ex.IfExists, ex.AfterSuccess = job.ExistsReplace, job.Retire{Action: job.RetireMove, Dir: sent, KeepFor: time.Hour}
	})
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(1, 0, 0, 0)
	first := b.last()
	if err := os.Remove(filepath.Join(sent, "a.csv")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(b.outbox, "a.csv"), "the second")
	b.doBetween(between{ledger: expiring{b.store, first.Ended.Add(time.Microsecond)}})
	has(t, sent, map[string]string{"a.csv": "the second"})
	if rows := b.rows(); rows[0].Archived != "" || rows[1].Archived == "" {
		t.Errorf("the rows name the copies %q and %q", rows[0].Archived, rows[1].Archived)
	}
	b.doBetween(between{ledger: expiring{b.store, b.last().Ended.Add(time.Microsecond)}})
	has(t, sent, nil)
}
