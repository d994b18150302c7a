package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// FuzzDamagedStore: a ledger whose file was altered anywhere is refused, or read; it never ends the program, and a store
// that is refused is left as it is.
func FuzzDamagedStore(f *testing.F) {
	dir := f.TempDir()
	s, err := store.Open(context.Background(), at(dir))
	if err != nil {
		f.Fatal(err)
	}
	if _, err := s.See(context.Background(), job.File{Job: "j", Type: job.TypeImport, Path: "/a"}); err != nil {
		f.Fatal(err)
	}
	if err := s.SetSecret(context.Background(), "x", secretOf("y")); err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(at(dir).Path)
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []uint32{0, 16, 18, 24, 28, 44, 52, 56, 60, 96, 100, 103, 4096, 5000, uint32(len(whole)) - 1} {
		f.Add(at, []byte{0xff}, false)
		f.Add(at, []byte{0, 0, 0, 1}, false)
		f.Add(at, []byte(nil), true)
	}
	f.Fuzz(func(t *testing.T, where uint32, patch []byte, cut bool) {
		start := int(where) % len(whole)
		damaged := bytes.Clone(whole)
		copy(damaged[start:], patch)
		if cut {
			damaged = damaged[:start]
		}
		path := filepath.Join(t.TempDir(), "haulier.db")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		options := at(dir)
		options.Path, options.ReadOnly = path, true
		s, err := store.Open(t.Context(), options)
		if err != nil {
			if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, damaged) {
				t.Errorf("a store that was refused is not as it was: %v", err)
			}
			return
		}
		defer func() { _ = s.Close() }()
		problems, err := s.Check(t.Context())
		file, known := s.File(t.Context(), 1)
		if known == nil && (file.Job == "" || file.ID != 1) && err == nil && len(problems) == 0 {
			t.Errorf("row 1 is %+v, and the store calls itself whole", file)
		}
		text, sealed := s.Secret(t.Context(), "x")
		if sealed == nil && string(text.Reveal()) != "y" {
			t.Errorf("another secret opens")
		}
	})
}
