package transfer_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// elsewhere makes the job read another folder of the server.
func (b *bundle) elsewhere(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(b.remote("out2"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.spec.Import.Dir = "/out2"
}

func TestImportFinishesWhatItTookFromAFormerFolder(t *testing.T) {
	drop := func(op string) sftptest.Knobs {
		return sftptest.Knobs{Faults: []sftptest.Fault{{Op: op, Do: sftptest.Drop, Times: 1}}}
	}
	for name, c := range map[string]struct {
		knobs  sftptest.Knobs
		change func(*job.Import)
		step   job.Step // where the session died
	}{
		"claimed":  {drop("open"), func(im *job.Import) { im.Claim = true }, job.StepClaimed},
		"retiring": {drop("posix-rename"), nil, job.StepRetiring},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, c.knobs).importing(func(im *job.Import) {
				im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/done"}
				if c.change != nil {
					c.change(im)
				}
			})
			put(t, b.remote("out", "a.csv"), "one")
			b.do()
			if f := b.last(); f.Step != c.step {
				t.Fatalf("row %+v", f)
			}
			b.elsewhere(t)
			b.do()
			if f := b.last(); f.State != job.FileLanded || f.Step != job.StepDone || f.Reason != nil {
				t.Errorf("row %s at %s: %v", f.State, f.Step, f.Reason)
			}
			has(t, b.landing, map[string]string{"a.csv": "one"})
			has(t, b.remote("done"), map[string]string{"a.csv": "one"})
			has(t, b.remote("out"), nil)
		})
	}
}

// A run ended between the landing and the aside name: that name lies in the folder of the source.
func TestImportRetiresInAFormerFolder(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/none"} })
	put(t, b.remote("out", "a.csv"), "one")
	b.do()
	f := b.last()
	if err := os.Rename(b.remote(f.Aside), b.remote("out", "a.csv")); err != nil {
		t.Fatal(err)
	}
	from := f.Step
	f.Step, f.Aside, f.Moved = job.StepLanded, "", false
	if _, err := b.store.Advance(t.Context(), from, f, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	b.elsewhere(t)
	b.spec.Import.AfterSuccess = job.Retire{Action: job.RetireDelete}
	b.do()
	if f := b.last(); f.Step != job.StepDone || f.Reason != nil || filepath.Dir(f.Aside) != "/out" {
		t.Errorf("row at %s, aside %q: %v", f.Step, f.Aside, f.Reason)
	}
	has(t, b.remote("out"), nil)
}

func TestImportOpensWhatItFetchedFromAFormerFolder(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "archive")
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: archive} })
	b.unopened(t)
	b.elsewhere(t)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

// What is no name stays none, whatever folder the job reads by then.
func TestImportNeverTakesANameWithASlash(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	row, err := b.store.See(t.Context(), job.File{
		Job: b.spec.Name, Connection: "acme", Type: job.TypeImport, Path: "/out/../done/a.csv", Dir: "/out", Size: 3, ModTime: 1_700_000_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	row.Step, row.Aside, row.Moved = job.StepClaimed, "/done/a.csv", true // as if somebody had begun with it
	if _, err := b.store.Advance(t.Context(), job.StepSeen, row, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("done", "a.csv"), "one", time.Unix(row.ModTime, 0))
	b.do()
	if f := b.last(); f.State != job.FileRejected || f.Reason.Slug != "remote.unsafe_name" {
		t.Errorf("row %s: %v", f.State, f.Reason)
	}
	has(t, b.landing, nil)
}

// ended checks how the newest row ended: nothing of a former folder may wait for a listing that never comes.
func (b *bundle) ended(t *testing.T, state job.State, slug string) {
	t.Helper()
	if f := b.last(); f.State != state || f.Reason == nil || f.Reason.Slug != slug {
		t.Errorf("row %s at %s: %v; want %s, %s", f.State, f.Step, f.Reason, state, slug)
	}
}

func TestImportLeavesWhatItOnlySawInAFormerFolder(t *testing.T) {
	seen := func(t *testing.T) *bundle {
		b := setup(t, sftptest.Knobs{}).importing(nil)
		put(t, b.remote("out", "a.csv"), "one")
		b.spec.Import.DoneFile = "{name}.done"
		b.want(0, 0, 0, 0)
		b.spec.Import.DoneFile = ""
		b.elsewhere(t)
		return b
	}
	t.Run("there", func(t *testing.T) {
		b := seen(t)
		b.want(0, 0, 0, 0, func(r *job.Run) { r.AsRun = true }) // a visit: the folder of now is another one
		b.want(0, 0, 1, 0)
		b.ended(t, job.FileSkipped, "config.folder_left")
		b.want(0, 0, 0, 0)
		b.spec.Import.Dir = "/out"
		b.want(1, 0, 0, 0)
		has(t, b.landing, map[string]string{"a.csv": "one"})
	})
	t.Run("gone", func(t *testing.T) {
		b := seen(t)
		if err := os.Remove(b.remote("out", "a.csv")); err != nil {
			t.Fatal(err)
		}
		b.want(0, 0, 1, 0)
		b.ended(t, job.FileSkipped, "remote.withdrawn")
	})
	t.Run("aside", func(t *testing.T) {
		b := seen(t)
		f := b.last()
		f.Aside = "/out/.haulier-9.1.a.csv" // adopted from there
		if err := os.Rename(b.remote("out", "a.csv"), b.remote(f.Aside)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.store.Advance(t.Context(), f.Step, f, job.Beside{}); err != nil {
			t.Fatal(err)
		}
		b.want(1, 0, 0, 0)
		has(t, b.landing, map[string]string{"a.csv": "one"})
	})
}

func TestImportJudgesABegunFetchInAFormerFolder(t *testing.T) {
	for slug, gone := range map[string]bool{"config.folder_left": false, "remote.source_consumed": true} {
		t.Run(slug, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "open", Do: sftptest.Drop, Times: 1}}}).importing(nil)
			b.conn.ReadOnce = true
			put(t, b.remote("out", "a.csv"), "one")
			b.do()
			if f := b.last(); f.Step != job.StepClaimed {
				t.Fatalf("row %+v", f)
			}
			b.elsewhere(t)
			state := job.FileSkipped
			if gone {
				state = job.FileHeld
				if err := os.Remove(b.remote("out", "a.csv")); err != nil {
					t.Fatal(err)
				}
			}
			b.do()
			b.ended(t, state, slug)
		})
	}
}

func TestExportLeavesWhatItOnlySawInAFormerOutbox(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.DoneFile = "{name}.done" })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 0, 0, 0)
	b.spec.Export.Outbox = t.TempDir()
	b.want(0, 0, 1, 0)
	b.ended(t, job.FileSkipped, "config.folder_left")
	b.spec.Export.Outbox, b.spec.Export.DoneFile = b.outbox, ""
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
}
