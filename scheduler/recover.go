package scheduler

import (
	"cmp"
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
		if err := s.cutOffByDeath(ctx, &run); err != nil {
			return err
		}
		if err := settled(s.o.Store.EndRun(ctx, run)); err != nil {
			return err
		}
		s.o.Log.Warn("run was interrupted", "job", run.Job, "run", run.ID)
	}
	return nil
}

// cutOffByDeath says what becomes of a run with which the process died: it is started again at once, unless somebody asked for it by
// hand, who asks again, or it was cut off too often. Attempts that failed do not count. Of that people are told before its end is
// recorded: a process that dies in between has it told once more, to the same incident.
func (s *Service) cutOffByDeath(ctx context.Context, run *job.Run) error {
	if run.Trigger == job.TriggerManual {
		return nil
	}
	before, err := s.o.Store.Interrupted(ctx, cmp.Or(run.AttemptOf, run.ID))
	if err != nil {
		return err
	}
	if before+1 < mostStarts {
		run.RetryAt = run.Ended
		return nil
	}
	run.Reason = givenUp(*run, before+1)
	return s.o.GivenUp(ctx, *run)
}

// cutOffByStop starts a run that a stop has cut off again with the next process, however often that was: it ends no process.
func cutOffByStop(run *job.Run) {
	if run.State == job.RunInterrupted && run.Trigger != job.TriggerManual {
		run.RetryAt = run.Ended
	}
}

// settled takes the answer to a write of an end: a row that has ended already needs nothing more.
func settled(err error) error {
	if errors.Is(err, job.ErrStale) || errors.Is(err, job.ErrNotFound) || errors.Is(err, job.ErrExists) {
		return nil
	}
	return err
}
