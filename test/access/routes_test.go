package access

import (
	"net/http"
	"net/netip"
	"slices"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/route"
)

// open are all that nobody has to log in for. An onboarding sheet is for whoever has its link, which ends.
var open = []string{"GET /assets/{file}", "GET /healthz", "GET /login", "GET /login/oidc", "GET /login/oidc/callback", "GET /sheet/{token}", "POST /login", "POST /sheet/{token}"}

func TestNothingElseIsOpen(t *testing.T) {
	w := newWorld(t)
	var found []string
	for _, r := range w.routes {
		if r.Role == route.Nobody {
			found = append(found, r.Pattern())
		}
	}
	if slices.Sort(found); !slices.Equal(found, open) {
		t.Errorf("open to everyone are %q, want %q", found, open)
	}
}

// Past a proxy that is to be believed only the question for health is heard, whatever a request shows.
func TestNothingElseIsHeardPastTheProxy(t *testing.T) {
	w := newWorld(t)
	w.serveWith(access.Options{Store: w.store, Listen: host, Now: w.clock, Proxy: access.Proxy{User: "X-User", Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}})
	admin := w.token("admin", route.Admin, nil)
	from := func(peer string) asker {
		return asker{name: peer, sign: func(r *http.Request) { admin.sign(r); r.RemoteAddr = peer + ":99" }}
	}
	for _, r := range w.routes {
		path := w.path(r, "one")
		if past := w.ask(from("192.0.2.1"), r.Method, path).Code != http.StatusForbidden; past != (r.Pattern() == "GET /healthz") {
			t.Errorf("%s past the proxy: heard %v", r.Pattern(), past)
		}
		if w.ask(from("10.0.0.1"), r.Method, path).Code == http.StatusForbidden {
			t.Errorf("%s by the proxy is refused", r.Pattern())
		}
	}
}

// TestEveryRouteAsEverybody is the table route × role × tenant.
func TestEveryRouteAsEverybody(t *testing.T) {
	w := newWorld(t)
	askers := []asker{{name: "nobody", sight: job.Sight{}}}
	for name, sight := range map[string]job.Sight{"all": nil, "one": {"one"}, "both": {"one", "two"}, "none": {}} {
		for _, role := range []route.Role{route.Viewer, route.Operator, route.Admin} {
			askers = append(askers, w.token(name+"-"+string(role), role, sight))
			if name == "one" || name == "all" {
				askers = append(askers, w.login(name+"-"+string(role), role, sight))
			}
		}
	}
	cells := 0
	for _, r := range w.routes {
		if r.Path == "/logout" || r.Pattern() == "POST /login" {
			continue // ends the session; asked below and in web/access
		}
		for _, who := range askers {
			for _, entity := range []string{"one", "two", ""} {
				cells++
				answer := w.ask(who, r.Method, w.path(r, entity))
				if want := expected(r, who, entity); answer.Code != want {
					t.Errorf("%s of %q as %s: %d, want %d: %s", r.Pattern(), entity, who.name, answer.Code, want, answer.Body)
				}
			}
		}
	}
	if cells < 100*len(askers) {
		t.Errorf("only %d cells were looked at", cells)
	}
}

// expected is the rule, written once more.
func expected(r route.Route, who asker, entity string) int {
	object := r.Scope != route.ScopeNone && r.Scope != route.ScopeWhole
	sees := who.sight == nil || entity != "" && slices.Contains(who.sight, entity)
	ranks := []route.Role{route.Nobody, route.Viewer, route.Operator, route.Admin}
	switch {
	case r.Path == "/login/oidc":
		return http.StatusSeeOther // to the provider
	case r.Path == "/login/oidc/callback":
		return http.StatusUnauthorized // of nobody who went there
	case r.Role == route.Nobody:
		return http.StatusOK
	case who.role == route.Nobody:
		return http.StatusUnauthorized
	case slices.Index(ranks, who.role) < slices.Index(ranks, r.Role):
		return http.StatusForbidden
	case r.Scope == route.ScopeWhole && who.sight != nil:
		return http.StatusForbidden
	case object && !sees:
		return http.StatusNotFound
	}
	return http.StatusOK
}

// What belongs to another is answered word by word as what is not there.
func TestOthersThingsAreNotThere(t *testing.T) {
	w := newWorld(t)
	who := w.token("one", route.Admin, job.Sight{"one"})
	for _, r := range w.routes {
		if w.objects[r.Scope] == nil {
			continue
		}
		others, missing := w.ask(who, r.Method, w.path(r, "two")), w.ask(who, r.Method, w.path(r, ""))
		if others.Code != http.StatusNotFound || others.Body.String() != missing.Body.String() {
			t.Errorf("%s: %d %s\nof what is not there: %s", r.Pattern(), others.Code, others.Body, missing.Body)
		}
	}
}

// What is no route of the API is said in its form, to those who may ask something; strangers are not told what there is.
func TestWhatIsNoRouteOfTheAPI(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path, allow string
		status              int
	}{{"GET", "/api/v1/nowhere", "", 404}, {"DELETE", "/api/v1/runs", "GET, HEAD", 405}, {"GET", "/api/v1/jobs/j-one/run", "POST", 405}, {"PUT", "/api/", "", 404}} {
		if answer := w.ask(asker{name: "nobody"}, c.method, c.path); answer.Code != http.StatusUnauthorized || answer.Header().Get("Allow") != "" {
			t.Errorf("%s %s by nobody: %d %v %s", c.method, c.path, answer.Code, answer.Header(), answer.Body)
		}
		answer := w.ask(w.token("t"+c.method+c.path, route.Viewer, job.Sight{}), c.method, c.path)
		if answer.Code != c.status || answer.Header().Get("Allow") != c.allow || answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %v %s", c.method, c.path, answer.Code, answer.Header(), answer.Body)
		}
	}
}

// Every answer carries what keeps browsers from doing harm with it, those to strangers and to what is no route too.
func TestHeadersOnEveryRoute(t *testing.T) {
	w := newWorld(t)
	all := append(slices.Clone(w.routes), route.Route{Method: "GET", Path: "/nowhere"}, route.Route{Method: "DELETE", Path: "/login"})
	for _, who := range []asker{{name: "nobody"}, w.token("all", route.Admin, nil)} {
		for _, r := range all {
			head := w.ask(who, r.Method, w.path(r, "one")).Header()
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
				"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
					"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			} {
				if got := head.Get(name); got != want {
					t.Errorf("%s as %s: %s is %q", r.Pattern(), who.name, name, got)
				}
			}
		}
	}
}

// A route that nobody could hold to is not served at all.
func TestRoutesThatCannotBeHeldTo(t *testing.T) {
	w := newWorld(t)
	gate, err := access.New(access.Options{Store: w.store, Listen: host})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]route.Route{
		"unknown scope":     {Method: "GET", Path: "/a/{id}", Role: route.Viewer, Scope: "thing"},
		"unknown role":      {Method: "GET", Path: "/a", Role: "boss"},
		"scope, and open":   {Method: "GET", Path: "/a/{id}", Scope: route.ScopeRun},
		"path without {id}": {Method: "GET", Path: "/a/{name}", Role: route.Viewer, Scope: route.ScopeRun},
	} {
		if _, err := gate.Handler([]route.Route{r}); err == nil {
			t.Errorf("%s: it is served", name)
		}
	}
}
