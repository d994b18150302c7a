package scheduler

import (
	"context"
	"fmt"

	"github.com/haulier/haulier/job"
)

// Begun is a run by hand at work.
type Begun struct {
	Run  job.Run // as it began; ID is set
	turn *turn
}

// Wait gives the run as it ended, or the error of ctx; the run goes on then.
func (b *Begun) Wait(ctx context.Context) (job.Run, error) {
	select {
	case <-b.turn.done:
		return b.turn.ended, nil
	case <-ctx.Done():
		return job.Run{}, context.Cause(ctx)
	}
}

// RunNow begins a run by hand; of template, By, Only, Force, Reopen and, with AsRun, Revision count. It goes ahead whatever the schedule, window,
// calendar and Gate say, and replaces a waiting retry. The run belongs to the service, not to ctx: Cancel and Stop end it.
//
// Errors: ErrRunning, ErrStopped, job.ErrNotFound, a *job.Reason if the job is disabled or paused, or that of the store.
// Without Start a run of this job that a dead process left open ends interrupted first; the caller must be alone with
// the store.
func (s *Service) RunNow(ctx context.Context, name string, template job.Run) (*Begun, error) {
	t, started, err := s.claim(name, template)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	if err := s.beginByHand(ctx, t, started); err != nil {
		s.release(t)
		s.turns.Done()
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	begun := &Begun{Run: t.run, turn: t}
	go func() {
		defer s.turns.Done()
		s.carryOut(t)
	}()
	return begun, nil
}

// claim takes the job's lock for a run by hand.
func (s *Service) claim(name string, template job.Run) (t *turn, started bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.jobs[name]
	switch {
	case s.stopping:
		return nil, false, ErrStopped
	case e == nil || e.removed:
		return nil, false, job.ErrNotFound
	case e.turn != nil:
		return nil, false, ErrRunning
	}
	t = &turn{job: e, spec: e.spec, done: make(chan struct{}), run: job.Run{
		Trigger: job.TriggerManual, By: template.By, Only: template.Only, Force: template.Force, Attempt: 1,
		Revision: template.Revision, AsRun: template.AsRun, Reopen: template.Reopen,
	}}
	t.run.Deaths = e.deaths
	e.turn = t
	s.places++
	s.turns.Add(1)
	return t, s.started, nil
}

func (s *Service) beginByHand(ctx context.Context, t *turn, started bool) error {
	if reason, err := s.refuse(ctx, t); err != nil {
		return err
	} else if reason != nil {
		return reason
	}
	if !started {
		if err := s.interruptOpen(ctx, t.spec.Name); err != nil {
			return err
		}
	}
	if err := s.begin(ctx, t); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := t.job; e.retry != nil {
		t.drops, e.retry = e.retry.run.ID, nil
		s.schedule(e)
	}
	return nil
}

// Cancel ends a run at work; it ends cancelled, and is not tried again. by is who asked. job.ErrNotFound if no such run
// is at work.
func (s *Service) Cancel(run int64, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.running[run]
	if t == nil {
		return fmt.Errorf("cancel run %d: it is not at work: %w", run, job.ErrNotFound)
	}
	t.cancel(cancelled(by))
	return nil
}
