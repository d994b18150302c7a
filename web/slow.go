package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/haulier/haulier/job"
)

// errSlow: the body of a request comes too slowly.
var errSlow = errors.New("too slow")

// floorUsual is how much of a large body has to come in the time of an answer, in bytes: a kilobyte a second.
const floorUsual = 32 << 10

func tooSlow(err error, floor int64, patience time.Duration) *job.Reason {
	return &job.Reason{
		Slug: "api.too_slow", What: "nothing was done with the request", Cause: fmt.Sprintf("its body stopped, or came slower than %d bytes in %v", floor, patience),
		Do: "send it again over a better line; the same Idempotency-Key is good for it", Who: job.WhoNetwork, Err: errors.Join(errSlow, err),
	}
}

// steady is a body that may be as long as it likes, but has to come: at least floor bytes in each stretch of time that is waited for it. Whoever
// sends a byte now and then would hold a connection for ever. The time in which nobody reads, because our own disk stands, is not theirs.
type steady struct {
	io.ReadCloser
	control  *http.ResponseController
	patience time.Duration
	floor    int64
	got      int64         // in this stretch
	waited   time.Duration // in this stretch
}

// steadily lets a body take as long as it needs.
func (a *api) steadily(w http.ResponseWriter, r *http.Request) io.ReadCloser {
	return &steady{ReadCloser: r.Body, control: http.NewResponseController(w), patience: a.patienceOf(), floor: cmp.Or(a.Floor, floorUsual)}
}

func (s *steady) Read(into []byte) (int, error) {
	if s.got >= s.floor {
		s.got, s.waited = 0, 0
	}
	began := time.Now()
	_ = s.control.SetReadDeadline(began.Add(s.patience - s.waited)) // a recorder of tests has none
	n, err := s.ReadCloser.Read(into)
	s.got, s.waited = s.got+int64(n), s.waited+time.Since(began)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = tooSlow(err, s.floor, s.patience)
	}
	return n, err
}

// unreadable says why a body could not be read: it did not come, or is not what it should be.
func unreadable(err error, most int64) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return tooSlow(err, most, bodyWithin)
	}
	return badRequest{err}
}

// bodyWithin is the time in which a body that is read as a whole has to come: that of the server.
const bodyWithin = 30 * time.Second
