package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
)

// FuzzRequests: whatever comes over the socket is answered in JSON, is never our mistake, and triggers only what it says.
func FuzzRequests(f *testing.F) {
	for _, request := range [][3]string{
		{"POST", "/api/v1/jobs/acme/run", `{"by":"ops","file":"a.csv","force":true}`}, {"GET", "/api/v1/runs/9", ""}, {"POST", "/api/v1/runs/9/cancel", `{"by":"ops"}`},
		{"POST", "/api/v1/runs/9/retry", `{"by":"ops","config":"as-run"}`}, {"GET", "/api/v1/runs/9/events", ""}, {"GET", "/api/v1/events?after=-1", ""}, {"GET", "/api/v1/held?job=%00", ""},
		{"POST", "/api/v1/config/reload", `{}`}, {"POST", "/api/v1/jobs/%2e%2e%2fx/run", `{`}, {"PUT", "/healthz", ""}, {"GET", "/api/v1/runs/99999999999999999999", ""}, {"GET", "//api/../x", ""},
		{"POST", "/api/v1/jobs/a%0ab/run", `{"unknown":1}`}, {"POST", "/api/v1/jobs/a/run", `{"by":"` + strings.Repeat("x", 1<<17) + `"}`}, {"POST", "/api/v1/runs/1/retry", `{"config":"\u001b[2J"}`},
		{"GET", "/api/v1/files/-0", ""}, {"POST", "/api/v1/files/4/approve", `{"sha256":"x"}`}, {"POST", "/api/v1/files/4/reject", `{"reason":""}`}, {"POST", "/api/v1/jobs/a/run", `null`}, {"POST", "/api/v1/jobs/a/run", `{"force":true}{"force":false}`},
	} {
		f.Add(request[0], request[1], request[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://haulier"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		p := &ports{ended: make(chan job.Run)}
		close(p.ended)
		answer := httptest.NewRecorder()
		web.Handler(p.options()).ServeHTTP(answer, request)
		switch {
		case answer.Code >= 500:
			t.Errorf("%s %q: %d %s", method, path, answer.Code, answer.Body)
		case answer.Header().Get("Content-Type") == "application/problem+json":
			var problem web.Problem
			if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil || problem.Slug == "" || problem.What == "" || problem.Do == "" || problem.Status != answer.Code {
				t.Errorf("%s %q: %s", method, path, answer.Body)
			}
		case answer.Header().Get("Content-Type") == "application/json" && (!json.Valid(answer.Body.Bytes()) || answer.Code != http.StatusOK):
			t.Errorf("%s %q: %d %s", method, path, answer.Code, answer.Body)
		}
		if strings.ContainsAny(answer.Body.String(), "\x1b\x00") {
			t.Errorf("%s %q: %q", method, path, answer.Body)
		}
		var said web.Asked
		if p.asked != (job.Run{}) && (method != http.MethodPost || json.NewDecoder(strings.NewReader(body)).Decode(&said) != nil || len(said.By) > 1<<16 ||
			p.asked.By != said.By || p.asked.Only != said.File || p.asked.Force && !said.Force) {
			t.Errorf("%s %q %q asked for %+v", method, path, body, p.asked)
		}
	})
}
