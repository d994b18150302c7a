package store

import (
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Steps that share a transaction stand and fall each by itself: one that fails halfway leaves nothing, one that is stale has done
// nothing, and the others are done once.
func TestAStepThatFailsTakesNoOtherAlong(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "haulier.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	begun, release := make(chan struct{}), make(chan struct{})
	failure := errors.New("the disk is full")
	var steps sync.WaitGroup
	steps.Go(func() {
		err := s.write(t.Context(), "hold the others up", func(tx *gorm.DB) error {
			close(begun)
			<-release
			return tx.Exec(`CREATE TABLE done (step INTEGER)`).Error
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-begun
	wants := []error{nil, failure, job.ErrStale, nil}
	for n, want := range wants {
		steps.Go(func() {
			err := s.step(t.Context(), "step", func(tx *gorm.DB) error {
				if errors.Is(want, job.ErrStale) {
					return want
				}
				return errors.Join(tx.Exec(`INSERT INTO done VALUES (?)`, n).Error, want)
			})
			if !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("step %d: %v, want %v", n, err, want)
			}
		})
	}
	for waiting := 0; waiting < len(wants); runtime.Gosched() {
		s.group.mu.Lock()
		waiting = len(s.group.queue)
		s.group.mu.Unlock()
	}
	close(release)
	steps.Wait()
	var done []int
	if err := s.reader.Raw(`SELECT step FROM done ORDER BY step`).Scan(&done).Error; err != nil || len(done) != 2 || done[0] != 0 || done[1] != 3 {
		t.Errorf("done were %v, %v", done, err)
	}
}
