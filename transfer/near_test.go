package transfer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A job that expects something remembers what its last listing held near that; another one remembers nothing.
func TestLooksOfJobsThatExpectSomethingAreRemembered(t *testing.T) {
	for kind, b := range map[job.Type]*bundle{
		job.TypeImport: setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Match = "customers_*.csv" }),
		job.TypeExport: setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.Match = "customers_*.csv"; ex.Ignore = []string{"*.part"} }),
	} {
		t.Run(string(kind), func(t *testing.T) {
			dir := b.outbox
			if kind == job.TypeImport {
				dir = b.remote("out")
			}
			for _, name := range []string{"customers_1.csv", "Customers_2.csv", "customers_3.csv.part"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir(filepath.Join(dir, "customers_folder"), 0o700); err != nil {
				t.Fatal(err)
			}
			b.want(1, 0, 0, 0)
			if _, found, err := b.store.Look(t.Context(), b.spec.Name); found || err != nil {
				t.Errorf("a look of a job that expects nothing was kept, or %v", err)
			}
			b.spec.Expect = &job.Expect{Files: 1}
			b.do()
			l, found, err := b.store.Look(t.Context(), b.spec.Name)
			if err != nil || !found || l.Names != 3 || l.Run != b.run || len(l.Strays) != 2 {
				t.Fatalf("%+v, %v", l, err)
			}
			if l.Strays[0].Name != "Customers_2.csv" || !strings.Contains(l.Strays[1].Why, "*.part") {
				t.Errorf("strays %+v", l.Strays)
			}
		})
	}
}
