package control

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// RunFiles gives what became of the files of a run, a page at a time.
type RunFiles interface {
	File(ctx context.Context, id int64) (job.File, error)
	Known(ctx context.Context, jobName string, paths []string) (map[string]job.File, error)
	// Decide writes the row as decided, and the audit's line with it, if it is still as it was read; else job.ErrStale.
	Decide(ctx context.Context, from job.State, f job.File, line store.AuditLine) (job.File, error)
	RunFilesAfter(ctx context.Context, run, after int64) ([]job.Outcome, error)
}

// RetryBook is what tells whether a run can be done again.
type RetryBook interface {
	Run(ctx context.Context, id int64) (job.Run, error)
	RevisionReader
}

// Again gives the job of a run and, from what was asked, the run that does it once more. It only reads: what cannot be
// run again is refused before anything changes, and the rejected files are given back by the run, which has the job's turn.
func Again(ctx context.Context, s RetryBook, now *config.Config, id int64, asked job.Run) (string, job.Run, error) {
	run, err := s.Run(ctx, id)
	if err != nil {
		return "", asked, fmt.Errorf("run %d: %w", id, err)
	}
	if asked.AsRun {
		if _, _, err := AsRun(ctx, s, now, run); err != nil {
			return "", asked, err
		}
		asked.Revision = run.Revision
	}
	if run.Ended.IsZero() {
		return "", asked, &job.Reason{
			Slug: "run.at_work", What: "nothing was done", Cause: fmt.Sprintf("run %d has not ended yet", id), Do: fmt.Sprintf("haulier cancel %d, or wait", id), Who: job.WhoUs,
		}
	}
	asked.Reopen = id
	return run.Job, asked, nil
}

// Reopen lets the rejected files of the run that a run tries again be taken once more, all or the one that it is about.
// Failed files need no such word: the next run takes them anyway.
func Reopen(ctx context.Context, s RunFiles, run job.Run) error {
	for after := int64(0); ; {
		outcomes, err := s.RunFilesAfter(ctx, run.Reopen, after)
		if err != nil {
			return err
		}
		if len(outcomes) == 0 {
			return nil
		}
		for _, o := range outcomes {
			after = o.File.ID
			if run.Only != "" && path.Base(o.File.Path) != run.Only {
				continue
			}
			if err := reopen(ctx, s, o.File.ID, run); err != nil {
				return err
			}
		}
	}
}

// reopen gives a rejected row back to the next listing, if it is still the newest of its path.
func reopen(ctx context.Context, s RunFiles, id int64, run job.Run) error {
	f, err := s.File(ctx, id)
	if err != nil {
		return err
	}
	newest, err := s.Known(ctx, f.Job, []string{f.Path})
	if err != nil || newest[f.Path].ID != id || f.State != job.FileRejected {
		return err
	}
	f.State, f.Reason, f.Refetched, f.Absent, f.Step = job.FileWaiting, nil, false, false, job.StepSeen
	_, err = s.Decide(ctx, job.FileRejected, f, store.AuditLine{
		At: time.Now(), Who: run.By, Act: "file.reopen", Object: fmt.Sprintf("file %d", id), Detail: fmt.Sprintf("for a retry of run %d", run.Reopen),
	})
	if err != nil && !errors.Is(err, job.ErrStale) { // stale: it goes its own way by now
		return fmt.Errorf("file %d: %w", id, err)
	}
	return nil
}
