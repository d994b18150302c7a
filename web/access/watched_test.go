package access

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// watching serves a stream that goes on until nobody may watch it, and gives what ends with it.
func watching(ctx context.Context, b *bench, path string, sign func(*http.Request)) (ended chan struct{}) {
	b.t.Helper()
	waits := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	handler, err := b.gate.Handler([]route.Route{
		{Method: "GET", Path: "/stream", Role: route.Viewer, Stream: true, Handler: waits},
		{Method: "GET", Path: "/events", Role: route.Viewer, Also: []string{route.EventStream}, Handler: waits},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(ctx, "GET", site+path, nil)
	r.Header.Set("Accept", route.EventStream)
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

// guarded are sessions that are changed while they are looked at.
type guarded struct {
	*memory
	mu sync.Mutex
}

func (g *guarded) Session(ctx context.Context, hash []byte) (job.Login, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.memory.Session(ctx, hash)
}

// change changes all sessions.
func (g *guarded) change(how func(*job.Login)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, s := range g.sessions {
		how(&s)
		g.sessions[key] = s
	}
}

// A stream ends with what its watcher was let in for, and does not keep a session alive.
func TestStreamEndsWithTheRightToWatchIt(t *testing.T) {
	for name, revoke := range map[string]func(g *guarded){
		"the session is ended": func(g *guarded) { g.mu.Lock(); clear(g.sessions); g.mu.Unlock() },
		"another role":         func(g *guarded) { g.change(func(s *job.Login) { s.Role = "viewer" }) },
		"another sight":        func(g *guarded) { g.change(func(s *job.Login) { s.Sight = job.Sight{"one"} }) },
		"too old":              func(g *guarded) { g.change(func(s *job.Login) { s.Begun = s.Begun.Add(-13 * time.Hour) }) },
		"idle for too long":    func(*guarded) { time.Sleep(10 * time.Minute) },
	} {
		for _, path := range []string{"/stream", "/events"} {
			t.Run(name+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := &guarded{}
					b := newBench(t, func(o *Options) { g.memory, o.Store, o.Now = o.Store.(*memory), g, time.Now })
					b.enters()
					ctx, leave := context.WithCancel(t.Context())
					defer leave()
					ended := watching(ctx, b, path, func(r *http.Request) {
						for cookie, value := range b.cookies {
							r.AddCookie(&http.Cookie{Name: cookie, Value: value})
						}
					})
					time.Sleep(20 * time.Minute)
					if over(ended) {
						t.Fatal("it ends by itself")
					}
					revoke(g)
					time.Sleep(lookAgain + time.Second)
					if !over(ended) {
						t.Error("it goes on")
					}
				})
			})
		}
	}
}

// A page that opens its stream again and again does not keep a session alive: nobody may sit before it.
func TestStreamsAreNoUseOfASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guarded{}
		b := newBench(t, func(o *Options) { g.memory, o.Store, o.Now = o.Store.(*memory), g, time.Now })
		b.enters()
		signed := func(r *http.Request) {
			for cookie, value := range b.cookies {
				r.AddCookie(&http.Cookie{Name: cookie, Value: value})
			}
		}
		for range 5 { // 25 minutes
			ctx, leave := context.WithCancel(t.Context())
			ended := watching(ctx, b, "/stream", signed)
			time.Sleep(5 * time.Minute)
			if over(ended) {
				t.Fatal("the session ended before its time")
			}
			leave()
			<-ended
		}
		time.Sleep(6 * time.Minute)
		if ended := watching(t.Context(), b, "/stream", signed); !over(ended) {
			t.Error("after 31 minutes without a request it may still be watched")
		}
	})
}
