package control

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// RunFiles gives what became of the files of a run, a page at a time.
type RunFiles interface {
	Doubts
	Run(ctx context.Context, id int64) (job.Run, error)
	RunFilesAfter(ctx context.Context, run, after int64) ([]job.Outcome, error)
}

// RetryBook is what a retry reads and writes.
type RetryBook interface {
	RunFiles
	RevisionReader
}

// Again gets ready to run the job of a run once more: its rejected files may be taken again. It gives the job and, from
// what was asked, the run to begin. What cannot be run as it was is refused before anything changes.
func Again(ctx context.Context, s RetryBook, now *config.Config, id int64, asked job.Run) (string, job.Run, error) {
	if asked.AsRun {
		run, err := s.Run(ctx, id)
		if err != nil {
			return "", asked, fmt.Errorf("run %d: %w", id, err)
		}
		if _, _, err := AsRun(ctx, s, now, run); err != nil {
			return "", asked, err
		}
		asked.Revision = run.Revision
	}
	name, err := Reopen(ctx, s, id, asked.Only, asked.By)
	return name, asked, err
}

// Reopen lets the rejected files of a run be taken once more, all or the one of a name, and gives the run's job. Failed
// files need no such word: the next run takes them anyway.
func Reopen(ctx context.Context, s RunFiles, id int64, file, by string) (string, error) {
	run, err := s.Run(ctx, id)
	if err != nil {
		return "", fmt.Errorf("run %d: %w", id, err)
	}
	if run.Ended.IsZero() {
		return "", &job.Reason{
			Slug: "run.at_work", What: "nothing was done", Cause: fmt.Sprintf("run %d has not ended yet", id), Do: fmt.Sprintf("haulier cancel %d, or wait", id), Who: job.WhoUs,
		}
	}
	for after := int64(0); ; {
		outcomes, err := s.RunFilesAfter(ctx, id, after)
		if err != nil {
			return "", err
		}
		if len(outcomes) == 0 {
			break
		}
		for _, o := range outcomes {
			after = o.File.ID
			if file != "" && path.Base(o.File.Path) != file {
				continue
			}
			if err := reopen(ctx, s, o.File.ID); err != nil {
				return "", err
			}
		}
	}
	return run.Job, s.AddAudit(ctx, store.AuditLine{At: time.Now(), Who: by, Act: "run.retry", Object: fmt.Sprintf("run %d", id), Detail: file})
}

// reopen gives a rejected row back to the next listing, if it is still the newest of its path.
func reopen(ctx context.Context, s RunFiles, id int64) error {
	f, err := s.File(ctx, id)
	if err != nil {
		return err
	}
	newest, err := s.Known(ctx, f.Job, []string{f.Path})
	if err != nil || newest[f.Path].ID != id || f.State != job.FileRejected {
		return err
	}
	claimed, err := s.Claim(ctx, f, f.Run)
	if err != nil {
		return fmt.Errorf("file %d: %w", id, err)
	}
	claimed.State, claimed.Reason, claimed.Refetched, claimed.Absent = job.FileWaiting, nil, false, false
	from := claimed.Step
	claimed.Step = job.StepSeen
	if _, err := s.Advance(ctx, from, claimed); err != nil {
		return fmt.Errorf("file %d: %w", id, err)
	}
	return nil
}
