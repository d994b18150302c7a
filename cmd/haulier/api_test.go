package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// askAPI asks the API as whoever is asking now.
func askAPI(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Idempotency-Key", "k")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

func TestAPIOverAStore(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Operator}
	h, _ := pagesOver(t, aNight(t), &who)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               []string
	}{
		{"GET", "/jobs", "", 200, []string{`"job":"acme-in"`, `"standing":"failing"`, `"net.refused"`, `"job":"bank-in"`, `"schedule":"0 3 * * *"`}},
		{"GET", "/jobs/acme-in/next?n=2", "", 200, []string{`[{"due":"2`, `"starts":"2`}},
		{"GET", "/jobs/none", "", 404, []string{"api.not_found"}},
		{"POST", "/jobs/acme-in/resume", `{}`, 200, []string{`"job":"acme-in"`}},
		{"POST", "/jobs/acme-in/pause", `{"reason":"they move"}`, 200, []string{`"standing":"`}},
		{"POST", "/jobs/acme-in/pause", `{"reason":""}`, 422, []string{"api.bad_pause"}},
		{"POST", "/jobs/acme-in/pause", `{"reason":"x","until":"2020-01-01T00:00:00Z"}`, 422, []string{"api.bad_pause"}},
		{"POST", "/jobs/acme-in/resume", `{}`, 200, []string{`"job":"acme-in"`}},
		{"GET", "/runs?limit=1", "", 200, []string{`{"runs":[{"run":2,`, `"next":2`}},
		{"GET", "/runs?before=2", "", 200, []string{`{"runs":[{"run":1,`}},
		{"GET", "/runs/2/log", "", 200, []string{"the machine said no"}},
		{"GET", "/overview", "", 200, []string{`"config":"/`, `"job":"bank-in"`, `"cause_key":"connection/acme/net.refused"`}},
		{"GET", "/held", "", 200, []string{"[]"}},
		{"GET", "/events?after=1", "", 200, []string{`{"events":[{"id":2,"type":"`, `"more":false`}},
		{"GET", "/runs/99/log", "", 404, nil},
		{"GET", "/files", "", 200, []string{`{"files":[]`}},
		{"GET", "/files/99/content", "", 404, nil},
		{"POST", "/files/99/outcome", `{"created":0,"updated":0,"deleted":0,"errored":0}`, 404, nil},
		{"POST", "/outbox/none?name=a", "x", 404, []string{"usage.no_such_job"}},
		{"POST", "/outbox/acme-in?name=a", "x", 422, []string{"api.not_an_export"}},
		{"POST", "/config/check", "version: 1\njobs: []\n", 200, []string{`"severity":"error"`, `"line":`}},
	} {
		status, text := askAPI(t, h, c.method, c.path, c.body)
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s %s does not say %s: %s", c.method, c.path, want, text)
			}
		}
		if status != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, text)
		}
	}
	who.Sight = job.Sight{"bank-nv"}
	for _, path := range []string{"/jobs", "/runs", "/files", "/overview", "/held", "/events", "/connections", "/keys", "/pgp-keys", "/alerts", "/deliveries", "/keys/calendar"} {
		if status, text := askAPI(t, h, "GET", path, ""); status != 200 || strings.Contains(text, "acme") || strings.Contains(text, "haulier.yaml") {
			t.Errorf("%s shows a bank what is another's: %d %s", path, status, text)
		}
	}
	if _, text := askAPI(t, h, "GET", "/overview", ""); !strings.Contains(text, `"job":"bank-in"`) {
		t.Errorf("a bank does not see its own: %s", text)
	}
}
