package web_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// slow takes a while to see that nobody waits any more.
type slow struct {
	ports
	looking bool
}

func (p *slow) WaitRun(ctx context.Context, _ int64) (job.Run, error) {
	p.looking = true
	<-ctx.Done()
	time.Sleep(time.Minute) // of the bubble
	p.looking = false
	return job.Run{}, ctx.Err()
}

// A stream that was left looks at the store no more once its handler has returned.
func TestNobodyLooksForTheEndOfARunThatIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &slow{}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		web.Handler(web.Options{Runner: p, Keeper: p, Reader: p, Outbox: p}).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/api/v1/runs/7/events", nil))
		if p.looking {
			t.Error("the handler has returned, and the store is still being asked")
		}
	})
}

// lasting is a run that goes on, with a sign of life each second.
type lasting struct{ ports }

func (*lasting) WaitRun(ctx context.Context, _ int64) (job.Run, error) {
	<-ctx.Done()
	return job.Run{}, ctx.Err()
}

func (*lasting) Watch(run int64) (events <-chan job.Progress, stop func()) {
	signs, left, ended := make(chan job.Progress), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			time.Sleep(time.Second)
			select {
			case signs <- job.Progress{Run: run}:
			case <-left:
				return
			}
		}
	}()
	return signs, func() { close(left); <-ended }
}

// Followed runs are bounded, in all and for one who asks.
func TestFollowersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mux := route.Mux(web.Routes(web.Options{Runner: &lasting{}}))
		ctx, leave := context.WithCancel(t.Context())
		ask := func(ctx context.Context, who string) *told {
			w := &told{head: http.Header{}}
			r, _ := http.NewRequestWithContext(route.With(ctx, route.Identity{Name: who, Role: route.Viewer}), "GET", "/api/v1/runs/7/events", nil)
			mux.ServeHTTP(w, r)
			return w
		}
		var following sync.WaitGroup
		for i := range 80 {
			following.Go(func() { ask(ctx, fmt.Sprint("other", i)) })
		}
		for range 20 {
			following.Go(func() { ask(ctx, "ann") })
		}
		synctest.Wait()
		for _, who := range []string{"ann", "bob"} {
			if w := ask(ctx, who); w.status != http.StatusTooManyRequests || w.head.Get("Retry-After") == "" {
				t.Errorf("one more, for %s: %d %v", who, w.status, w.head)
			}
		}
		leave()
		following.Wait()
		again, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		for range 20 {
			following.Go(func() { ask(again, "ann") })
		}
		synctest.Wait()
		if w := ask(again, "ann"); w.status != http.StatusTooManyRequests {
			t.Errorf("a 21st of one: %d", w.status)
		}
		if w := ask(again, "bob"); w.status != http.StatusOK {
			t.Errorf("the first of another: %d", w.status)
		}
		following.Wait()
	})
}

// Whoever stops reading does not hold their stream for ever.
func TestAStreamThatNobodyReadsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mux, ended := route.Mux(web.Routes(web.Options{Runner: &lasting{}})), make(chan struct{})
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			mux.ServeHTTP(w, r.WithContext(route.With(r.Context(), route.Identity{Name: "ann", Role: route.Viewer})))
		})}
		ctx, stop := context.WithCancel(t.Context())
		here, there := net.Pipe()
		conns := make(chan net.Conn, 1)
		conns <- there
		served := make(chan struct{})
		go func() { _ = server.Serve(oneConn{conns, ctx}); close(served) }()
		_, _ = fmt.Fprint(here, "GET /api/v1/runs/7/events HTTP/1.1\r\nHost: x\r\n\r\n")
		select {
		case <-ended:
		case <-time.After(time.Hour):
			t.Error("nobody reads, and the stream goes on")
		}
		_ = here.Close()
		stop()
		_ = server.Close()
		<-served
	})
}
