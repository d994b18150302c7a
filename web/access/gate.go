package access

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Gate stands before all routes that are answered over the network.
type Gate struct {
	Options
	hashes   *hasher
	requests *limiter
	refused  *refusals
	provider *provider // nil: no OpenID Connect
	cross    *http.CrossOriginProtection
	hosts    map[string]bool
}

// New makes a gate.
func New(o Options) (*Gate, error) {
	g := &Gate{
		Options: o.withDefaults(), hashes: newHasher(), requests: newLimiter(requestsBurst, requestsEach), refused: &refusals{},
		cross: http.NewCrossOriginProtection(), hosts: map[string]bool{"localhost": true},
	}
	g.hosts[hostOnly(g.Listen)] = true
	if g.Public != nil {
		g.hosts[strings.ToLower(g.Public.Hostname())] = true
		if err := g.cross.AddTrustedOrigin(g.Public.Scheme + "://" + g.Public.Host); err != nil {
			return nil, fmt.Errorf("the public address: %w", err)
		}
	}
	if g.OIDC != nil {
		g.provider = newProvider(*g.OIDC, g.Now)
	}
	return g, nil
}

const (
	bodyMost   = 64 << 10 // of a request that does not say otherwise
	answerMost = 2 * time.Minute
)

// Handler answers the routes, those of the logins included.
func (g *Gate) Handler(routes []route.Route) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, r := range append(g.Routes(), routes...) {
		if err := g.judge(r); err != nil {
			return nil, err
		}
		mux.HandleFunc(r.Pattern(), g.guard(r))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.head(w)
		g.dropHeaders(r)
		if err := g.admit(r); err != nil {
			g.refuse(w, r, err)
			return
		}
		if lost, yes := route.Missing(mux, r); yes && (strings.HasPrefix(r.URL.Path, "/api/") || wantsPage(r)) {
			g.lost(w, r, lost)
			return
		}
		mux.ServeHTTP(w, r)
	}), nil
}

// lost answers a program or a browser that asks for what is no route. Who shows nothing that is good is told that, as everywhere.
func (g *Gate) lost(w http.ResponseWriter, r *http.Request, lost route.Lost) {
	if _, err := g.pass(r, route.Route{Role: route.Viewer}); err != nil {
		g.refuse(w, r, err)
		return
	}
	if wantsPage(r) {
		lost.Do = "go on to the first page, or search there by name or number"
		g.page(w, lost.Status, view{Reason: &lost.Reason})
		return
	}
	lost.Send(w)
}

// judge refuses a route that nobody could hold to.
func (g *Gate) judge(r route.Route) error {
	switch {
	case r.Role != route.Nobody && !r.Role.Known():
		return fmt.Errorf("%s: nobody has the role %q", r.Pattern(), r.Role)
	case r.Role == route.Nobody && r.Scope != route.ScopeNone:
		return fmt.Errorf("%s: it is open to everyone and names %s", r.Pattern(), r.Scope)
	case r.Scope == route.ScopeNone || r.Scope == route.ScopeWhole:
		return nil
	case !g.Store.Owns(string(r.Scope)):
		return fmt.Errorf("%s: nobody knows whose a %s is", r.Pattern(), r.Scope)
	case !strings.Contains(r.Path, "{"+parameter(r.Scope)+"}"):
		return fmt.Errorf("%s: the path has no {%s}", r.Pattern(), parameter(r.Scope))
	}
	return nil
}

// parameter is the part of a path that names an object of a scope.
func parameter(s route.Scope) string {
	if s == route.ScopeJob || s == route.ScopeConnection {
		return "name"
	}
	return "id"
}

// admit refuses what no route wants to see: names that are not ours, plain HTTP past the proxy, too many requests, and
// what a page of somebody else asks for.
func (g *Gate) admit(r *http.Request) error {
	if !g.ours(r.Host) {
		return wrongHost()
	}
	if from := peer(r); g.Proxy.declared() && !g.TLS && !g.Proxy.trusts(from) && !from.IsLoopback() && !isHealth(r) {
		return pastTheProxy()
	}
	if wait := g.requests.allow("from "+counted(g.client(r)), g.Now()); wait > 0 {
		return tooMany(wait)
	}
	if g.cross.Check(r) != nil {
		return crossSite()
	}
	return nil
}

// ours says whether a Host header names us. A name that somebody else lets point here is not ours; an address is no name.
func (g *Gate) ours(host string) bool {
	name := hostOnly(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return g.hosts[name]
}

// hostOnly is a host without its port, in small letters.
func hostOnly(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// isHealth is for the one question that machines beside the proxy ask, and that tells a stranger nothing but yes or no.
func isHealth(r *http.Request) bool {
	return r.URL.Path == "/healthz" && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// guard lets through to a route who may ask it.
func (g *Gate) guard(to route.Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(route.WithLog(route.WithCookies(r.Context(), g.cookies()), g.Log))
		r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(to.Body, bodyMost))
		if !to.Streams(r) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerMost)) // a recorder of tests has none
		}
		if to.Role == route.Nobody {
			to.Handler(w, r)
			return
		}
		who, err := g.pass(r, to)
		if err != nil {
			g.refuse(w, r, err)
			return
		}
		handler := to.Handler
		if to.File {
			handler = route.Keeper{Note: g.note, Refuse: g.refuse}.Kept(handler)
		}
		ctx := route.With(r.Context(), who)
		if to.Streams(r) {
			watched, stop := g.watched(ctx, r, to, who)
			defer stop()
			ctx = watched
		}
		handler(w, r.WithContext(ctx))
	}
}

// note writes down what somebody got, or did not.
func (g *Gate) note(r *http.Request, act, detail string) error {
	return g.Store.Act(context.WithoutCancel(r.Context()), route.Of(r.Context()).Name, act, r.URL.Path, detail)
}

// pass finds out who asks, and whether they may ask this.
func (g *Gate) pass(r *http.Request, to route.Route) (route.Identity, error) {
	note := ofAll
	if to.Streams(r) {
		note = ofProgram
	}
	who, err := g.identify(r, note)
	if err != nil {
		return who, err
	}
	if wait := g.requests.allow("as "+who.Name, g.Now()); wait > 0 {
		return who, tooMany(wait)
	}
	if !who.Role.May(to.Role) {
		return who, wantsRole(who.Role, to.Role)
	}
	return who, g.within(r, who, to)
}

// within holds a request to what somebody sees. Who sees everything is told by the handler what is not there.
func (g *Gate) within(r *http.Request, who route.Identity, to route.Route) error {
	switch {
	case who.Sight.Whole() || to.Scope == route.ScopeNone:
		return nil
	case to.Scope == route.ScopeWhole:
		return wantsWhole()
	}
	entity, found, err := g.Store.Owner(r.Context(), string(to.Scope), r.PathValue(parameter(to.Scope)))
	if err != nil {
		return err
	}
	if !found || !who.Sight.Sees(entity) {
		return fmt.Errorf("%w: there is no such %s", job.ErrNotFound, to.Scope)
	}
	return nil
}
