package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// ports answers for everything behind the API.
type ports struct {
	said   string // about a file
	asked  job.Run
	events chan job.Progress
	ended  chan job.Run
	err    error

	name     string
	size     int64
	body     io.Reader
	auditErr error
	reported job.Report
	replaced bool
	which    job.Deliveries
}

func (p *ports) RunJob(_ context.Context, name string, asked job.Run) (job.Run, error) {
	p.asked = asked
	return job.Run{ID: 7, Job: name, State: job.RunRunning}, p.err
}

func (p *ports) WaitRun(ctx context.Context, _ int64) (job.Run, error) {
	if p.err != nil {
		return job.Run{}, p.err
	}
	select {
	case run := <-p.ended:
		return run, nil
	case <-ctx.Done():
		return job.Run{}, ctx.Err()
	}
}
func (p *ports) CancelRun(context.Context, int64, string) error { return p.err }
func (p *ports) RetryRun(_ context.Context, _ int64, asked job.Run) (job.Run, error) {
	p.asked = asked
	return job.Run{ID: 8}, p.err
}
func (p *ports) Watch(int64) (<-chan job.Progress, func()) { return p.events, func() {} }
func (p *ports) ReloadConfig(context.Context, string) (job.Reloaded, error) {
	return job.Reloaded{Revision: 3}, p.err
}
func (p *ports) Overview(_ context.Context, sight job.Sight) (job.Overview, error) {
	p.said = fmt.Sprint("overview ", sight)
	return job.Overview{Config: "x"}, p.err
}
func (p *ports) Run(_ context.Context, id int64) (job.Run, error) {
	return job.Run{ID: id, Job: "acme", State: job.RunPartial, Slot: &job.Slot{Due: time.Unix(0, 0)}}, p.err
}
func (p *ports) RunFilesAfter(_ context.Context, _, after int64) ([]job.Outcome, error) {
	if after == 7 {
		return slices.Repeat([]job.Outcome{{File: job.File{ID: 507}}}, 500), p.err
	}
	return []job.Outcome{{File: job.File{ID: 1, Path: "/out/a\xff.csv", State: job.FileHeld}}}, p.err
}
func (p *ports) File(_ context.Context, id int64) (job.File, error) { return job.File{ID: id}, p.err }
func (p *ports) Reports(_ context.Context, files []int64) (map[int64]job.Report, error) {
	return map[int64]job.Report{4: {File: 4, Created: 9, By: "platform"}}, p.err
}

func (p *ports) OpenContent(_ context.Context, _ int64, received bool) (string, job.Digest, io.ReadCloser, error) {
	p.said += fmt.Sprint("open ", received, "; ")
	return p.name, job.Digest{Size: max(5, p.size), SHA256: "ab"}, io.NopCloser(p.body), p.err
}

func (p *ports) Act(_ context.Context, who, act, object, detail string) error {
	p.said += strings.Join([]string{who, act, object, detail}, " ") + "; "
	return p.auditErr
}

func (p *ports) PutFile(_ context.Context, jobName string, o web.Offer) (any, error) {
	text, err := io.ReadAll(o.Body)
	if err != nil {
		return nil, err
	}
	p.said = fmt.Sprintf("%s %s %s %s %d %s", jobName, o.Name, o.Key, o.By, o.Size, text)
	return web.PutFile{Job: jobName}, p.err
}

func (p *ports) CheckText(text []byte) web.Checked {
	return web.Checked{Errors: len(text), Problems: []web.Diagnostic{{Code: "E-X"}}}
}

func (p *ports) ReportFile(_ context.Context, r job.Report, replace bool) (job.Report, error) {
	p.reported, p.replaced = r, replace
	return r, p.err
}

func (p *ports) ApproveFile(_ context.Context, id int64, sha256, by string) (job.File, error) {
	p.said = "approve " + sha256 + " " + by
	return job.File{ID: id}, p.err
}
func (p *ports) RejectFile(_ context.Context, id int64, sha256, why, by string) (job.File, error) {
	p.said = "reject " + sha256 + why + " " + by
	return job.File{ID: id}, p.err
}

func (p *ports) DecideFile(_ context.Context, d job.Decision) (job.File, error) {
	fence := "any"
	if d.Fence != nil {
		fence = fmt.Sprint(*d.Fence)
	}
	p.said = fmt.Sprintf("decide {%d %s %s %s %s} fence %s", d.File, d.As, d.About, d.By, d.Why, fence)
	return job.File{ID: d.File, State: job.FileLanded, Fence: 3}, p.err
}

func (p *ports) ReconcileJob(_ context.Context, name string, w job.Settling) (settled, left int, err error) {
	p.said = fmt.Sprint("reconcile ", name, " ", w)
	return 3, 2, p.err
}

func (p *ports) CredentialCalendar(_ context.Context, sight job.Sight) ([]job.CalendarEntry, error) {
	return nil, p.err
}

// options plug the ports into everything that is asked.
func (p *ports) options() web.Options {
	return web.Options{Runner: p, Keeper: p, Reader: p, Outbox: p, Looker: p, Decider: p, Calendar: p, Care: &care{}, Reporter: p, Contents: p, Audit: p, Checker: p, Intake: p, Lists: lists{p}, Jobs: lists{p}, Connections: servers{p}, Servers: servers{p}, Days: servers{p}, Keys: servers{p}, Sheets: servers{p}, Hears: servers{p}}
}

func setup(t *testing.T) (*ports, *httptest.Server) {
	t.Helper()
	p := &ports{events: make(chan job.Progress, 10), ended: make(chan job.Run, 1)}
	server := httptest.NewServer(web.Handler(p.options()))
	t.Cleanup(server.Close)
	return p, server
}

func ask(t *testing.T, server *httptest.Server, method, path, body string) (int, string, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(text)
}

func TestEveryRouteAnswers(t *testing.T) {
	p, server := setup(t)
	for _, test := range []struct{ method, path, body, want string }{
		{"GET", "/healthz", "", `"ok":true`},
		{"GET", "/api/v1/overview", "", `"config":"x"`},
		{"POST", "/api/v1/jobs/acme/run", `{"by":"ops","file":"a.csv","force":true}`, `"run":7`},
		{"GET", "/api/v1/runs/9", "", `"outcomes":[{"id":1`},
		{"GET", "/api/v1/runs/9?after=7", "", `"next":507}`},
		{"POST", "/api/v1/runs/9/cancel", `{"by":"ops"}`, `"cancelled":9`},
		{"POST", "/api/v1/runs/9/retry", `{"by":"ops","file":"b.csv","config":"as-run"}`, `"run":8`},
		{"GET", "/api/v1/files/4", "", `"id":4`},
		{"POST", "/api/v1/files/4/approve", `{"by":"ops","sha256":"ab"}`, `"id":4`},
		{"POST", "/api/v1/files/4/reject", `{"by":"ops","reason":"old"}`, `"id":4`},
		{"GET", "/api/v1/files/4", "", `"outcome":{"created":9,`},
		{"POST", "/api/v1/files/4/outcome", `{"created":1,"updated":2,"deleted":0,"errored":0,"note":"n","by":"platform"}`, `{"created":1,"updated":2,"deleted":0,"errored":0,"note":"n","by":"platform"`},
		{"POST", "/api/v1/config/check", "version: 1", `{"errors":10,"warnings":0,"problems":[{"file":"","line":0,"column":0,"severity":"","code":"E-X","message":""}]}`},
		{"GET", "/api/v1/held", "", `[{"id":4`},
		{"GET", "/api/v1/events?after=1", "", `{"events":[],"next":7,"more":true}`},
		{"POST", "/api/v1/config/reload", `{"by":"ops"}`, `"revision":3`},
	} {
		status, kind, text := ask(t, server, test.method, test.path, test.body)
		if status != http.StatusOK || kind != "application/json" || !strings.Contains(text, test.want) {
			t.Errorf("%s %s: %d %s %s", test.method, test.path, status, kind, text)
		}
		if said := map[string]string{"/api/v1/files/4/approve": "approve ab ops", "/api/v1/files/4/reject": "reject old ops"}[test.path]; said != "" && p.said != said {
			t.Errorf("%s said %q", test.path, p.said)
		}
		if test.path == "/api/v1/jobs/acme/run" && (p.asked.By != "ops" || p.asked.Only != "a.csv" || !p.asked.Force) {
			t.Errorf("asked for %+v", p.asked)
		}
		if test.path == "/api/v1/runs/9/retry" && (p.asked.By != "ops" || p.asked.Only != "b.csv" || !p.asked.AsRun) {
			t.Errorf("asked for %+v", p.asked)
		}
	}
}

func TestFailuresCarryTheFailureObject(t *testing.T) {
	p, server := setup(t)
	p.err = &job.Reason{Slug: "run.busy", What: "nothing was begun", Cause: "c", Do: "d", Who: job.WhoUs}
	status, kind, text := ask(t, server, "POST", "/api/v1/jobs/acme/run", `{"by":"ops"}`)
	var problem web.Problem
	if err := json.Unmarshal([]byte(text), &problem); err != nil {
		t.Fatal(err)
	}
	if status != 422 || kind != "application/problem+json" || problem.Slug != "run.busy" || problem.Cause != "c" || problem.Type != "haulier:run.busy" {
		t.Errorf("%d %s %s", status, kind, text)
	}
	known := func(slug string, err error) error { return &job.Reason{Slug: slug, Err: err} }
	for err, want := range map[error]int{job.ErrNotFound: 404, job.ErrStale: 409, errors.New("boom"): 500, known("run.busy", job.ErrExists): 409, known("api.bad_request", nil): 400} {
		p.err = err
		if status, _, text := ask(t, server, "GET", "/api/v1/runs/3", ""); status != want {
			t.Errorf("%v: %d %s", err, status, text)
		}
	}
}

func TestBadRequests(t *testing.T) {
	_, server := setup(t)
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/api/v1/jobs/acme/run", "", 400},
		{"POST", "/api/v1/jobs/acme/run", `{"buy":"x"}`, 400},
		{"POST", "/api/v1/runs/9/retry", `{"by":"x","config":"old"}`, 400},
		{"POST", "/api/v1/jobs/acme/run", `{"by":"` + strings.Repeat("x", 100_000) + `"}`, 400},
		{"POST", "/api/v1/files/4/outcome", `{"created":1,"updated":2,"deleted":0}`, 400},
		{"POST", "/api/v1/files/0/outcome", `{"created":1,"updated":2,"deleted":0,"errored":0}`, 400},
		{"GET", "/api/v1/files/4/content?as=gold", "", 400},
		{"POST", "/api/v1/config/check", strings.Repeat("#", 1<<20+1), 400},
		{"GET", "/api/v1/runs/x", "", 400},
		{"GET", "/api/v1/runs/-1", "", 400},
		{"GET", "/api/v1/events?after=x", "", 400},
		{"GET", "/api/v1/runs/9?after=x", "", 400},
		{"POST", "/api/v1/jobs/acme/extend", `{"until":"2026-11-24T06:00:00Z"}`, 400},
		{"GET", "/api/v1/held?job=" + strings.Repeat("j", 256), "", 400},
		{"GET", "/api/v1/jobs/acme/run", "", 405},
		{"GET", "/nothing", "", 404},
	} {
		if status, kind, text := ask(t, server, test.method, test.path, test.body); status != test.want || kind != "application/problem+json" {
			t.Errorf("%s %s: %d %s %s, want %d", test.method, test.path, status, kind, text, test.want)
		}
	}
}

func TestARunIsFollowedToItsEnd(t *testing.T) {
	p, server := setup(t)
	for i := range 3 {
		p.events <- job.Progress{Run: 9, File: int64(i + 1), Stage: job.StageEnd}
	}
	p.ended <- job.Run{ID: 9, State: job.RunSucceeded}
	status, _, text := ask(t, server, "GET", "/api/v1/runs/9/events", "")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if status != 200 || len(lines) != 4 || !strings.Contains(lines[3], `"ended":{"run":9`) {
		t.Errorf("%d\n%s", status, text)
	}
}

// A machine that watches sees by the status that the daemon hangs; what hangs is told to those who may see more.
func TestHealthSaysWhatHangs(t *testing.T) {
	hangs := &job.Reason{Slug: "scheduler.hangs", What: "no job begins", Cause: "disk I/O error on /var/lib", Do: "restart it", Who: job.WhoUs}
	o := web.Options{Alive: func(context.Context) error { return hangs }}
	ask := func(h http.Handler) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
		return w.Code, w.Body.String()
	}
	if status, body := ask(web.Handler(o)); status != http.StatusServiceUnavailable || !strings.Contains(body, `"slug":"scheduler.hangs"`) || !strings.Contains(body, hangs.Cause) {
		t.Errorf("on the socket: %d %s", status, body)
	}
	if status, body := ask(route.Mux(web.Routes(o))); status != http.StatusServiceUnavailable || strings.Contains(body, hangs.Cause) {
		t.Errorf("to a stranger: %d %s", status, body)
	}
	o.Alive = func(context.Context) error { return nil }
	if status, body := ask(web.Handler(o)); status != http.StatusOK || body != "{\"ok\":true}\n" {
		t.Errorf("alive: %d %s", status, body)
	}
}
