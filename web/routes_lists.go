package web

import "github.com/haulier/haulier/web/route"

// lists are the routes of what there is, in parts and by name.
func (a *api) lists() []route.Route {
	return []route.Route{
		{
			Method: "GET", Path: "/api/v1/runs", Role: route.Viewer, Summary: "Runs, the latest first, in parts",
			Query: append([]route.Param{
				{Name: "job", Says: "only of this job"}, {Name: "connection", Says: "only over this connection"}, {Name: "state", Says: "only in this state: failed, succeeded …"},
				{Name: "since", Says: "only begun since this time, ISO 8601"}, {Name: "file", Says: "only those that moved a file whose name matches this glob"},
			}, paging("before")...), Out: RunList{}, Handler: answers(a.runs),
		},
		{
			Method: "GET", Path: "/api/v1/runs/{id}/log", Role: route.Viewer, Scope: route.ScopeRun, Summary: "The log of a run, the oldest line first, in parts",
			Query: paging("after"), Out: RunLog{}, Handler: answers(a.log),
		},
		{
			Method: "GET", Path: "/api/v1/files", Role: route.Viewer, Summary: "Files of the ledger, the latest first, in parts: a part may be short, or empty, with more behind it",
			Query: append([]route.Param{
				{Name: "job", Says: "only of this job"}, {Name: "state", Says: "only in this state: landed, held …"}, {Name: "name", Says: "only those whose name matches this glob"},
				{Name: "sha256", Says: "only with this hash, of what was received or of what landed"},
			}, paging("before")...), Out: FileList{}, Handler: answers(a.files),
		},
		{
			Method: "GET", Path: "/api/v1/jobs", Role: route.Viewer, Summary: "The jobs and how they stand", Out: []Job{}, Handler: answers(a.jobs),
		},
		{
			Method: "GET", Path: "/api/v1/jobs/{name}", Role: route.Viewer, Scope: route.ScopeJob, Summary: "A job and how it stands", Out: Job{}, Handler: answers(a.job),
		},
		{
			Method: "GET", Path: "/api/v1/jobs/{name}/next", Role: route.Viewer, Scope: route.ScopeJob, Summary: "The next times of a job",
			Query: []route.Param{{Name: "n", Says: "how many, 1 to 100; none: 5"}}, Out: []Upcoming{}, Handler: answers(a.next),
		},
		{
			Method: "GET", Path: "/api/v1/jobs/{name}/expectations", Role: route.Viewer, Scope: route.ScopeJob, Summary: "What a job was expected to bring, day by day, the latest first, and what came",
			Query: []route.Param{{Name: "days", Says: "how many days back, 1 to 400; none: 30"}}, Out: []Expectation{}, Handler: answers(a.expectations),
		},
		{
			Method: "POST", Path: "/api/v1/jobs/{name}/extend", Role: route.Operator, Scope: route.ScopeJob, Summary: "Move the deadline of the day that is late or missing, else of the next",
			In: Extending{Until: exampleNight, Reason: "their system is being updated"}, Out: Expectation{}, Handler: answers(a.extend),
		},
		{
			Method: "POST", Path: "/api/v1/jobs/{name}/pause", Role: route.Operator, Scope: route.ScopeJob, Summary: "Keep a job from starting runs, until a time or until it is resumed",
			In: Pausing{}, Out: Job{}, Handler: answers(a.pause),
		},
		{
			Method: "POST", Path: "/api/v1/jobs/{name}/resume", Role: route.Operator, Scope: route.ScopeJob, Summary: "Let a paused job start runs again", In: Asked{}, Out: Job{}, Handler: answers(a.resume),
		},
	}
}
