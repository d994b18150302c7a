package transfer_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
)

// BenchmarkKnownNames is an import that finds nothing new in a folder of names that the ledger knows, without what the network
// and the server cost.
func BenchmarkKnownNames(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if n > 100_000 && testing.Short() {
				b.Skip("needs time: a ledger of a million rows is made first")
			}
			im, s, folder := knownFolder(b, n)
			for b.Loop() {
				run, err := im.Ledger.(*store.Store).BeginRun(b.Context(), job.Run{Job: s.Name, Connection: "acme", Type: job.TypeImport, Started: time.Now()})
				if err != nil {
					b.Fatal(err)
				}
				if result := im.Run(b.Context(), folder, job.Connection{Name: "acme"}, s, run); result.State != job.RunSucceeded || result.Counts != (job.Counts{}) {
					b.Fatalf("%+v", result)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/name")
		})
	}
}

// knownFolder makes a ledger that has seen all names of a folder to their end.
func knownFolder(b *testing.B, n int) (*transfer.Importer, job.Spec, *folderOf) {
	st, err := store.Open(b.Context(), store.Options{Path: b.TempDir() + "/haulier.db"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	s := spec(job.TypeImport)
	s.Limits.MaxEntries = 2 * n
	landing := b.TempDir()
	s.Import = &job.Import{Dir: "/out", Match: "*.csv", Landing: landing, AfterSuccess: job.Retire{Action: job.RetireKeep}}
	folder := &folderOf{n: n}
	for i := 0; i < n; {
		var files []job.File
		for ; i < n && len(files) < 10_000; i++ {
			files = append(files, job.File{
				Job: s.Name, Connection: "acme", Type: job.TypeImport, Path: "/out/" + folder.entry(i).Name, Dir: "/out", Size: 4096, ModTime: 7,
				Step: job.StepDone, State: job.FileSkipped,
			})
		}
		if _, err := st.SeeMany(b.Context(), files); err != nil {
			b.Fatal(err)
		}
	}
	return &transfer.Importer{
		Ledger: st, Landing: func(dir string) (transfer.Landing, error) { return local.OpenLanding(dir) },
		Former: func(dir string) (transfer.Landing, error) { return local.FindLanding(dir) }, Epoch: st.Epoch,
	}, s, folder
}

// folderOf is a server with one folder, of which nothing else is asked.
type folderOf struct {
	transfer.Remote
	n int
}

func (f *folderOf) entry(i int) job.Entry {
	return job.Entry{Name: fmt.Sprintf("customers_%08d.csv", i), Size: 4096, ModTime: 7, Kind: job.KindFile}
}

func (f *folderOf) Profile() job.Profile { return job.Profile{} }

func (f *folderOf) List(_ context.Context, _ string, _ int, each func(job.Entry) error) error {
	for i := range f.n {
		if err := each(f.entry(i)); err != nil {
			return err
		}
	}
	return nil
}
