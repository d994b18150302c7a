package page_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
)

func TestExpectationsOfAJob(t *testing.T) {
	text, status := get(t, pagetest.Night().Handler(pagetest.Operator), "/jobs/acme-customers")
	if status != http.StatusOK {
		t.Fatal(status)
	}
	for _, want := range []string{"1 file by 03:00, missing at 05:00, Mon Tue Wed Thu Fri, Europe/Brussels", "2026-11-16 missing, 0 of 1", "recovered-late", "When files came", `expect: {by: "`} {
		if !strings.Contains(text, want) {
			t.Errorf("the job's page does not say %q", want)
		}
	}
}

// What comes around midnight is one evening's, and its deadline lies behind midnight.
func TestSuggestedDeadline(t *testing.T) {
	for _, c := range []struct {
		came             []string
		usual, suggested string
	}{
		{[]string{"01:00", "01:10", "01:20", "01:10", "01:12"}, "01:10", "01:30"},
		{[]string{"23:50", "23:55", "00:05", "00:10", "23:58"}, "23:58", "00:15"},
		{[]string{"23:40", "23:41", "23:42", "23:43", "23:59"}, "23:42", "00:00"},
		{[]string{"12:00", "12:00", "12:00", "12:00", "12:00"}, "12:00", "12:15"},
		{[]string{"12:00", "12:00", "12:00", "12:00"}, "", ""},
	} {
		var files []job.File
		for i, at := range c.came {
			clock, err := time.Parse("15:04", at)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, job.File{Seen: time.Date(2026, 11, 2+2*i, clock.Hour(), clock.Minute(), 0, 0, pagetest.Brussels)})
		}
		n, usual, suggested := page.ArrivalsOf(files, time.Time{}, pagetest.Brussels)
		if usual != c.usual || suggested != c.suggested || n != len(c.came) {
			t.Errorf("%v: usual %s, suggested %s", c.came, usual, suggested)
		}
	}
}
