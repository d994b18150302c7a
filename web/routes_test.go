package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// Whoever has logged in is the one that the audit names, whatever the body says.
func TestALoginKnowsBetterWhoAsks(t *testing.T) {
	p, _ := setup(t)
	mux := route.Mux(web.Routes(web.Options{Runner: p, Keeper: p, Reader: p}))
	request := httptest.NewRequestWithContext(route.With(t.Context(), route.Identity{Name: "ann", Role: route.Operator}),
		"POST", "/api/v1/jobs/acme/run", strings.NewReader(`{"by":"the-boss"}`))
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK || p.asked.By != "ann" {
		t.Errorf("%d, asked by %q", answer.Code, p.asked.By)
	}
}

// A route is complete: it says what it is for, and one that changes something is for more than viewers.
func TestRoutesAreComplete(t *testing.T) {
	for _, r := range web.Routes(web.Options{}) {
		if r.Handler == nil || r.Summary == "" || r.Out == nil {
			t.Errorf("%s is not complete: %+v", r.Pattern(), r)
		}
		if changes := r.Method != "GET"; changes != r.Role.May(route.Operator) || changes != (r.In != nil) {
			t.Errorf("%s is for %q", r.Pattern(), r.Role)
		}
		if named := strings.Contains(r.Path, "{"); named == (r.Scope == route.ScopeNone || r.Scope == route.ScopeWhole) {
			t.Errorf("%s has scope %q", r.Pattern(), r.Scope)
		}
	}
}
