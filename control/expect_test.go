package control_test

import (
	"testing"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

// A date in the pattern tells whose file it is, shifted as the pattern says; other patterns take what comes.
func TestExpectedNamesAreThoseOfTheDay(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		match, shown string
		exact        bool
		takes, not   string
	}{
		{"c_{date:%Y%m%d}*.csv", "c_20261124*.csv", true, "c_20261124_1.csv", "c_20261123_1.csv"},
		{"c_{date-1d:%Y-%m-%d}.csv", "c_2026-11-23.csv", true, "c_2026-11-23.csv", "c_2026-11-24.csv"},
		{"c_*.csv", "c_*.csv", false, "c_20250101.csv", ""},
	} {
		spec := job.Spec{Name: "a", Type: job.TypeImport, Timing: job.Timing{Zone: zone}, Import: &job.Import{Match: c.match}}
		n := control.ExpectedNames(spec)
		wants := n.Wants(day)
		if n.Exact != c.exact || n.Shown(day) != c.shown || !wants(c.takes) || c.not != "" && wants(c.not) {
			t.Errorf("%s: exact %v, shown %s, takes %s: %v, %s: %v", c.match, n.Exact, n.Shown(day), c.takes, wants(c.takes), c.not, wants(c.not))
		}
	}
}

func TestForemostDays(t *testing.T) {
	days := []job.Expectation{
		{Job: "a", Day: "1", Verdict: job.VerdictMissing}, {Job: "a", Day: "2", Verdict: job.VerdictLate}, {Job: "a", Day: "3", Verdict: job.VerdictPending},
		{Job: "b", Day: "3", Verdict: job.VerdictPending},
	}
	got := control.Foremost(days)
	if len(got) != 2 || got[0].Day != "2" || got[1].Job != "b" {
		t.Errorf("%+v", got)
	}
}

// A deadline is moved to a time ahead that is behind it, of a day that is open.
func TestExtendNeedsATimeAhead(t *testing.T) {
	now := time.Date(2026, 11, 24, 3, 10, 0, 0, time.UTC)
	e := job.Expectation{Job: "a", Day: "2026-11-24", By: now.Add(-10 * time.Minute), Missing: now.Add(2 * time.Hour), Verdict: job.VerdictLate}
	book := &expectationBook{open: []job.Expectation{e, {Job: "a", Day: "2026-11-25", By: now.Add(24 * time.Hour), Verdict: job.VerdictPending}}}
	for _, c := range []struct {
		day   string
		until time.Time
		ok    bool
	}{
		{"", now.Add(4 * time.Hour), true}, {"", now.Add(-time.Minute), false}, {"", now.Add(8 * 24 * time.Hour), false},
		{"2026-11-25", now.Add(4 * time.Hour), false}, {"2026-11-25", now.Add(26 * time.Hour), true}, {"2026-11-26", now.Add(26 * time.Hour), false},
	} {
		_, err := control.ExtendExpectation(t.Context(), book, "a", c.day, c.until, now, "ann", "they said so")
		if (err == nil) != c.ok {
			t.Errorf("%s until %s: %v", c.day, c.until, err)
		}
	}
	if book.extended[0] != "2026-11-24" {
		t.Errorf("extended %s: the day that is late is meant", book.extended)
	}
}
