package transfer

import (
	"testing"
	"time"
)

// rounds is a run whose files all begin at once and take as long as each other.
type rounds struct {
	*turns
	now time.Time
}

// next counts how many files of a size move at once, and lets them end after a time.
func (r *rounds) next(size int64, took time.Duration) (files int) {
	for r.free >= r.of(size) && r.files < r.bound {
		r.take(size)
		files++
	}
	began := r.now
	r.now = began.Add(took + 1)
	for range files {
		r.end(r.of(size), began, took)
	}
	return files
}

func TestTurnsFollowWhatIsBorne(t *testing.T) {
	turns := &rounds{newTurns(0), time.Now()}
	want := func(what string, size int64, took time.Duration, files ...int) {
		t.Helper()
		for _, n := range files {
			if got := turns.next(size, took); got != n {
				t.Errorf("%s: %d files move, want %d", what, got, n)
			}
		}
	}
	want("large ones", 1<<30, time.Hour, 4, 4)
	want("small ones that are soon through", 100, 10*time.Millisecond, 32, 64, 128, 256, 256)
	want("they wait", 100, 3*time.Second, 256, 128)
	want("the bound is lowered once a round, down to a few", 100, time.Minute, 64, 32, 16, 8, 4, 4)
	want("and rises again", 100, 900*time.Millisecond, 4, 8, 16)

	turns = &rounds{newTurns(0), time.Now()}
	want("each takes long by itself", 100, 5*time.Second, 32, 64, 128, 256)

	turns = &rounds{newTurns(7), time.Now()}
	want("a number that was set stays", 1<<30, time.Hour, 7, 7)
	want("a number that was set stays", 100, time.Millisecond, 7, 7)
}
