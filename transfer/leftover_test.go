package transfer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// littered is an export whose first attempt left a part of a.csv on the server.
func littered(t *testing.T) *bundle {
	t.Helper()
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", Do: sftptest.Drop, Times: 1}}}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	if len(names(t, b.remote("in"))) != 1 {
		t.Fatal("nothing was left on the server")
	}
	return b
}

// Temporaries are removed by the names in the ledger, until they are gone, whatever goes wrong meanwhile.
func TestExportRemovesLeftoversUntilTheyAreGone(t *testing.T) {
	for name, hinder := range map[string]func(*bundle){
		"at once":            func(*bundle) {},
		"the suffix changes": func(b *bundle) { b.spec.Export.PartialSuffix = ".tmp" },
		"nothing is listed":  func(b *bundle) { b.server.Change(fails(sftptest.Fault{Op: "opendir", Do: sftptest.Fail, Code: 3})) },
		"the removal fails": func(b *bundle) {
			b.server.Change(fails(sftptest.Fault{Op: "remove", Do: sftptest.Fail, Code: 4, Times: 1}))
		},
		"its answer is lost":  func(b *bundle) { b.server.Change(fails(sftptest.Fault{Op: "remove", Do: sftptest.Drop, Times: 1})) },
		"it is written again": func(b *bundle) { b.server.Change(fails(sftptest.Fault{Op: "write", Do: sftptest.Drop, Times: 1})) },
	} {
		t.Run(name, func(t *testing.T) {
			b := littered(t)
			hinder(b)
			for range 3 {
				b.do()
			}
			has(t, b.remote("in"), map[string]string{"a.csv": "one"})
			if f := b.last(); f.State != job.FileDelivered || len(f.Leftovers) > 0 {
				t.Errorf("row %+v", f)
			}
		})
	}
}

func fails(f sftptest.Fault) func(*sftptest.Knobs) {
	return func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{f} }
}

// What nobody will send any more leaves nothing behind either.
func TestExportRemovesTheTemporaryOfWhatWasDropped(t *testing.T) {
	b := littered(t)
	f := b.last()
	f.State, f.Reason = job.FileHeld, &job.Reason{Slug: "remote.vanished"}
	f, err := b.store.Advance(t.Context(), f.Step, f, job.Beside{})
	if err != nil {
		t.Fatal(err)
	}
	b.want(0, 0, 0, 0)
	if len(names(t, b.remote("in"))) != 1 {
		t.Error("a held file keeps its temporary")
	}
	b.decided(f, job.StepDone, job.FileSkipped)
	b.want(0, 0, 0, 0)
	has(t, b.remote("in"), nil)
}

// On a server that lets nobody remove it is said once, and not tried for ever.
func TestExportSaysWhatItMayNotRemove(t *testing.T) {
	b := littered(t)
	b.server.Change(fails(sftptest.Fault{Op: "remove", Do: sftptest.Fail, Code: 3}))
	if r := b.want(1, 0, 0, 0); !strings.Contains(r.Note, "the customer may delete it") {
		t.Errorf("note %q", r.Note)
	}
	if r := b.want(0, 0, 0, 0); r.Note != "" {
		t.Errorf("note %q", r.Note)
	}
	if entries, _ := os.ReadDir(b.remote("in")); len(entries) != 2 {
		t.Errorf("the server holds %v", entries)
	}
}
