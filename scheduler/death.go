package scheduler

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
)

const (
	// mostDeaths is in how many starts of one run the process may die, so that a run that kills it does not do so for ever. Then people
	// are told, and the next slot's turn comes. A run of a job of which they were told is started once.
	mostDeaths = 5
	// suspectFrom is from how many deaths on a run is started alone of those with as many: several may have been at work each time, and
	// only one of them need be what ends the process. The others come to their end meanwhile.
	suspectFrom = 3
	// leaveWithin is how long the end of a program waits for the store to take down which runs it cut off.
	leaveWithin = time.Second
)

// ofItsOwn says whether a run came to an end that neither a death of the process nor a stop nor a person has set it: it does not end the process.
func ofItsOwn(end job.RunState) bool {
	return end == job.RunSucceeded || end == job.RunPartial || end == job.RunFailed || end == job.RunSkipped
}

// suspected says whether a turn may be what ends the process. Needs mu.
func (t *turn) suspected() bool { return t.run.Deaths >= suspectFrom || t.job.deadly }

// mayStart says whether a turn need not wait for another that may be what ends the process. Needs mu.
func (s *Service) mayStart(t *turn) bool { return s.suspect == nil || !t.suspected() }

// standsBack gives the turn for which one that was not launched waits because either may be what ends the process; nil: it waits for none. Needs mu.
func (s *Service) standsBack(t *turn) *turn {
	if t == nil || t == s.suspect || t.run.ID != 0 || s.mayStart(t) {
		return nil
	}
	return s.suspect
}

// sayStandsBack writes down once that a turn waits for another, though there is a place. Needs mu.
func (s *Service) sayStandsBack(t *turn) {
	before := s.standsBack(t)
	if before == nil || t.said || !s.hasPlace() {
		return
	}
	t.said = true
	s.o.Log.Warn("run waits for another to end: the process died in the middle of both, and one of them may be why", "job", t.job.spec.Name, "deaths", t.run.Deaths, "behind", before.job.spec.Name)
}

// death is one end of a process in the middle of runs.
type death struct {
	runs    []job.Run
	givenUp map[string]int64 // jobs of which people were told before, with the first start of the run that was given up
}

// lastDeath gives the end of the last process, if it left runs open.
func (s *Service) lastDeath(ctx context.Context) (d death, err error) {
	open, err := s.o.Store.OpenRuns(ctx)
	if err != nil {
		return d, err
	}
	d.runs = slices.DeleteFunc(open, func(r job.Run) bool { return r.State == job.RunQueued })
	byHandLast := func(a, b job.Run) int { return cmp.Compare(byHand(a), byHand(b)) } // whoever stood by is known for it until its own end is recorded
	slices.SortStableFunc(d.runs, byHandLast)
	if len(d.runs) > 0 {
		d.givenUp, err = s.o.Store.GivenUp(ctx)
	}
	return d, err
}

func byHand(run job.Run) int {
	if run.Trigger == job.TriggerManual {
		return 1
	}
	return 0
}

// besideOneByHand says whether another run at work was by hand, of a job in the middle of whose runs the process died before.
func (d death) besideOneByHand(run job.Run) bool {
	return slices.ContainsFunc(d.runs, func(r job.Run) bool {
		_, told := d.givenUp[r.Job]
		return r.ID != run.ID && byHand(r) == 1 && (told || r.Deaths > 0)
	})
}

// chainOf is the first start of a run.
func chainOf(run job.Run) int64 {
	if run.AttemptOf != 0 {
		return run.AttemptOf
	}
	return run.ID
}

// beside names the jobs that were at work with a run.
func (d death) beside(run job.Run) (names []string) {
	for _, r := range d.runs {
		if r.ID != run.ID {
			names = append(names, r.Job)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// interruptOpen ends the runs that were open when the process died, of one job or of all.
func (s *Service) interruptOpen(ctx context.Context, only string) error {
	d, err := s.lastDeath(ctx)
	if err != nil {
		return err
	}
	now := s.now()
	for _, run := range d.runs {
		if only != "" && run.Job != only {
			continue
		}
		run.State, run.Ended = job.RunInterrupted, now
		run.Reason = interrupted("Haulier or the machine stopped while the run was at work.")
		if err := s.cutOffByDeath(ctx, &run, d); err != nil {
			return err
		}
		if err := settled(s.o.Store.EndRun(ctx, run)); err != nil {
			return err
		}
		s.o.Log.Warn("run was interrupted", "job", run.Job, "run", run.ID, "deaths", run.Deaths, "beside", len(d.runs)-1)
	}
	return nil
}

// cutOffByDeath says what becomes of a run with which the process died: it is started again at once, unless somebody asked for it by
// hand, who asks again, or that happened too often. A death beside a run by hand that may be what ends the process is not counted: it waits for none. Attempts that failed, and stops, do not count. Of that people are told before its
// end is recorded: a process that dies in between has it told once more, to the same incident.
func (s *Service) cutOffByDeath(ctx context.Context, run *job.Run, d death) error {
	if run.Trigger == job.TriggerManual {
		return nil
	}
	if d.besideOneByHand(*run) {
		run.RetryAt = run.Ended
		return nil
	}
	run.Deaths++
	before, told := d.givenUp[run.Job]
	often := run.Deaths >= mostDeaths
	again := told && (before != chainOf(*run) || !often) // else they were told of this very run
	if !often && !again {
		run.RetryAt = run.Ended
		return nil
	}
	run.Reason = givenUp(*run, again)
	return s.o.GivenUp(ctx, *run, d.beside(*run))
}

// leaveBehind records of the runs that do not return, with which the program is about to end, that a stop cut them off: the next process
// would take it for a death. What they write later finds that they have ended.
func (s *Service) leaveBehind() (err error) {
	s.mu.Lock()
	var left []job.Run
	for _, t := range s.running {
		left = append(left, t.run)
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.base), leaveWithin)
	defer cancel()
	for _, run := range left {
		run.State, run.Reason, run.Ended = job.RunInterrupted, stopped(), s.now()
		cutOffByStop(&run)
		err = errors.Join(err, settled(s.o.Store.EndRun(ctx, run)))
	}
	return err
}

// cutOffByStop starts a run that a stop has cut off again with the next process, however often that was: it ends no process.
func cutOffByStop(run *job.Run) {
	if run.State == job.RunInterrupted && run.Trigger != job.TriggerManual {
		run.RetryAt = run.Ended
	}
}
