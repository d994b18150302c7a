package transfer_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// What lies in a folder as it was is not asked of the ledger again, name by name; what does not is judged as ever.
func TestImportAsksTheLedgerOnlyAboutWhatIsNotAsItWas(t *testing.T) {
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	b := setup(t, sftptest.Knobs{}).importing(nil)
	b.spec.Limits.MaxEntries = 10_000
	const files = 1203 // more than a page and a batch
	name := func(i int) string { return b.remote("out", fmt.Sprintf("f%04d.csv", i)) }
	for i := range files {
		put(t, name(i), fmt.Sprint(i), day)
	}
	b.want(files, 0, 0, 0)

	b.known = nil
	b.want(0, 0, 0, 0)
	if len(b.known) > 0 {
		t.Errorf("%d paths were looked up though nothing had changed", len(b.known))
	}

	put(t, name(3), "longer than it was", day)
	put(t, name(700), "700", day.Add(time.Hour))
	put(t, name(1202), "another", day.Add(time.Hour))
	put(t, b.remote("out", "new.csv"), "new", day)
	if err := os.Remove(name(5)); err != nil {
		t.Fatal(err)
	}
	b.known = nil
	b.want(3, 0, 1, 0)
	looked := strings.Join(slices.Compact(slices.Sorted(slices.Values(b.known))), " ")
	if looked != "/out/f0003.csv /out/f0700.csv /out/f1202.csv /out/new.csv" {
		t.Errorf("looked up: %s", looked)
	}
	for _, f := range b.rows() {
		if f.Absent != (f.Path == "/out/f0005.csv") {
			t.Errorf("%s is absent: %t", f.Path, f.Absent)
		}
	}

	put(t, name(5), "5", day)
	b.want(0, 0, 1, 0) // back as it was: a new version, and the bytes are known
	if f := b.last(); f.Path != "/out/f0005.csv" || f.Reason == nil || f.Reason.Slug != "content.duplicate" {
		t.Errorf("row %+v", f)
	}
}

// A row at rest is there, whether or not the job's patterns still want its name; and a run about one name judges no other.
func TestImportOfOtherNamesForgetsNothing(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "b.csv"), "two")
	b.want(2, 0, 0, 0)
	b.known = nil
	b.want(0, 0, 0, 0, func(r *job.Run) { r.Only = "a.csv" })
	b.spec.Import.Match = "a*"
	b.want(0, 0, 0, 0)
	b.spec.Import.Match = "*.csv"
	b.want(0, 0, 0, 0)
	if len(b.rows()) != 2 || slices.ContainsFunc(b.rows(), func(f job.File) bool { return f.Absent }) {
		t.Errorf("rows %+v", b.rows())
	}
}

func TestExportAsksTheLedgerOnlyAboutWhatIsNotAsItWas(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
	for i := range 40 {
		put(t, fmt.Sprintf("%s/f%02d.csv", b.outbox, i), fmt.Sprint(i))
	}
	b.want(40, 0, 0, 0)
	b.known = nil
	put(t, b.outbox+"/f07.csv", "again", time.Now().Add(time.Hour))
	b.want(1, 0, 0, 0)
	if looked := slices.Compact(slices.Sorted(slices.Values(b.known))); len(looked) != 1 {
		t.Errorf("looked up: %q", looked)
	}
}
