package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
)

// Session is one session, from the pool of its account.
type Session interface {
	transfer.Carrier
	Close() error
}

// RunBook remembers what runs said and which incidents they opened or ended.
type RunBook interface {
	Strike(ctx context.Context, k job.Strike) (opened bool, err error)
	ResolveJob(ctx context.Context, jobName string, at time.Time) error
	ResolvePart(ctx context.Context, cause, jobName string, at time.Time) error
	ResolveConnection(ctx context.Context, name, by string, at time.Time) error
	OpenExpectations(ctx context.Context, jobName string) ([]job.Expectation, error)
	Rejected(ctx context.Context, jobName string) ([]store.Rejection, error)
	HeldBy(ctx context.Context, run int64) ([]job.Reason, error)
	AddLogLines(ctx context.Context, run int64, lines []store.LogLine) error
}

// Runner does one run: it opens the session, lets the machine of the job's direction work, and keeps the incidents.
type Runner struct {
	Sessions    func(ctx context.Context, c job.Connection) (Session, error)
	Connections func(name string) (job.Connection, bool)
	// AsRun gives job and connection as a run's revision had them, for runs that ask for that.
	AsRun func(ctx context.Context, run job.Run) (job.Spec, job.Connection, error)
	// Reopen gives back the rejected files of the run that a run tries again. Only the run itself does so: it has the job's turn.
	Reopen   func(ctx context.Context, run job.Run) error
	Importer *transfer.Importer
	Exporter *transfer.Exporter
	Book     RunBook
	Logger   *slog.Logger
}

// Run does the run. The context's cause says why it was ended, if it was.
func (r *Runner) Run(ctx context.Context, spec job.Spec, run job.Run) job.Result {
	r.log(ctx, run, slog.LevelInfo, fmt.Sprintf("%s %s started (%s, attempt %d)", spec.Type, spec.Name, run.Trigger, run.Attempt))
	result := r.guarded(ctx, spec, run)
	r.remember(context.WithoutCancel(ctx), spec, scheduler.Conclude(run, result, context.Cause(ctx)))
	return result
}

// guarded has a panic end as any failure does: it wants an incident too.
func (r *Runner) guarded(ctx context.Context, spec job.Spec, run job.Run) (result job.Result) {
	defer func() {
		if p := recover(); p != nil {
			reason := scheduler.Panicked(p)
			r.Logger.Error("run panicked", "job", spec.Name, "run", run.ID, "panic", reason.Technical, "stack", string(debug.Stack()))
			result = job.Result{State: job.RunFailed, Reason: reason}
		}
	}()
	return r.work(ctx, spec, run)
}

func (r *Runner) work(ctx context.Context, spec job.Spec, run job.Run) job.Result {
	c, found := r.Connections(spec.Connection)
	if !found {
		return failed(&job.Reason{
			Slug: "config.connection_missing", What: "nothing was moved", Cause: fmt.Sprintf("connection %q is not configured", spec.Connection),
			Do: "haulier check", Who: job.WhoUs,
		})
	}
	if !c.Enabled {
		return failed(disabledReason(c))
	}
	if !run.AsRun {
		return r.move(ctx, spec, c, run)
	}
	spec, c, err := r.AsRun(ctx, run)
	if err != nil {
		return failed(reasonOf(ctx, err))
	}
	result := r.move(ctx, spec, c, run)
	result.Note = strings.TrimPrefix(fmt.Sprintf("%s; ran with job and connection as in revision %d of the configuration", result.Note, run.Revision), "; ")
	return result
}

// move does the run over a session.
func (r *Runner) move(ctx context.Context, spec job.Spec, c job.Connection, run job.Run) job.Result {
	if run.Reopen != 0 {
		if err := r.Reopen(ctx, run); err != nil {
			return failed(reasonOf(ctx, err))
		}
	}
	session, err := r.Sessions(ctx, c)
	if err != nil {
		return failed(reasonOf(ctx, err))
	}
	defer session.Close()
	if spec.Type == job.TypeImport {
		return r.Importer.Run(ctx, session, c, spec, run)
	}
	return r.Exporter.Run(ctx, session, c, spec, run)
}

// failed ends a run for a reason, of which it takes a copy: runs that one refusal has ended may share it.
func failed(reason *job.Reason) job.Result {
	own := *reason
	own.What = cmp.Or(own.What, "nothing was moved")
	return job.Result{State: job.RunFailed, Reason: &own}
}

// reasonOf makes any error speak; the cause of an ended run goes before what it led to.
func reasonOf(ctx context.Context, err error) *job.Reason {
	var reason *job.Reason
	if ctx.Err() != nil && errors.As(context.Cause(ctx), &reason) {
		return reason
	}
	if errors.As(err, &reason) {
		return reason
	}
	if ctx.Err() != nil {
		return &job.Reason{
			Slug: "run.interrupted", What: "nothing was moved", Cause: "the run was ended before it was through",
			Do: "nothing; the next run goes on from there", Who: job.WhoUs, Err: err,
		}
	}
	return &job.Reason{
		Slug: "local.failed", What: "nothing was moved", Cause: "a step on this machine ended in an error", Do: "haulier doctor",
		Who: job.WhoUs, Technical: err.Error(), Err: err,
	}
}

func areaOf(reason *job.Reason) string {
	area, _, _ := strings.Cut(reason.Slug, ".")
	return area
}

// log writes a line to a run's own log.
func (r *Runner) log(ctx context.Context, run job.Run, level slog.Level, line string) {
	if err := r.Book.AddLogLines(context.WithoutCancel(ctx), run.ID, []store.LogLine{{Level: level.String(), Line: line}}); err != nil {
		r.Logger.Error("run log not written", "run", run.ID, "error", err)
	}
}
