package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// BenchmarkWay is what a small import costs in the ledger, from its claim to its end, with 64 files under way at once.
func BenchmarkWay(b *testing.B) {
	s := open(b, store.Options{Path: b.TempDir() + "/haulier.db"})
	run, err := s.BeginRun(b.Context(), job.Run{Job: "j", Connection: "c", Type: job.TypeImport, Trigger: job.TriggerManual, Started: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	var files []job.File
	for i := range b.N {
		files = append(files, job.File{Job: "j", Connection: "c", Type: job.TypeImport, Path: fmt.Sprintf("/export/daily/customers_%08d.csv", i), Size: 4096, ModTime: 1})
	}
	if files, err = s.SeeMany(b.Context(), files); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var movers sync.WaitGroup
	turns := make(chan struct{}, 64)
	for _, f := range files {
		turns <- struct{}{}
		movers.Go(func() {
			defer func() { <-turns }()
			if err := way(b, s, run.ID, f); err != nil {
				b.Error(err)
			}
		})
	}
	movers.Wait()
}

func way(b *testing.B, s *store.Store, run int64, f job.File) error {
	digest := job.Digest{Size: 4096, SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	f, err := s.Claim(b.Context(), f, run)
	if err != nil {
		return err
	}
	f.Step, f.Received, f.Plain, f.Stage, f.Final, f.Local = job.StepLanding, digest, digest, "17.1.ready", "customers.csv", "/landing/customers.csv"
	f, err = s.Advance(b.Context(), job.StepSeen, f, job.Beside{Requests: []job.Request{
		{Connection: "c", Job: "j", Run: run, File: f.ID, Direction: job.Download, OK: true, Bytes: 4096},
	}})
	if err != nil {
		return err
	}
	f.Step, f.State = job.StepDone, job.FileLanded
	_, err = s.Advance(b.Context(), job.StepLanding, f, job.Beside{Outcome: &job.Outcome{Run: run, Bytes: 4096}})
	return err
}
