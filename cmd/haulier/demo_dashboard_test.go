package main

import (
	"bytes"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var invitation = regexp.MustCompile(`(?m)^Dashboard (http://127\.0\.0\.1:\d+)  \(user demo, password (\S+)\)$`)

// TestDemoDashboard logs in as the terminal says, with a browser: the first page has the failing job, why it fails, what to do
// and whose turn it is, in the open. Nobody else gets in, and the password is nowhere but in the terminal.
func TestDemoDashboard(t *testing.T) {
	command, dir := demoProgram(t)
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var so strings.Builder
	said := hear(io.TeeReader(stderr, &so), "Ctrl-C ends the demo", func() {
		defer func() { _ = command.Process.Signal(syscall.SIGINT) }()
		offered := invitation.FindStringSubmatch(so.String())
		if offered == nil {
			t.Error("it does not say where the dashboard is")
			return
		}
		visitDashboard(t, offered[1], offered[2])
		wantNowhere(t, dir, offered[2])
	})
	if err := command.Wait(); err != nil {
		t.Errorf("the demo ended with %v; it said:\n%s", err, said)
	}
}

func visitDashboard(t *testing.T, site, password string) {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, wrong := range []string{"", "demo", strings.ToLower(password)} {
		if text := over(t, browser, "POST", site+"/login", site, url.Values{"user": {"demo"}, "password": {wrong}, "to": {"/"}}); strings.Contains(text, payrollJob) {
			t.Errorf("the password %q lets somebody in", wrong)
		}
	}
	text := over(t, browser, "POST", site+"/login", site, url.Values{"user": {"demo"}, "password": {password}, "to": {"/"}})
	_, first, _ := strings.Cut(text, `data-region="attention"`)
	first, _, _ = strings.Cut(first, "</section>")
	open := regexp.MustCompile(`(?s)^.*<details class="more" open>(.*?)</details>`).FindStringSubmatch(first)
	if open == nil {
		t.Fatalf("the first page explains nothing without a click:\n%s", text)
	}
	for _, want := range []string{`href="/jobs/acme-payroll"`, "is not PGP-encrypted", "pgp.not_encrypted"} {
		if !strings.Contains(first, want) {
			t.Errorf("what needs attention does not say %q:\n%s", want, first)
		}
	}
	for _, want := range []string{"<dt>Cause</dt><dd>it starts with", "<dt>Do</dt><dd>ask the customer to encrypt it to our key", "<dt>Who</dt><dd>customer</dd>"} {
		if !strings.Contains(open[1], want) {
			t.Errorf("the failure does not say %q:\n%s", want, open[1])
		}
	}
}

// wantNowhere looks for a secret in all files of a folder.
func wantNowhere(t *testing.T, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // it came and went
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s has the password", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestListenNear: an address that somebody has is not taken from them.
func TestListenNear(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	got, err := listenNear(taken.Addr().String())
	if err != nil || got.Addr().String() == taken.Addr().String() {
		t.Fatalf("listens on %v, %v", got, err)
	}
	free := got.Addr().String()
	_ = got.Close()
	again, err := listenNear(free)
	if err != nil || again.Addr().String() != free {
		t.Fatalf("listens on %v, %v, and %s is free", again, err, free)
	}
	a := &app{}
	a.keep(again)
	if l, err := a.tcp("tcp", free); err != nil || l != again {
		t.Errorf("what is kept is not what serves: %v", err)
	}
	_ = again.Close()
}
