package web

import (
	"errors"
	"net/http"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// answer renders a value whole before the first byte of the answer is written.
func answer(w http.ResponseWriter, status int, value any) {
	route.Send(w, status, "application/json", value)
}

// slugBad: the request itself is wrong, whoever found it out.
const slugBad = "api.bad_request"

// badRequest is an error of the one who asked.
type badRequest struct{ error }

// Problem is a failure as RFC 9457 wants it, with the failure object in it.
type Problem = route.Problem

// refuse answers an error.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(r, err)
	if p.Status == http.StatusRequestTimeout {
		w.Header().Set("Connection", "close") // the rest of the body is not waited for
	}
	var soon route.TooSoon
	if errors.As(err, &soon) {
		w.Header().Set("Retry-After", route.RetryAfter(soon.Wait))
	}
	p.Send(w)
}

// bare makes an error speak that nobody thought of a reason for.
func bare(r *http.Request, status int, err error) *job.Reason {
	reason := inside(err)
	notFound, conflict := err.Error(), err.Error()
	if !route.Of(r.Context()).Machine { // what the store calls things is of no use to them
		notFound, conflict = "there is nothing of that name or number, or it is not yours to see", "it stands otherwise by now, or is there already"
	}
	switch status {
	case http.StatusBadRequest:
		reason.Slug, reason.Do = slugBad, "compare the request with the table in docs/operations.md"
	case http.StatusNotFound:
		reason.Slug, reason.Cause, reason.Do = "api.not_found", notFound, "ask what there is: GET /api/v1/overview, haulier history"
	case http.StatusConflict:
		reason.Slug, reason.Cause, reason.Do = "api.conflict", conflict, "look how it stands now, and ask again if it is still wanted"
	}
	return reason
}

// inside is a failure that nobody thought of a reason for.
func inside(err error) *job.Reason {
	return &job.Reason{Slug: "api.failed", What: "the request was not carried out", Cause: err.Error(), Do: "look into the log of the daemon, and ask haulier doctor", Who: job.WhoUs}
}

func problemOf(r *http.Request, err error) Problem {
	var bad badRequest
	var reason *job.Reason
	var soon route.TooSoon
	status := http.StatusInternalServerError
	switch {
	case errors.As(err, &bad):
		status = http.StatusBadRequest
	case errors.As(err, &soon):
		status = http.StatusTooManyRequests
	case errors.Is(err, errSlow):
		status = http.StatusRequestTimeout
	case errors.Is(err, job.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, job.ErrGone):
		status = http.StatusGone
	case errors.Is(err, job.ErrExists), errors.Is(err, job.ErrStale):
		status = http.StatusConflict
	case errors.As(err, &reason) && reason.Slug == slugBad:
		status = http.StatusBadRequest
	case reason != nil:
		status = http.StatusUnprocessableEntity
	}
	if !errors.As(err, &reason) {
		reason = bare(r, status, err)
	}
	return route.ProblemOf(status, route.Told(r, *reason, err))
}
