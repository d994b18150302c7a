package route

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/haulier/haulier/job"
)

// Problem is a failure as RFC 9457 wants it, with the failure object in it.
type Problem struct {
	Type   string `json:"type"` // haulier:SLUG
	Title  string `json:"title"`
	Status int    `json:"status"`
	job.Reason
}

// ProblemOf makes a problem of a reason.
func ProblemOf(status int, r job.Reason) Problem {
	return Problem{Type: "haulier:" + r.Slug, Title: r.What, Status: status, Reason: r}
}

// TooSoon refuses what may be asked again in a while.
type TooSoon struct {
	*job.Reason
	Wait time.Duration
}

// Unwrap is for errors.As.
func (t TooSoon) Unwrap() error { return t.Reason }

// RetryAfter is a wait as the header of that name has it, in whole seconds.
func RetryAfter(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}

// Send answers the problem.
func (p Problem) Send(w http.ResponseWriter) { Send(w, p.Status, "application/problem+json", p) }

// Send renders a value whole before the first byte of the answer is written.
func Send(w http.ResponseWriter, status int, kind string, value any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(value); err != nil {
		http.Error(w, "the answer cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // whoever asked may be gone
}
