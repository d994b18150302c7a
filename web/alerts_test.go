package web_test

import (
	"context"
	"fmt"
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

// care notes what was asked of it.
type care struct {
	asked []string
	err   error
}

func (c *care) Find(_ context.Context, sight job.Sight, over bool, since time.Time, before int64, limit int) ([]job.Incident, error) {
	c.asked = append(c.asked, fmt.Sprint("find ", []string(sight), over, since.Unix(), before, limit))
	return nil, c.err
}

func (c *care) Ack(_ context.Context, id int64, by, note string) error {
	c.asked = append(c.asked, fmt.Sprint("ack ", id, " ", by, " ", note))
	return c.err
}

func (c *care) Silence(_ context.Context, id int64, by, why string, until time.Time) error {
	c.asked = append(c.asked, fmt.Sprint("silence ", id, " ", by, " ", why, " ", until.Unix()))
	return c.err
}

func (c *care) Unsilence(_ context.Context, id int64, by string) error {
	c.asked = append(c.asked, fmt.Sprint("unsilence ", id, " ", by))
	return job.ErrStale
}

func TestAlertsAreListedAndCaredFor(t *testing.T) {
	c := &care{}
	mux := route.Mux(web.Routes(web.Options{Care: c}))
	who := route.Identity{Name: "ann", Role: route.Operator, Sight: job.Sight{"acme-nv"}}
	for _, test := range []struct {
		method, path, body string
		code               int
		asked, answer      string
	}{
		{"GET", "/api/v1/alerts", "", 200, "find [acme-nv] false -62135596800 0 500", "[]"},
		{"GET", "/api/v1/alerts?all=1&since=1970-01-01T00:01:00Z&before=9", "", 200, "find [acme-nv] true 60 9 500", "[]"},
		{"GET", "/api/v1/alerts?since=yesterday", "", 400, "", "since"},
		{"GET", "/api/v1/alerts?before=-1", "", 400, "", "before"},
		{"POST", "/api/v1/alerts/7/ack", `{"by":"the-boss","note":"mine"}`, 200, "ack 7 ann mine", `{"id":7}`},
		{"POST", "/api/v1/alerts/7/silence", `{"until":"1970-01-01T00:01:00Z","reason":"works"}`, 200, "silence 7 ann works 60", `{"id":7}`},
		{"POST", "/api/v1/alerts/7/silence", `{}`, 409, "unsilence 7 ann", "api.conflict"},
		{"POST", "/api/v1/alerts/x/ack", `{}`, 400, "", "number"},
		{"POST", "/api/v1/alerts/7/ack", `{"silent":1}`, 400, "", "silent"},
	} {
		c.asked = nil
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(route.With(t.Context(), who), test.method, test.path, strings.NewReader(test.body)))
		want := slices.DeleteFunc([]string{test.asked}, func(s string) bool { return s == "" })
		if answer.Code != test.code || !slices.Equal(c.asked, want) || !strings.Contains(answer.Body.String(), test.answer) {
			t.Errorf("%s %s %s: %d %s, asked %q", test.method, test.path, test.body, answer.Code, answer.Body, c.asked)
		}
	}
	c.asked = nil
	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/alerts", nil))
	if len(c.asked) != 1 || !strings.HasPrefix(c.asked[0], "find [] ") {
		t.Errorf("for nobody it was asked %q", c.asked)
	}
}
