package blank_test

import (
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/store/blank"
)

// What is laid opens as what was made does, and no two are the same store.
func TestLaidStoresAreFresh(t *testing.T) {
	epochs := map[string]bool{}
	for range 3 {
		path := blank.Lay(t, filepath.Join(t.TempDir(), "haulier.db"))
		s, err := store.Open(t.Context(), store.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		epoch, err := s.Epoch(t.Context())
		if err != nil || epoch == "" || epochs[epoch] {
			t.Errorf("epoch %q, %v", epoch, err)
		}
		epochs[epoch] = true
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
