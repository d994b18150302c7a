package page_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// once asks what a live page would get.
func once(t *testing.T, h http.Handler, at string) (page.Patch, int) {
	t.Helper()
	text, status := get(t, h, "/events?once=1&at="+url.QueryEscape(at))
	var p page.Patch
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
	}
	return p, status
}

func TestLiveRegionsAreOnThePage(t *testing.T) {
	h := pagetest.Night().Handler(pagetest.Operator)
	for _, path := range []string{"/", "/jobs", "/jobs/acme-customers", "/connections", "/connections/acme", "/runs", "/runs/116", "/alerts", "/alerts/12", "/alerts/9", "/held", "/files/71", "/files/1"} {
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
	h := pagetest.Night().Handler(pagetest.Operator)
	for at, want := range map[string]int{"/nowhere": 404, "//x": 400, "https://evil.example/": 400, "": 400, "/runs/4711": 404, "/a/../runs": 404, "/" + strings.Repeat("x", 3000): 400} {
		if _, status := once(t, h, at); status != want {
			t.Errorf("at %q: %d, want %d", at, status, want)
		}
	}
}

// A stream tells what differs, and only that.
func TestStreamTellsWhatChanged(t *testing.T) {
	w := pagetest.Night()
	server := httptest.NewServer(w.Handler(pagetest.Operator))
	defer server.Close()
	answer, err := http.Get(server.URL + "/events?at=/")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	next := func() page.Patch {
		for lines.Scan() {
			if text, found := strings.CutPrefix(lines.Text(), "data: "); found {
				var p page.Patch
				if err := json.Unmarshal([]byte(text), &p); err != nil {
					t.Fatal(err)
				}
				return p
			}
		}
		t.Fatal("the stream ended")
		return page.Patch{}
	}
	if first := next(); len(first.Regions) != 5 {
		t.Errorf("the first message has %d regions", len(first.Regions))
	}
	w.Change(func() { w.Open = w.Open[:1] })
	w.Signs <- job.Progress{Run: 116}
	second := next()
	if _, told := second.Regions["attention"]; !told || len(second.Regions) != 1 || second.Alerts != 1 {
		t.Errorf("one incident less came as %d regions, %d alerts", len(second.Regions), second.Alerts)
	}
}

// Live pages are bounded, in all and for one person.
func TestStreamsAreBounded(t *testing.T) {
	own := pagetest.Operator.Name
	all := map[string]int{}
	for i := range 10 {
		all[fmt.Sprint("other", i)] = 20
	}
	for name, c := range map[string]struct {
		taken map[string]int
		code  int
	}{
		"all places are taken":    {all, http.StatusServiceUnavailable},
		"20 of one person":        {map[string]int{own: 20}, http.StatusServiceUnavailable},
		"19 of one, 20 of others": {map[string]int{own: 19, "ann": 20, "bob": 20}, http.StatusOK},
	} {
		answer := page.OneStreamMore(pagetest.Night().Options(), pagetest.Operator, c.taken)
		if answer.Code != c.code || (c.code != http.StatusOK) != (answer.Header().Get("Retry-After") != "") {
			t.Errorf("%s: %d %v", name, answer.Code, answer.Header())
		}
	}
}

// Of others' data somebody sees nothing: not in a list, not by name, not by number, not live.
func TestSight(t *testing.T) {
	w := pagetest.Night()
	bank := route.Identity{Name: "bank", Role: route.Viewer, Sight: job.Sight{"bigbank-nv"}}
	h := w.Handler(bank)
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
	w.Sights = nil
	for _, path := range []string{"/", "/runs", "/alerts", "/search?q=x", "/connections/bigbank"} {
		get(t, h, path)
	}
	for _, sight := range w.Sights {
		if sight.Whole() || !sight.Sees("bigbank-nv") || sight.Sees("acme-nv") {
			t.Errorf("a list was asked for with the sight %v", sight)
		}
	}
	if len(w.Sights) < 8 {
		t.Errorf("only %d lists were narrowed", len(w.Sights))
	}
}
