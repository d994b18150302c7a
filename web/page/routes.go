package page

import (
	"net/http"

	"github.com/haulier/haulier/web/route"
)

// screen is a page that is looked at.
type screen struct {
	path  string
	scope route.Scope
	says  string
	view  func(r *http.Request) (view, error)
}

// confidedTo is a screen with the least role that sees it.
type confidedTo struct {
	screen
	role route.Role
}

// act is something that is done by a form, and ends with the way back to a page.
type act struct {
	path  string
	role  route.Role
	scope route.Scope
	says  string
	do    func(r *http.Request) (flash, error)
}

// Routes are all pages, what can be done on them, and their assets.
func Routes(o Options) []route.Route {
	p := newPages(o.withDefaults())
	list := []route.Route{
		{Method: http.MethodGet, Path: "/assets/{file}", Role: route.Nobody, Summary: "styles and scripts of the pages", Handler: p.assets.serve},
		{Method: http.MethodGet, Path: "/events", Role: route.Viewer, Stream: true, Summary: "what changes on a page while it is looked at", Handler: p.live},
		{Method: http.MethodPost, Path: "/theme", Role: route.Viewer, Summary: "light, dark or as the system says", Handler: p.theme},
		{Method: http.MethodGet, Path: "/runs/{id}/log", Role: route.Viewer, Scope: route.ScopeRun, Summary: "the log of a run as text", Handler: p.logText},
	}
	for _, s := range p.screens() {
		list = append(list, route.Route{Method: http.MethodGet, Path: s.path, Role: route.Viewer, Scope: s.scope, Summary: "page: " + s.says, Handler: p.show(s)})
	}
	for _, s := range p.confided() {
		list = append(list, route.Route{Method: http.MethodGet, Path: s.path, Role: s.role, Scope: s.scope, Summary: "page: " + s.says, Handler: p.show(s.screen)})
	}
	for _, a := range p.acts() {
		list = append(list, route.Route{Method: http.MethodPost, Path: a.path, Role: a.role, Scope: a.scope, Summary: "form: " + a.says, Handler: p.perform(a)})
	}
	return append(list, p.handouts()...)
}

func (p *pages) screens() []screen {
	return []screen{
		{"/{$}", route.ScopeNone, "what needs somebody, and the night", p.overview},
		{"/jobs", route.ScopeNone, "all jobs", p.jobs},
		{"/jobs/{name}", route.ScopeJob, "one job", p.job},
		{"/connections", route.ScopeNone, "all connections", p.connections},
		{"/connections/{name}", route.ScopeConnection, "one connection", p.connection},
		{"/runs", route.ScopeNone, "runs", p.runs},
		{"/runs/{id}", route.ScopeRun, "one run", p.run},
		{"/alerts", route.ScopeNone, "incidents by their causes", p.alerts},
		{"/alerts/{id}", route.ScopeIncident, "what is known around an incident", p.incident},
		{"/held", route.ScopeNone, "files in doubt, and what to do", p.held},
		{"/files/{id}", route.ScopeFile, "one file of the ledger: records, facts, steps", p.row},
		{"/keys", route.ScopeNone, "what ends when of keys and passwords, and public parts of keys", p.keys},
		{"/search", route.ScopeNone, "what has a name, a number or a hash", p.search},
		{"/help", route.ScopeNone, "marks, keys and where to read on", p.help},
	}
}

// confided are the screens that not everybody may see. None of them is live.
func (p *pages) confided() []confidedTo {
	return []confidedTo{
		{screen{"/audit", route.ScopeWhole, "what people did", p.audit}, route.Admin},
		{screen{"/jobs/{name}/reconcile", route.ScopeJob, "what will happen when somebody decides about all that a restored ledger or a mass change holds of a job", p.reconciliation}, route.Operator},
		{screen{"/files/{id}/decide", route.ScopeFile, "what will happen when somebody decides about a file in doubt", p.decision}, route.Operator},
	}
}

func (p *pages) acts() []act {
	return []act{
		{"/jobs/{name}/run", route.Operator, route.ScopeJob, "run a job now", p.runNow},
		{"/jobs/{name}/plan", route.Operator, route.ScopeJob, "say what the next run of a job would do", p.plan},
		{"/jobs/{name}/pause", route.Operator, route.ScopeJob, "pause a job", p.pauseOf("job")},
		{"/jobs/{name}/resume", route.Operator, route.ScopeJob, "resume a job", p.resumeOf("job")},
		{"/connections/{name}/test", route.Operator, route.ScopeConnection, "test a connection", p.test},
		{"/connections/{name}/pause", route.Operator, route.ScopeConnection, "pause a connection", p.pauseOf("connection")},
		{"/connections/{name}/resume", route.Operator, route.ScopeConnection, "resume a connection", p.resumeOf("connection")},
		{"/jobs/{name}/extend", route.Operator, route.ScopeJob, "move the deadline of what a job expects", p.extend},
		{"/alerts/{id}/ack", route.Operator, route.ScopeIncident, "take an incident on", p.ack},
		{"/alerts/{id}/silence", route.Operator, route.ScopeIncident, "keep an incident from being told", p.silence},
		{"/alerts/{id}/unsilence", route.Operator, route.ScopeIncident, "let an incident be told again", p.unsilence},
		{"/runs/{id}/retry", route.Operator, route.ScopeRun, "run the job of a run again", p.retry},
		{"/files/{id}/approve", route.Operator, route.ScopeFile, "let a file of a supervised job go on", p.approve},
		{"/files/{id}/reject", route.Operator, route.ScopeFile, "refuse a file of a supervised job", p.reject},
		{"/jobs/{name}/reconcile", route.Operator, route.ScopeJob, "decide about all that a restored ledger or a mass change holds of a job", p.reconcile},
		{"/files/{id}/decide", route.Operator, route.ScopeFile, "end the doubt about a file", p.decide},
		{"/runs/{id}/cancel", route.Operator, route.ScopeRun, "end a run at work", p.cancel},
	}
}
