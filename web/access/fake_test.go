package access

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// memory keeps what a store keeps, for tests of this package; test/access has the real one.
type memory struct {
	users    map[string]job.User
	hash     string
	sessions map[string]job.Login
	tokens   map[string]job.Token
	hashes   map[string][]byte
	acts     []string
	wait     time.Duration
	tried    int
}

func (m *memory) User(_ context.Context, name string) (job.User, string, error) {
	u, found := m.users[name]
	if !found {
		return u, "", job.ErrNotFound
	}
	return u, m.hash, nil
}
func (m *memory) TryLogin(context.Context, string, string) (time.Duration, error) {
	m.tried++
	return m.wait, nil
}
func (m *memory) BeginSession(_ context.Context, s job.Login, instead []byte, password string) error {
	if s.From == job.LoginLocal && password != m.hash {
		return job.ErrStale
	}
	delete(m.sessions, string(instead))
	m.acts = append(m.acts, fmt.Sprintf("%s user.login from %s", s.User, s.Address))
	m.sessions[string(s.Hash)] = s
	return nil
}
func (m *memory) Session(_ context.Context, hash []byte) (job.Login, error) {
	s, found := m.sessions[string(hash)]
	if !found {
		return s, job.ErrNotFound
	}
	return s, nil
}
func (m *memory) SeeSession(_ context.Context, hash []byte, at time.Time) error {
	s := m.sessions[string(hash)]
	s.Seen = at
	m.sessions[string(hash)] = s
	return nil
}
func (m *memory) EndSession(_ context.Context, hash []byte, by string) error {
	delete(m.sessions, string(hash))
	if by != "" {
		m.acts = append(m.acts, by+" user.logout")
	}
	return nil
}
func (m *memory) Token(_ context.Context, id string) (job.Token, []byte, error) {
	t, found := m.tokens[id]
	if !found {
		return t, nil, job.ErrNotFound
	}
	return t, m.hashes[id], nil
}
func (m *memory) UseToken(context.Context, string, time.Time) error { return nil }
func (m *memory) Owns(kind string) bool                             { return kind == "run" }
func (m *memory) Owner(_ context.Context, _, name string) (string, bool, error) {
	return map[string]string{"1": "one", "2": "two"}[name], name == "1" || name == "2", nil
}
func (m *memory) Act(_ context.Context, who, act, object, detail string) error {
	m.acts = append(m.acts, fmt.Sprintf("%s %s %s %s", who, act, object, detail))
	return nil
}

const (
	site     = "http://127.0.0.1:8080"
	password = "correct horse battery"
)

// bench is a gate before two routes, and a browser of its own making.
type bench struct {
	t       *testing.T
	memory  *memory
	gate    *Gate
	handler http.Handler
	now     time.Time
	cookies map[string]string
	asked   route.Identity // who came through last
}

func newBench(t *testing.T, change func(*Options)) *bench {
	t.Helper()
	hash, err := HashPassword(secret.New([]byte(password)))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), cookies: map[string]string{}}
	b.memory = &memory{
		users: map[string]job.User{"ann": {Name: "ann", Role: "operator"}}, hash: hash,
		sessions: map[string]job.Login{}, tokens: map[string]job.Token{}, hashes: map[string][]byte{},
	}
	o := Options{Store: b.memory, Listen: "127.0.0.1:8080", Now: func() time.Time { return b.now }}
	if change != nil {
		change(&o)
	}
	if b.gate, err = New(o); err != nil {
		t.Fatal(err)
	}
	reached := func(w http.ResponseWriter, r *http.Request) {
		b.asked = route.Of(r.Context())
		if r.PathValue("id") == "404" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte("reached"))
	}
	b.handler, err = b.gate.Handler([]route.Route{
		{Method: "GET", Path: "/api/v1/thing", Role: route.Viewer, Handler: reached},
		{Method: "POST", Path: "/api/v1/thing", Role: route.Operator, Handler: reached},
		{Method: "GET", Path: "/page", Role: route.Viewer, Handler: reached},
		{Method: "GET", Path: "/api/v1/runs/{id}/content", Role: route.Viewer, Scope: route.ScopeRun, File: true, Handler: reached},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// do asks with the cookies that the browser has, and keeps what it is given.
func (b *bench) do(method, target, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(b.t.Context(), method, site+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Origin", site)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *bench) login(user, password string) *httptest.ResponseRecorder {
	return b.do("POST", "/login", url.Values{"user": {user}, "password": {password}, "to": {"/page"}}.Encode(), nil)
}

// enters logs in for sure.
func (b *bench) enters() {
	b.t.Helper()
	if w := b.login("ann", password); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/page" {
		b.t.Fatalf("the login gave %d %s", w.Code, w.Body)
	}
}

func (b *bench) wants(what string, w *httptest.ResponseRecorder, status int, text string) {
	b.t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), text) {
		b.t.Errorf("%s: %d %s, want %d and %q", what, w.Code, w.Body, status, text)
	}
}

// token makes a token of a role.
func (b *bench) token(t job.Token) string {
	text, id, hash := NewToken()
	t.ID = id
	b.memory.tokens[id], b.memory.hashes[id] = t, hash
	return string(text.Reveal())
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}
