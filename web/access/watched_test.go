package access

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// watching serves a stream that goes on until nobody may watch it, and gives what ends with it.
func watching(ctx context.Context, b *bench, sign func(*http.Request)) (ended chan struct{}) {
	b.t.Helper()
	handler, err := b.gate.Handler([]route.Route{{Method: "GET", Path: "/stream", Role: route.Viewer, Stream: true, Handler: func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}})
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(ctx, "GET", site+"/stream", nil)
	sign(r)
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}()
	return ended
}

func over(ended chan struct{}) bool {
	synctest.Wait()
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// A stream ends with what its watcher was let in for, and does not keep a session alive.
func TestStreamEndsWithTheRightToWatchIt(t *testing.T) {
	for name, revoke := range map[string]func(b *bench){
		"the session is ended": func(b *bench) { clear(b.memory.sessions) },
		"another role":         func(b *bench) { change(b, func(s *job.Login) { s.Role = "viewer" }) },
		"another sight":        func(b *bench) { change(b, func(s *job.Login) { s.Sight = job.Sight{"one"} }) },
		"idle for too long":    func(b *bench) { b.now = b.now.Add(31 * time.Minute) },
		"too old":              func(b *bench) { change(b, func(s *job.Login) { s.Begun = s.Begun.Add(-13 * time.Hour) }) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			b.enters()
			synctest.Test(t, func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				ended := watching(ctx, b, func(r *http.Request) {
					for cookie, value := range b.cookies {
						r.AddCookie(&http.Cookie{Name: cookie, Value: value})
					}
				})
				synctest.Wait() // it is let in
				b.now = b.now.Add(20 * time.Minute)
				time.Sleep(time.Minute)
				if over(ended) {
					t.Fatal("it ends by itself")
				}
				b.now = b.now.Add(-20 * time.Minute)
				for _, s := range b.memory.sessions {
					if !s.Seen.Equal(b.now) {
						t.Errorf("the stream counts as a request at %s", s.Seen)
					}
				}
				revoke(b)
				time.Sleep(lookAgain + time.Second)
				if !over(ended) {
					t.Error("it goes on")
				}
			})
		})
	}
}

// change changes all sessions.
func change(b *bench, how func(*job.Login)) {
	for key, s := range b.memory.sessions {
		how(&s)
		b.memory.sessions[key] = s
	}
}
