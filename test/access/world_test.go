package access

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/route"
)

const host = "127.0.0.1:8080"

// asker is somebody with a role and a sight, and how to ask as them.
type asker struct {
	name  string
	role  route.Role
	sight job.Sight
	sign  func(r *http.Request)
}

// world is a real store with objects of two tenants, behind a real gate. Handlers only say that they were reached.
type world struct {
	t       testing.TB
	store   *store.Store
	routes  []route.Route
	handler http.Handler
	began   time.Time
	looks   int
	objects map[route.Scope]map[string]string // what a path names, by tenant; "" is what is not there
}

func routes() []route.Route {
	return append(web.Routes(web.Options{}), page.Routes(page.Options{Sheets: sheets{}})...)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "haulier.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w := &world{t: t, store: s, began: time.Now(), objects: map[route.Scope]map[string]string{}}
	for _, scope := range []route.Scope{route.ScopeJob, route.ScopeConnection, route.ScopeRun, route.ScopeFile, route.ScopeIncident, route.ScopeDelivery} {
		w.objects[scope] = map[string]string{"": "999999"}
	}
	if err := s.MarkConnections(t.Context(), map[string]string{"c-one": "one", "c-two": "two"}); err != nil {
		t.Fatal(err)
	}
	if err := s.UseOutlets(t.Context(), []job.Outlet{{Name: "hook"}}); err != nil {
		t.Fatal(err)
	}
	w.tenant("one", 1)
	w.tenant("two", 2)
	w.serve()
	return w
}

// tenant makes an object of each kind. Incidents are numbered from 1.
func (w *world) tenant(entity string, n int) {
	w.t.Helper()
	ctx, now := w.t.Context(), time.Now()
	_, err := w.store.Loaded(ctx, "j-"+entity, "c-"+entity, now)
	run, err2 := w.store.BeginRun(ctx, job.Run{Job: "j-" + entity, Connection: "c-" + entity, Type: job.TypeImport, Started: now})
	f, err3 := w.store.See(ctx, job.File{Job: "j-" + entity, Connection: "c-" + entity, Type: job.TypeImport, Path: "/in/a.csv", Run: run.ID, Step: job.StepSeen, State: job.FileWaiting})
	_, err4 := w.store.Raise(ctx, "job/j-"+entity+"/remote.permission", "j-"+entity, job.Reason{Slug: "remote.permission"}, now)
	for _, err := range []error{err, err2, err3, err4, w.delivery("c-" + entity)} {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for scope, name := range map[route.Scope]string{
		route.ScopeJob: "j-" + entity, route.ScopeConnection: "c-" + entity, route.ScopeRun: fmt.Sprint(run.ID), route.ScopeFile: fmt.Sprint(f.ID), route.ScopeIncident: fmt.Sprint(n), route.ScopeDelivery: fmt.Sprint(n),
	} {
		w.objects[scope][entity] = name
	}
}

// delivery makes one about a connection. They are numbered from 1, as incidents are.
func (w *world) delivery(connection string) error {
	ctx := w.t.Context()
	from, err := w.store.Routed(ctx)
	events, err2 := w.store.Events(ctx, from, 0)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	last := events[len(events)-1]
	return w.store.Deliver(ctx, from, last.ID, []job.Delivery{{Channel: "hook", Connection: connection, Event: last}})
}

// clock moves with every look, so that nobody asks too often.
func (w *world) clock() time.Time {
	w.looks++
	return w.began.Add(time.Duration(w.looks) * 30 * time.Millisecond)
}

// serve puts the gate before all routes, those of the logins too.
func (w *world) serve() {
	w.t.Helper()
	public, err := url.Parse("http://" + host)
	if err != nil {
		w.t.Fatal(err)
	}
	w.serveWith(access.Options{
		Store: w.store, Listen: host, Now: w.clock, Public: public, OIDC: &access.OIDC{Issuer: newProvider(w.t).URL, Client: "haulier", Map: access.Roles{route.Viewer: {"all"}}},
	})
}

func (w *world) serveWith(o access.Options) {
	w.t.Helper()
	gate, err := access.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	list := routes()
	for i := range list {
		list[i].Handler = func(out http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(out, "reached") }
	}
	w.routes = append(gate.Routes(), list...)
	if w.handler, err = gate.Handler(list); err != nil {
		w.t.Fatal(err)
	}
}

// ask asks a path as somebody.
func (w *world) ask(who asker, method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(w.t.Context(), method, "http://"+host+path, strings.NewReader(""))
	r.Header.Set("Origin", "http://"+host)
	if who.sign != nil {
		who.sign(r)
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer
}

// path fills in what a route names.
func (w *world) path(r route.Route, entity string) string {
	name := "x"
	if objects := w.objects[r.Scope]; objects != nil {
		name = objects[entity]
	}
	return strings.NewReplacer("{name}", name, "{id}", name, "{file}", "app.css", "{$}", "").Replace(r.Path)
}

const password = "correct horse battery"

// login makes a user and logs them in as a browser does.
func (w *world) login(name string, role route.Role, sight job.Sight) asker {
	w.t.Helper()
	hash, err := access.HashPassword(secret.New([]byte(password)))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.AddUser(w.t.Context(), job.User{Name: name, Role: string(role), Sight: sight}, hash, "test"); err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+host+"/login", strings.NewReader(url.Values{"user": {name}, "password": {password}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://"+host)
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	if cookies := answer.Result().Cookies(); answer.Code == http.StatusSeeOther && len(cookies) == 1 {
		return asker{name, role, sight, func(r *http.Request) { r.AddCookie(cookies[0]) }}
	}
	w.t.Fatalf("%s could not log in: %d %s", name, answer.Code, answer.Body)
	return asker{}
}

// token makes a token and asks with it.
func (w *world) token(name string, role route.Role, sight job.Sight) asker {
	w.t.Helper()
	text, id, hash := access.NewToken()
	err := w.store.AddToken(w.t.Context(), job.Token{ID: id, Name: name, Role: string(role), Sight: sight, By: "test", Expires: time.Now().Add(24 * time.Hour)}, hash)
	if err != nil {
		w.t.Fatal(err)
	}
	return asker{name, role, sight, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+string(text.Reveal())) }}
}

// sheets makes none: what it does is asked elsewhere, here it is who may ask.
type sheets struct{ page.Sheets }

func (sheets) Style() string { return "" }
