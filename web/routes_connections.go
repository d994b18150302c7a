package web

import "github.com/haulier/haulier/web/route"

// serverRoutes are about connections, their servers and keys.
func (a *api) serverRoutes() []route.Route {
	window := []route.Param{{Name: "window", Says: "how far back, 24h or 1d to 366d in the configured zone; none: 30d"}}
	parts := paging("after")
	return []route.Route{
		{
			Method: "GET", Path: "/api/v1/connections", Role: route.Viewer, Summary: "The connections and how they stand, by name, in parts",
			Query: parts, Out: exampleConnections, Handler: answers(a.connections),
		},
		{
			Method: "GET", Path: "/api/v1/connections/{name}", Role: route.Viewer, Scope: route.ScopeConnection,
			Summary: "A connection: how it stands, its total requests, success rate, requests by type and data volume, and the days behind them",
			Query:   window, Out: exampleConnection, Handler: answers(a.connection),
		},
		{
			Method: "GET", Path: "/api/v1/connections/{name}/stats", Role: route.Viewer, Scope: route.ScopeConnection, Summary: "The figures of a connection alone",
			Query: window, Out: exampleFigures, Handler: answers(a.figures),
		},
		{
			Method: "POST", Path: "/api/v1/connections/{name}/test", Role: route.Operator, Scope: route.ScopeConnection,
			Summary: "Test a connection step by step, from the name to the folders; the answer comes with the last step, after 90 s at most", In: Asked{}, Out: exampleTest, Handler: answers(a.test),
		},
		{
			Method: "POST", Path: "/api/v1/connections/{name}/pause", Role: route.Operator, Scope: route.ScopeConnection, Summary: "Keep a connection from being used, until a time or until it is resumed",
			In: Pausing{Reason: "they move to another machine"}, Out: exampleConnection, Handler: answers(a.pauseConnection),
		},
		{
			Method: "POST", Path: "/api/v1/connections/{name}/resume", Role: route.Operator, Scope: route.ScopeConnection,
			Summary: "Let a paused connection be used again; after a refused login, let one be tried", In: Asked{}, Out: exampleConnection, Handler: answers(a.resumeConnection),
		},
		{
			Method: "GET", Path: "/api/v1/connections/{name}/host-key", Role: route.Viewer, Scope: route.ScopeConnection,
			Summary: "The host keys of a connection's server: those that count, and those that it has shown", Out: exampleHostKeys(), Handler: answers(a.hostKeys),
		},
		{
			Method: "POST", Path: "/api/v1/connections/{name}/trust", Role: route.Admin, Scope: route.ScopeConnection,
			Summary: "Ask the server for its host keys, and pin the one that bears a fingerprint", In: Trusting{Fingerprint: exampleFingerprint}, Out: exampleHostKeys(exampleFingerprint), Handler: answers(a.trust),
		},
		{
			Method: "GET", Path: "/api/v1/connections/{name}/onboarding", Role: route.Viewer, Scope: route.ScopeConnection, Summary: "The onboarding sheet of a connection",
			Query: []route.Param{{Name: "format", Says: "json, html, md, txt or mail; none: json"}, {Name: "language", Says: "of all but json; none: English"}},
			Out:   exampleSheet, Also: []string{"text/html", "text/markdown", "text/plain"}, Handler: a.sheet,
		},
		{
			Method: "POST", Path: "/api/v1/connections/{name}/onboarding", Role: route.Operator, Scope: route.ScopeConnection,
			Summary: "Make a link to the onboarding sheet, for people without a login, which ends", In: Linking{Days: 14, Language: "en"}, Out: exampleLink, Handler: answers(a.linkSheet),
		},
		{
			Method: "POST", Path: "/api/v1/jobs/{name}/plan", Role: route.Operator, Scope: route.ScopeJob,
			Summary: "Look at what the next run of a job would do; nothing is moved. The answer takes 90 s at most", Query: paging("")[1:], In: Asked{}, Out: examplePlan, Handler: answers(a.plan),
		},
		{
			Method: "GET", Path: "/api/v1/keys", Role: route.Viewer, Summary: "The public parts of our SSH keys, by name, in parts",
			Query: parts, Out: exampleKeys, Handler: answers(a.sshKeys),
		},
		{
			Method: "GET", Path: "/api/v1/pgp-keys", Role: route.Viewer, Summary: "The public parts of our PGP keys and of customers', by name, in parts",
			Query: parts, Out: examplePGPKeys, Handler: answers(a.pgpKeys),
		},
	}
}
