package route_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/haulier/haulier/web/route"
)

// Who asked is told a reference and nothing else; the log has the error under it.
func TestInsideKeepsItsTextToTheLog(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	seen := map[string]bool{}
	for range 20 {
		log.Reset()
		r := httptest.NewRequestWithContext(route.With(t.Context(), route.Identity{Name: "vera"}), "POST", "/jobs/acme/run?x=hush", nil)
		reason := route.Inside(logger, r, "nothing was done", errors.New("select * from secrets_of_others"))
		reference := regexp.MustCompile(`reference ([A-Z0-9]{8})$`).FindStringSubmatch(reason.Cause)
		if reason.Slug != "api.failed" || reason.What != "nothing was done" || reference == nil || seen[reference[1]] || !strings.Contains(reason.Do, reference[1]) {
			t.Fatalf("%+v", reason)
		}
		seen[reference[1]] = true
		if text := reason.What + reason.Cause + reason.Do + reason.Technical; strings.Contains(text, "secrets_of_others") || strings.Contains(reason.Error(), "secrets_of_others") {
			t.Errorf("who asked is told %s", text)
		}
		for _, want := range []string{reference[1], "secrets_of_others", "POST", "/jobs/acme/run", "vera", "level=ERROR"} {
			if !strings.Contains(log.String(), want) || strings.Contains(log.String(), "hush") {
				t.Errorf("the log has no %s, or the query: %s", want, log.String())
			}
		}
	}
}
