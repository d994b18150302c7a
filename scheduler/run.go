package scheduler

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/haulier/haulier/job"
)

// Ended is what is told of a run that has ended.
type Ended struct {
	Run  job.Run
	Spec job.Spec
}

// dispatch gives a job its turn: at once if there is a place, behind the others if not, after the run at work if the
// job is busy. A retry that waits is dropped in its favour. Needs mu.
func (s *Service) dispatch(t *turn) {
	e := t.job
	if e.turn != nil {
		e.queued = t
		return
	}
	if e.retry != nil {
		t.drops, e.retry = e.retry.run.ID, nil
	}
	e.turn, t.spec, t.done = t, e.spec, make(chan struct{})
	if s.stopping || s.places >= s.o.MaxRuns || time.Until(s.ill.until) > 0 {
		s.waiting = append(s.waiting, t)
		return
	}
	s.launch(t)
}

// launch gives a turn its goroutine. Needs mu.
func (s *Service) launch(t *turn) {
	s.places++
	s.turns.Add(1)
	go s.perform(t)
}

// fillPlaces starts those who wait. Needs mu.
func (s *Service) fillPlaces() {
	for len(s.waiting) > 0 && s.places < s.o.MaxRuns && !s.stopping && time.Until(s.ill.until) <= 0 {
		t := s.waiting[0]
		s.waiting[0] = nil
		s.waiting = s.waiting[1:]
		s.launch(t)
	}
}

func (s *Service) perform(t *turn) {
	defer s.turns.Done()
	s.mu.Lock()
	if !t.job.removed {
		t.spec = t.job.spec // it may have waited over a reload
	}
	s.mu.Unlock()
	reason, err := s.refuse(s.base, t)
	switch {
	case err != nil:
		s.postpone(t, err)
		return
	case reason != nil:
		s.skip(t, reason)
		s.release(t)
		return
	}
	if err := s.begin(s.base, t); err != nil {
		s.postpone(t, err)
		return
	}
	s.recovered()
	s.carryOut(t)
}

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

// skip ends a turn that may not start.
func (s *Service) skip(t *turn, reason *job.Reason) {
	if t.owns {
		slot := *t.run.Slot
		slot.State, slot.Reason = job.SlotSkipped, reason
		s.persist(func(ctx context.Context) error { return s.o.Store.EndSlot(ctx, slot) })
	}
	s.dropRetry(t.drops)
	s.dropRetry(t.retries)
	s.o.Log.Info("run was not started", "job", t.spec.Name, "trigger", string(t.run.Trigger), "slug", reason.Slug)
}

// begin records the run. An error leaves the turn as it was.
func (s *Service) begin(ctx context.Context, t *turn) error {
	run := t.run
	run.Job, run.Connection, run.Type = t.spec.Name, t.spec.Connection, t.spec.Type
	run.Revision, run.Started, run.State = s.o.Revision(), s.now(), job.RunRunning
	run.Attempt = max(1, run.Attempt)
	kept, err := s.o.Store.BeginRun(ctx, run)
	if err != nil {
		return err
	}
	run.ID = kept.ID
	s.mu.Lock()
	t.run = run
	s.mu.Unlock()
	return nil
}

// carryOut runs a turn whose run has begun, records its end and gives the job free.
func (s *Service) carryOut(t *turn) {
	s.dropRetry(t.drops)
	result, cause := s.execute(t)
	run := conclude(t.run, result, cause)
	run.Ended = s.now()
	run.RetryAt = nextAttempt(t.spec, run)
	if run.State == job.RunInterrupted && run.Trigger != job.TriggerManual && run.Attempt < mostStarts {
		run.RetryAt = run.Ended
	}
	s.persist(func(ctx context.Context) error { return s.o.Store.EndRun(ctx, run) })
	if t.owns {
		s.persist(func(ctx context.Context) error { return s.o.Store.EndSlot(ctx, ran(*run.Slot, run.ID)) })
	}
	s.o.Log.Info("run ended", "job", run.Job, "run", run.ID, "state", string(run.State), "slug", slug(run.Reason),
		"ok", run.Counts.OK, "failed", run.Counts.Failed, "held", run.Counts.Held, "took", run.Ended.Sub(run.Started).String())
	t.ended = run
	s.release(t)
	if s.o.Ended != nil {
		s.o.Ended(Ended{Run: run, Spec: t.spec})
	}
}

// dropRetry records that a run has no next attempt; 0: there is no such run.
func (s *Service) dropRetry(run int64) {
	if run != 0 {
		s.persist(func(ctx context.Context) error { return s.o.Store.DropRetry(ctx, run) })
	}
}

// execute calls the runner under the run's limits; a panic ends the run, not the program.
func (s *Service) execute(t *turn) (result job.Result, cause error) {
	ctx, cancel := context.WithCancelCause(s.base)
	defer cancel(nil)
	if t.spec.Limits.Timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, t.spec.Limits.Timeout, overTime(t.spec))
		defer stop()
	}
	s.mu.Lock()
	t.cancel = cancel
	s.running[t.run.ID] = t
	s.mu.Unlock()
	defer func() {
		cause = context.Cause(ctx)
		if p := recover(); p != nil {
			s.o.Log.Error("run panicked", "job", t.spec.Name, "run", t.run.ID, "panic", panicked(p).Technical, "stack", string(debug.Stack()))
			result, cause = job.Result{State: job.RunFailed, Reason: panicked(p)}, nil
		}
	}()
	return s.o.Runner.Run(ctx, t.spec, t.run), nil
}

// conclude puts a result into its run, as seen by why the run's context ended, if it did. Work that was finished in
// spite of that counts as finished.
func conclude(run job.Run, result job.Result, cause error) job.Run {
	run.State, run.Counts, run.Bytes, run.Reason, run.Note = result.State, result.Counts, result.Bytes, result.Reason, result.Note
	finished := run.State == job.RunSucceeded || run.State == job.RunSkipped
	var reason *job.Reason
	switch {
	case finished || cause == nil:
	case errors.Is(cause, errStopping):
		run.State, run.Reason = job.RunInterrupted, interrupted("Haulier was stopped while the run was at work.")
	case errors.As(cause, &reason) && reason.Slug == "run.cancelled":
		run.State, run.Reason = job.RunCancelled, reason
	case errors.As(cause, &reason):
		run.State, run.Reason = failedOrPartial(result), reason
	}
	switch run.State {
	case job.RunSucceeded, job.RunSkipped:
	case job.RunPartial, job.RunFailed, job.RunInterrupted, job.RunCancelled:
		if run.Reason == nil {
			run.Reason = unexplained(run.State)
		}
	default:
		run.Reason = unexplained(run.State)
		run.State = failedOrPartial(result)
	}
	return run
}

func failedOrPartial(r job.Result) job.RunState {
	if r.Counts.OK > 0 {
		return job.RunPartial
	}
	return job.RunFailed
}

// postpone puts a turn whose run could not be recorded back at the head of the line.
func (s *Service) postpone(t *turn, err error) {
	if s.base.Err() == nil {
		s.fallIll(err, nil)
	}
	s.mu.Lock()
	s.places--
	s.waiting = append([]*turn{t}, s.waiting...)
	s.mu.Unlock()
	s.poke()
}

// release gives the job free and starts whatever waited for that.
func (s *Service) release(t *turn) {
	s.mu.Lock()
	e := t.job
	delete(s.running, t.run.ID)
	s.places--
	e.turn = nil
	if at := t.ended.RetryAt; !at.IsZero() && !e.removed && t.ended.State != job.RunInterrupted {
		e.retry = &retry{run: t.ended, at: at}
	}
	if next := e.queued; next != nil {
		e.queued = nil
		s.dispatch(next)
	}
	if t.ended.State == job.RunSucceeded && !s.stopping {
		s.follow(e.spec.Name)
	}
	s.forget(e)
	if s.started {
		s.schedule(e)
	}
	s.fillPlaces()
	s.mu.Unlock()
	close(t.done)
	s.poke()
}

// follow starts the jobs that run after another; one that is busy runs once more when it has ended. Needs mu.
func (s *Service) follow(name string) {
	for _, follower := range s.after[name] {
		e := s.jobs[follower]
		if e == nil || e.removed || !s.started || e.queued != nil {
			continue
		}
		s.dispatch(&turn{job: e, run: job.Run{Trigger: job.TriggerAfter, Attempt: 1}})
		s.schedule(e)
	}
}

// persist writes an end until it is written. Once runs are being cut off it tries only once more: what stays open then
// is ended by the next Start.
func (s *Service) persist(write func(context.Context) error) {
	ctx := context.WithoutCancel(s.base)
	for {
		last := s.base.Err() != nil
		err := settled(write(ctx))
		if err == nil {
			s.recovered()
			return
		}
		if last {
			s.o.Log.Error("the end of a run could not be recorded", "error", err)
			return
		}
		s.fallIll(err, nil)
		select {
		case <-time.After(max(firstPause, s.resting())):
		case <-s.base.Done():
		}
	}
}
