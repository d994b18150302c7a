package transfer_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftptest"
)

// longest is a name that leaves no room: 255 bytes.
var longest = strings.Repeat("é", 125) + "x.csv"

func TestImportOfTheLongestNames(t *testing.T) {
	for _, claim := range []bool{false, true} {
		archive := filepath.Join(t.TempDir(), "archive")
		b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
			im.Claim, im.Archive, im.AfterSuccess.Action = claim, &job.Archive{Dir: archive}, job.RetireDelete
		})
		put(t, b.remote("out", longest), "one")
		b.want(1, 0, 0, 0)
		has(t, b.remote("out"), nil)
		has(t, archive, map[string]string{naming.Archived(longest, b.last().ID): "one"})

		b.spec.Import.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/done"}
		for _, text := range []string{"two", "three"} {
			put(t, b.remote("out", longest), text)
			b.want(1, 0, 0, 0)
		}
		has(t, b.remote("out"), nil)
		has(t, b.landing, map[string]string{longest: "one", naming.Version(longest, 2): "two", naming.Version(longest, 3): "three"})
		for _, name := range names(t, b.remote("done")) {
			if name != longest && !strings.HasPrefix(name, strings.Repeat("é", 113)+".2") || filepath.Ext(name) != ".csv" {
				t.Errorf("moved to %s", name)
			}
		}
		if moved := contents(t, b.remote("done")); len(moved) != 2 {
			t.Errorf("moved: %q", moved)
		}
		b.want(0, 0, 0, 0)
	}
}

// TestImportKnowsItsLongAsides: a rename that took effect when its row was done is seen by the next run, and one
// of another row, or of another file that begins alike, is left alone.
func TestImportKnowsItsLongAsides(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	put(t, b.remote("out", longest), "one", day)
	b.want(1, 0, 0, 0)
	row := b.last()
	ours := naming.Aside(row.ID, row.Fence, longest)
	foreign := naming.Aside(row.ID, row.Fence, strings.Repeat("é", 125)+"y.csv") // of a ledger that is forgotten
	missing := naming.Aside(row.ID+1, row.Fence, longest)
	for _, name := range []string{ours, foreign, missing} {
		put(t, b.remote("out", name), "one", day)
	}
	b.want(0, 0, 0, 0)
	has(t, b.remote("out"), map[string]string{foreign: "one", missing: "one"})
	has(t, b.landing, map[string]string{longest: "one"})
}

func TestExportOfTheLongestNames(t *testing.T) {
	sentTo := filepath.Join(t.TempDir(), "sent")
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", Times: 1, Do: sftptest.DropDone}}}).exporting(func(ex *job.Export) {
		ex.AfterSuccess, ex.IfExists = job.Retire{Action: job.RetireMove, Dir: sentTo}, job.ExistsReplace
	})
	foreign := naming.Temp(longest, 999, 1, ".part")
	forgotten := naming.Temp(strings.Repeat("é", 125)+"y.csv", 1, 1, ".part") // row 1 of another ledger
	put(t, b.remote("in", foreign), "somebody else's")
	put(t, b.remote("in", forgotten), "somebody else's")
	put(t, filepath.Join(b.outbox, longest), "one")
	b.want(0, 1, 0, 0)
	if left := names(t, b.remote("in")); len(left) != 3 {
		t.Fatalf("the session that died left %q", left)
	}
	b.want(1, 0, 0, 0) // and cleans up what the session left that died
	put(t, filepath.Join(b.outbox, longest), "two")
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{longest: "two", foreign: "somebody else's", forgotten: "somebody else's"})
	has(t, b.outbox, nil)
	if moved := contents(t, sentTo); len(moved) != 2 {
		t.Errorf("moved: %q", moved)
	}
	b.spec.Export.AfterSuccess.Action = job.RetireDelete
	put(t, filepath.Join(b.outbox, longest), "three")
	b.want(1, 0, 0, 0)
	has(t, b.outbox, nil)
}

func TestImportSaysThatANameIsTooLong(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Name = "{stem}_x.csv" })
	put(t, b.remote("out", longest), "one")
	if got := strings.Join(b.plan(), "|"); !strings.HasPrefix(got, "! reject é") {
		t.Errorf("plan %q", got)
	}
	result := b.want(0, 1, 0, 0)
	if r := result.Reason; r == nil || r.Slug != "remote.unsafe_name" || !strings.Contains(r.Cause, "more than the 255") {
		t.Errorf("reason %+v", r)
	}
	has(t, b.landing, nil)
	has(t, b.remote("out"), map[string]string{longest: "one"})
}

// TestExportSaysThatANameIsTooLong before anything is sent: of the file, and of the marker that would follow it.
func TestExportSaysThatANameIsTooLong(t *testing.T) {
	for key, change := range map[string]func(*job.Export){
		"to.name":      func(ex *job.Export) { ex.Name = "{stem}_x.csv" },
		"to.done_file": func(ex *job.Export) { ex.Marker = "{name}.done" },
	} {
		b := setup(t, sftptest.Knobs{}).exporting(change)
		put(t, filepath.Join(b.outbox, longest), "one")
		result := b.want(0, 1, 0, 0)
		if r := result.Reason; r == nil || r.Slug != "local.unsafe_name" || !strings.Contains(r.Cause, "more than the 255") || !strings.HasSuffix(r.Do, key) {
			t.Errorf("reason %+v", r)
		}
		has(t, b.remote("in"), nil)
		has(t, b.outbox, map[string]string{longest: "one"})
		if key == "to.name" {
			b = setup(t, sftptest.Knobs{}).exporting(change)
			put(t, filepath.Join(b.outbox, longest), "one")
			if got := strings.Join(b.plan(), "|"); !strings.HasPrefix(got, "! reject é") {
				t.Errorf("plan %q", got)
			}
		}
	}
}

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := fs.ReadDir(os.DirFS(dir), ".")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}
