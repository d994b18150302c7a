package page_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// What went wrong inside is in the log under a reference, and the reference is all of it that a page shows: to who looks, to who does
// something, and to who has no more than a link.
func TestWhatGoesWrongInsideIsOnNoPage(t *testing.T) {
	inside := errors.New("sql: no such column hush <b>in</b> /srv/data")
	var log bytes.Buffer
	w := pagetest.Night()
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	viewer, operator := w.Handler(route.Identity{Name: "vera", Role: route.Viewer}), w.Handler(pagetest.Operator)
	tell := func(what, text string) {
		t.Helper()
		reference := regexp.MustCompile(`reference ([A-Z0-9]{8})`).FindStringSubmatch(text)
		if reference == nil || strings.Contains(text, "hush") || strings.Contains(text, "/srv/data") || !strings.Contains(text, "api.failed") && what != "the log" {
			t.Fatalf("%s: %s", what, text)
		}
		if !strings.Contains(log.String(), reference[1]) || !strings.Contains(log.String(), "no such column hush") {
			t.Errorf("%s: the log has nothing under %s", what, reference[1])
		}
	}
	w.Fail = inside
	for path, form := range map[string]url.Values{"/jobs/acme-segment/run": {}, "/alerts/12/ack": {}, "/files/71/decide": {"reason": {"x"}, "about": {"y"}, "as": {"drop"}, "fence": {"0"}}} {
		tell(path, told(t, operator, post(t, operator, path, form)))
	}
	w.Fail, w.Sheets.Ill = nil, inside
	if text, status := get(t, viewer, "/sheet/"+pagetest.Token); status != http.StatusServiceUnavailable || strings.Contains(text, "hush") {
		t.Errorf("a link: %d %s", status, text)
	}
	w.Ill = inside
	for _, path := range []string{"/", "/jobs", "/connections/acme", "/runs", "/runs/209", "/runs/209/log", "/held", "/files/71", "/keys"} {
		text, status := get(t, viewer, path)
		if status != http.StatusInternalServerError || !strings.Contains(text, "jobs go on") {
			t.Errorf("%s: %d", path, status)
		}
		tell(path, text)
	}
	if text, status := get(t, viewer, "/events?at=/"); status != http.StatusInternalServerError || strings.Contains(text, "hush") {
		t.Errorf("live: %d %s", status, text)
	}
	if text, status := get(t, pagetest.Night().Handler(pagetest.Operator), "/runs/4711"); status != http.StatusNotFound || !strings.Contains(text, "api.not_found") {
		t.Errorf("a run that is not there: %d %s", status, text)
	}
}
