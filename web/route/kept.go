package route

import (
	"net/http"
	"strconv"
)

// Keeper has content given out only once the audit list knows of it.
type Keeper struct {
	// Note writes down that content is given out, or was refused, before the first byte of the answer leaves.
	Note func(r *http.Request, act, detail string) error
	// Refuse answers in place of content that could not be written down.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
}

// What the audit list has of content.
const (
	actDownload = "file.download"
	actRefuse   = "file.refuse"
)

// Kept answers with content: it is offered as a file, and written down as what it came to. What was refused was not downloaded.
func (k Keeper) Kept(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", "attachment")
		out := &kept{ResponseWriter: w, note: func(status int) error {
			if status < http.StatusBadRequest {
				return k.Note(r, actDownload, bounded(r.URL.RawQuery))
			}
			w.Header().Del("Content-Disposition")
			return k.Note(r, actRefuse, strconv.Itoa(status)+" "+bounded(r.URL.RawQuery))
		}, refuse: func(err error) {
			for _, name := range []string{"Content-Disposition", "Content-Length", "Content-Digest"} {
				w.Header().Del(name)
			}
			k.Refuse(w, r, err)
		}}
		next(out, r)
		if !out.begun {
			out.WriteHeader(http.StatusOK)
		}
	}
}

// bounded is what the audit list has of a query. It is escaped as it came.
func bounded(query string) string { return query[:min(len(query), 200)] }

// kept is an answer that is written down when it begins.
type kept struct {
	http.ResponseWriter
	note   func(status int) error
	refuse func(err error)
	begun  bool
	failed error
}

// Unwrap is for http.ResponseController.
func (k *kept) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// WriteHeader begins the answer, or another one that says why there is none.
func (k *kept) WriteHeader(status int) {
	if k.begun {
		return
	}
	k.begun = true
	if k.failed = k.note(status); k.failed != nil {
		k.refuse(k.failed)
		return
	}
	k.ResponseWriter.WriteHeader(status)
}

// Write writes nothing of what could not be written down.
func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	if k.failed != nil {
		return 0, k.failed
	}
	return k.ResponseWriter.Write(p)
}
