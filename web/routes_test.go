package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// Whoever has logged in is the one that the audit names, whatever the body says.
func TestALoginKnowsBetterWhoAsks(t *testing.T) {
	p, _ := setup(t)
	mux := route.Mux(web.Routes(web.Options{Runner: p, Keeper: p, Reader: p, Outbox: p}))
	request := httptest.NewRequestWithContext(route.With(t.Context(), route.Identity{Name: "ann", Role: route.Operator}),
		"POST", "/api/v1/jobs/acme/run", strings.NewReader(`{"by":"the-boss"}`))
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK || p.asked.By != "ann" {
		t.Errorf("%d, asked by %q", answer.Code, p.asked.By)
	}
}

func TestAReportIsOfWhoHasLoggedIn(t *testing.T) {
	p, _ := setup(t)
	mux := route.Mux(web.Routes(web.Options{Reporter: p}))
	request := httptest.NewRequestWithContext(route.With(t.Context(), route.Identity{Name: "platform", Role: route.Operator}),
		"POST", "/api/v1/files/4/outcome", strings.NewReader(`{"by":"ann","created":1,"updated":2,"deleted":3,"errored":4,"replace":true}`))
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	want := job.Report{File: 4, Created: 1, Updated: 2, Deleted: 3, Errored: 4, By: "platform"}
	if answer.Code != http.StatusOK || p.reported != want || !p.replaced {
		t.Errorf("%d, reported %+v, replacing: %t", answer.Code, p.reported, p.replaced)
	}
}

// A route is complete: it says what it is for, and one that changes something is for more than viewers.
func TestRoutesAreComplete(t *testing.T) {
	for _, r := range web.Routes(web.Options{}) {
		if r.Handler == nil || r.Summary == "" || r.Out == nil && !r.File {
			t.Errorf("%s is not complete: %+v", r.Pattern(), r)
		}
		judges := r.Path == "/api/v1/config/check" // and changes nothing
		if changes := r.Method != "GET" && !judges; changes && !r.Role.May(route.Operator) || !changes && !r.File && r.Role.May(route.Operator) {
			t.Errorf("%s is for %q", r.Pattern(), r.Role)
		}
		if body := r.In != nil || r.Takes != ""; body != (r.Method != "GET") || r.Takes != "" && (r.Body == 0 || r.In != nil) {
			t.Errorf("%s does not say what it takes", r.Pattern())
		}
		if named := strings.Contains(r.Path, "{"); named == (r.Scope == route.ScopeNone || r.Scope == route.ScopeWhole) {
			t.Errorf("%s has scope %q", r.Pattern(), r.Scope)
		}
	}
}
