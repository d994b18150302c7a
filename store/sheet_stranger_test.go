package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// A token that opens nothing is looked for without a word to the writer: who has no link must not hold up those who work. A store that
// cannot write says so.
func TestStrangersLookForLinksWithoutWriting(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "haulier.db"), time.Now()
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for hash, until := range map[string]time.Time{"good": now.Add(time.Hour), "over": now.Add(-time.Hour)} {
		if err := s.AddSheetLink(t.Context(), SheetLink{Hash: hash, Connection: "acme", Made: now, Expires: until}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), Options{Path: path, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, c := range []struct {
		hash  string
		known bool
		want  error
	}{{"never", true, job.ErrNotFound}, {"", true, job.ErrNotFound}, {"over", true, job.ErrNotFound}, {"good", false, job.ErrNotFound}, {"good", true, ErrReadOnly}} {
		if _, err := s.OpenSheetLink(t.Context(), c.hash, func(string) bool { return c.known }, now); !errors.Is(err, c.want) {
			t.Errorf("%q of a connection that is known: %v: %v, want %v", c.hash, c.known, err, c.want)
		}
	}
}
