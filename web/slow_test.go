package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/web"
)

// drips sends a request with a body of that many bytes, and then a byte after the other until it is answered.
func drips(t *testing.T, address, head string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-answered:
				return
			case <-time.After(time.Millisecond):
				_, _ = io.WriteString(conn, "x") // it may be closed by now
			}
		}
	}()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	close(answered)
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

// Whoever sends a byte now and then is told that it is too slow, and holds no connection for ever: of a file, of a form, and of any other body.
func TestABodyThatDripsIsGivenUp(t *testing.T) {
	p := &ports{}
	o := p.options()
	o.Patience, o.Floor = 50*time.Millisecond, 1<<20
	server := httptest.NewUnstartedServer(web.Handler(o))
	server.Config.ReadTimeout, server.Config.ReadHeaderTimeout = 50*time.Millisecond, time.Minute
	server.Start()
	defer server.Close()
	const put = "POST /api/v1/outbox/segment?name=a.csv HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Length: 1000000000\r\n"
	for name, head := range map[string]string{
		"file":    put + "\r\n",
		"chunked": strings.Replace(put, "Content-Length: 1000000000", "Transfer-Encoding: chunked", 1) + "\r\n3b9aca00\r\n",
		"form":    put + "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n",
		"no form": put + "Content-Type: multipart/form-data; boundary=b\r\n\r\n",
		"JSON":    "POST /api/v1/jobs/acme/run HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{\"by\":\"",
		"YAML":    "POST /api/v1/config/check HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
	} {
		answer, text := drips(t, server.Listener.Addr().String(), head)
		var problem web.Problem
		if err := json.Unmarshal([]byte(text), &problem); err != nil || answer.StatusCode != http.StatusRequestTimeout || problem.Slug != "api.too_slow" || !answer.Close {
			t.Errorf("%s: %d %s, closes: %t, %v", name, answer.StatusCode, text, answer.Close, err)
		}
	}
}

// oneConn is a listener with one connection.
type oneConn struct {
	conns chan net.Conn
	done  context.Context
}

func (l oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done.Done():
		return nil, net.ErrClosed
	}
}
func (l oneConn) Close() error   { return nil }
func (l oneConn) Addr() net.Addr { return &net.UnixAddr{} }

// A large file over a slow line comes whole, however long that takes; one that brings too little in a stretch is given up when that is over.
func TestALargeFileMayTakeItsTime(t *testing.T) {
	for less, want := range map[int]string{0: "200 OK", 550: "408 Request Timeout"} {
		synctest.Test(t, func(t *testing.T) {
			p := &ports{}
			o := p.options()
			o.Patience, o.Floor = 30*time.Second, 1000
			ctx, stop := context.WithCancel(t.Context())
			server := &http.Server{Handler: web.Handler(o), ReadTimeout: 30 * time.Second}
			here, there := net.Pipe()
			conns := make(chan net.Conn, 1)
			conns <- there
			ended := make(chan struct{})
			go func() { _ = server.Serve(oneConn{conns, ctx}); close(ended) }()
			const stretches = 40 // of 29 s: some twenty minutes
			began := time.Now()
			go func() {
				_, _ = fmt.Fprintf(here, "POST /api/v1/outbox/segment?name=a.csv HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", stretches*(1000-less))
				for range stretches {
					if _, err := io.WriteString(here, strings.Repeat("x", 1000-less)); err != nil {
						return
					}
					time.Sleep(29 * time.Second)
				}
			}()
			answer, err := http.ReadResponse(bufio.NewReader(here), nil)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); answer.Status != want || less == 0 && took < stretches*28*time.Second || less > 0 && took != 30*time.Second {
				t.Errorf("%d bytes less: %s after %v", less, answer.Status, took)
			}
			_ = here.Close()
			stop()
			_ = server.Close()
			<-ended
			time.Sleep(time.Minute) // whoever still sends ends
			synctest.Wait()
		})
	}
}

// standing is an outbox on a disk that stands for a while after each piece.
type standing struct{ *ports }

func (s standing) PutFile(_ context.Context, _ string, o web.Offer) (any, error) {
	for piece := make([]byte, 400); ; {
		if _, err := o.Body.Read(piece); errors.Is(err, io.EOF) {
			return web.PutFile{}, nil
		} else if err != nil {
			return nil, err
		}
		time.Sleep(2 * time.Minute)
	}
}

// The time in which our own disk stands is not that of who sends: they are told that they are slow only where they are.
func TestOurOwnDiskMakesNobodySlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &ports{}
		o := p.options()
		o.Patience, o.Floor, o.Intake = 30*time.Second, 1000, standing{p}
		ctx, stop := context.WithCancel(t.Context())
		server := &http.Server{Handler: web.Handler(o), ReadTimeout: 30 * time.Second}
		here, there := net.Pipe()
		conns := make(chan net.Conn, 1)
		conns <- there
		ended := make(chan struct{})
		go func() { _ = server.Serve(oneConn{conns, ctx}); close(ended) }()
		go func() {
			_, _ = io.WriteString(here, "POST /api/v1/outbox/segment?name=a.csv HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nConnection: close\r\nContent-Length: 8000\r\n\r\n"+strings.Repeat("x", 8000))
		}()
		answer, err := http.ReadResponse(bufio.NewReader(here), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%v %v", answer, err)
		}
		_ = here.Close()
		stop()
		_ = server.Close()
		<-ended
		synctest.Wait()
	})
}
