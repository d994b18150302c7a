package scheduler

import (
	"context"
	"slices"

	"github.com/haulier/haulier/job"
)

// followers gives a run of each job that is to run because a run ended. They are queued in the transaction that records
// its end, so that a process that dies then owes them to the next Start.
func (s *Service) followers(ended job.Run) (runs []job.Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ended.State != job.RunSucceeded || !s.started {
		return nil
	}
	for _, name := range s.after[ended.Job] {
		if e := s.jobs[name]; e != nil && !e.removed {
			runs = append(runs, job.Run{Job: name, Connection: e.spec.Connection, Type: e.spec.Type, Revision: s.o.Revision()})
		}
	}
	return runs
}

// follow gives queued runs their turns, behind a run that ended. A turn that waits already, for a place or for the run
// at work, serves; else a job that is at work runs once more. Needs mu.
func (s *Service) follow(queued []job.Run, ended int64) {
	for _, run := range queued {
		e := s.jobs[run.Job]
		if s.stopping || e == nil || e.removed { // left to the next Start
			continue
		}
		if t := s.waits(e); t == nil {
			s.dispatch(&turn{job: e, run: job.Run{Trigger: job.TriggerAfter, Follows: ended, Attempt: 1}})
		} else if t.run.Follows == 0 {
			t.run.Follows = ended
		}
		s.schedule(e)
	}
}

// waits gives the turn of a job that has not been launched; nil: there is none. Needs mu.
func (s *Service) waits(e *entry) *turn {
	if slices.Contains(s.waiting, e.turn) {
		return e.turn
	}
	return e.queued
}

// queuedRuns gives the runs that the last process queued and did not begin; those of jobs that are gone end skipped.
func (s *Service) queuedRuns(ctx context.Context) (queued []job.Run, err error) {
	open, err := s.o.Store.OpenRuns(ctx)
	for _, run := range open {
		s.mu.Lock()
		here := s.jobs[run.Job] != nil
		s.mu.Unlock()
		switch {
		case run.State != job.RunQueued:
		case here:
			queued = append(queued, run)
		default:
			run.State, run.Ended, run.Reason = job.RunSkipped, s.now(), removed(run.Job)
			if err := settled(s.o.Store.EndRun(ctx, run)); err != nil {
				return nil, err
			}
		}
	}
	return queued, err
}
