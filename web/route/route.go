// Package route is the vocabulary of what the daemon answers over HTTP: routes with the role that each wants and with what its
// path names of a tenant, and whoever asks. The API and the pages declare their routes in it, package access holds every
// request to them, and tests and the OpenAPI document read the same list.
package route

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// Role is what somebody may do. Each includes the ones before it.
type Role string

// The roles.
const (
	Nobody   Role = ""         // open to everyone: login, assets, health
	Viewer   Role = "viewer"   // sees, and prints sheets
	Operator Role = "operator" // runs, retries, pauses, acknowledges, silences
	Admin    Role = "admin"    // trusts, makes keys, reloads, gives rights
)

var ranks = map[Role]int{Nobody: 0, Viewer: 1, Operator: 2, Admin: 3}

// Known says whether somebody can have this role.
func (r Role) Known() bool { return ranks[r] > 0 }

// May says whether somebody of this role may do what another is needed for.
func (r Role) May(needed Role) bool { return ranks[r] >= ranks[needed] }

// Scope says what the path of a route names, and with it whose data it shows or changes.
type Scope string

// The scopes. A path names a job or a connection by {name}, all else by {id}.
const (
	ScopeNone       Scope = ""           // nobody's data, or the handler's lists are narrowed by the sight of who asks
	ScopeWhole      Scope = "whole"      // data of all: only for those who see everything
	ScopeJob        Scope = "job"        // the job {name}
	ScopeConnection Scope = "connection" // the connection {name}
	ScopeRun        Scope = "run"        // the run {id}
	ScopeFile       Scope = "file"       // the file {id}
	ScopeIncident   Scope = "incident"   // the incident {id}
	ScopeDelivery   Scope = "delivery"   // the delivery {id}
)

// Route is one thing that is answered.
type Route struct {
	Method  string // GET, POST …
	Path    string // as http.ServeMux wants it, with {name} or {id} for what Scope says
	Role    Role   // the least that who asks must have
	Scope   Scope
	Summary string   // one line for the OpenAPI document
	In      any      // a value of the type of the body; nil: none
	Takes   string   // media types of a body that is not JSON; empty: none such
	Out     any      // a value of the type of the answer, and an example where something is in it; nil: not JSON
	Also    []string // media types that the answer may be asked for in, beside JSON
	Query   []Param
	Headers []Param
	Body    int64 // bytes that a body may have; 0: 64 KiB
	Stream  bool  // the answer goes on for as long as somebody listens
	File    bool  // the answer is content to be kept: it is offered as a file, and the audit list has it
	Handler http.HandlerFunc
}

// Streams says whether the answer to a request goes on for as long as somebody listens.
func (r Route) Streams(asked *http.Request) bool {
	return r.Stream || slices.Contains(r.Also, EventStream) && WantsEvents(asked)
}

// EventStream is the media type of server-sent events.
const EventStream = "text/event-stream"

// WantsEvents says whether who asks wants server-sent events.
func WantsEvents(r *http.Request) bool {
	for kind := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if kind, _, _ = strings.Cut(kind, ";"); strings.EqualFold(strings.TrimSpace(kind), EventStream) {
			return true
		}
	}
	return false
}

// Param is a parameter of the query, or a header.
type Param struct {
	Name   string
	Says   string // with unit and limits
	Needed bool   // nothing is done without it
}

// Pattern is the route as http.ServeMux wants it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

// Mux answers the routes as they are: whoever serves it has asked who may before.
func Mux(routes []Route) *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.Pattern(), r.Handler)
	}
	return mux
}

// Patterns are what the routes answer, METHOD PATH, sorted.
func Patterns(routes []Route) []string {
	all := make([]string, len(routes))
	for i, r := range routes {
		all[i] = r.Pattern()
	}
	slices.Sort(all)
	return all
}

// Identity is who asks.
type Identity struct {
	Name  string // for the audit list
	Role  Role
	Sight job.Sight
	Token bool // by a bearer token: a program, not a person in a browser

	// Machine says that it is this machine's own user, on the daemon's socket: nobody over the network is.
	Machine bool
}

type key struct{}

// With puts who asks into the context of a request.
func With(ctx context.Context, who Identity) context.Context {
	return context.WithValue(ctx, key{}, who)
}

// Of gives who asks; the zero Identity, which may nothing and sees nothing, when nobody was put there.
func Of(ctx context.Context) Identity {
	who, found := ctx.Value(key{}).(Identity)
	if !found {
		return Identity{Sight: job.Sight{}}
	}
	return who
}
