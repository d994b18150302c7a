package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// ErrRunning: the job runs already.
var ErrRunning = errors.New("the job runs already")

// Runs is the book of runs.
type Runs interface {
	BeginRun(ctx context.Context, r job.Run) (job.Run, error)
	EndRun(ctx context.Context, r job.Run) error
	Run(ctx context.Context, id int64) (job.Run, error)
}

// Once runs a job without a daemon: by hand, one attempt, under the lock of the data folder that the caller holds.
// Retries belong to the daemon, which can wait.
type Once struct {
	Runs   Runs
	Runner *Runner
}

// Run runs the job as asked for by hand and gives the run as it ended.
func (o Once) Run(ctx context.Context, spec job.Spec, asked job.Run, begun func(job.Run)) (job.Run, error) {
	asked.Job, asked.Connection, asked.Type = spec.Name, spec.Connection, spec.Type
	asked.Attempt, asked.Started, asked.State = max(asked.Attempt, 1), time.Now(), job.RunRunning
	run, err := o.Runs.BeginRun(ctx, asked)
	if err != nil {
		return run, fmt.Errorf("begin run of %s: %w", spec.Name, err)
	}
	if begun != nil {
		begun(run)
	}
	limit, stop := context.WithTimeoutCause(ctx, spec.Limits.Timeout, timeoutReason(spec))
	defer stop()
	result := o.Runner.Run(limit, spec, run)
	run.State, run.Counts, run.Bytes, run.Reason, run.Note = result.State, result.Counts, result.Bytes, result.Reason, result.Note
	if ctx.Err() != nil && run.State != job.RunSucceeded {
		run.State = job.RunInterrupted
	}
	run.Ended = time.Now()
	if err := o.Runs.EndRun(context.WithoutCancel(ctx), run); err != nil {
		return run, fmt.Errorf("end run %d of %s: %w", run.ID, spec.Name, err)
	}
	return run, nil
}

func timeoutReason(spec job.Spec) *job.Reason {
	return &job.Reason{
		Slug: "run.timeout", What: "what was moved is safe; the rest waits for the next run",
		Cause: fmt.Sprintf("the run took longer than limits.timeout, %s", spec.Limits.Timeout),
		Do:    "look at the speed of the connection with `haulier show`, or raise limits.timeout", Who: job.WhoUs, Temporary: true,
	}
}
