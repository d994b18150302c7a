package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener within the process.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, open := <-p; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error {
	close(p)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// TestAStopWaitsForTheRequestsAtWork: the store is closed behind it.
func TestAStopWaitsForTheRequestsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entered, usesStore := make(chan struct{}), true
		listener := make(pipes)
		s := serveOn(listener, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
			time.Sleep(time.Minute) // of the bubble: a write that is not given up half-way
			usesStore = false
		}), slog.New(slog.DiscardHandler))
		here, there := net.Pipe()
		listener <- there
		if _, err := io.WriteString(here, "GET / HTTP/1.1\r\nHost: haulier\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-entered
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if usesStore {
			t.Error("the server was stopped, and a request is still at work")
		}
		if s.enter() {
			t.Error("a request came in after the stop")
		}
		_ = here.Close()
	})
}
