package route

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/haulier/haulier/job"
)

// Told is what may be told of a failure to who asks. On the daemon's socket that is all of it. Over the network texts about what went wrong on this
// machine stay in its log, since they may name places of it: who asks gets a reference.
func Told(r *http.Request, failure job.Reason, err error) job.Reason {
	switch {
	case Of(r.Context()).Machine:
		return failure
	case failure.Slug == "api.failed":
		return *Inside(logOf(r.Context()), r, failure.What, err)
	case !ofThisMachine(failure):
		return failure
	}
	failure.Do += "; the log of the daemon has more under reference " + logged(logOf(r.Context()), r, errors.Join(err, errors.New(failure.Technical)))
	failure.Technical = ""
	return failure
}

// ofThisMachine says whether the technical part of a failure is about this machine and not about a server or a request.
func ofThisMachine(r job.Reason) bool {
	area, _, _ := strings.Cut(r.Slug, ".")
	switch area {
	case "local", "ledger", "config", "key", "scheduler":
		return r.Technical != ""
	}
	return false
}

type logbook struct{}

// WithLog puts the log in which failures of a request are written into its context.
func WithLog(ctx context.Context, log *slog.Logger) context.Context {
	return context.WithValue(ctx, logbook{}, log)
}

func logOf(ctx context.Context) *slog.Logger {
	if log, found := ctx.Value(logbook{}).(*slog.Logger); found {
		return log
	}
	return slog.Default()
}
