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
	givenUp, err := s.o.Store.GivenUp(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range givenUp {
		if e := s.jobs[name]; e != nil {
			e.deadly = true
		}
	}
	for _, run := range retries {
		s.resume(run)
	}
	for _, e := range s.jobs {
		s.schedule(e)
	}
	return queued, nil
}

// settled takes the answer to a write of an end: a row that has ended already needs nothing more.
func settled(err error) error {
	if errors.Is(err, job.ErrStale) || errors.Is(err, job.ErrNotFound) || errors.Is(err, job.ErrExists) {
		return nil
	}
	return err
}
