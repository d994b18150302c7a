package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/scheduler"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func parse(t testing.TB, line, in string) scheduler.Schedule {
	t.Helper()
	schedule, err := scheduler.Parse(line, zone(t, in))
	if err != nil {
		t.Fatal(err)
	}
	return schedule
}

func TestParseRefusesWithTheFieldAndAWayOut(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"", "the schedule is empty"},
		{"   ", "the schedule is empty"},
		{"TZ=Europe/Brussels 0 2 * * *", "set timezone: Europe/Brussels"},
		{"CRON_TZ=Asia/Tokyo 0 2 * * *", "set timezone: Asia/Tokyo"},
		{"cron_tz=UTC 0 2 * * *", "set timezone: UTC"},
		{"TZ=0", "set timezone: 0"},
		{"TZ=", `set timezone: ""`},
		{"TZ=\x1b[31m 0 2 * * *", `set timezone: "\x1b[31m"`},
		{"0 0 2 * * *", "6 fields"},
		{"0 2 * *", "4 of 5 fields"},
		{"60 2 * * *", `minute "60": "60" is not one of the values; 0 to 59`},
		{"0 24 * * *", `hour "24"`},
		{"0 0 0 * *", `day of month "0"`},
		{"0 0 32 * *", `day of month "32"`},
		{"0 0 1 13 *", `month "13": "13" is not one of the values; 1 to 12 are allowed, or jan to dec`},
		{"0 0 1 mai *", `month "mai"`},
		{"0 0 * * 7", "write 0 or sun for Sunday"},
		{"0 0 * * 8", `day of week "8"`},
		{"0 22-5 * * *", `hour "22-5": 22-5 runs backwards; write two ranges, such as 22-23,0-5`},
		{"0 1,,2 * * *", `hour "1,,2": a value is missing`},
		{", * * * *", `minute ",": a value is missing`},
		{"*-5 * * * *", `minute "*-5"`},
		{"+5 * * * *", `minute "+5"`},
		{"*/0 * * * *", `the step "0" must be`},
		{"*/90 * * * *", "the step 90 is longer than the field, which has 60 values"},
		{"1/2/3 * * * *", `the step "2/3" must be`},
		{"1-2-3 * * * *", `"2-3" is not one of the values`},
		{"0 0 30 2 *", "no next time in 8 years"},
		{"0 0 31 4,6,9,11 *", "no next time in 8 years"},
		{"@reboot", "is not a known word"},
		{"@every", "is not a known word"},
		{"@every 59s", "the shortest is 1m"},
		{"@every -1h", "the shortest is 1m"},
		{"@every 90", "write a duration"},
		{"@every 61.5s", "whole seconds"},
		{"@every 100000h", "no next time in 8 years"},
		{strings.Repeat("1,", 600) + "1 * * * *", "characters; at most 1000"},
	} {
		schedule, err := scheduler.Parse(c.line, time.UTC)
		if err == nil {
			t.Errorf("Parse(%q) = %v, want an error with %q", c.line, schedule, c.want)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q): %v, want %q", c.line, err, c.want)
		}
	}
	if _, err := scheduler.Parse("@daily", nil); err == nil {
		t.Error("Parse took a nil zone")
	}
}

func TestParseReadsTheWholeLanguage(t *testing.T) {
	from := time.Date(2026, 11, 21, 6, 30, 30, 0, time.UTC) // a Saturday
	for _, c := range []struct{ line, want string }{
		{"@hourly", "2026-11-21T07:00"},
		{"@daily", "2026-11-22T00:00"},
		{"@midnight", "2026-11-22T00:00"},
		{"@weekly", "2026-11-22T00:00"},
		{"@monthly", "2026-12-01T00:00"},
		{"@yearly", "2027-01-01T00:00"},
		{"@annually", "2027-01-01T00:00"},
		{"@every 1h30m", "2026-11-21T07:30"},
		{"*/15 0-5 * * *", "2026-11-22T00:00"},
		{"0 6 * * MON", "2026-11-23T06:00"},
		{"31/7 6 * * *", "2026-11-21T06:31"},
		{"? ? ? * ?", "2026-11-21T06:31"},
		{"0 0 29 feb *", "2028-02-29T00:00"},
		{"0 0 31 * *", "2026-12-31T00:00"},
		{"0 0 13 * fri", "2026-11-27T00:00"}, // the 13th or a Friday
		{"0 0 * * mon-wed,sun", "2026-11-22T00:00"},
	} {
		slot, ok := parse(t, c.line, "UTC").Next(from)
		if !ok || slot.Wall != c.want || slot.Due.Format("2006-01-02T15:04:05") != c.want+":00" {
			t.Errorf("%q: next is %v, want %s", c.line, slot, c.want)
		}
	}
}

func TestLeapDayIsFoundEightYearsAhead(t *testing.T) {
	slot, ok := parse(t, "0 0 29 2 *", "UTC").Next(time.Date(2096, 2, 29, 0, 0, 0, 0, time.UTC))
	if !ok || slot.Wall != "2104-02-29T00:00" {
		t.Errorf("after 2096 the next leap day is %v", slot)
	}
}

func TestEveryKeepsItsRhythmWhateverTheClocksDo(t *testing.T) {
	schedule := parse(t, "@every 20m", "Europe/Brussels")
	from := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // clocks go back at 01:00 UTC
	want := from.Add(10 * time.Minute)
	for slot := range schedule.Slots(from) {
		if !slot.Due.Equal(want) {
			t.Fatalf("slot %v, want %v", slot, want)
		}
		if shown := slot.Due.In(schedule.Zone()); shown.Format("2006-01-02T15:04") != slot.Wall {
			t.Fatalf("slot %v is shown as %v", slot, shown)
		}
		if want = want.Add(20 * time.Minute); want.Hour() == 4 {
			return
		}
	}
}

func TestWarningsTellOfEitherDay(t *testing.T) {
	for line, want := range map[string]int{"0 0 13 * fri": 1, "0 0 13 * *": 0, "0 0 * * fri": 0, "@monthly": 0, "@every 5m": 0} {
		if got := parse(t, line, "UTC").Warnings(); len(got) != want {
			t.Errorf("%q: warnings %q, want %d", line, got, want)
		}
	}
}
