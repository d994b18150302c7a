package shout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/haulier/haulier/internal/secret"
)

const canary = "canary-77aa"

// service is a receiver, and its URL as shoutrrr writes it.
func service(t *testing.T, answer http.HandlerFunc) secret.Text {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return secret.New([]byte("generic://" + strings.TrimPrefix(server.URL, "http://") + "/" + canary + "?disabletls=yes"))
}

func TestSendGivesTheTextToTheService(t *testing.T) {
	got := ""
	url := service(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.URL.Path + " " + string(body)
	})
	if err := Send(t.Context(), url, "m1", "FAILED: acme"); err != nil || !strings.Contains(got, canary) || !strings.Contains(got, "FAILED: acme") {
		t.Errorf("got %q, error %v", got, err)
	}
}

// What shoutrrr says of a failure has the URL in it: none of it comes out.
func TestFailuresSayNothingOfTheURL(t *testing.T) {
	refuses := service(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canary, http.StatusForbidden) })
	for _, url := range []secret.Text{refuses, secret.New([]byte("nosuch://" + canary)), secret.New([]byte(canary)), secret.New([]byte("slack://" + canary))} {
		err := Send(t.Context(), url, "", "x")
		if !errors.Is(err, ErrFailed) || strings.Contains(err.Error(), canary) {
			t.Errorf("error %v", err)
		}
	}
}

// A service that hangs is waited for as long as the context lasts.
func TestAServiceThatHangsIsLeft(t *testing.T) {
	asked, hang := make(chan struct{}), make(chan struct{})
	url := service(t, func(http.ResponseWriter, *http.Request) { close(asked); <-hang })
	t.Cleanup(func() { close(hang) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if err := Send(ctx, url, "", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A call that took longer than it was waited for is not made again while it is out, and what it came to counts.
func TestACallThatIsOutIsNotMadeTwice(t *testing.T) {
	var asked atomic.Int32
	came, hang := make(chan struct{}, 9), make(chan struct{})
	url := service(t, func(http.ResponseWriter, *http.Request) { asked.Add(1); came <- struct{}{}; <-hang })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-came; cancel() }()
	if err := Send(ctx, url, "msg_1", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	again := make(chan error)
	go func() { again <- Send(t.Context(), url, "msg_1", "x") }()
	close(hang)
	if err := <-again; err != nil || asked.Load() != 1 {
		t.Errorf("error %v after %d calls", err, asked.Load())
	}
	if err := Send(t.Context(), url, "msg_1", "x"); err != nil || asked.Load() != 2 { // asked for again
		t.Errorf("error %v after %d calls", err, asked.Load())
	}
}

// hangs is a service that takes calls and answers none until the test ends.
func hangs(t *testing.T, asked func()) secret.Text {
	hang := make(chan struct{})
	url := service(t, func(http.ResponseWriter, *http.Request) { asked(); <-hang })
	t.Cleanup(func() { close(hang) })
	return url
}

// A service that hangs has a few calls out, and the others are told all the same.
func TestAServiceThatHangsKeepsNoOtherWaiting(t *testing.T) {
	var asked atomic.Int32
	came := make(chan struct{}, 99)
	hung := hangs(t, func() { asked.Add(1); came <- struct{}{} })
	ctx, cancel := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	for n := range 5 * atOnce {
		sending.Go(func() { _ = Send(ctx, hung, fmt.Sprint("hung ", n), "x") })
	}
	for range atOnce {
		<-came
	}
	good := service(t, func(http.ResponseWriter, *http.Request) {})
	if err := Send(t.Context(), good, "other", "x"); err != nil {
		t.Errorf("error %v", err)
	}
	if err := Send(t.Context(), good, "hung 0", "x"); err != nil { // to another place since
		t.Errorf("error %v", err)
	}
	cancel()
	sending.Wait()
	if asked.Load() != atOnce {
		t.Errorf("%d calls are out, %d may be", asked.Load(), atOnce)
	}
}
