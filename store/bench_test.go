package store_test

import (
	"fmt"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// BenchmarkAdvance is the cost of one durable step: a transaction with synchronous=FULL.
func BenchmarkAdvance(b *testing.B) {
	s := open(b, store.Options{Path: b.TempDir() + "/haulier.db"})
	f := claimed(b, s)
	for b.Loop() {
		var err error
		if f, err = s.Advance(b.Context(), job.StepSeen, f, job.Beside{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAdvanceParallel is the same from many files at once.
func BenchmarkAdvanceParallel(b *testing.B) {
	s := open(b, store.Options{Path: b.TempDir() + "/haulier.db"})
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		f := claimed(b, s)
		for p.Next() {
			var err error
			if f, err = s.Advance(b.Context(), job.StepSeen, f, job.Beside{}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func claimed(b *testing.B, s *store.Store) job.File {
	f, err := s.See(b.Context(), job.File{Job: "j", Type: job.TypeImport, Path: "/in/a.csv"})
	if err == nil {
		f, err = s.Claim(b.Context(), f, 1)
	}
	if err != nil {
		b.Error(err)
	}
	return f
}

// BenchmarkKnown judges a listing of 1,000 names, by the size of the ledger.
func BenchmarkKnown(b *testing.B) {
	for _, rows := range []int{1_000, 20_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			s := open(b, store.Options{Path: b.TempDir() + "/haulier.db"})
			paths := ledgerOf(b, s, rows)
			for b.Loop() {
				known, err := s.Known(b.Context(), "j", paths)
				if err != nil || len(known) != len(paths) {
					b.Fatalf("%d known, %v", len(known), err)
				}
			}
		})
	}
}

func ledgerOf(b *testing.B, s *store.Store, rows int) (paths []string) {
	var files []job.File
	for i := range rows {
		files = append(files, job.File{Job: "j", Path: fmt.Sprintf("/export/daily/customers_%08d.csv.pgp", i)})
		if len(files) == 1000 {
			if _, err := s.SeeMany(b.Context(), files); err != nil {
				b.Fatal(err)
			}
			files = files[:0]
		}
		if i%(rows/1000) == 0 {
			paths = append(paths, fmt.Sprintf("/export/daily/customers_%08d.csv.pgp", i))
		}
	}
	return paths[:1000]
}

// BenchmarkSeeMany records 1,000 new names in one transaction.
func BenchmarkSeeMany(b *testing.B) {
	s := open(b, store.Options{Path: b.TempDir() + "/haulier.db"})
	n := 0
	for b.Loop() {
		files := make([]job.File, 1000)
		for i := range files {
			n++
			files[i] = job.File{Job: "j", Path: fmt.Sprintf("/export/daily/customers_%08d.csv.pgp", n)}
		}
		if _, err := s.SeeMany(b.Context(), files); err != nil {
			b.Fatal(err)
		}
	}
}
