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

// begin records the run, and with it that its slot is used. An error leaves the turn as it was.
func (s *Service) begin(ctx context.Context, t *turn) error {
	run := t.run
	run.Job, run.Connection, run.Type = t.spec.Name, t.spec.Connection, t.spec.Type
	run.Started, run.State = s.now(), job.RunRunning
	if !run.AsRun {
		run.Revision = s.o.Revision()
	}
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
	cutOffByStop(&run)
	t.followers = s.followers(run)
	if err := s.persist(func(ctx context.Context) error { return s.o.Store.EndRun(ctx, run, t.followers...) }); err != nil {
		run.State, run.Reason, t.followers = failedOrPartial(job.Result{Counts: run.Counts}), unrecorded(run, err), nil
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
		_ = s.persist(func(ctx context.Context) error { return s.o.Store.DropRetry(ctx, run) })
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

// Conclude gives a run with its result, as it is recorded when its context has ended for a cause; nil: it has not.
func Conclude(run job.Run, result job.Result, cause error) job.Run {
	return conclude(run, result, cause)
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
		run.State, run.Reason = job.RunInterrupted, stopped()
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

// triesByHand is how often the end of a run by hand is written before somebody at a terminal is told that it cannot be.
const triesByHand = 4

// persist writes an end until it is written. Once runs are being cut off it tries only once more, and without Start a few
// times, for nobody goes on waiting: what stays open then is ended by the next Start. It gives the last error.
func (s *Service) persist(write func(context.Context) error) error {
	ctx := context.WithoutCancel(s.base)
	for tries := 1; ; tries++ {
		last := s.base.Err() != nil || (tries == triesByHand && !s.isStarted())
		err := settled(write(ctx))
		if err == nil {
			s.recovered()
			return nil
		}
		if last {
			s.o.Log.Error("the end of a run could not be recorded", "error", err)
			return err
		}
		s.fallIll(err, nil)
		select {
		case <-time.After(max(firstPause, s.resting())):
		case <-s.base.Done():
		}
	}
}

func (s *Service) isStarted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started
}
