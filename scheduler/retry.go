package scheduler

import (
	"strconv"
	"time"

	"github.com/haulier/haulier/job"
)

// punctual is how late a slot may start and still be on time.
const punctual = time.Minute

// NextAttempt gives when a run that comes to this result now is tried again; zero: it is not.
func NextAttempt(spec job.Spec, run job.Run, now time.Time) time.Time {
	run.Ended = now
	return nextAttempt(spec, run)
}

// nextAttempt gives the time of the attempt after an ended run, or zero: only failures of the network and of busy
// servers take the ladder, runs by hand do not, and no attempt starts outside the window.
func nextAttempt(spec job.Spec, run job.Run) time.Time {
	failed := run.State == job.RunFailed || run.State == job.RunPartial
	if !failed || run.Reason == nil || !run.Reason.Temporary || run.Trigger == job.TriggerManual || run.Attempt >= spec.Retry.Attempts {
		return time.Time{}
	}
	at := run.Ended.Add(backoff(spec.Retry, run))
	if !inWindow(spec.Timing, at) {
		return time.Time{}
	}
	return at
}

// backoff doubles with each attempt up to its ceiling, then takes off up to a quarter, so that jobs that failed together
// do not come back together.
func backoff(r job.Retry, run job.Run) time.Duration {
	wait := r.Backoff
	for i := 1; i < run.Attempt && wait < r.MaxBackoff; i++ {
		wait *= 2
	}
	if r.MaxBackoff > 0 {
		wait = min(wait, r.MaxBackoff)
	}
	if quarter := uint64(wait / 4); quarter > 0 {
		wait -= time.Duration(digest(run.Job, strconv.FormatInt(run.ID, 10), strconv.Itoa(run.Attempt)) % quarter)
	}
	return wait
}

// resume takes up a retry that was pending when the process ended, unless it is older than catch_up. Needs mu.
func (s *Service) resume(run job.Run) {
	e := s.jobs[run.Job]
	if e == nil || s.now().Sub(run.RetryAt) > max(e.spec.Timing.CatchUp, punctual) {
		return
	}
	if run.State == job.RunInterrupted {
		e.deaths = max(e.deaths, run.Deaths)
	}
	if e.retry == nil || run.ID > e.retry.run.ID {
		e.retry = &retry{run: run, at: run.RetryAt}
	}
}

// turn makes the turn of a retry.
func (r *retry) turn(e *entry) *turn {
	next := job.Run{
		Trigger: job.TriggerRetry, Slot: r.run.Slot, By: r.run.By, Only: r.run.Only,
		Attempt: r.run.Attempt + 1, AttemptOf: r.run.AttemptOf, Deaths: r.run.Deaths,
	}
	if next.AttemptOf == 0 {
		next.AttemptOf = r.run.ID
	}
	if r.run.State == job.RunInterrupted {
		next.Trigger = job.TriggerCatchUp
	}
	return &turn{job: e, run: next, retries: r.run.ID}
}
