package web_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

type calendarOf func(job.Sight) []job.CalendarEntry

func (c calendarOf) CredentialCalendar(_ context.Context, sight job.Sight) ([]job.CalendarEntry, error) {
	return c(sight), nil
}

// The calendar is asked for with the sight of who asks; without a login nothing is seen.
func TestCalendarIsAskedForWithTheSightOfWhoAsks(t *testing.T) {
	mux := route.Mux(web.Routes(web.Options{Calendar: calendarOf(func(sight job.Sight) []job.CalendarEntry {
		return []job.CalendarEntry{{Kind: job.KindPassword, Name: strings.Join(sight, "+"), Says: job.EntryEnds, Connections: []string{}}}
	})}))
	request := httptest.NewRequestWithContext(route.With(t.Context(), route.Identity{Role: route.Viewer, Sight: job.Sight{"one", "two"}}), "GET", "/api/v1/keys/calendar", nil)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	var entries []job.CalendarEntry
	if err := json.Unmarshal(answer.Body.Bytes(), &entries); err != nil || len(entries) != 1 || entries[0].Name != "one+two" || entries[0].Says != "ends" {
		t.Errorf("%d %s, error %v", answer.Code, answer.Body, err)
	}
}
