package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// happening are events that come while somebody listens; those of an odd number are another's.
type happening struct {
	web.Lists
	mu    sync.Mutex
	last  int64
	asked []int64
}

func (h *happening) happen(n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last += n
}

func (h *happening) Events(_ context.Context, after int64, limit int, sight job.Sight) (events []job.Event, next int64, more bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, after)
	for next = after; next < h.last; {
		if len(events) == limit {
			return events, next, true, nil
		}
		if next++; sight == nil || next%2 == 0 {
			events = append(events, job.Event{ID: next, Type: "file.landed", Data: json.RawMessage(`{"id":1}`)})
		}
	}
	return events, next, false, nil
}

// listening is a server and one connection to it, on a clock of its own.
type listening struct {
	t    *testing.T
	in   *bufio.Reader
	stop func()
}

// listen asks for events over a server with the times that the program's has.
func listen(t *testing.T, h *happening, who route.Identity, head string) listening {
	ctx, stop := context.WithCancel(t.Context())
	mux := route.Mux(web.Routes(web.Options{Lists: h}))
	server := &http.Server{ReadTimeout: 30 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(route.With(r.Context(), who)))
	})}
	here, there := net.Pipe()
	conns := make(chan net.Conn, 1)
	conns <- there
	ended := make(chan struct{})
	go func() { _ = server.Serve(oneConn{conns, ctx}); close(ended) }()
	_, _ = fmt.Fprintf(here, "GET /api/v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n%s\r\n", head)
	answer, err := http.ReadResponse(bufio.NewReader(here), nil)
	if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v %v", answer, err)
	}
	return listening{t, bufio.NewReader(answer.Body), func() {
		_ = here.Close()
		stop()
		_ = server.Close()
		<-ended
		synctest.Wait()
	}}
}

// until reads to the end of a look, and gives the numbers of the events and the last id.
func (l listening) until() (ids []string, last string) {
	for typed, looked := false, false; ; {
		line, err := l.in.ReadString('\n')
		if err != nil {
			l.t.Fatalf("the stream ended: %v", err)
		}
		switch line = strings.TrimSuffix(line, "\n"); {
		case strings.HasPrefix(line, "id: "):
			last = line[4:]
		case line == "event: file.landed":
			typed = true
		case strings.HasPrefix(line, `data: {"id":`) && typed:
			ids, typed = append(ids, last), false
		case line == ": looked":
			looked = true
		case line == "" && looked:
			return ids, last
		}
	}
}

// What happens is told as it happens, in order and once, for as long as somebody listens; a stream that is quiet says that it lives, and how far
// it has looked. It goes on where it was.
func TestEventsAreStreamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &happening{last: 1200}
		l := listen(t, h, route.Identity{Name: "ann", Role: route.Viewer}, "Last-Event-ID: 4\r\n")
		var all []string
		for len(all) < 1196 {
			ids, _ := l.until()
			all = append(all, ids...)
		}
		if all[0] != "5" || all[1195] != "1200" {
			t.Errorf("%d events, from %s to %s", len(all), all[0], all[len(all)-1])
		}
		began := time.Now()
		for time.Since(began) < 2*time.Minute {
			if ids, last := l.until(); len(ids) != 0 || last != "1200" {
				t.Errorf("nothing happened, and %q was told, up to %s", ids, last)
			}
		}
		h.happen(2)
		if ids, _ := l.until(); fmt.Sprint(ids) != "[1201 1202]" {
			t.Errorf("what happened then: %q", ids)
		}
		l.stop()
		h = &happening{last: 7}
		l = listen(t, h, route.Identity{Name: "ann", Role: route.Viewer, Sight: job.Sight{"acme-nv"}}, "")
		if ids, last := l.until(); fmt.Sprint(ids) != "[2 4 6]" || last != "7" {
			t.Errorf("a tenant is told %q, up to %s", ids, last)
		}
		l.stop()
	})
}

// Nobody takes all places, and whoever finds none is told when to ask again.
func TestListenersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &happening{}
		mux := route.Mux(web.Routes(web.Options{Lists: h}))
		ask := func(ctx context.Context, who, last string) *told {
			w := &told{head: http.Header{}}
			r, _ := http.NewRequestWithContext(route.With(ctx, route.Identity{Name: who, Role: route.Viewer}), "GET", "/api/v1/events", nil)
			r.Header.Set("Accept", "text/html, text/event-stream;q=0.9")
			r.Header.Set("Last-Event-ID", last)
			mux.ServeHTTP(w, r)
			return w
		}
		ctx, leave := context.WithCancel(t.Context())
		var listening sync.WaitGroup
		for range 4 {
			listening.Go(func() { ask(ctx, "ann", "") })
		}
		synctest.Wait()
		if w := ask(ctx, "ann", ""); w.status != http.StatusTooManyRequests || w.head.Get("Retry-After") != "15" {
			t.Errorf("a fifth: %d %v", w.status, w.head)
		}
		if w := ask(ctx, "ann", "x"); w.status != http.StatusBadRequest {
			t.Errorf("behind no event: %d", w.status)
		}
		for i := range 96 {
			listening.Go(func() { ask(ctx, fmt.Sprint("other", i), "") })
		}
		synctest.Wait()
		if w := ask(ctx, "bob", ""); w.status != http.StatusTooManyRequests {
			t.Errorf("one more than all: %d", w.status)
		}
		leave()
		listening.Wait()
		again, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if w := ask(again, "ann", ""); w.status != http.StatusOK {
			t.Errorf("when they have left: %d", w.status)
		}
	})
}

// told is an answer that is thrown away as it comes.
type told struct {
	head   http.Header
	status int
}

func (w *told) Header() http.Header { return w.head }
func (w *told) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}
func (w *told) Write(p []byte) (int, error) { w.WriteHeader(http.StatusOK); return len(p), nil }
func (w *told) Flush()                      {}
