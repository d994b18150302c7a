package transfer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftptest"
)

func TestImportLandsEachVersionOnce(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "b.csv"), "two")
	put(t, b.remote("out", "c.csv.part"), "not yet")
	put(t, b.remote("out", "readme.txt"), "not ours")

	if result := b.want(2, 0, 0, 0); result.State != job.RunSucceeded || result.Bytes.Down != 6 {
		t.Errorf("result %+v", result)
	}
	has(t, b.landing, map[string]string{"a.csv": "one", "b.csv": "two"})
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "b.csv": "two"})
	if _, err := os.Stat(b.remote("out", "a.csv")); err != nil {
		t.Errorf("the source did not stay: %v", err)
	}
	for _, f := range b.rows() {
		if f.State != job.FileLanded || f.Step != job.StepDone || f.Plain.SHA256 == "" || f.Received != f.Plain || f.Local == "" {
			t.Errorf("row %+v", f)
		}
	}
}

func TestImportTakesAFixedNameThatComesAgainEveryDay(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	for i, text := range []string{"monday", "tuesday", "monday"} {
		put(t, b.remote("out", "xmp.csv"), text, day.AddDate(0, 0, i))
		b.want(1, 0, 0, 0)
	}
	has(t, b.landing, map[string]string{"xmp.csv": "monday", "xmp.2.csv": "tuesday", "xmp.3.csv": "monday"})
	if g := b.last().Generation; g != 3 {
		t.Errorf("generation %d", g)
	}
}

func TestImportSkipsWhatOnlyGotANewTime(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	put(t, b.remote("out", "a.csv"), "same", day)
	b.want(1, 0, 0, 0)
	put(t, b.remote("out", "a.csv"), "same", day.Add(time.Hour))
	b.want(0, 0, 1, 0)
	if f := b.last(); f.Reason == nil || f.Reason.Slug != "content.duplicate" {
		t.Errorf("row %+v", f)
	}
	b.spec.Import.Duplicates = job.DuplicatesHold
	put(t, b.remote("out", "a.csv"), "same", day.Add(2*time.Hour))
	b.want(0, 0, 0, 1)
	b.spec.Import.Duplicates = job.DuplicatesLand
	put(t, b.remote("out", "a.csv"), "same", day.Add(3*time.Hour))
	b.want(1, 0, 0, 0)
}

func TestImportWaitsUntilAFileIsQuiet(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.StableFor = 300 * time.Millisecond })
	path := b.remote("out", "a.csv")
	put(t, path, "half")
	looks := 0
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait {
			if looks++; looks == 1 {
				put(t, path, "half and whole")
			}
		}
	}
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "half and whole"})
	if looks != 2 {
		t.Errorf("the run waited %d times", looks)
	}
}

func TestImportLeavesAGrowingFileToTheNextRun(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.StableFor = 50 * time.Millisecond })
	path := b.remote("out", "a.csv")
	text := "x"
	put(t, path, text)
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait {
			text += "x"
			put(t, path, text)
		}
	}
	if result := b.want(0, 0, 0, 0); !strings.Contains(result.Note, "1 file is still being written or without a marker") {
		t.Errorf("note %q", result.Note)
	}
	has(t, b.landing, nil)
	b.watch = nil
	b.want(1, 0, 0, 0)
}

func TestImportWaitsForTheDoneFile(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.DoneFile = "{name}.done" })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 0, 0, 0)
	put(t, b.remote("out", "a.csv.done"), "")
	b.want(1, 0, 0, 0)
}

func TestImportMovesAndDeletesOnlyAfterLanding(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/done"} })
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	put(t, b.remote("out", "a.csv"), "one", day)
	b.want(1, 0, 0, 0)
	has(t, b.remote("out"), nil)
	has(t, b.remote("done"), map[string]string{"a.csv": "one"})

	// The same name, size and time once more: a proven move ended the generation, so this is a new file. Its archive
	// name is taken.
	put(t, b.remote("out", "a.csv"), "two", day)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "two"})
	if entries, _ := os.ReadDir(b.remote("done")); len(entries) != 2 {
		t.Errorf("the archive holds %v", entries)
	}

	b.spec.Import.AfterSuccess = job.Retire{Action: job.RetireDelete}
	put(t, b.remote("out", "b.csv"), "three")
	b.want(1, 0, 0, 0)
	has(t, b.remote("out"), nil)
}

func TestImportAdoptsAVersionThatCameBeforeTheMove(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireDelete} })
	path := b.remote("out", "a.csv")
	put(t, path, "one")
	// The customer overwrites between our last look at the source and the rename.
	b.server.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "posix-rename", Path: "a.csv", Times: 1, Delay: 300 * time.Millisecond}}
	})
	go func() {
		for range 200 {
			time.Sleep(5 * time.Millisecond)
			if rows, err := b.store.Unfinished(t.Context(), b.spec.Name); err == nil && len(rows) == 1 && rows[0].Step == job.StepRetiring {
				_ = os.WriteFile(path, []byte("another version"), 0o644)
				return
			}
		}
	}()
	b.want(2, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "another version"})
	has(t, b.remote("out"), nil)
}

// OpenSSH's RENAME is a link and an unlink. A version that the customer renames into place between them would be destroyed.
func TestImportMovesSourcesAsideInOneAct(t *testing.T) {
	for _, means := range []job.RenameMeans{"", job.RenameV3} {
		b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
		b.conn.Rename = means
		path, middle := b.remote("out", "a.csv"), false
		b.server.Change(func(k *sftptest.Knobs) {
			k.Linked = func(string) {
				middle = true
				put(t, path+".part", "another version")
				if err := os.Rename(path+".part", path); err != nil {
					t.Error(err)
				}
			}
		})
		put(t, path, "one")
		b.want(1, 0, 0, 0)
		if pinned := means == job.RenameV3; middle != pinned {
			t.Errorf("rename %q: a moment between two acts: %v", means, middle)
		}
	}
}

func TestImportDoesNotLandAgainWhatStaysAfterItsDelete(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true, KeepRemoved: true}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireDelete} })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	for range 2 {
		b.want(0, 0, 0, 0)
	}
	if result := b.want(0, 0, 0, 0); result.State != job.RunPartial || result.Reason == nil || result.Reason.Slug != "remote.source_stays" {
		t.Errorf("after three runs: %+v", result)
	}
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

func TestImportRejectsUnsafeNamesAndGoesOn(t *testing.T) {
	names := []string{"../../etc/x.csv", "a\nb.csv", "\x1b[31m.csv", "x\u202ecsv.csv", "bad\xff.csv", "nul\x00.csv", "/etc/passwd.csv",
		strings.Repeat("a", 252) + ".csv", strings.Repeat("é", 10_000) + ".csv"}
	b := setup(t, sftptest.Knobs{HostileNames: names}).importing(func(im *job.Import) { im.AllowEmpty = true })
	put(t, b.remote("out", "good.csv"), "fine")
	result := b.want(1, len(names), 0, 0)
	if result.State != job.RunPartial || result.Reason.Slug != "remote.unsafe_name" {
		t.Errorf("result %+v", result)
	}
	has(t, b.landing, map[string]string{"good.csv": "fine"})
	for _, f := range b.rows() {
		if f.Reason != nil && (strings.ContainsAny(f.Reason.What+f.Reason.Cause, "\n\x1b\x00\u202e") || !utf8.ValidString(f.Reason.What)) {
			t.Errorf("the reason repeats the name as it is: %q", f.Reason.What)
		}
	}
	b.want(0, 0, 0, 0) // known by now
}

func TestImportRejectsEmptyAndTooLargeFiles(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	b.spec.Limits.MaxFileSize = 10
	put(t, b.remote("out", "empty.csv"), "")
	put(t, b.remote("out", "large.csv"), "more than ten bytes")
	b.want(0, 2, 0, 0)
	slugs := map[string]bool{}
	for _, f := range b.rows() {
		slugs[f.Reason.Slug] = f.State == job.FileRejected
	}
	if !slugs["content.empty"] || !slugs["content.too_large"] {
		t.Errorf("reasons %v", slugs)
	}
	b.spec.Import.AllowEmpty = true
	put(t, b.remote("out", "empty2.csv"), "")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"empty2.csv": ""})
}

func TestImportAsksForSpaceBeforeTheFirstByte(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	b.spec.Limits.MinFreeSpace = 1 << 60
	put(t, b.remote("out", "a.csv"), "one")
	b.server.ClearLog()
	result := b.want(0, 1, 0, 0)
	if result.State != job.RunFailed || result.Reason.Slug != "local.no_space" {
		t.Errorf("result %+v", result)
	}
	for _, operation := range b.server.Log() {
		if operation.Op == "open" || operation.Op == "read" {
			t.Errorf("asked the server for %s %s", operation.Op, operation.Path)
		}
	}
	b.spec.Limits.MinFreeSpace = 0
	b.want(1, 0, 0, 0)
}

func TestImportKeepsAnArchiveAndForgetsItInTime(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "archive")
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: archive, KeepFor: 24 * time.Hour} })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	has(t, archive, map[string]string{fmt.Sprintf("a.%d.csv", f.ID): "one"})
	has(t, b.landing, map[string]string{"a.csv": "one"})
	b.spec.Import.Archive.KeepFor = time.Nanosecond
	b.want(0, 0, 0, 0)
	has(t, archive, nil)
}

func TestImportNamesAndTakenNames(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.Name, im.IfExists = "{stem}_{date:%Y}.{ext}", job.ExistsFail
	})
	year := time.Now().UTC().Format("2006")
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a_" + year + ".csv": "one"})
	put(t, b.remote("out", "a.csv"), "a newer one")
	if result := b.want(0, 1, 0, 0); result.Reason.Slug != "local.name_taken" {
		t.Errorf("reason %v", result.Reason)
	}
	if err := os.Remove(filepath.Join(b.landing, "a_"+year+".csv")); err != nil {
		t.Fatal(err)
	}
	b.want(1, 0, 0, 0) // landed from the stage
	has(t, b.landing, map[string]string{"a_" + year + ".csv": "a newer one"})
	b.spec.Import.IfExists = job.ExistsReplace
	put(t, b.remote("out", "a.csv"), "the newest of all")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a_" + year + ".csv": "the newest of all"})
}

func TestImportHoldsAMassChange(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	const n = 30
	for i := range n {
		put(t, b.remote("out", fmt.Sprintf("f%02d.csv", i)), fmt.Sprint("content ", i), day)
	}
	b.want(n, 0, 0, 0)
	for i := range n {
		put(t, b.remote("out", fmt.Sprintf("f%02d.csv", i)), fmt.Sprint("content ", i), day.Add(time.Hour))
	}
	if result := b.want(0, 0, 0, n); result.Reason.Slug != "remote.mass_change" {
		t.Errorf("reason %v", result.Reason)
	}
	b.want(0, 0, 0, 0)
}

func TestImportHoldsWhatVanishedAndCameBackAsItWas(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	const n = 25
	write := func() {
		for i := range n {
			put(t, b.remote("out", fmt.Sprintf("f%02d.csv", i)), fmt.Sprint("content ", i), day)
		}
	}
	write()
	b.want(n, 0, 0, 0)
	for i := range n {
		if err := os.Remove(b.remote("out", fmt.Sprintf("f%02d.csv", i))); err != nil {
			t.Fatal(err)
		}
	}
	b.want(0, 0, 0, 0)
	write()
	b.want(0, 0, 0, n)
}

func TestImportByClaim(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.Claim, im.AfterSuccess = true, job.Retire{Action: job.RetireMove, Dir: "/done"}
	})
	put(t, b.remote("out", "a.csv"), "one")
	b.server.ClearLog()
	b.want(1, 0, 0, 0)
	has(t, b.remote("done"), map[string]string{"a.csv": "one"})
	renamed, opened := -1, -1
	for i, operation := range b.server.Log() {
		switch {
		case operation.Op == "posix-rename" && renamed < 0:
			renamed = i
		case operation.Op == "open" && opened < 0:
			opened = i
		}
	}
	if renamed < 0 || opened < renamed {
		t.Errorf("the first rename was operation %d, the first open %d", renamed, opened)
	}
}

func TestImportOnAReadOnceServer(t *testing.T) {
	b := setup(t, sftptest.Knobs{ReadOnce: true}).importing(nil)
	b.conn.Profile = "read-once"
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	has(t, b.remote("out"), nil)
}

func TestImportForcedAndOnly(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "b.csv"), "two")
	b.want(1, 0, 0, 0, func(r *job.Run) { r.Only = "b.csv" })
	has(t, b.landing, map[string]string{"b.csv": "two"})
	b.want(1, 0, 0, 0)
	b.want(2, 0, 0, 0, func(r *job.Run) { r.Force = true })
	has(t, b.landing, map[string]string{"a.csv": "one", "b.csv": "two", "a.2.csv": "one", "b.2.csv": "two"})
}

func TestImportStopsAtMaxFilesAndEntries(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	for i := range 5 {
		put(t, b.remote("out", fmt.Sprintf("f%d.csv", i)), fmt.Sprint(i))
	}
	b.spec.Limits.MaxFiles = 3
	if result := b.want(3, 0, 0, 0); !strings.Contains(result.Note, "max_files") {
		t.Errorf("note %q", result.Note)
	}
	b.want(2, 0, 0, 0)
	b.spec.Limits.MaxEntries = 4
	put(t, b.remote("out", "a.csv"), "the fifth name and more")
	if result := b.do(); result.State != job.RunPartial || result.Reason.Slug != "remote.too_many_entries" {
		t.Errorf("result %+v", result)
	}
	for _, f := range b.rows() {
		if f.Absent {
			t.Errorf("a listing that was cut off made %s absent", f.Path)
		}
	}
}

func TestImportAfterTheLedgerWasRestored(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	if _, err := b.store.NewEpoch(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "b.csv"), "two")
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "ledger.restored" {
		t.Errorf("reason %v", result.Reason)
	}
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

func TestImportFromALedgerThatWasPutBackByHand(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	old := filepath.Join(t.TempDir(), "old.db")
	if err := b.store.Backup(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	b.want(1, 0, 0, 0)
	s, err := store.Open(t.Context(), store.Options{Path: old})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b.store = s
	b.want(0, 0, 0, 1)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	if f := b.last(); f.Reason == nil || f.Reason.Slug != "ledger.restored" {
		t.Errorf("row %+v", f)
	}
}

func TestImportHoldsAFileThatChangesWhileItIsRead(t *testing.T) {
	for name, after := range map[string]string{"it stays changed": "two version", "it is as it was": "one version", "it was received": "two version"} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
				if name == "it was received" { // the row says so before the source is looked at again
					im.Archive = &job.Archive{Dir: filepath.Join(t.TempDir(), "archive"), KeepFor: time.Hour}
				}
			})
			path, at := b.remote("out", "a.csv"), time.Unix(1_700_000_000, 0)
			put(t, path, "one version", at)
			changed := false
			b.watch = func(p job.Progress) {
				if p.Stage == job.StageDownload && !changed {
					changed = true
					put(t, path, "two version", at.Add(-time.Hour))
				}
			}
			if result := b.want(0, 0, 0, 1); result.Reason.Slug != "remote.size_changed" {
				t.Errorf("reason %v", result.Reason)
			}
			has(t, b.landing, nil)
			b.watch = nil
			if after == "one version" {
				put(t, path, after, at)
			}
			b.want(1, 0, 0, 0)
			has(t, b.landing, map[string]string{"a.csv": after})
		})
	}
}

// A run with the configuration of before brings its keep_for along; copies are kept as long as the one of now says.
func TestRunAsItWasForgetsNoCopies(t *testing.T) {
	asRun := func(r *job.Run) { r.AsRun = true }
	ended := func(b *bundle) {
		f := b.last()
		f.Ended = time.Now().Add(-time.Hour)
		if _, err := b.store.Advance(t.Context(), f.Step, f, job.Beside{}); err != nil {
			t.Fatal(err)
		}
	}
	kept := filepath.Join(t.TempDir(), "kept")
	in := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: kept, KeepFor: time.Minute} })
	put(t, in.remote("out", "a.csv"), "one")
	in.want(1, 0, 0, 0)
	out := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) {
		ex.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: kept, KeepFor: time.Minute}
	})
	put(t, filepath.Join(out.outbox, "b.csv"), "two")
	out.want(1, 0, 0, 0)
	ended(in)
	ended(out)
	in.want(0, 0, 0, 0, asRun)
	out.want(0, 0, 0, 0, asRun)
	has(t, kept, map[string]string{"a.1.csv": "one", "b.csv": "two"})
	in.want(0, 0, 0, 0)
	out.want(0, 0, 0, 0)
	has(t, kept, nil)
}
