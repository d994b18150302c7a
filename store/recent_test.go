package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// claimedHere gives two stores on one file, as two processes have, and a row that the first has claimed, and so remembers.
func claimedHere(t *testing.T) (ours, theirs *store.Store, f job.File) {
	t.Helper()
	dir := t.TempDir()
	ours, theirs = open(t, at(dir)), open(t, at(dir))
	run, err := ours.BeginRun(t.Context(), job.Run{Job: "j", Connection: "c", Type: job.TypeExport, Trigger: job.TriggerManual, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	f, err = ours.See(t.Context(), job.File{Job: "j", Connection: "c", Type: job.TypeExport, Path: "/a", Size: 1, ModTime: 1})
	if err != nil {
		t.Fatal(err)
	}
	if f, err = ours.Claim(t.Context(), f, run.ID); err != nil {
		t.Fatal(err)
	}
	return ours, theirs, f
}

// What another process wrote since counts, and not what is remembered of the row.
func TestARememberedRowIsNotBelieved(t *testing.T) {
	t.Run("its claim was ended", func(t *testing.T) {
		ours, theirs, f := claimedHere(t)
		if n, err := theirs.EndClaims(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d claims ended, %v", n, err)
		}
		f.Step = job.StepSending
		if _, err := ours.Advance(t.Context(), job.StepSeen, f, job.Beside{}); !errors.Is(err, job.ErrStale) {
			t.Errorf("it could be written: %v", err)
		}
	})
	t.Run("a fact of it was written", func(t *testing.T) {
		ours, theirs, f := claimedHere(t)
		if err := theirs.MarkAbsent(t.Context(), []int64{f.ID}, 1<<40); err != nil {
			t.Fatal(err)
		}
		f.Step = job.StepSending
		if _, err := ours.Advance(t.Context(), job.StepSeen, f, job.Beside{}); err != nil {
			t.Fatal(err)
		}
		if got, err := theirs.File(t.Context(), f.ID); err != nil || got.Absent || got.Step != job.StepSending {
			t.Errorf("the row is not as it was written: %+v, %v", got, err)
		}
	})
}

// With a step go the steps before it, the requests and the outcome; and if the row is somebody else's, nothing goes.
func TestWhatStandsBesideAStepIsWrittenWithIt(t *testing.T) {
	ours, theirs, f := claimedHere(t)
	beside := job.Beside{
		Passed:   []job.Step{job.StepQueued, job.StepSealed},
		Requests: []job.Request{{Connection: "c", Job: "j", Run: f.Run, File: f.ID, Direction: job.Upload, OK: true, Bytes: 1}},
		Outcome:  &job.Outcome{Run: f.Run, Bytes: 1, Duration: time.Second},
	}
	written := func(steps, requests, outcomes int) {
		t.Helper()
		lines, err := theirs.Steps(t.Context(), f.ID)
		if err != nil || len(lines) != steps {
			t.Errorf("%d lines in the timeline, want %d: %+v, %v", len(lines), steps, lines, err)
		}
		all, err := theirs.RunFiles(t.Context(), f.Run)
		if err != nil || len(all) != outcomes {
			t.Errorf("%d outcomes, want %d, %v", len(all), outcomes, err)
		}
		asked, err := theirs.Requests(t.Context(), f.Run)
		if err != nil || len(asked) != requests {
			t.Errorf("%d requests, want %d, %v", len(asked), requests, err)
		}
	}
	next := f
	next.Step, next.State, next.Fence = job.StepDone, job.FileDelivered, f.Fence+1
	if _, err := ours.Advance(t.Context(), job.StepSeen, next, beside); !errors.Is(err, job.ErrStale) {
		t.Errorf("another's row was written: %v", err)
	}
	written(1, 0, 0)
	next.Fence = f.Fence
	if _, err := ours.Advance(t.Context(), job.StepSeen, next, beside); err != nil {
		t.Fatal(err)
	}
	written(4, 1, 1)
	lines, _ := theirs.Steps(t.Context(), f.ID)
	for i, want := range []job.Step{job.StepSeen, job.StepQueued, job.StepSealed, job.StepDone} {
		if lines[i].Step != want || (lines[i].State == job.FileDelivered) != (want == job.StepDone) {
			t.Errorf("line %d: %+v, want %s", i, lines[i], want)
		}
	}
	all, _ := theirs.RunFiles(t.Context(), f.Run)
	if all[0].File.State != job.FileDelivered || all[0].Bytes != 1 {
		t.Errorf("outcome %+v", all[0])
	}
}

// A step that claims its row finds it as it was read, or does not write it.
func TestAStepThatClaims(t *testing.T) {
	for name, tc := range map[string]struct {
		read  func(*job.File) // what was read
		fence int64
		since func(s *store.Store, f job.File) error
		well  bool
	}{
		"as it was read": {fence: 1, well: true},
		"written since":  {fence: 1, since: func(s *store.Store, f job.File) error { return s.MarkAbsent(t.Context(), []int64{f.ID}, 1<<40) }},
		"claimed since":  {fence: 1, since: func(s *store.Store, f job.File) error { _, err := s.Claim(t.Context(), f, 1); return err }},
		"held":           {fence: 1, read: func(f *job.File) { f.State, f.Reason = job.FileHeld, &job.Reason{Slug: "remote.vanished"} }},
		"done":           {fence: 1, read: func(f *job.File) { f.State, f.Step = job.FileSkipped, job.StepDone }},
		"another fence":  {fence: 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, at(t.TempDir()))
			f := job.File{Job: "j", Connection: "c", Type: job.TypeExport, Path: "/a", Size: 1, ModTime: 1}
			if tc.read != nil {
				tc.read(&f)
			}
			f, err := s.See(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if tc.since != nil {
				if err := tc.since(s, f); err != nil {
					t.Fatal(err)
				}
			}
			next := f
			next.Step, next.State, next.Fence, next.Run = job.StepSending, job.FileMoving, tc.fence, 7
			got, err := s.Advance(t.Context(), f.Step, next, job.Beside{Claim: &f, Passed: []job.Step{job.StepQueued}})
			if tc.well {
				if err != nil || got.Fence != 1 || got.Run != 7 || got.Began.IsZero() {
					t.Errorf("%+v, %v", got, err)
				}
				lines, _ := s.Steps(t.Context(), f.ID)
				if n := len(lines); n != 3 || lines[1].State != job.FileMoving || lines[1].Run != 7 {
					t.Errorf("timeline %+v", lines)
				}
			} else if !errors.Is(err, job.ErrStale) {
				t.Errorf("it was written: %+v, %v", got, err)
			}
		})
	}
}
