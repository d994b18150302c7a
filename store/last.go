package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// begun are the states of runs that did begin.
var begun = []job.RunState{job.RunRunning, job.RunSucceeded, job.RunPartial, job.RunFailed, job.RunInterrupted, job.RunCancelled}

// LastRun gives the latest run of a job that has begun, if there is one.
func (s *Store) LastRun(ctx context.Context, jobName string) (job.Run, bool, error) {
	runs, err := s.Runs(ctx, RunFilter{Job: jobName, States: begun, Limit: 1})
	if err != nil || len(runs) == 0 {
		return job.Run{}, false, err
	}
	return runs[0], true, nil
}

// Last is how a job did last.
type Last struct {
	Run     job.Run // the latest that has begun
	Success job.Run // the latest that succeeded; without an ID: none did
}

// Lasts gives how each job did last that a sight shows and that has ever begun a run; one query each for all jobs, also removed ones.
func (s *Store) Lasts(ctx context.Context, sight job.Sight) (map[string]Last, error) {
	var began, good []runRow
	err := s.read(ctx, "read the last runs", func(db *gorm.DB) error {
		if err := lastOfEach(db, sight, begun).Find(&began).Error; err != nil {
			return err
		}
		return lastOfEach(db, sight, []job.RunState{job.RunSucceeded}).Find(&good).Error
	})
	lasts := make(map[string]Last, len(began))
	for _, r := range began {
		lasts[r.Job] = Last{Run: r.run()}
	}
	for _, r := range good {
		l := lasts[r.Job]
		l.Success = r.run()
		lasts[r.Job] = l
	}
	return lasts, err
}

// lastOfEach finds one run of each job, by one look at the index for each state.
func lastOfEach(db *gorm.DB, sight job.Sight, states []job.RunState) *gorm.DB {
	jobs := seen(db.Table("jobs"), "connection", sight).
		Select("(SELECT max(id) FROM runs INDEXED BY runs_job_state WHERE runs.job = jobs.name AND state IN ?)", states)
	return seen(db.Model(&runRow{}), "connection", sight).Where("id IN (?)", jobs)
}

// LastSuccess gives when a job last ended a run that succeeded; the zero time when it never did.
func (s *Store) LastSuccess(ctx context.Context, jobName string) (time.Time, error) {
	runs, err := s.Runs(ctx, RunFilter{Job: jobName, States: []job.RunState{job.RunSucceeded}, Limit: 1})
	if err != nil || len(runs) == 0 {
		return time.Time{}, err
	}
	return runs[0].Ended, nil
}
