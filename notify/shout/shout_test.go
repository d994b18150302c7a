package shout

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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
	if err := Send(t.Context(), url, "FAILED: acme"); err != nil || !strings.Contains(got, canary) || !strings.Contains(got, "FAILED: acme") {
		t.Errorf("got %q, error %v", got, err)
	}
}

// What shoutrrr says of a failure has the URL in it: none of it comes out.
func TestFailuresSayNothingOfTheURL(t *testing.T) {
	refuses := service(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canary, http.StatusForbidden) })
	for _, url := range []secret.Text{refuses, secret.New([]byte("nosuch://" + canary)), secret.New([]byte(canary)), secret.New([]byte("slack://" + canary))} {
		err := Send(t.Context(), url, "x")
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
	if err := Send(ctx, url, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
