package route

import (
	"net/http"

	"github.com/haulier/haulier/job"
)

// Lost is what there is to say of a request that no route answers.
type Lost struct {
	Status int    // 404, or 405
	Allow  string // the methods that there are, of a 405
	job.Reason
}

// Missing says that no route of a mux answers a request; lost is false where one does.
func Missing(mux *http.ServeMux, r *http.Request) (l Lost, lost bool) {
	handler, pattern := mux.Handler(r)
	if pattern != "" {
		return l, false
	}
	word := verdict{}
	handler.ServeHTTP(&word, r)    // the mux's own word: nothing of ours is asked
	l.Status = http.StatusNotFound // also where the mux would have the path written in another way, which has no route either
	if word.status == http.StatusMethodNotAllowed {
		l.Status, l.Allow = word.status, word.Header().Get("Allow")
		l.Reason = job.Reason{
			Slug: "api.method", What: "nothing was done", Cause: "what the path names is not asked for in this way", Do: "ask by one of the methods in the header Allow: " + l.Allow,
			Who: job.WhoUs,
		}
		return l, true
	}
	l.Reason = job.Reason{
		Slug: "api.not_found", What: "nothing was done or shown", Cause: "there is no such path here", Do: "GET /api/openapi.json has all that can be asked", Who: job.WhoUs,
	}
	return l, true
}

// Send answers that.
func (l Lost) Send(w http.ResponseWriter) {
	if l.Allow != "" {
		w.Header().Set("Allow", l.Allow)
	}
	ProblemOf(l.Status, l.Reason).Send(w)
}

// verdict keeps the head of an answer and throws the rest away.
type verdict struct {
	head   http.Header
	status int
}

func (v *verdict) Header() http.Header {
	if v.head == nil {
		v.head = http.Header{}
	}
	return v.head
}

func (v *verdict) Write(text []byte) (int, error) { return len(text), nil }

func (v *verdict) WriteHeader(status int) { v.status = status }
