package route

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/haulier/haulier/job"
)

// Inside has an error of ours told without its text, which may name paths, statements and others' data: who asked gets a reference,
// and the log has all of it under that. What says what became of what was asked for.
func Inside(log *slog.Logger, r *http.Request, what string, err error) *job.Reason {
	reference := logged(log, r, err)
	return &job.Reason{
		Slug: "api.failed", What: what, Cause: fmt.Sprintf("something went wrong inside; the log of the daemon has it under reference %s", reference),
		Do: fmt.Sprintf("look for %s in the log of the daemon, and ask haulier doctor", reference), Who: job.WhoUs,
	}
}

// logged writes an error of a request to the log, and gives the reference that it has there.
func logged(log *slog.Logger, r *http.Request, err error) (reference string) {
	reference, level := rand.Text()[:8], slog.LevelError
	if r.Context().Err() != nil {
		level = slog.LevelDebug // whoever asked has left, and what it came to for them is no failure of ours
	}
	log.Log(r.Context(), level, "a request was not answered", "reference", reference, "method", r.Method, "path", r.URL.Path, "who", Of(r.Context()).Name, "error", err)
	return reference
}
