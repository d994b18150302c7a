package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/transfer"
)

// remember writes the end of a run to its log and keeps the incidents true: a failure opens one for its cause, a success ends
// all that stood on this job and on its connection. It comes before the end of the run is recorded: a process that dies in
// between has the run done once more, and no failure is forgotten.
func (r *Runner) remember(ctx context.Context, spec job.Spec, run job.Run) {
	level, line := slog.LevelInfo, fmt.Sprintf("%s: %d ok, %d failed, %d skipped, %d held", run.State, run.Counts.OK, run.Counts.Failed, run.Counts.Skipped, run.Counts.Held)
	if run.Reason != nil {
		level, line = slog.LevelError, line+": "+run.Reason.Error()
	}
	r.log(ctx, run, level, line)
	var err error
	switch {
	case run.Reason != nil && !byUs(run.Reason):
		err = r.strike(ctx, spec, run)
	case run.State == job.RunSucceeded:
		err = r.recovered(ctx, spec)
	}
	if run.State == job.RunFailed || run.State == job.RunPartial { // by itself: the process lives
		err = errors.Join(err, r.Book.ResolvePart(ctx, job.CauseGivenUp, spec.Name, time.Now()))
	}
	if loggedIn(run) {
		err = errors.Join(err, r.Book.ResolveConnection(ctx, spec.Connection, "", time.Now()))
	}
	err = errors.Join(err, r.strikeForFiles(ctx, spec, run))
	if err != nil {
		r.Logger.Error("incidents not written", "job", spec.Name, "error", err)
	}
}

// strike records a failure. One of the network that will be tried again need not be told yet, and that of an export whose
// deadline lies ahead not before the deadline.
func (r *Runner) strike(ctx context.Context, spec job.Spec, run job.Run) error {
	now, reason := time.Now(), *run.Reason
	k := job.Strike{
		Cause: causeKey(spec, &reason), Job: spec.Name, Connection: spec.Connection, Reason: reason, At: now,
		Chain: chainOf(run), After: spec.Alert.After,
	}
	if next := scheduler.NextAttempt(spec, run, now); !next.IsZero() {
		k.Until = next.Add(spec.Limits.Timeout)
	}
	var err error
	if reason.Temporary {
		k.Deadline, err = r.deadline(ctx, spec, now)
	}
	_, struck := r.Book.Strike(ctx, k)
	return errors.Join(struck, err)
}

// GivenUp opens the incident of a run that the scheduler does not start again, since the process died in it too often. It is one with those of
// other runs: what ends the process is one cause, whatever was at work.
func (r *Runner) GivenUp(ctx context.Context, run job.Run, beside []string) error {
	reason := *run.Reason
	reason.Cause += atWorkBeside(beside)
	_, err := r.Book.Strike(ctx, job.Strike{Cause: job.CauseGivenUp, Job: run.Job, Reason: reason, At: time.Now(), Chain: chainOf(run)})
	return err
}

// besideNamed is how many jobs beside a run are named.
const besideNamed = 10

func atWorkBeside(jobs []string) string {
	switch more := len(jobs) - besideNamed; {
	case len(jobs) == 0:
		return " No other job was at work."
	case more > 0:
		return fmt.Sprintf(" At work beside it: %s and %d more.", strings.Join(jobs[:besideNamed], ", "), more)
	}
	return fmt.Sprintf(" At work beside it: %s.", strings.Join(jobs, ", "))
}

// chainOf is the run of the first of the attempts that a run belongs to.
func chainOf(run job.Run) int64 {
	if run.AttemptOf != 0 {
		return run.AttemptOf
	}
	return run.ID
}

// deadline gives until when an export may still arrive in time, if its day has begun; zero: nothing is expected of it now.
func (r *Runner) deadline(ctx context.Context, spec job.Spec, now time.Time) (time.Time, error) {
	if spec.Type != job.TypeExport || spec.Expect == nil {
		return time.Time{}, nil
	}
	days, err := r.Book.OpenExpectations(ctx, spec.Name)
	for _, day := range days {
		if day.Verdict != job.VerdictMissing && !day.Opens.After(now) && day.Missing.After(now) {
			return day.Missing, err
		}
	}
	return time.Time{}, err
}

// strikeForFiles opens an incident for each cause for which the run rejected or holds files, beside the one that it ended with.
func (r *Runner) strikeForFiles(ctx context.Context, spec job.Spec, run job.Run) (err error) {
	var causes []job.Reason
	if run.Counts.Held > 0 {
		causes, err = r.Book.HeldBy(ctx, run.ID)
	}
	if run.Counts.Failed > 0 {
		rejected, asked := r.Book.Rejected(ctx, spec.Name)
		err = errors.Join(err, asked)
		for _, cause := range rejected {
			if cause.Run == run.ID {
				causes = append(causes, cause.Reason)
			}
		}
	}
	ended := run.Reason
	for _, cause := range causes {
		if ended != nil && ended.Slug == cause.Slug {
			continue
		}
		run.Reason = &cause
		err = errors.Join(err, r.strike(ctx, spec, run))
	}
	return err
}

// byUs says whether a run was ended by a person or a shutdown, or asked for what is not there, which is nobody's incident.
func byUs(reason *job.Reason) bool {
	return reason.Slug == "run.interrupted" || reason.Slug == "run.cancelled" || reason.Slug == transfer.SlugNoSuchFile
}

// loggedIn says whether a run that is no success shows all the same that its account works: it got to files, and what ended it
// concerns no connection.
func loggedIn(run job.Run) bool {
	got := run.Counts.OK+run.Counts.Failed+run.Counts.Skipped+run.Counts.Held > 0
	return got && run.State != job.RunSucceeded && !(run.Reason != nil && ofConnection(run.Reason))
}

// recovered ends the incidents of the job, and those of its connection: the account works again.
func (r *Runner) recovered(ctx context.Context, spec job.Spec) error {
	if err := r.Book.ResolveJob(ctx, spec.Name, time.Now()); err != nil {
		return err
	}
	return r.Book.ResolveConnection(ctx, spec.Connection, "", time.Now())
}

// causeKey is what failures of one cause share: the connection for what concerns all its jobs, else the job.
func causeKey(spec job.Spec, reason *job.Reason) string {
	if ofConnection(reason) {
		return "connection/" + spec.Connection + "/" + reason.Slug
	}
	return "job/" + spec.Name + "/" + reason.Slug
}

// ofConnection says whether a reason concerns all jobs of a connection.
func ofConnection(reason *job.Reason) bool {
	return slices.Contains([]string{"net", "ssh", "host_key", "auth", "key"}, areaOf(reason))
}
