package scheduler

import (
	"context"
	"runtime/debug"

	"github.com/haulier/haulier/job"
)

// refuse asks everybody who may say that a run must not start now.
func (s *Service) refuse(ctx context.Context, t *turn) (*job.Reason, error) {
	s.mu.Lock()
	gone := t.job.removed
	s.mu.Unlock()
	switch {
	case gone:
		return removed(t.spec.Name), nil
	case !t.spec.Enabled:
		return disabled(t.spec.Name), nil
	}
	if reason, err := s.paused(ctx, t.spec); reason != nil || err != nil {
		return reason, err
	}
	if t.run.Trigger == job.TriggerManual {
		return nil, nil
	}
	if now := s.now(); !inWindow(t.spec.Timing, now) {
		return outsideWindow(t.spec, now), nil
	}
	return s.askGate(ctx, t.spec), nil
}

func (s *Service) paused(ctx context.Context, spec job.Spec) (*job.Reason, error) {
	for _, what := range [][2]string{{"job", spec.Name}, {"connection", spec.Connection}} {
		p, err := s.o.Store.Paused(ctx, what[0], what[1])
		if err != nil {
			return nil, err
		}
		if p != nil && (p.Until.IsZero() || p.Until.After(s.now())) {
			return paused(p), nil
		}
	}
	return nil, nil
}

func (s *Service) askGate(ctx context.Context, spec job.Spec) (reason *job.Reason) {
	if s.o.Gate == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			s.o.Log.Error("asking whether a job may dial panicked", "job", spec.Name, "panic", panicked(p).Technical, "stack", string(debug.Stack()))
			reason = panicked(p)
		}
	}()
	return s.o.Gate.Ready(ctx, spec)
}

// skip ends a turn that may not start. Where it is due is where its end is recorded: with its slot, or as a run that
// follows another.
func (s *Service) skip(t *turn, reason *job.Reason) {
	if t.run.Follows != 0 {
		now := s.now()
		run := job.Run{Job: t.spec.Name, Connection: t.spec.Connection, Type: t.spec.Type, Trigger: job.TriggerAfter, Follows: t.run.Follows,
			Attempt: 1, Revision: s.o.Revision(), Started: now, Ended: now, State: job.RunSkipped, Reason: reason}
		_ = s.persist(func(ctx context.Context) error {
			_, err := s.o.Store.BeginRun(ctx, run)
			return err
		})
	}
	if t.owns {
		slot := *t.run.Slot
		slot.State, slot.Reason = job.SlotSkipped, reason
		_ = s.persist(func(ctx context.Context) error { return s.o.Store.EndSlot(ctx, slot) })
	}
	s.dropRetry(t.drops)
	s.dropRetry(t.retries)
	s.o.Log.Info("run was not started", "job", t.spec.Name, "trigger", string(t.run.Trigger), "slug", reason.Slug)
}
