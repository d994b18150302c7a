package control_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// raised opens the incident of a file that is held or rejected, as its run would.
func raised(t *testing.T, s *store.Store, f job.File) (cause string) {
	t.Helper()
	cause = "job/" + f.Job + "/" + f.Reason.Slug
	if _, err := s.Raise(t.Context(), cause, f.Job, *f.Reason, time.Now()); err != nil {
		t.Fatal(err)
	}
	return cause
}

func isOpen(t *testing.T, s *store.Store, cause string) bool {
	t.Helper()
	open, err := s.FindIncidents(t.Context(), store.IncidentQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range open {
		if i.Cause == cause {
			return true
		}
	}
	return false
}

// Whoever decides knows what the doubt is; another one, that came since they looked, is not ended with it.
func TestADecisionIsAboutTheDoubtThatWasSeen(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, held("remote.source_consumed"))
	word := job.Decision{File: f.ID, As: job.AsLanded, About: "remote.mass_change", By: "ann", Why: "they are old"}
	if _, err := control.Resolve(t.Context(), s, word); slugOf(err) != "held.other_doubt" || !errors.Is(err, job.ErrStale) {
		t.Errorf("about another doubt: %v", err)
	}
	if now, err := s.File(t.Context(), f.ID); err != nil || now.State != job.FileHeld {
		t.Errorf("the file is %s, %v", now.State, err)
	}
	word.About = "remote.source_consumed"
	if now, err := control.Resolve(t.Context(), s, word); err != nil || now.State != job.FileLanded {
		t.Errorf("about this one: %s, %v", now.State, err)
	}
	word.About = "remote.mass_change"
	if _, err := control.Resolve(t.Context(), s, word); err != nil {
		t.Errorf("it is decided just so: %v", err)
	}
}

// A doubt that has come since of the same kind is another one, too.
func TestADecisionIsAboutTheAttemptThatWasSeen(t *testing.T) {
	s := openStore(t)
	seen := leave(t, s, job.File{}, held("remote.indeterminate"))
	row, err := control.Resolve(t.Context(), s, job.Decision{File: seen.ID, As: job.AsAgain, By: "bob", Why: "x"})
	if err == nil {
		row, err = s.Claim(t.Context(), row, seen.Run)
	}
	if err != nil {
		t.Fatal(err)
	}
	from := row.Step
	held("remote.indeterminate")(&row)
	if row, err = s.Advance(t.Context(), from, row, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	word := job.Decision{File: seen.ID, As: job.AsDrop, About: "remote.indeterminate", Fence: &seen.Fence, By: "ann", Why: "x"}
	if _, err := control.Resolve(t.Context(), s, word); slugOf(err) != "held.other_doubt" {
		t.Errorf("about the attempt before: %v", err)
	}
	if now, err := s.File(t.Context(), row.ID); err != nil || now.State != job.FileHeld {
		t.Errorf("the file is %s, %v", now.State, err)
	}
	word.Fence = &row.Fence
	if now, err := control.Resolve(t.Context(), s, word); err != nil || now.State != job.FileSkipped {
		t.Errorf("about this one: %s, %v", now.State, err)
	}
}

// A file that waits for a look has landed when it is approved, and not because somebody says so.
func TestAFileThatWaitsForALookIsNotDecidedUnlooked(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, func(f *job.File) {
		held(job.SlugSupervised)(f)
		f.Step, f.Stage, f.Plain = job.StepChecked, "1.ready", job.Digest{Size: 3, SHA256: "abc"}
	})
	for _, as := range []job.Resolution{job.AsLanded, job.AsDelivered, job.AsAgain, job.AsDrop} {
		_, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: as, By: "ann", Why: "x"})
		if slugOf(err) != "held.supervised" || !errors.Is(err, job.ErrStale) {
			t.Errorf("as %s: %v", as, err)
		}
		if now, err := s.File(t.Context(), f.ID); err != nil || now.State != job.FileHeld || now.Touched != f.Touched {
			t.Errorf("as %s: the file is %s, %v", as, now.State, err)
		}
	}
}

// A rejected file that was rejected for something else since it was looked at is not let be.
func TestARejectedFileIsLetBeForWhatWasSeen(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, func(f *job.File) {
		f.State, f.Step, f.Reason = job.FileRejected, job.StepDone, &job.Reason{Slug: "pgp.not_encrypted"}
	})
	word := job.Decision{File: f.ID, As: job.AsDrop, About: "pgp.wrong_key", By: "ann", Why: "x"}
	if _, err := control.Resolve(t.Context(), s, word); slugOf(err) != "held.other_doubt" {
		t.Errorf("about another cause: %v", err)
	}
	if now, err := s.File(t.Context(), f.ID); err != nil || now.State != job.FileRejected {
		t.Errorf("the file is %s, %v", now.State, err)
	}
	word.About = "pgp.not_encrypted"
	if now, err := control.Resolve(t.Context(), s, word); err != nil || now.State != job.FileSkipped {
		t.Errorf("about this one: %s, %v", now.State, err)
	}
}

// A rejected file can be let be, twice too, and moved again only by a retry of its run. Its incident ends with it.
func TestARejectedFileIsLetBe(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, func(f *job.File) {
		f.State, f.Step, f.Reason = job.FileRejected, job.StepDone, &job.Reason{Slug: "pgp.not_encrypted"}
	})
	cause := raised(t, s, f)
	for _, as := range []job.Resolution{job.AsAgain, job.AsLanded} {
		if _, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: as, By: "ann", Why: "x"}); slugOf(err) != "held.not_held" {
			t.Errorf("as %s: %v", as, err)
		}
	}
	for range 2 {
		now, err := control.Resolve(t.Context(), s, job.Decision{File: f.ID, As: job.AsDrop, By: "ann", Why: "x"})
		if err != nil || now.State != job.FileSkipped || isOpen(t, s, cause) {
			t.Errorf("%s, %v, the incident is open: %t", now.State, err, isOpen(t, s, cause))
		}
	}
}

// What was decided as again and came to be rejected since is not as it was decided: nobody is told that it is.
func TestADecisionThatCameToNothingIsNotSaidToStand(t *testing.T) {
	s := openStore(t)
	f := leave(t, s, job.File{}, held("remote.mass_change"))
	again := job.Decision{File: f.ID, As: job.AsAgain, By: "ann", Why: "x"}
	row, err := control.Resolve(t.Context(), s, again)
	if err != nil {
		t.Fatal(err)
	}
	if row, err = s.Claim(t.Context(), row, f.Run); err != nil {
		t.Fatal(err)
	}
	from := row.Step
	row.State, row.Step, row.Reason = job.FileRejected, job.StepDone, &job.Reason{Slug: "pgp.not_encrypted"}
	if _, err := s.Advance(t.Context(), from, row, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Resolve(t.Context(), s, again); slugOf(err) != "held.not_held" {
		t.Errorf("%v", err)
	}
}

// cutOff is a process that dies when a decision is written.
type cutOff struct{ *store.Store }

func (cutOff) Conclude(context.Context, job.State, job.File, string, store.AuditLine) (job.File, error) {
	return job.File{}, errors.New("power")
}

// A decision, its line in the audit list and the end of its incident are one: the last file of a cause ends it, and none before.
func TestADecisionEndsTheIncidentOfItsCause(t *testing.T) {
	s := openStore(t)
	a := leave(t, s, job.File{}, held("remote.mass_change"))
	b := leave(t, s, job.File{Job: a.Job, Type: a.Type, Path: "/out/b.csv"}, held("remote.mass_change"))
	cause := raised(t, s, a)
	if _, err := control.Resolve(t.Context(), cutOff{s}, job.Decision{File: a.ID, As: job.AsDrop, By: "ann", Why: "x"}); err == nil {
		t.Error("nothing was written, and nobody said so")
	}
	for _, step := range []struct {
		file int64
		open bool
	}{{a.ID, true}, {b.ID, false}} {
		if _, err := control.Resolve(t.Context(), s, job.Decision{File: step.file, As: job.AsDrop, By: "ann", Why: "x"}); err != nil || isOpen(t, s, cause) != step.open {
			t.Errorf("file %d: %v, the incident is open: %t", step.file, err, !step.open)
		}
	}
}
