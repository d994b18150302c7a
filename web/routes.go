package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Routes are all that the API answers, version 1.
func Routes(o Options) []route.Route {
	a := &api{
		Options: o, listeners: &route.Listeners{All: listenersMost, One: listenersOfOne}, followers: &route.Listeners{All: followersMost, One: followersOfOne},
	}
	all := slices.Concat(a.routes(), a.lists(), a.serverRoutes(), a.heardRoutes(), deliveryRoutes(a))
	all = append(all, route.Route{
		Method: "GET", Path: "/api/openapi.json", Role: route.Viewer, Summary: "This API as an OpenAPI 3.1 document", Out: map[string]any{},
	})
	all[len(all)-1].Handler = describes(all, o.Version)
	return all
}

// describes answers the document, which is made when it is asked for first.
func describes(all []route.Route, version string) http.HandlerFunc {
	document := sync.OnceValues(func() ([]byte, error) { return OpenAPI(all, version) })
	return answers(func(*http.Request) (any, error) {
		text, err := document()
		return json.RawMessage(text), err
	})
}

func (a *api) routes() []route.Route {
	return []route.Route{
		{
			Method: "GET", Path: "/healthz", Role: route.Nobody, Summary: "The daemon does its work: its scheduler turns and its store answers", Out: Health{},
			Handler: a.health,
		},
		{
			Method: "GET", Path: "/api/v1/overview", Role: route.Viewer, Summary: "How the daemon and its jobs stand, and what needs somebody",
			Out: job.Overview{}, Handler: answers(a.overview),
		},
		{
			Method: "POST", Path: "/api/v1/jobs/{name}/run", Role: route.Operator, Scope: route.ScopeJob, Summary: "Run a job now",
			In: Asked{}, Out: Run{}, Handler: answers(a.runJob),
		},
		{
			Method: "GET", Path: "/api/v1/runs/{id}", Role: route.Viewer, Scope: route.ScopeRun, Summary: "A run with its files, 500 at once",
			Query: []route.Param{{Name: "after", Says: "next of the part before; none: from the first file"}},
			Out:   RunFiles{}, Handler: answers(a.run),
		},
		{
			Method: "GET", Path: "/api/v1/runs/{id}/events", Role: route.Viewer, Scope: route.ScopeRun, Summary: "Signs of life of a run until it has ended, a line each",
			Out: Sign{}, Stream: true, Handler: a.follow,
		},
		{
			Method: "POST", Path: "/api/v1/runs/{id}/cancel", Role: route.Operator, Scope: route.ScopeRun, Summary: "End a run at work",
			In: Asked{}, Out: Cancelled{}, Handler: answers(a.cancel),
		},
		{
			Method: "POST", Path: "/api/v1/runs/{id}/retry", Role: route.Operator, Scope: route.ScopeRun, Summary: "Run the job of a run again, with the files that it rejected",
			In: Asked{}, Out: Run{}, Handler: answers(a.retry),
		},
		{
			Method: "GET", Path: "/api/v1/files/{id}", Role: route.Viewer, Scope: route.ScopeFile, Summary: "A file of the ledger",
			Out: File{}, Handler: answers(a.file),
		},
		{
			Method: "POST", Path: "/api/v1/files/{id}/approve", Role: route.Operator, Scope: route.ScopeFile, Summary: "Let a file of a supervised job go on, after a look at it",
			In: Looked{}, Out: File{}, Handler: answers(a.approve),
		},
		{
			Method: "POST", Path: "/api/v1/files/{id}/reject", Role: route.Operator, Scope: route.ScopeFile, Summary: "Refuse a file of a supervised job, after a look at it",
			In: Looked{}, Out: File{}, Handler: answers(a.reject),
		},
		{
			Method: "POST", Path: "/api/v1/files/{id}/decision", Role: route.Operator, Scope: route.ScopeFile,
			Summary: "End the doubt about a held file: as landed (imports), delivered (exports), again or drop; drop lets a rejected one be",
			In:      Deciding{As: job.AsDelivered, Reason: "they have it", About: "remote.indeterminate", Fence: new(int64)}, Out: File{}, Handler: answers(a.decide),
		},
		{
			Method: "POST", Path: "/api/v1/jobs/{name}/reconcile", Role: route.Operator, Scope: route.ScopeJob,
			Summary: "Settle together what a restored ledger or a mass change on the server holds of a job; it takes new files again from then on",
			In:      Settling{As: job.AsLanded, UpTo: 4711, Reason: "all of them are in the platform"}, Out: Reconciled{}, Handler: answers(a.reconcile),
		},
		{
			Method: "POST", Path: "/api/v1/files/{id}/outcome", Role: route.Operator, Scope: route.ScopeFile,
			Summary: "Say what became of the records of a landed file; once, unless replace is true", In: Reported{}, Out: job.Report{}, Handler: answers(a.report),
		},
		{
			Method: "GET", Path: "/api/v1/files/{id}/content", Role: route.Operator, Scope: route.ScopeFile, Summary: "A landed file as it lies in the landing, compared with the ledger",
			Query: []route.Param{{Name: "as", Says: "landed, or received: the copy in the archive as it was received"}}, File: true, Handler: a.content,
		},
		{
			Method: "POST", Path: "/api/v1/outbox/{name}", Role: route.Operator, Scope: route.ScopeJob, Summary: "Put a file into the outbox of a job, once for each header Idempotency-Key",
			Query: []route.Param{{Name: "name", Says: "of the file; of a form, the name that it gives is the default"}}, Takes: "application/octet-stream, multipart/form-data", Body: putMost,
			Headers: []route.Param{{Name: "Idempotency-Key", Says: "a name of your own for this file, 1 to 255 characters of ASCII, by which it may be sent again", Needed: true}},
			Out:     PutFile{}, Handler: a.put,
		},
		{
			Method: "POST", Path: "/api/v1/config/check", Role: route.Viewer, Scope: route.ScopeNone, Summary: "Say what is wrong with a configuration, by its text alone: includes are refused",
			Takes: "application/yaml", Body: checkMost, Out: Checked{}, Handler: answers(a.check),
		},
		{
			Method: "GET", Path: "/api/v1/held", Role: route.Viewer, Summary: "Files that are held until a person decides, the latest 1000 of them; all are files?state=held",
			Query: []route.Param{{Name: "job", Says: "only of this job"}}, Out: []File{}, Handler: answers(a.held),
		},
		{
			Method: "GET", Path: "/api/v1/events", Role: route.Viewer,
			Summary: "What happened, in order, in parts of 500 at most: a part may be empty, with more behind it. With Accept: text/event-stream what happens from there on, resumed by Last-Event-ID",
			Query:   []route.Param{{Name: "after", Says: "next of the part before; 0, or none: from the oldest"}},
			Headers: []route.Param{{Name: "Last-Event-ID", Says: "of a stream: the last event that you have seen; it counts before after"}},
			Out:     EventList{}, Also: []string{route.EventStream}, Handler: a.eventsOrStream,
		},
		{
			Method: "GET", Path: "/api/v1/keys/calendar", Role: route.Viewer, Scope: route.ScopeNone,
			Summary: "When passwords, keys and tokens end, and what happened to host keys, soonest first", Out: []job.CalendarEntry{}, Handler: answers(a.calendar),
		},
		{
			Method: "GET", Path: "/api/v1/alerts", Role: route.Viewer, Summary: "Incidents, the newest first, at most 500 at once",
			Query: []route.Param{
				{Name: "all", Says: "1: also those that are over"},
				{Name: "since", Says: "with all: only those that ended at this time (RFC 3339) or later"},
				{Name: "before", Says: "only those of a lower number, for the next page"},
			}, Out: []job.Incident{}, Handler: answers(a.alerts),
		},
		{
			Method: "POST", Path: "/api/v1/alerts/{id}/ack", Role: route.Operator, Scope: route.ScopeIncident, Summary: "Take an incident on: nobody is reminded of it any more",
			In: AlertAsked{}, Out: Cared{}, Handler: answers(a.ack),
		},
		{
			Method: "POST", Path: "/api/v1/alerts/{id}/silence", Role: route.Operator, Scope: route.ScopeIncident, Summary: "Keep an incident from being told of until a time, or without one let it be told of again",
			In: AlertAsked{}, Out: Cared{}, Handler: answers(a.silence),
		},
		{
			Method: "POST", Path: "/api/v1/config/reload", Role: route.Admin, Scope: route.ScopeWhole, Summary: "Read the configuration again",
			In: Asked{}, Out: job.Reloaded{}, Handler: answers(a.reload),
		},
	}
}
