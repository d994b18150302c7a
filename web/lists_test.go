package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// lists answer for what there is, and remember what was asked.
type lists struct{ *ports }

func (l lists) Runs(_ context.Context, q web.RunQuery) ([]job.Run, int64, error) {
	l.said = fmt.Sprintf("%+v", q)
	return []job.Run{{ID: 9}}, 9, l.err
}

func (l lists) Files(_ context.Context, q web.FileQuery) ([]job.File, int64, error) {
	l.said = fmt.Sprintf("%+v", q)
	if len(q.States) > 0 && q.States[0] == job.FileHeld {
		return []job.File{{ID: 5}, {ID: 4}}, 0, l.err
	}
	return nil, 0, l.err
}

func (l lists) Events(_ context.Context, after int64, limit int, sight job.Sight) ([]job.Event, int64, bool, error) {
	l.said = fmt.Sprint("events ", after, limit, sight)
	return nil, 7, true, l.err
}

func (l lists) Log(_ context.Context, run, after int64, limit int) ([]web.LogLine, error) {
	l.said = fmt.Sprint("log ", run, after, limit)
	return []web.LogLine{{ID: 5, Line: "x"}}, l.err
}

func (l lists) Expectations(_ context.Context, jobName, since string, _ int) ([]job.Expectation, error) {
	l.said = "days of " + jobName
	return []job.Expectation{{Day: "2026-11-24", Closed: true}}, l.err
}

func (l lists) Jobs(_ context.Context, sight job.Sight) ([]web.Job, error) {
	l.said = fmt.Sprint("jobs ", sight)
	return nil, l.err
}

func (l lists) Job(_ context.Context, name string) (web.Job, error) {
	return web.Job{Name: name}, l.err
}

func (l lists) Upcoming(_ context.Context, name string, n int) ([]web.Upcoming, error) {
	l.said = fmt.Sprint("next ", name, n)
	return nil, l.err
}

func (l lists) PauseJob(_ context.Context, name, why, by string, until time.Time) error {
	l.said = strings.Join([]string{"pause", name, why, by, until.Format(time.RFC3339)}, " ")
	return l.err
}

func (l lists) ResumeJob(_ context.Context, name, by string) error {
	l.said = "resume " + name + " " + by
	return l.err
}

// Lists are asked for as the query says, and with the sight of who asks.
func TestListsAreAskedForWithTheSightOfWhoAsks(t *testing.T) {
	p, _ := setup(t)
	mux := route.Mux(web.Routes(p.options()))
	who := route.Identity{Name: "ann", Role: route.Operator, Sight: job.Sight{"one"}}
	for _, c := range []struct{ method, path, body, said, answer string }{
		{"GET", "/runs?job=j&state=failed&since=2026-11-24T00:00:00Z&file=a*&before=7&limit=3", "",
			"{Job:j Connection: States:[failed] Since:2026-11-24 00:00:00 +0000 UTC File:a* Before:7 Limit:3 Sight:[one]}", `"next":9}`},
		{"GET", "/files?name=a*&sha256=ab", "", "{Job: States:[] Name:a* SHA256:ab Before:0 Limit:100 Sight:[one]}", `{"files":[]}`},
		{"GET", "/overview", "", "overview [one]", "config"},
		{"GET", "/held?job=j", "", "{Job:j States:[held] Name: SHA256: Before:0 Limit:1000 Sight:[one]}", `[{"id":4`},
		{"GET", "/events?after=3", "", "events 3 500 [one]", `"more":true`},
		{"GET", "/connections", "", "connections [one]100", "[]"},
		{"GET", "/keys", "", "keys [one]100", "ssh-ed25519 A"},
		{"GET", "/pgp-keys", "", "pgp [one]", "[]"},
		{"POST", "/connections/c/trust", `{"by":"bob","fingerprint":"F"}`, "trust c{ann F false} [one]", "pinned"},
		{"GET", "/runs/4/log?after=2&limit=1", "", "log 4 2 1", `"next":5}`},
		{"GET", "/runs/4/log", "", "log 4 0 100", `"line":"x"}]}`},
		{"GET", "/jobs", "", "jobs [one]", "[]"},
		{"GET", "/jobs/acme/next?n=2", "", "next acme2", "[]"},
		{"GET", "/jobs/acme/expectations?days=3", "", "days of acme", `[{"job":"","connection":"","day":"2026-11-24"`},
		{"POST", "/jobs/acme/pause", `{"by":"bob","reason":"they move","until":"2026-11-24T00:00:00Z"}`, "pause acme they move ann 2026-11-24T00:00:00Z", `"job":"acme"`},
		{"POST", "/jobs/acme/resume", `{"by":"bob"}`, "resume acme ann", `"job":"acme"`},
	} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(route.With(t.Context(), who), c.method, "/api/v1"+c.path, strings.NewReader(c.body)))
		if answer.Code != 200 || p.said != c.said || !strings.Contains(answer.Body.String(), c.answer) {
			t.Errorf("%s: %d %s\nasked %s\nwant  %s", c.path, answer.Code, answer.Body, p.said, c.said)
		}
	}
	for _, path := range []string{"/runs?limit=0", "/runs?limit=1001", "/runs?before=x", "/runs?since=yesterday", "/files?limit=-1", "/files?name=" + strings.Repeat("x", 256), "/runs/4/log?after=0", "/jobs/acme/next?n=101", "/jobs/acme/expectations?days=0"} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(route.With(t.Context(), who), "GET", "/api/v1"+path, nil))
		if answer.Code != 400 {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}
