package page

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// once asks what a live page would get.
func once(t *testing.T, h http.Handler, at string) (patch, int) {
	t.Helper()
	text, status := get(t, h, "/events?once=1&at="+url.QueryEscape(at))
	var p patch
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
	}
	return p, status
}

func TestLiveRegionsAreOnThePage(t *testing.T) {
	h := nightWorld().handler(operator)
	for _, path := range []string{"/", "/jobs", "/jobs/acme-customers", "/connections", "/connections/acme", "/runs", "/runs/116", "/alerts"} {
		p, status := once(t, h, path)
		if status != http.StatusOK || len(p.Regions) == 0 || p.Alerts != 2 || p.At != "03:48 CET" {
			t.Errorf("%s: status %d, %d regions, %d alerts at %s", path, status, len(p.Regions), p.Alerts, p.At)
		}
		text, _ := get(t, h, path)
		for name, html := range p.Regions {
			if !strings.Contains(text, `data-region="`+name+`"`) || !strings.Contains(text, html) {
				t.Errorf("%s: region %s is not on the page as it would be sent", path, name)
			}
		}
	}
}

func TestNotLive(t *testing.T) {
	h := nightWorld().handler(operator)
	for at, want := range map[string]int{"/keys": 404, "/nowhere": 404, "//x": 400, "https://evil.example/": 400, "": 400, "/runs/4711": 404, "/a/../runs": 404, "/" + strings.Repeat("x", 3000): 400} {
		if _, status := once(t, h, at); status != want {
			t.Errorf("at %q: %d, want %d", at, status, want)
		}
	}
}

// A stream tells what differs, and only that.
func TestStreamTellsWhatChanged(t *testing.T) {
	w := nightWorld()
	server := httptest.NewServer(w.handler(operator))
	defer server.Close()
	answer, err := http.Get(server.URL + "/events?at=/")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	next := func() patch {
		for lines.Scan() {
			if text, found := strings.CutPrefix(lines.Text(), "data: "); found {
				var p patch
				if err := json.Unmarshal([]byte(text), &p); err != nil {
					t.Fatal(err)
				}
				return p
			}
		}
		t.Fatal("the stream ended")
		return patch{}
	}
	if first := next(); len(first.Regions) != 5 {
		t.Errorf("the first message has %d regions", len(first.Regions))
	}
	w.open = w.open[:1]
	w.signs <- job.Progress{Run: 116}
	second := next()
	if _, told := second.Regions["attention"]; !told || len(second.Regions) != 1 || second.Alerts != 1 {
		t.Errorf("one incident less came as %d regions, %d alerts", len(second.Regions), second.Alerts)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	w := nightWorld()
	p := newPages(w.options().withDefaults())
	for range cap(p.streams) {
		p.streams <- struct{}{}
	}
	answer := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/events?at=/", nil)
	p.live(answer, r.WithContext(route.With(r.Context(), operator)))
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d %v", answer.Code, answer.Header())
	}
}

// Of others' data somebody sees nothing: not in a list, not by name, not by number, not live.
func TestSight(t *testing.T) {
	w := nightWorld()
	bank := route.Identity{Name: "bank", Role: route.Viewer, Sight: job.Sight{"bigbank-nv"}}
	h := w.handler(bank)
	for _, path := range []string{"/jobs/acme-customers", "/connections/acme", "/runs/209", "/runs/209/log"} {
		if text, status := get(t, h, path); status != http.StatusNotFound || strings.Contains(text, "customers_2026") {
			t.Errorf("%s: %d", path, status)
		}
		if path != "/runs/209/log" {
			if _, status := once(t, h, path); status != http.StatusNotFound {
				t.Errorf("live %s: %d", path, status)
			}
		}
	}
	for _, path := range []string{"/jobs", "/connections", "/search?q=acme", "/search?q=209"} {
		if text, _ := get(t, h, path); strings.Contains(text, `href="/jobs/acme`) || strings.Contains(text, `href="/connections/acme"`) || strings.Contains(text, "Run 209") {
			t.Errorf("%s shows what is not theirs", path)
		}
	}
	w.sight = nil
	for _, path := range []string{"/", "/runs", "/alerts", "/search?q=x", "/connections/bigbank"} {
		get(t, h, path)
	}
	for _, sight := range w.sight {
		if sight.Whole() || !sight.Sees("bigbank-nv") || sight.Sees("acme-nv") {
			t.Errorf("a list was asked for with the sight %v", sight)
		}
	}
	if len(w.sight) < 8 {
		t.Errorf("only %d lists were narrowed", len(w.sight))
	}
}
