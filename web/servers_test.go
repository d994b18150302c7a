package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// servers answer for connections, servers, keys and sheets, and remember what was asked.
type servers struct{ *ports }

func (s servers) Connections(_ context.Context, sight job.Sight, after string, limit int) ([]web.Connection, string, error) {
	s.said = fmt.Sprint("connections ", sight, after, limit)
	return nil, "acme", s.err
}

func (s servers) Connection(_ context.Context, name string) (web.ConnectionShown, error) {
	return web.ConnectionShown{Connection: web.Connection{Name: name}}, s.err
}

func (s servers) Figures(_ context.Context, name string, days int) (web.ConnectionFigures, error) {
	s.said = fmt.Sprint("figures ", name, days)
	return web.ConnectionFigures{Timezone: "UTC"}, s.err
}

func (s servers) PauseConnection(_ context.Context, name, why, by string, until time.Time) error {
	s.said = fmt.Sprint("pause ", name, why, by, until.IsZero())
	return s.err
}

func (s servers) ResumeConnection(_ context.Context, name, by string) error {
	s.said = "resume " + name + by
	return s.err
}

func (s servers) ExtendDay(_ context.Context, name, day string, until time.Time, by, why string) (job.Expectation, error) {
	s.said = fmt.Sprint("extend ", name, day, until.Hour(), by, why)
	return job.Expectation{Day: "2026-11-24", By: until}, s.err
}

func (s servers) TestConnection(_ context.Context, name, by string) (web.Test, error) {
	s.said = "test " + name + " by " + by
	return web.Test{Connection: name}, s.err
}

func (s servers) PlanJob(_ context.Context, name, _ string) (web.Plan, error) {
	return web.Plan{Job: name, Intents: []job.Intent{{Mark: job.MarkTransfer, Name: "a"}, {Mark: job.MarkDone, Name: "b"}, {Mark: job.MarkDone, Name: "c"}}}, s.err
}

func (s servers) HostKeys(_ context.Context, name string, _ job.Sight) (web.HostKeys, error) {
	return web.HostKeys{Connection: name}, s.err
}

func (s servers) TrustHostKey(_ context.Context, name string, t web.Trusting, sight job.Sight) (web.HostKeys, error) {
	s.said = fmt.Sprint("trust ", name, t, sight)
	return web.HostKeys{Pinned: []string{t.Fingerprint}}, s.err
}

func (s servers) SSHKeys(_ context.Context, sight job.Sight, after string, limit int) ([]web.SSHKey, string, error) {
	s.said = fmt.Sprint("keys ", sight, after, limit)
	return []web.SSHKey{{AuthorizedKeys: "ssh-ed25519 A"}}, "", s.err
}

func (s servers) PGPKeys(_ context.Context, sight job.Sight, _ string, _ int) ([]web.PGPKey, string, error) {
	s.said = fmt.Sprint("pgp ", sight)
	return nil, "", s.err
}

func (s servers) Languages() []string { return []string{"en", "de"} }

func (s servers) Facts(_ context.Context, connection string) (any, error) {
	return map[string]string{"Connection": connection}, s.err
}

func (s servers) Write(_ context.Context, connection, language, form string) ([]byte, error) {
	return []byte(connection + " " + language + " " + form), s.err
}

func (s servers) Link(_ context.Context, connection, language string, until time.Time, by string) (string, error) {
	s.said = fmt.Sprint("link ", connection, language, by, time.Until(until).Round(time.Hour) > 13*24*time.Hour)
	return "/sheet/t", s.err
}

func (s servers) FilledIn(_ context.Context, connection string, before int64, limit int) (list []web.FilledIn, err error) {
	s.said = fmt.Sprint("filled in ", connection, before, limit)
	for id := int64(5); id > before && len(list) < limit; id-- {
		list = append(list, web.FilledIn{ID: id})
	}
	return list, s.err
}

func (s servers) Waits(context.Context, string) (int64, error) { return 12, s.err }

func (s servers) Handle(_ context.Context, connection string, last int64, by string) error {
	s.said = fmt.Sprint("handle ", connection, last, by)
	return s.err
}

func TestConnectionsServersAndKeys(t *testing.T) {
	p, server := setup(t)
	for _, test := range []struct {
		method, path, body string
		status             int
		want, said         string
	}{
		{"GET", "/connections?after=a&limit=3", "", 200, `{"connections":[],"next":"acme"}`, "connections []a3"},
		{"GET", "/connections/acme", "", 200, `"figures":{"window":"30d","timezone":"UTC"`, "figures acme30"},
		{"GET", "/connections/acme/stats?window=24h", "", 200, `{"window":"24h"`, "figures acme0"},
		{"GET", "/connections/acme/stats?window=366d", "", 200, `{"window":"366d"`, "figures acme366"},
		{"GET", "/connections/acme?window=367d", "", 400, "api.bad_request", ""},
		{"GET", "/connections/acme/stats?window=7", "", 400, "api.bad_request", ""},
		{"GET", "/connections/acme?window=0d", "", 400, "api.bad_request", ""},
		{"POST", "/connections/acme/test", `{"by":"ann"}`, 200, `"stages":[]`, "test acme by ann"},
		{"POST", "/connections/acme/pause", `{"by":"ann","reason":"they move"}`, 200, `"connection":"acme"`, "pause acmethey moveanntrue"},
		{"POST", "/connections/acme/resume", `{"by":"ann"}`, 200, `"connection":"acme"`, "resume acmeann"},
		{"POST", "/jobs/segment/extend", `{"by":"ann","until":"2026-11-24T06:00:00Z","reason":"late","day":"2026-11-24"}`, 200, `"by":"2026-11-24T06:00:00Z"`, "extend segment2026-11-246annlate"},
		{"GET", "/connections/acme/host-key", "", 200, `"connection":"acme"`, ""},
		{"POST", "/connections/acme/trust", `{"by":"ann","fingerprint":"SHA256:x","replace":true}`, 200, `"pinned":["SHA256:x"]`, "trust acme{ann SHA256:x true} []"},
		{"POST", "/connections/acme/trust", `{"by":"ann"}`, 400, "fingerprint is empty", ""},
		{"GET", "/connections/acme/onboarding", "", 200, `{"facts":{"Connection":"acme"}}`, ""},
		{"GET", "/connections/acme/onboarding?format=html", "", 200, "acme  html", ""},
		{"GET", "/connections/acme/onboarding?format=mail&language=de", "", 200, "acme de mail", ""},
		{"GET", "/connections/acme/onboarding?format=exe", "", 400, "format is json", ""},
		{"GET", "/connections/acme/onboarding?language=xx", "", 400, "language is one of en, de", ""},
		{"POST", "/connections/acme/onboarding", `{"by":"ann","days":14}`, 200, `{"url":"/sheet/t","expires":"2`, "link acmeanntrue"},
		{"POST", "/connections/acme/onboarding", `{"by":"ann","days":91}`, 400, "1 to 90", ""},
		{"POST", "/connections/acme/onboarding", `{"by":"ann","days":9,"language":"xx"}`, 400, "language", ""},
		{"GET", "/connections/acme/onboarding/answers?before=1&limit=2", "", 200, `"next":4,"incident":12}`, "filled in acme1 3"},
		{"GET", "/connections/acme/onboarding/answers", "", 200, `"fields":null}],"incident":12}`, "filled in acme0 21"},
		{"GET", "/connections/acme/onboarding/answers?limit=101", "", 400, "limit", ""},
		{"GET", "/connections/acme/onboarding/answers?before=x", "", 400, "before", ""},
		{"POST", "/connections/acme/onboarding/handled", `{"by":"ann","last":3}`, 200, `{"connection":"acme","last":3}`, "handle acme3ann"},
		{"POST", "/connections/acme/onboarding/handled", `{"by":"ann"}`, 400, "last", ""},
		{"POST", "/jobs/segment/plan?limit=2", `{"by":"ann"}`, 200, `"counts":{"+":1,"=":2},"intents":[{"mark":"+","act":"","name":"a","size":0},{"mark":"=","act":"","name":"b","size":0}],"left":1`, ""},
		{"GET", "/keys", "", 200, `"authorized_keys":"ssh-ed25519 A"`, "keys []100"},
		{"GET", "/pgp-keys", "", 200, `{"keys":[]}`, "pgp []"},
		{"GET", "/keys?limit=1001", "", 400, "limit", ""},
	} {
		p.said = ""
		status, _, text := ask(t, server, test.method, "/api/v1"+test.path, test.body)
		if status != test.status || !strings.Contains(text, test.want) || p.said != test.said {
			t.Errorf("%s %s: %d %s, said %q", test.method, test.path, status, text, p.said)
		}
	}
	p.err = job.ErrNotFound
	for _, path := range []string{"GET /connections/x", "GET /connections/x/stats", "POST /connections/x/test", "GET /connections/x/host-key", "GET /connections/x/onboarding", "GET /connections/x/onboarding?format=md", "GET /connections/x/onboarding/answers", "POST /jobs/x/plan", "POST /connections/x/pause", "POST /connections/x/resume"} {
		method, path, _ := strings.Cut(path, " ")
		if status, _, text := ask(t, server, method, "/api/v1"+path, `{"by":"ann"}`); status != http.StatusNotFound || !strings.Contains(text, "api.not_found") {
			t.Errorf("%s %s: %d %s", method, path, status, text)
		}
	}
}

// A sheet is offered as a file, so that no browser runs what is in it beside our pages.
func TestASheetIsAFile(t *testing.T) {
	p, _ := setup(t)
	answer := httptest.NewRecorder()
	route.Mux(web.Routes(p.options())).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/connections/acme/onboarding?format=html", nil))
	h := answer.Header()
	if h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Content-Disposition") != "attachment; filename=onboarding-acme.html" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", h)
	}
}
