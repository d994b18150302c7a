package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/test/program"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/route"
)

func TestMain(m *testing.M) { program.Leave(m.Run()) }

// environment has what the configuration of a house names.
var environment = []string{"ACCESS_PASS=x", "ACCESS_HOOK=whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32))}

func bearer(name, text string) asker {
	return asker{name: name, sign: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text) }}
}

// cookie is a browser with a session.
func cookie(name, key string) asker {
	return asker{name: name, sign: func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "haulier_session", Value: key})
		r.Header.Set("Accept", "text/html")
	}}
}

// newKey makes the key of a session as the gate does.
func newKey() (key string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	key = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding).EncodeToString(b)
	sum := sha256.Sum256([]byte(key))
	return key, sum[:]
}

func (h *house) token(name string, role route.Role, sight job.Sight, lasts time.Duration) {
	h.t.Helper()
	text, id, hash := access.NewToken()
	now := time.Now()
	err := h.store.AddToken(h.t.Context(), job.Token{ID: id, Name: name, Role: string(role), Sight: sight, By: "test", Created: now.Add(-time.Hour), Expires: now.Add(lasts)}, hash)
	if err != nil {
		h.t.Fatal(err)
	}
	a := bearer(name, string(text.Reveal()))
	a.role, a.sight = role, sight
	h.askers = append(h.askers, a)
}

// user is somebody who logs in as soon as the daemon is there.
func (h *house) user(name string, role route.Role, sight job.Sight, hash string) {
	h.t.Helper()
	if err := h.store.AddUser(h.t.Context(), job.User{Name: name, Role: string(role), Sight: sight}, hash, "test"); err != nil {
		h.t.Fatal(err)
	}
	h.askers = append(h.askers, asker{name: name, role: role, sight: sight})
}

// served is the daemon of a house.
type served struct {
	*house
	described
	log string
}

// asker finds somebody by name.
func (h *house) asker(name string) asker {
	return h.askers[slices.IndexFunc(h.askers, func(a asker) bool { return a.name == name })]
}

// asDescribed fails where an answer is not as the OpenAPI document says.
func (s *served) asDescribed(r route.Route, who asker, answer got) {
	if err := s.against(r, answer); err != nil {
		s.t.Errorf("%s as %s is not answered as described: %v: %.300s", r.Pattern(), who.name, err, answer.body)
	}
}

// serve begins the built program on the house, and logs its people in.
func (h *house) serve() *served {
	h.t.Helper()
	s := h.begin(func(s *served) bool { return s.status(asker{}, "GET", "/healthz") == http.StatusOK })
	for i := range h.askers {
		if a := &h.askers[i]; strings.HasPrefix(a.name, "user-") {
			a.sign = s.login(a.name).sign
		}
	}
	return s
}

// begin begins the built program on the house, and waits until it is there.
func (h *house) begin(there func(*served) bool) *served {
	h.t.Helper()
	s := &served{house: h, log: filepath.Join(h.dir, "log")}
	m := program.Machine{Program: program.Built(h.t), Dir: h.dir, Env: environment}
	command, err := m.Start(context.WithoutCancel(h.t.Context()), s.log, "serve")
	if err != nil {
		h.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	h.t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			h.t.Errorf("the daemon ended with %v", err)
		}
	})
	for !there(s) {
		select {
		case err := <-ended:
			ended <- nil
			text, _ := os.ReadFile(s.log)
			h.t.Fatalf("the daemon does not serve: %v\n%s", err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return s
}

func (s *served) status(who asker, method, path string) int {
	return s.ask(&http.Client{}, who, method, path).status
}

func (s *served) login(name string) asker {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.listen+"/login", strings.NewReader(url.Values{"user": {name}, "password": {password}}.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://"+s.listen)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	for _, c := range answer.Cookies() {
		return cookie(name, c.Value)
	}
	s.t.Fatalf("%s could not log in: %s", name, answer.Status)
	return asker{}
}

// got is an answer; status 0 where there was none.
type got struct {
	status int
	header http.Header
	body   string
}

// ask asks as somebody. Of an answer that goes on for ever it takes what comes first.
func (s *served) ask(client *http.Client, who asker, method, path string) got {
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.listen+path, nil)
	if err != nil {
		s.t.Error(err)
		return got{}
	}
	r.Header.Set("Origin", "http://"+s.listen)
	if who.sign != nil {
		who.sign(r)
	}
	for {
		answer, err := client.Do(r)
		if err != nil {
			return got{}
		}
		body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return got{header: answer.Header}
		}
		if answer.StatusCode != http.StatusTooManyRequests || !strings.Contains(string(body), "access.too_many") {
			return got{answer.StatusCode, answer.Header, string(body)}
		}
		time.Sleep(time.Second) // as Retry-After says: the limit of one person's requests
	}
}

// path fills in what a route names, and what it cannot do without.
func (h *house) path(r route.Route, word string) string {
	name := "x"
	if objects := h.objects[r.Scope]; objects != nil {
		name = objects[word]
	}
	path := strings.NewReplacer("{name}", name, "{id}", name, "{file}", "page.css", "{$}", "").Replace(r.Path)
	if r.Path == "/events" {
		return path + "?once=1&at=/"
	}
	return path
}

// lists are looked at in more ways than one: whatever is asked for, it is narrowed by who asks.
var lists = []string{
	"/search?q=in", "/search?q=nv", "/search?q=csv", "/runs?state=failed", "/jobs?name=in", "/jobs?state=failing", "/events?once=1&at=/alerts", "/events?once=1&at=/runs", "/events?once=1&at=/connections",
	"/api/v1/runs?state=failed", "/api/v1/files?name=*", "/api/v1/files?state=held", "/api/v1/alerts?all=1", "/api/v1/deliveries?limit=100", "/api/v1/runs?connection=zulu-conn", "/api/v1/files?job=zulu-in",
	"/events?once=1&at=/jobs/zulu-in", "/events?once=1&at=/connections/zulu-conn",
}

// Every cell of route × role × tenant goes through the built program as well, with the handlers that it has, over TCP: who may is answered,
// who may not is refused by the same rule, nobody sees a word of somebody else's, and nothing panics.
func TestEveryRouteThroughTheProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: some thousand requests to the built program")
	}
	h := newHouse(t)
	h.provide(newProvider(t))
	s := h.serve()
	s.described = s.describe(h.asker("token-all-viewer"))
	all := newWorld(t).routes // of the lists that the program plugs, and of the gate itself
	var asked sync.WaitGroup
	turns := make(chan struct{}, 4)
	for i, who := range h.askers {
		asked.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			s.askAll(all, who, i)
		})
	}
	asked.Wait()
	text, err := os.ReadFile(s.log)
	if err != nil || strings.Contains(string(text), "panic") {
		t.Errorf("%v: the log of the daemon has\n%s", err, text)
	}
}

// askAll asks all routes as somebody, from an address of their own: requests are counted by address.
func (s *served) askAll(all []route.Route, who asker, n int) {
	transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(n+1))}}).DialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, r := range all {
		if r.Path == "/logout" || r.Pattern() == "POST /login" {
			continue // ends the session
		}
		missing := s.ask(client, who, r.Method, s.path(r, ""))
		s.judge(r, who, "", missing)
		s.asDescribed(r, who, missing)
		for _, word := range []string{alfa, zulu} {
			if s.objects[r.Scope] == nil {
				continue
			}
			answer := s.ask(client, who, r.Method, s.path(r, word))
			s.judge(r, who, word, answer)
			s.asDescribed(r, who, answer)
			if expected(r, who, entityOf(word)) == http.StatusNotFound && answer.body != missing.body {
				s.t.Errorf("%s of %s as %s is told from what is not there: %q and %q", r.Pattern(), word, who.name, answer.body, missing.body)
			}
		}
	}
	for _, path := range lists {
		answer := s.ask(client, who, http.MethodGet, path)
		if answer.status == 0 || answer.status >= 500 {
			s.t.Errorf("GET %s as %s: %d %s", path, who.name, answer.status, answer.body)
		}
		s.narrowed(who, path, answer)
	}
}

// judge holds an answer to the rule.
func (s *served) judge(r route.Route, who asker, word string, answer got) {
	entity := ""
	if word != "" {
		entity = entityOf(word)
	}
	path := s.path(r, word)
	says := fmt.Sprintf("%s (%s) as %s: %d %.300s", r.Pattern(), path, who.name, answer.status, answer.body)
	want := expected(r, who, entity)
	browses := who.sign != nil && strings.HasPrefix(who.name, "session")
	switch {
	case answer.status == 0 || answer.status >= 500:
		s.t.Errorf("%s", says)
	case want == http.StatusUnauthorized && r.Role != route.Nobody && browses && r.Method == http.MethodGet && !strings.HasPrefix(r.Path, "/api/"):
		if answer.status != http.StatusSeeOther || !strings.HasPrefix(answer.header.Get("Location"), "/login?") {
			s.t.Errorf("%s: not led to the login", says)
		}
	case want != http.StatusOK:
		if answer.status != want {
			s.t.Errorf("%s, want %d", says, want)
		}
	case answer.status == http.StatusUnauthorized || answer.status == http.StatusForbidden:
		s.t.Errorf("%s, and they may", says)
	case r.Method == http.MethodGet && s.objects[r.Scope] != nil && word == "":
		if answer.status != http.StatusOK && slices.Contains(sayThatNothingIs, r.Path) {
			s.t.Errorf("%s, want 200", says)
		} else if !slices.Contains(sayThatNothingIs, r.Path) && answer.status != http.StatusNotFound {
			s.t.Errorf("%s, and there is no such thing", says)
		}
	case r.Method == http.MethodGet && answer.status != http.StatusOK && !slices.Contains(mayBeRefused, r.Path):
		s.t.Errorf("%s, want 200", says)
	}
	if policy := answer.header.Get("Content-Security-Policy"); policy != route.Policy {
		s.t.Errorf("%s: its policy is %q", says, policy)
	}
	s.narrowed(who, path, answer)
}

// mayBeRefused are routes that cannot be answered with what there is.
var mayBeRefused = []string{"/api/v1/files/{id}/content", "/sheet/{token}"}

// sayThatNothingIs are routes whose answer begins before it is known that there is no such thing, or is a list of nothing.
var sayThatNothingIs = []string{"/api/v1/runs/{id}/events", "/api/v1/jobs/{name}/expectations"}

// folders takes out the places that jobs name to whoever sees them: where their files land, and where they are taken from.
func (h *house) folders() *strings.Replacer {
	return strings.NewReplacer(filepath.Join(h.dir, "landing"), "", filepath.Join(h.dir, "outbox"), "")
}

// narrowed fails where somebody sees a word of another's, other than those they have asked by, or a place of this machine.
func (s *served) narrowed(who asker, path string, answer got) {
	if at := strings.Index(s.folders().Replace(answer.body), s.dir); who.sight != nil && at >= 0 {
		s.t.Errorf("GET %s as %s shows where things lie on this machine: %.300s", path, who.name, answer.body[max(0, at-100):])
	}
	text := answer.body
	if asked, err := url.Parse(path); err == nil {
		for _, own := range append(strings.Split(asked.Path, "/"), asked.Query()["at"]...) {
			if own != "" {
				text = strings.ReplaceAll(strings.ReplaceAll(text, own, ""), url.QueryEscape(own), "")
			}
		}
	}
	for _, word := range []string{alfa, zulu} {
		if at := strings.Index(strings.ToLower(text), word); at >= 0 && !(who.role != route.Nobody && (who.sight == nil || slices.Contains(who.sight, entityOf(word)))) {
			s.t.Errorf("GET %s as %s shows what is another's: %.200s", path, who.name, text[max(0, at-100):])
		}
	}
}
