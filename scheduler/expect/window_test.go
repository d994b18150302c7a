package expect

import (
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

func ruleOf(t *testing.T, zone string, e job.Expect) *rule {
	t.Helper()
	if e.Days == ([7]bool{}) {
		e.Days = everyDay()
	}
	spec := nightly(func(s *job.Spec) { s.Expect, s.Timing.Zone = &e, mustZone(zone) })
	r, err := newRule(spec, names(spec))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Deadlines are by the clocks of the zone: one that the clocks skip is right behind the gap, one that comes twice is the first.
func TestWindowsAndClockChanges(t *testing.T) {
	const none = job.NoOpening
	for _, c := range []struct {
		name, zone, day          string
		opens, by                int
		wantOpens, wantBy, close string
	}{
		{"a plain day", "Europe/Brussels", "2026-11-24", none, 180, "2026-11-23T02:00Z", "2026-11-24T02:00Z", "2026-11-24T14:00Z"},
		{"opens the evening before", "Europe/Brussels", "2026-11-24", 22 * 60, 180, "2026-11-23T21:00Z", "2026-11-24T02:00Z", "2026-11-24T21:00Z"},
		{"opens on the day", "Europe/Brussels", "2026-11-24", 30, 180, "2026-11-23T23:30Z", "2026-11-24T02:00Z", "2026-11-24T23:30Z"},
		{"the deadline is skipped", "Europe/Brussels", "2027-03-28", none, 150, "2027-03-27T01:30Z", "2027-03-28T01:00Z", "2027-03-28T12:45Z"},
		{"the day behind it is short", "Europe/Brussels", "2027-03-29", none, 150, "2027-03-28T01:00Z", "2027-03-29T00:30Z", "2027-03-29T12:30Z"},
		{"the deadline comes twice", "Europe/Brussels", "2026-10-25", none, 150, "2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-25T13:00Z"},
		{"the opening comes twice", "Europe/Brussels", "2026-10-25", 150, 240, "2026-10-25T00:30Z", "2026-10-25T03:00Z", "2026-10-26T01:30Z"},
		{"half an hour is skipped", "Australia/Lord_Howe", "2026-10-04", none, 135, "2026-10-02T15:45Z", "2026-10-03T15:30Z", "2026-10-04T03:22Z"},
		{"midnight is skipped", "America/Santiago", "2026-09-06", 23 * 60, 0, "2026-09-06T03:00Z", "2026-09-06T04:00Z", "2026-09-07T02:00Z"},
		{"far east", "Pacific/Auckland", "2026-11-24", none, 8 * 60, "2026-11-22T19:00Z", "2026-11-23T19:00Z", "2026-11-24T07:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ruleOf(t, c.zone, job.Expect{Opens: c.opens, By: c.by, Files: 1}).window(parseDay(c.day))
			form := "2006-01-02T15:04Z"
			if got := [3]string{w.opens.UTC().Format(form), w.by.UTC().Format(form), w.closes.UTC().Format(form)}; got != [3]string{c.wantOpens, c.wantBy, c.close} {
				t.Errorf("opens %s, by %s, closes %s", got[0], got[1], got[2])
			}
		})
	}
}

// Over years of any zone windows lie in a row: each deadline in its own, no arrival is two days', and none is lost but by weekends.
func TestWindowsLieInARow(t *testing.T) {
	for _, zone := range []string{"Europe/Brussels", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo", "Africa/Casablanca", "Pacific/Apia", "UTC"} {
		for _, opens := range []int{job.NoOpening, 22 * 60, 60} {
			r := ruleOf(t, zone, job.Expect{Opens: opens, By: 3 * 60, Grace: 2 * time.Hour, Files: 1})
			date := parseDay("2026-01-01")
			before := r.window(date)
			for range 500 {
				date, _ = r.next(date)
				w := r.window(date)
				if !w.opens.Before(w.by) || w.closes.Before(w.missing) || !before.by.Before(w.by) {
					t.Fatalf("%s %s: %+v", zone, w.day, w)
				}
				if opens != job.NoOpening && !before.closes.Equal(w.opens) {
					t.Fatalf("%s %s: the day before closes %s, this opens %s", zone, w.day, before.closes, w.opens)
				}
				if opens == job.NoOpening && (!w.opens.Equal(before.by) || !before.closes.Before(w.by)) {
					t.Fatalf("%s %s: opens %s, the day before was due %s and closes %s", zone, w.day, w.opens, before.by, before.closes)
				}
				before = w
			}
		}
	}
}

func TestWeekendsBelongToMonday(t *testing.T) {
	r := ruleOf(t, "Europe/Brussels", job.Expect{Opens: job.NoOpening, By: 180, Files: 1, Days: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}})
	w := r.window(parseDay("2026-11-23"))
	if !w.opens.Equal(at(t, "2026-11-20 03:00")) {
		t.Errorf("Monday's window opens %s", w.opens)
	}
}

func TestAGraceLongerThanADay(t *testing.T) {
	r := ruleOf(t, "Europe/Brussels", job.Expect{Opens: job.NoOpening, By: 180, Grace: 36 * time.Hour, Files: 1})
	w := r.window(parseDay("2026-11-24"))
	if !w.closes.Equal(at(t, "2026-11-24 15:00")) {
		t.Errorf("closes %s: later files are the next day's", w.closes)
	}
}
