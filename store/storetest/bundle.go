package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Clock is the time of a store under test: it moves a millisecond with every look.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at a fixed time.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 24, 1, 15, 0, 0, time.UTC)} }

// Now gives the time and moves it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// Add moves the time.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type bundle struct {
	*store.Store
	clock *Clock
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func found(path string) job.File {
	return job.File{Job: "acme-customers", Connection: "acme", Type: job.TypeImport, Path: path, Size: 10, ModTime: 1_700_000_000}
}

func (b bundle) see(t *testing.T, f job.File) job.File {
	t.Helper()
	return must[job.File](t)(b.See(t.Context(), f))
}

// claimed gives a row that run 1 has taken to StepClaimed.
func (b bundle) claimed(t *testing.T, path string) job.File {
	t.Helper()
	f := must[job.File](t)(b.Claim(t.Context(), b.see(t, found(path)), 1))
	f.Step = job.StepClaimed
	return must[job.File](t)(b.Advance(t.Context(), job.StepSeen, f, job.Beside{}))
}

func (b bundle) advance(t *testing.T, f job.File, to job.Step, state job.State) job.File {
	t.Helper()
	from := f.Step
	f.Step, f.State = to, state
	return must[job.File](t)(b.Advance(t.Context(), from, f, job.Beside{}))
}
