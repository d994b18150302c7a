package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// screens are those that are looked at one by one. TestEveryPageIsLookedAt holds them to the routes.
var screens = []string{
	"/", "/jobs", "/jobs/acme-customers", "/jobs/salto-in", "/connections", "/connections/acme", "/connections/acme/sheet", "/connections/acme/sheet/answers?before=4", "/runs", "/runs/209", "/runs/210", "/runs/116",
	"/alerts", "/alerts/12", "/alerts/9", "/held", "/files/71", "/files/1", "/files/32", "/files/71/decide", "/jobs/acme-customers/reconcile", "/jobs/acme-segment/reconcile?as=delivered", "/files/71/decide?as=delivered&from=/held", "/files/2/decide?as=drop", "/keys", "/audit", "/search?q=acme", "/help", "/sheet/" + pagetest.Token, "/login?to=/runs", "/runs/4711",
}

// noPages are routes that are asked for and answer no page: what is behind them is for programs, or leads elsewhere.
var noPages = map[string]string{
	"/assets/{file}": "styles and scripts", "/events": "a stream", "/runs/{id}/log": "plain text", "/login/oidc": "leads to the provider", "/login/oidc/callback": "leads on from the provider",
}

// lead is somebody who may see every page.
var lead = route.Identity{Name: "olivia", Role: route.Admin}

// routesOf are all routes that answer browsers: pages, and the logins with a provider.
func routesOf(t *testing.T, world *pagetest.World) []route.Route {
	t.Helper()
	gate, err := access.New(access.Options{Store: nobody{}, Listen: "127.0.0.1:0", OIDC: &access.OIDC{Issuer: "http://127.0.0.1:9", Client: "haulier", Map: access.Roles{route.Viewer: {"all"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return append(page.Routes(world.Options()), gate.Routes()...)
}

// everything answers what browsers ask for: logins as they are, pages as a lead sees them.
func everything(t *testing.T, world *pagetest.World) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", world.Handler(lead))
	for _, r := range routesOf(t, world) {
		if strings.HasPrefix(r.Path, "/login") {
			mux.HandleFunc(r.Pattern(), func(out http.ResponseWriter, in *http.Request) {
				route.Protect(out.Header())
				r.Handler(out, in)
			})
		}
	}
	return mux
}

// nobody is a store in which there are no users.
type nobody struct{ access.Store }

// User finds nobody.
func (nobody) User(context.Context, string) (job.User, string, error) {
	return job.User{}, "", job.ErrNotFound
}

// TryLogin lets everybody try.
func (nobody) TryLogin(context.Context, string, string) (time.Duration, error) { return 0, nil }

// Act writes nothing down.
func (nobody) Act(context.Context, string, string, string, string) error { return nil }

// A page that somebody adds is among those that are looked at, or is said to be none.
func TestEveryPageIsLookedAt(t *testing.T) {
	mux, looked := http.NewServeMux(), map[string]bool{}
	list := routesOf(t, pagetest.Night())
	for _, r := range list {
		mux.HandleFunc(r.Pattern(), func(http.ResponseWriter, *http.Request) {})
	}
	for _, path := range screens {
		_, pattern := mux.Handler(httptest.NewRequest(http.MethodGet, path, nil))
		looked[pattern] = true
	}
	pages := 0
	for _, r := range list {
		if r.Method != http.MethodGet || noPages[r.Path] != "" {
			continue
		}
		pages++
		if !looked[r.Pattern()] {
			t.Errorf("nobody looks at %s: put a path of it into screens", r.Pattern())
		}
	}
	if pages < 18 {
		t.Errorf("only %d pages were found", pages)
	}
}

// Each of the screens is there: what is looked at is not a page that says that there is none.
func TestScreensAreThere(t *testing.T) {
	world := pagetest.Night()
	world.AddSupervised()
	h := everything(t, world)
	for _, path := range screens {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		want := http.StatusOK
		if path == "/runs/4711" { // the page of a failure is one too
			want = http.StatusNotFound
		}
		if kind := answer.Header().Get("Content-Type"); answer.Code != want || !strings.HasPrefix(kind, "text/html") {
			t.Errorf("%s: %s", path, fmt.Sprint(answer.Code, kind))
		}
	}
}

// Who could not log in, and has been told so, is kept out by the password alone.
func TestRefusedLoginIsForEverybody(t *testing.T) {
	for name, how := range map[string]struct{ dark, phone bool }{"light": {}, "dark": {dark: true}, "phone": {phone: true}, "phone, dark": {true, true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, looked{dark: how.dark, phone: how.phone})
			w.to("/login")
			w.fill("#user", "olivia")
			w.fill("#password", "not that one")
			w.follow("button[type=submit]")
			w.says("main", "access.login_refused")
			w.axe("/login, refused")
		})
	}
}
