// Package blank lays fresh stores for tests. Bringing a new file up to today's schema takes longer than most tests that want one, so it is
// done once a process; what is laid has no epoch yet, as a file that was just made.
package blank

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/haulier/haulier/store"
)

// Lay writes an empty store, which nobody has opened, and gives its path.
func Lay(t testing.TB, path string) string {
	t.Helper()
	raw, err := template()
	if err == nil {
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var template = sync.OnceValues(func() (raw []byte, err error) {
	dir, err := os.MkdirTemp("", "haulier-blank-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "haulier.db")
	s, err := store.Open(context.Background(), store.Options{Path: path})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	if err := forget(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// forget takes out what the first opening of a store made.
func forget(path string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.Exec(`DELETE FROM meta`)
	return errors.Join(err, db.Close())
}
