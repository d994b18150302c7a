package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// gathered lets n writes wait behind one that is under way, so that they share a transaction, and gives their errors. Each
// gets its number.
func gathered(t *testing.T, s *Store, n int, contextOf func(i int) context.Context, do func(i int, tx *gorm.DB) error) []error {
	t.Helper()
	calls := make([]func() error, n)
	for i := range calls {
		calls[i] = func() error {
			return s.write(contextOf(i), "write", func(tx *gorm.DB) error { return do(i, tx) })
		}
	}
	return shared(t, s, calls...)
}

// shared does calls of the store, of one write each, in one transaction, and gives their errors.
func shared(t *testing.T, s *Store, calls ...func() error) []error {
	t.Helper()
	waits, goes := make(chan struct{}), make(chan struct{})
	errs := make([]error, len(calls))
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.write(t.Context(), "hold", func(*gorm.DB) error { close(waits); <-goes; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-waits
	for i, call := range calls {
		all.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					errs[i] = fmt.Errorf("panicked: %v", r)
				}
			}()
			errs[i] = call()
		})
		for queued(s) <= i {
			runtime.Gosched()
		}
	}
	close(goes)
	all.Wait()
	return errs
}

func queued(s *Store) int {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	return len(s.group.queue)
}

func insert(tx *gorm.DB, name string) error {
	_, err := exec(tx, `INSERT INTO meta (name, value) VALUES (?, '')`, name)
	return err
}

func has(t *testing.T, s *Store, name string) bool {
	t.Helper()
	var n int64
	if err := s.reader.Raw(`SELECT count(*) FROM meta WHERE name = ?`, name).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n > 0
}

// TestWritesOfAGroupStandOrFallAlone: errors, broken rules of the database and panics of one are its own.
func TestWritesOfAGroupStandOrFallAlone(t *testing.T) {
	s := openHere(t)
	own := errors.New("changed its mind")
	errs := gathered(t, s, 8, func(int) context.Context { return t.Context() }, func(i int, tx *gorm.DB) error {
		if err := insert(tx, fmt.Sprint("write", i)); err != nil {
			return err
		}
		switch i {
		case 2:
			return own
		case 4:
			return insert(tx, "write3") // it is taken
		case 6:
			panic("torn")
		}
		return nil
	})
	for i, err := range errs {
		if fell := i == 2 || i == 4 || i == 6; fell == (err == nil) {
			t.Errorf("write %d gave %v", i, err)
		} else if has(t, s, fmt.Sprint("write", i)) == fell {
			t.Errorf("write %d, which gave %v, left its row: %v", i, err, !fell)
		}
	}
	if !errors.Is(errs[2], own) {
		t.Errorf("an error came back as %v", errs[2])
	}
}

// TestAGroupThatCannotBeBroughtToTheDiskIsNoOnesSuccess: nobody is told of success before the commit.
func TestAGroupThatCannotBeBroughtToTheDiskIsNoOnesSuccess(t *testing.T) {
	s := openHere(t)
	errs := gathered(t, s, 4, func(int) context.Context { return t.Context() }, func(i int, tx *gorm.DB) error {
		if i < 3 {
			return insert(tx, fmt.Sprint("write", i))
		}
		// A row that breaks this rule is found at the commit.
		_, err := exec(tx, `PRAGMA defer_foreign_keys = ON`)
		if err == nil {
			_, err = exec(tx, `INSERT INTO steps (file, run, step, state, slug, at) VALUES (4711, 0, 'seen', 'waiting', '', 0)`)
		}
		return err
	})
	for i, err := range errs {
		if err == nil || has(t, s, fmt.Sprint("write", i)) {
			t.Errorf("write %d gave %v", i, err)
		}
	}
	if _, err := s.See(t.Context(), job.File{Job: "j", Path: "/a"}); err != nil {
		t.Errorf("the next write gave %v", err)
	}
}

// TestAWriteIsTakenBackUntilItBegins, and from then on is done whole.
func TestAWriteIsTakenBackUntilItBegins(t *testing.T) {
	s := openHere(t)
	gone, cancel := context.WithCancelCause(t.Context())
	why := errors.New("nobody wants it any more")
	errs := gathered(t, s, 3, func(i int) context.Context {
		if i == 1 {
			return gone
		}
		return t.Context()
	}, func(i int, tx *gorm.DB) error {
		if i == 0 {
			cancel(why) // write 1 is of this group
		}
		return insert(tx, fmt.Sprint("write", i))
	})
	if err := errors.Join(errs...); err != nil || !has(t, s, "write1") {
		t.Errorf("what was begun: %v, there: %v", err, has(t, s, "write1"))
	}
	if err := s.write(gone, "write", func(tx *gorm.DB) error { return insert(tx, "late") }); !errors.Is(err, why) || has(t, s, "late") {
		t.Errorf("a write that nobody waits for gave %v", err)
	}
}

// TestGroupsOfManyHandOver: more writes than one group takes are all done, by whoever came first of those who are left.
func TestGroupsOfManyHandOver(t *testing.T) {
	s := openHere(t)
	const writes = 3*groupMost + 7
	errs := gathered(t, s, writes, func(int) context.Context { return t.Context() }, func(i int, tx *gorm.DB) error { return insert(tx, fmt.Sprint("write", i)) })
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	var n int
	if err := s.reader.Raw(`SELECT count(*) FROM meta WHERE name LIKE 'write%'`).Scan(&n).Error; err != nil || n != writes {
		t.Errorf("%d rows, %v", n, err)
	}
	if queued(s) != 0 || s.group.led {
		t.Error("somebody still leads")
	}
}

// TestAGroupThatIsCutShortIsNoOnesSuccess: whoever led may have panicked outside of all writes.
func TestAGroupThatIsCutShortIsNoOnesSuccess(t *testing.T) {
	var g group
	first, second := &member{turn: make(chan bool, 1)}, &member{turn: make(chan bool, 1)}
	g.join(first)
	g.join(second)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("there was a database")
			}
		}()
		g.lead(nil)
	}()
	if leads := <-second.turn; leads || !errors.Is(second.err, errCutShort) {
		t.Errorf("the other one is told %v", second.err)
	}
}
