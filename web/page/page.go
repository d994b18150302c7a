package page

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// pages answer all screens and acts.
type pages struct {
	Options
	assets  assets
	looks   looks
	flashes flashes
	reports lasts[Report]    // of tests, by connection
	plans   lasts[planned]   // by job
	streams *route.Listeners // places for live pages

	planning chan struct{} // a place for each plan that is being made

	screenMux *http.ServeMux // the screens that can be live
}

func newPages(o Options) *pages {
	p := &pages{Options: o, assets: loadAssets(), streams: &route.Listeners{All: o.Streams, One: streamsOfOne}, planning: make(chan struct{}, plansAtOnce)}
	style := ""
	if o.Sheets != nil {
		style = o.Sheets.Style()
	}
	p.assets["sheet.css"] = assetOf("sheet.css", []byte(style))
	p.looks = parseLooks(p.assets)
	p.screenMux = p.liveViews()
	return p
}

// view is what a screen shows.
type view struct {
	Title   string
	Section string   // of the navigation
	Body    string   // name of the template
	Regions []string // templates in it that are live
	Graphs  bool
	Handout bool // it has an onboarding sheet in it
	Data    any
}

// sheet is a view with all that its templates ask for.
type sheet struct {
	view
	Who    route.Identity
	Theme  string
	Flash  *flash
	Here   string // path and query, to come back to
	Now    time.Time
	Plan   Plan
	Alerts int // open incidents

	jobs map[string]job.Spec
}

// errUnseen is given where something is there, and not for who asks.
var errUnseen = job.ErrNotFound

// sees says whether who asks may see the data of a connection. One that is no longer configured belongs to nobody that is known.
func sees(ctx context.Context, plan Plan, connection string) bool {
	sight := route.Of(ctx).Sight
	c, configured := plan.Connections[connection]
	return sight.Whole() || configured && sight.Sees(c.Entity)
}

// seenJobs are the jobs that who asks may see.
func seenJobs(ctx context.Context, plan Plan) []job.Spec {
	var seen []job.Spec
	for _, spec := range plan.Jobs {
		if sees(ctx, plan, spec.Connection) {
			seen = append(seen, spec)
		}
	}
	return seen
}

// seenJob finds a configured job that who asks may see.
func seenJob(ctx context.Context, plan Plan, name string) (job.Spec, error) {
	for _, spec := range plan.Jobs {
		if spec.Name == name && sees(ctx, plan, spec.Connection) {
			return spec, nil
		}
	}
	return job.Spec{}, errUnseen
}

func jobNames(specs []job.Spec) []string {
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	return names
}

// sheetOf completes a view.
func (p *pages) sheetOf(r *http.Request, v view) (*sheet, error) {
	ctx := r.Context()
	s := &sheet{view: v, Who: route.Of(ctx), Theme: themeOf(r), Here: r.URL.RequestURI(), Now: p.Clock(), Plan: p.House.Plan(), jobs: map[string]job.Spec{}}
	for _, spec := range s.Plan.Jobs {
		s.jobs[spec.Name] = spec
	}
	open, err := p.Care.Incidents(ctx, s.Who.Sight)
	alone, _ := apart(open)
	s.Alerts = len(alone)
	return s, err
}

// show answers a screen.
func (p *pages) show(sc screen) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := sc.view(r)
		if err != nil {
			p.refuse(w, r, err)
			return
		}
		p.answer(w, r, http.StatusOK, v)
	}
}

// answer renders a view whole before the first byte is written.
func (p *pages) answer(w http.ResponseWriter, r *http.Request, status int, v view) {
	s, err := p.sheetOf(r, v)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	s.Flash = p.takeFlash(w, r)
	body, err := p.looks.whole(s)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		body = zipped(body, gzip.BestSpeed)
	}
	w.Header().Set("Vary", "Accept-Encoding")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked may be gone
}

// fail answers where not even a page about the failure can be made.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	reason := route.Inside(p.Log, r, "this page cannot be shown; the jobs go on", err)
	http.Error(w, fmt.Sprintf("%s\n\nCause: %s\nDo: %s\n[%s]", reason.What, reason.Cause, reason.Do, reason.Slug), http.StatusInternalServerError)
}

// refuse answers a failure as a page.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, reason := p.reasonOf(r, err)
	title := "Not shown"
	if status == http.StatusNotFound {
		title = "Not found"
	}
	p.answer(w, r, status, view{Title: title, Body: "refusal", Data: reason})
}

// badRequest is an error of who asked.
type badRequest struct{ error }

// statusOf is what an error is as an answer.
func statusOf(err error) int {
	var bad badRequest
	var reason *job.Reason
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest
	case errors.Is(err, job.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, job.ErrExists), errors.Is(err, job.ErrStale):
		return http.StatusConflict
	case errors.As(err, &reason):
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// reasonOf makes any error speak. What nobody meant to be read is in the log, and not on a page.
func (p *pages) reasonOf(r *http.Request, err error) (int, *job.Reason) {
	var reason *job.Reason
	if errors.As(err, &reason) {
		told := route.Told(r, *reason, err)
		return statusOf(err), &told
	}
	reason = &job.Reason{What: "nothing was changed, and the jobs go on", Who: job.WhoUs}
	switch status := statusOf(err); status {
	case http.StatusBadRequest:
		reason.Slug, reason.Cause, reason.Do = "api.bad_request", err.Error(), "go back, and fill in what is missing"
		return status, reason
	case http.StatusNotFound:
		reason.Slug, reason.Cause, reason.Do = "api.not_found", "there is no such thing here, or it is not yours to see", "search for it by its name or number"
		return status, reason
	case http.StatusConflict:
		reason.Slug, reason.Cause, reason.Do = "api.conflict", "it is there already, or somebody has changed it meanwhile", "look how it stands now, and ask again if it is still wanted"
		return status, reason
	}
	return http.StatusInternalServerError, route.Inside(p.Log, r, reason.What, err)
}

func idOf(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, job.ErrNotFound
	}
	return id, nil
}

// zoneOf is the zone of a job; that of the configuration where the job is gone.
func (s *sheet) zoneOf(jobName string) *time.Location {
	if spec, found := s.jobs[jobName]; found && spec.Timing.Zone != nil {
		return spec.Timing.Zone
	}
	return cmp.Or(s.Plan.Zone, time.UTC)
}
