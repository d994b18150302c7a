package store_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) *store.Store {
		dir := t.TempDir()
		key := store.KeySource{Path: filepath.Join(dir, "master.key"), Getenv: func(string) string { return "" }}
		return open(t, store.Options{Path: filepath.Join(dir, "haulier.db"), MasterKey: key.MasterKey, Now: clock.Now})
	})
}

func open(t testing.TB, options store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
