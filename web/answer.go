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

// badRequest is an error of the one who asked.
type badRequest struct{ error }

// Problem is a failure as RFC 9457 wants it, with the failure object in it.
type Problem = route.Problem

// refuse answers an error.
func refuse(w http.ResponseWriter, err error) {
	p := problemOf(err)
	if p.Status == http.StatusRequestTimeout {
		w.Header().Set("Connection", "close") // the rest of the body is not waited for
	}
	p.Send(w)
}

// bare makes an error speak that nobody thought of a reason for.
func bare(status int, err error) *job.Reason {
	r := &job.Reason{Slug: "api.failed", What: "the request was not carried out", Cause: err.Error(), Do: "look into the log of the daemon, and ask haulier doctor", Who: job.WhoUs}
	switch status {
	case http.StatusBadRequest:
		r.Slug, r.Do = "api.bad_request", "compare the request with the table in docs/operations.md"
	case http.StatusNotFound:
		r.Slug, r.Do = "api.not_found", "ask what there is: GET /api/v1/overview, haulier history"
	case http.StatusConflict:
		r.Slug, r.Do = "api.conflict", "look how it stands now, and ask again if it is still wanted"
	}
	return r
}

func problemOf(err error) Problem {
	var bad badRequest
	var reason *job.Reason
	status := http.StatusInternalServerError
	switch {
	case errors.As(err, &bad):
		status = http.StatusBadRequest
	case errors.Is(err, errSlow):
		status = http.StatusRequestTimeout
	case errors.Is(err, job.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, job.ErrGone):
		status = http.StatusGone
	case errors.Is(err, job.ErrExists), errors.Is(err, job.ErrStale):
		status = http.StatusConflict
	case errors.As(err, &reason):
		status = http.StatusUnprocessableEntity
	}
	if !errors.As(err, &reason) {
		reason = bare(status, err)
	}
	return route.ProblemOf(status, *reason)
}
