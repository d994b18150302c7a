package main

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/route"
)

// Beyond this machine nothing is served while nobody could log in; then whoever logs in is answered, and nobody else.
func TestPagesAreServedToWhoLogsIn(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "haulier.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	log := slog.New(slog.DiscardHandler)
	routes := []route.Route{{Method: "GET", Path: "/page", Role: route.Viewer, Handler: func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello "+route.Of(r.Context()).Name)
	}}}
	var reason *job.Reason
	_, err = listenWidely(t.Context(), config.Web{Listen: "127.0.0.1:0", Wide: true, At: job.Position{File: "haulier.yaml", Line: 4, Column: 11}}, s, routes, log, net.Listen)
	if !errors.As(err, &reason) || reason.Slug != "access.no_users" || !strings.HasPrefix(reason.Cause, "haulier.yaml:4:11: ") {
		t.Errorf("without a user: %v", err)
	}
	hash, err := access.HashPassword(secret.New([]byte("correct horse battery")))
	if err == nil {
		err = s.AddUser(t.Context(), job.User{Name: "ann", Role: "viewer"}, hash, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	n, err := listenWidely(t.Context(), config.Web{Listen: "127.0.0.1:0"}, s, routes, log, net.Listen)
	if err != nil {
		t.Fatal(err)
	}
	server := serveOn(n.listener, n.handler, log)
	defer func() { _ = server.stop() }()
	site := "http://" + n.listener.Addr().String()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	if text := over(t, browser, "GET", site+"/page", site, nil); !strings.Contains(text, "Log in") {
		t.Errorf("a stranger is shown %s", text)
	}
	if text := over(t, browser, "POST", site+"/login", site, url.Values{"user": {"ann"}, "password": {"correct horse battery"}, "to": {"/page"}}); text != "hello ann" {
		t.Errorf("after the login: %s", text)
	}
	over(t, browser, "POST", site+"/logout", site, nil)
	if text := over(t, browser, "GET", site+"/page", site, nil); !strings.Contains(text, "Log in") {
		t.Errorf("after the logout: %s", text)
	}
}

// over asks as a browser does, and follows where it is sent.
func over(t *testing.T, browser *http.Client, method, target, origin string, form url.Values) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Origin", origin)
	w, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
