package store_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/haulier/haulier/store"
)

// A job that was loaded before writes nothing when it is loaded again, unless something of it has changed: a store that cannot
// be written tells the difference.
func TestLoadedAgainWritesNothing(t *testing.T) {
	ctx, first := t.Context(), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	options := store.Options{Path: filepath.Join(t.TempDir(), "haulier.db")}
	s := open(t, options)
	for _, name := range []string{"here", "gone"} {
		if _, err := s.Loaded(ctx, name, "acme", first); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.MarkLoaded(ctx, []string{"here"}); err != nil {
		t.Fatal(err)
	}
	options.ReadOnly = true
	reader := open(t, options)
	if since, err := reader.Loaded(ctx, "here", "acme", first.Add(time.Hour)); err != nil || !since.Equal(first) {
		t.Errorf("its slots count since %v, %v", since, err)
	}
	for name, connection := range map[string]string{"here": "other", "gone": "acme", "new": "acme"} {
		if _, err := reader.Loaded(ctx, name, connection, first.Add(time.Hour)); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("%s on %s: %v", name, connection, err)
		}
	}
}
