package scheduler

import (
	"context"
	"errors"

	"github.com/haulier/haulier/job"
)

// recoverAll ends what the last process left open, takes up its retries, and gives the runs that it queued. Needs book.
func (s *Service) recoverAll(ctx context.Context) (queued []job.Run, err error) {
	if err := s.interruptOpen(ctx, ""); err != nil {
		return nil, err
	}
	if queued, err = s.queuedRuns(ctx); err != nil {
		return nil, err
	}
	retries, err := s.o.Store.PendingRetries(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, run := range retries {
		s.resume(run)
	}
	for _, e := range s.jobs {
		s.schedule(e)
	}
	return queued, nil
}

// interruptOpen ends the runs that were open when the process died, of one job or of all.
func (s *Service) interruptOpen(ctx context.Context, only string) error {
	runs, err := s.o.Store.OpenRuns(ctx)
	if err != nil {
		return err
	}
	now := s.now()
	for _, run := range runs {
		if run.State == job.RunQueued || only != "" && run.Job != only {
			continue
		}
		run.State, run.Ended = job.RunInterrupted, now
		run.Reason = interrupted("Haulier or the machine stopped while the run was at work.")
		if run.Trigger != job.TriggerManual && run.Attempt < mostStarts { // who asks by hand asks again
			run.RetryAt = now
		}
		if err := settled(s.o.Store.EndRun(ctx, run)); err != nil {
			return err
		}
		s.o.Log.Warn("run was interrupted", "job", run.Job, "run", run.ID)
	}
	return nil
}

// settled takes the answer to a write of an end: a row that has ended already needs nothing more.
func settled(err error) error {
	if errors.Is(err, job.ErrStale) || errors.Is(err, job.ErrNotFound) || errors.Is(err, job.ErrExists) {
		return nil
	}
	return err
}
