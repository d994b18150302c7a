package transfer_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// marking is an import that asks for done-files, and has taken one file.
func marking(t *testing.T, at time.Time, change func(*job.Import)) *bundle {
	t.Helper()
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.DoneFile = "{name}.done"
		if change != nil {
			change(im)
		}
	})
	put(t, b.remote("out", "a.csv"), "one", at)
	put(t, b.remote("out", "a.csv.done"), "", at)
	b.want(1, 0, 0, 0)
	return b
}

func deleting(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete }

// A version that was taken aside is whole when its done-file says so, like any other: not before.
func TestImportAdoptsWhatItsDoneFileSpeaksFor(t *testing.T) {
	b := marking(t, time.Now(), deleting)
	f := b.last()
	if err := os.Remove(b.remote("out", "a.csv.done")); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "a.csv"), "the second")
	b.want(0, 0, 0, 0)
	b.goesAside(f, f.Fence)
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	put(t, b.remote("out", "a.csv.done"), "")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
	has(t, b.remote("out"), map[string]string{"a.csv.done": ""})
}

// The marker of the version before lies there still when another one is found aside.
func TestImportAdoptsNothingForAnOlderDoneFile(t *testing.T) {
	b := marking(t, time.Now().Add(-24*time.Hour), deleting)
	f := b.last()
	put(t, b.remote("out", "a.csv"), "half")
	b.goesAside(f, f.Fence)
	b.want(0, 0, 0, 0)
	put(t, b.remote("out", naming.Aside(f.ID, f.Fence, "a.csv")), "half and whole") // by whoever has it open
	put(t, b.remote("out", "a.csv.done"), "")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "half and whole"})
}

// The customer takes the marker away and begins to write the next version between our look at the source and its rename.
func TestImportLeavesWhatIsWrittenWhileItsSourceGoesAside(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		deleting(im)
		im.DoneFile = "{name}.done"
	})
	path := b.remote("out", "a.csv")
	put(t, path, "one")
	put(t, path+".done", "")
	var file *os.File
	b.server.Change(func(k *sftptest.Knobs) {
		k.NoPosixRename = true
		k.Linked = func(string) {
			if file != nil {
				return
			}
			if err := os.Remove(path + ".done"); err != nil {
				t.Error(err)
			}
			var err error
			if file, err = os.Create(path); err != nil {
				t.Error(err)
				return
			}
			if _, err := file.WriteString("half of "); err != nil {
				t.Error(err)
			}
		}
	})
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	if _, err := file.WriteString("the second"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, path+".done", "")
	b.want(1, 0, 0, 0)
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "half of the second"})
	has(t, b.remote("out"), map[string]string{"a.csv.done": ""})
}

// Where the job does not read any more, the done-file is looked for by its name.
func TestImportAdoptsInAFormerFolderWhatItsDoneFileSpeaksFor(t *testing.T) {
	b := marking(t, time.Now(), deleting)
	f := b.last()
	if err := os.Remove(b.remote("out", "a.csv.done")); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "a.csv"), "the second")
	b.goesAside(f, f.Fence)
	b.want(0, 0, 0, 0)
	b.elsewhere(t)
	b.want(0, 0, 0, 0)
	put(t, b.remote("out", "a.csv.done"), "")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
}

// Yesterday's marker says nothing of today's file, which is still being written.
func TestImportAsksForADoneFileOfThisVersion(t *testing.T) {
	b := marking(t, time.Now().Add(-24*time.Hour), nil)
	put(t, b.remote("out", "a.csv"), "half of ")
	why := func() string {
		t.Helper()
		intents, err := b.intents()
		if err != nil || len(intents) != 1 {
			t.Fatalf("plan %v, %v", intents, err)
		}
		return intents[0].Why
	}
	const older = "its done-file is older than it, of a version before"
	if said := why(); said != older {
		t.Errorf("the plan says %q of a new version", said)
	}
	b.want(0, 0, 0, 0)
	if said := why(); said != older {
		t.Errorf("the plan says %q of one that waits", said)
	}
	put(t, b.remote("out", "a.csv"), "half of the second")
	put(t, b.remote("out", "a.csv.done"), "")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "half of the second"})
}

// A name that never came before has no version to which an old marker could belong.
func TestImportTakesTheFirstVersionForAnyDoneFile(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.DoneFile = "all.done" })
	put(t, b.remote("out", "all.done"), "", time.Now().Add(-24*time.Hour))
	put(t, b.remote("out", "a.csv"), "one")
	if got := b.plan(); len(got) != 1 || got[0] != "+ download a.csv" {
		t.Errorf("plan %q", got)
	}
	b.want(1, 0, 0, 0)
}

// Where the server tells no times, a new version has to be quiet beside its marker.
func TestImportWaitsBesideADoneFileOfNoTime(t *testing.T) {
	t.Cleanup(transfer.HastenUnsure(300 * time.Millisecond))
	b := setup(t, sftptest.Knobs{HideAttrs: packet.AttrTimes}).importing(func(im *job.Import) { im.DoneFile = "{name}.done" })
	path := b.remote("out", "a.csv")
	put(t, path, "one")
	put(t, path+".done", "")
	b.want(1, 0, 0, 0)
	put(t, path, "half of ")
	waits := 0
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait {
			if waits++; waits == 1 {
				put(t, path, "half of the second")
			}
		}
	}
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "half of the second"})
	if waits != 2 {
		t.Errorf("the run waited %d times", waits)
	}
}

func TestExportAsksForADoneFileOfThisVersion(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.DoneFile, ex.IfExists = "{name}.done", job.ExistsReplace })
	source := filepath.Join(b.outbox, "a.csv")
	put(t, source, "one")
	put(t, source+".done", "")
	b.want(1, 0, 0, 0)
	later := time.Now().Add(time.Hour)
	put(t, source, "the second", later)
	b.want(0, 0, 0, 0)
	put(t, source+".done", "", later)
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "the second"})
}
