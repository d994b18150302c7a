package route_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/web/route"
)

func TestMissing(t *testing.T) {
	reached := func(http.ResponseWriter, *http.Request) { t.Error("a route of ours was asked") }
	mux := route.Mux([]route.Route{{Method: "GET", Path: "/api/v1/runs/{id}", Handler: reached}, {Method: "POST", Path: "/api/v1/runs/{id}", Handler: reached}})
	for _, c := range []struct {
		method, path string
		status       int
		allow, slug  string
	}{
		{"GET", "/api/v1/runs/4", 0, "", ""},
		{"HEAD", "/api/v1/runs/4", 0, "", ""},
		{"GET", "/api/v1/nowhere", 404, "", "api.not_found"},
		{"GET", "/api/v1/runs/4/", 404, "", "api.not_found"},
		{"GET", "/api//nowhere", 404, "", "api.not_found"},
		{"DELETE", "/api/v1/runs/<script>", 405, "GET, HEAD, POST", "api.method"},
	} {
		lost, yes := route.Missing(mux, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if yes != (c.status != 0) || lost.Status != c.status || lost.Allow != c.allow || lost.Slug != c.slug {
			t.Errorf("%s %s: %+v", c.method, c.path, lost)
		}
		if !yes {
			continue
		}
		answer := httptest.NewRecorder()
		lost.Send(answer)
		var p route.Problem
		if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil || answer.Header().Get("Content-Type") != "application/problem+json" || answer.Code != c.status || p.Status != c.status {
			t.Errorf("%s %s: %v %d %v %s", c.method, c.path, err, answer.Code, answer.Header(), answer.Body)
		}
		if answer.Header().Get("Allow") != c.allow || strings.Contains(answer.Body.String(), "script") || p.Do == "" || p.Cause == "" {
			t.Errorf("%s %s: %v %s", c.method, c.path, answer.Header(), answer.Body)
		}
	}
	if lost, yes := route.Missing(http.NewServeMux(), httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)); !yes || lost.Status != 404 {
		t.Errorf("a mux of nothing: %v %+v", yes, lost)
	}
}
