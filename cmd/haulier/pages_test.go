package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

const pagesConfig = `version: 1
timezone: Europe/Brussels
connections:
  acme:
    display_name: ACME Retail
    entity: acme-nv
    host: 127.0.0.1
    port: 1
    username: platform
    auth: {methods: [password], password: {env: PAGES_PASSWORD}}
    locations: {outgoing: /out}
  bank:
    entity: bank-nv
    host: 127.0.0.1
    port: 1
    username: other
    auth: {methods: [password], password: {env: PAGES_PASSWORD}}
    locations: {outgoing: /out}
jobs:
  acme-in: {type: import, connection: acme, schedule: "0 3 * * *", from: {location: outgoing, match: "*"}, to: {dir: landing/acme}, expect: {by: "04:00", grace: 1h}}
  bank-in: {type: import, connection: bank, from: {location: outgoing, match: "*"}, to: {dir: landing/bank}}
`

// pagesOver serves the pages over a daemon of the configuration, as whoever who is at the time.
func pagesOver(t *testing.T, fill func(ctx context.Context, s *store.Store), who *route.Identity) (http.Handler, *store.Store) {
	t.Helper()
	return pagesOf(t, pagesConfig, fill, who)
}

// pagesOf is pagesOver with a configuration of one's own.
func pagesOf(t *testing.T, configuration string, fill func(ctx context.Context, s *store.Store), who *route.Identity) (http.Handler, *store.Store) {
	t.Helper()
	t.Setenv("PAGES_PASSWORD", "x")
	b := newBench(t, configuration)
	a := &app{configPath: b.dir, stderr: new(strings.Builder)}
	cfg, err := a.config()
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.openStore(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	fill(t.Context(), s)
	var background sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	d, _, sys := a.newDaemon(ctx, cfg, s, &background)
	d.Drafts = func(*config.Config) {}
	if err := d.Use(ctx, cfg, "ops"); err != nil {
		t.Fatal(err)
	}
	if err := d.Scheduler.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		background.Wait()
		if err := stopRuns(context.Background(), d); err != nil {
			t.Error(err)
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	at := servers{d, sys.pool, &turns{}}
	for _, r := range append(pageRoutes(at), web.Routes(apiOptions(at))...) {
		mux.HandleFunc(r.Pattern(), func(out http.ResponseWriter, in *http.Request) {
			r.Handler(out, in.WithContext(route.With(in.Context(), *who)))
		})
	}
	return mux, s
}

func pageOf(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Body.String()
}

func formTo(t *testing.T, h http.Handler, path, form string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	if answer.Code != http.StatusSeeOther {
		t.Errorf("%s: %d %s", path, answer.Code, answer.Body.String())
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// aNight fills a store: a good run of one job, then a failed one, with an incident.
func aNight(t *testing.T) func(ctx context.Context, s *store.Store) {
	return func(ctx context.Context, s *store.Store) {
		now := time.Now()
		for name, connection := range map[string]string{"acme-in": "acme", "bank-in": "bank"} {
			must[time.Time](t)(s.Loaded(ctx, name, connection, now.Add(-time.Hour)))
			if err := s.Activate(ctx, connection); err != nil {
				t.Fatal(err)
			}
		}
		refused := &job.Reason{Slug: "net.refused", What: "nothing was moved", Cause: "the machine answered no", Do: "ask them to allow us", Who: job.WhoCustomer}
		for i, state := range []job.RunState{job.RunSucceeded, job.RunFailed} {
			run := must[job.Run](t)(s.BeginRun(ctx, job.Run{Job: "acme-in", Connection: "acme", Type: job.TypeImport, Trigger: job.TriggerManual, By: "ops", Started: now.Add(time.Duration(i-9) * time.Minute)}))
			run.State, run.Ended = state, run.Started.Add(time.Second)
			if state == job.RunFailed {
				run.Reason = refused
			}
			if err := s.EndRun(ctx, run); err != nil {
				t.Fatal(err)
			}
			if err := s.Request(ctx, job.Request{Connection: "acme", Job: "acme-in", Run: run.ID, File: int64(i + 1), Direction: job.Download, OK: state == job.RunSucceeded, Bytes: 2048, Started: run.Started}); err != nil {
				t.Fatal(err)
			}
		}
		must[bool](t)(s.Raise(ctx, "connection/acme/net.refused", "acme-in", *refused, now.Add(-8*time.Minute)))
		if err := s.AddLogLines(ctx, 2, []store.LogLine{{Run: 2, Level: "ERROR", Line: "the machine said no"}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPagesOverAStore(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Operator}
	h, _ := pagesOver(t, aNight(t), &who)
	for path, wants := range map[string][]string{
		"/":                           {"1 needs attention", "net.refused", "the machine answered no", "1 failing", "1 new", `href="/runs/2"`, "50.0 %", "↓ 4.0 KiB"},
		"/jobs":                       {"acme-in", "failing", "Every day at 03:00 Europe/Brussels", "By hand only"},
		"/jobs/acme-in":               {"missing at 05:00", "Next times", `href="/runs/1"`},
		"/connections":                {"ACME Retail", "bank-nv"},
		"/connections/acme":           {"platform", "/out", "50.0 %", "net.refused", "active"},
		"/runs":                       {"failed", "succeeded", "manual by", "olivia"},
		"/runs?state=failed":          {`href="/runs/2"`},
		"/runs/2":                     {"the machine said no", "nothing was moved"},
		"/alerts":                     {"net.refused", "/ack", `href="/alerts/1"`},
		"/alerts/1":                   {"net.refused", "When all was well", `href="/runs/1"`, `href="/runs/2"`},
		"/held":                       {"No file is in doubt."},
		"/audit":                      {"Audit list"},
		"/search?q=acme":              {`href="/jobs/acme-in"`},
		"/events?once=1&at=/runs?x=1": {`"runlist"`},
	} {
		text := pageOf(t, h, path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
	}
	who.Sight = job.Sight{"bank-nv"}
	for _, path := range []string{"/", "/runs", "/alerts", "/jobs", "/connections", "/search?q=acme"} {
		if text := pageOf(t, h, path); strings.Contains(text, "net.refused") || strings.Contains(text, "/jobs/acme-in") || strings.Contains(text, "ACME") {
			t.Errorf("%s shows a bank what is another's", path)
		}
	}
}

func TestPagesDo(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Operator}
	h, s := pagesOver(t, aNight(t), &who)
	reason := "reason=" + url.QueryEscape("they move house")
	formTo(t, h, "/jobs/acme-in/pause", reason+"&for=1h")
	formTo(t, h, "/alerts/1/ack", "note=mine")
	formTo(t, h, "/alerts/1/silence", reason+"&for=4h")
	for path, wants := range map[string][]string{
		"/jobs/acme-in": {"paused", "they move house", "Resume"},
		"/alerts":       {"olivia", "mine", "silent until", "they move house", "Unsilence"},
	} {
		text := pageOf(t, h, path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
	}
	formTo(t, h, "/jobs/acme-in/resume", "")
	formTo(t, h, "/connections/acme/pause", reason)
	formTo(t, h, "/connections/acme/resume", "")
	formTo(t, h, "/connections/acme/test", "")
	formTo(t, h, "/jobs/bank-in/plan", "")
	if text := pageOf(t, h, "/connections/acme"); !strings.Contains(text, "Last test") {
		t.Error("the test of a connection is not shown")
	}
	var acts []string
	for _, line := range must[[]store.AuditLine](t)(s.Audit(t.Context(), 0, 100)) {
		if line.Who == "olivia" {
			acts = append(acts, line.Act)
		}
	}
	if got := strings.Join(acts, " "); got != "job.plan connection.tested connection.test connection.resume connection.pause job.resume alert.silence alert.ack job.pause" {
		t.Errorf("the audit list has %s", got)
	}
}
