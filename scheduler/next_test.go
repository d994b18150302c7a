package scheduler_test

import (
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/scheduler"
)

// TestNamedClockChanges tells the changes that people have been bitten by, slot by slot.
func TestNamedClockChanges(t *testing.T) {
	for _, c := range []struct {
		name, line, zone, day string // slots of the wall date day and its neighbours
		want                  []string
	}{
		{"a gap moves a fixed time to its end", "30 2 * * *", "Europe/Brussels", "2027-03-28",
			[]string{"2027-03-27T02:30 +1h @01:30", "2027-03-28T02:30 +2h @01:00", "2027-03-29T02:30 +2h @00:30"}},
		{"a repeated hour has a fixed time once, in its first pass", "30 2 * * *", "Europe/Brussels", "2026-10-25",
			[]string{"2026-10-24T02:30 +2h @00:30", "2026-10-25T02:30 +2h @00:30", "2026-10-26T02:30 +1h @01:30"}},
		{"two times of a gap come at one instant", "0,30 2 28 3 *", "Europe/Berlin", "2027-03-28",
			[]string{"2027-03-28T02:00 +2h @01:00", "2027-03-28T02:30 +2h @01:00"}},
		{"a starred line has nothing in a gap", "*/30 1-3 28 3 *", "Europe/Berlin", "2027-03-28",
			[]string{"2027-03-28T01:00 +1h @00:00", "2027-03-28T01:30 +1h @00:30", "2027-03-28T03:00 +2h @01:00", "2027-03-28T03:30 +2h @01:30"}},
		{"a starred line has both passes", "*/30 2 25 10 *", "Europe/Berlin", "2026-10-25",
			[]string{"2026-10-25T02:00 +2h @00:00", "2026-10-25T02:30 +2h @00:30", "2026-10-25T02:00 +1h @01:00", "2026-10-25T02:30 +1h @01:30"}},
		{"Lord Howe moves by half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-04",
			[]string{"2026-10-03T02:15 +10h30m @15:45", "2026-10-04T02:15 +11h @15:30", "2026-10-05T02:15 +11h @15:15"}},
		{"Cairo has no midnight", "0 0 * * fri", "Africa/Cairo", "2026-04-24",
			[]string{"2026-04-24T00:00 +3h @22:00"}},
		{"Santiago has no midnight", "@daily", "America/Santiago", "2026-09-06",
			[]string{"2026-09-05T00:00 -4h @04:00", "2026-09-06T00:00 -3h @04:00", "2026-09-07T00:00 -3h @03:00"}},
		{"Samoa has no 30 December 2011", "0 12 * * *", "Pacific/Apia", "2011-12-30",
			[]string{"2011-12-29T12:00 -10h @22:00", "2011-12-30T12:00 +14h @10:00", "2011-12-31T12:00 +14h @22:00"}},
		{"Almaty set its clocks back for good", "30 23 29 2 *", "Asia/Almaty", "2024-02-29",
			[]string{"2024-02-29T23:30 +6h @17:30"}},
		{"Casablanca's summer time pauses in Ramadan", "30 2 * * *", "Africa/Casablanca", "2026-02-15",
			[]string{"2026-02-14T02:30 +1h @01:30", "2026-02-15T02:30 +1h @01:30", "2026-02-16T02:30 +0s @02:30"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := around(t, c.line, c.zone, c.day); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// around writes the slots whose wall dates are within a day of the given one: wall time, offset, time in UTC.
func around(t *testing.T, line, in, date string) []string {
	t.Helper()
	middle, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for slot := range parse(t, line, in).Slots(middle.AddDate(0, 0, -3)) {
		day, err := time.Parse(time.DateOnly, slot.Wall[:10])
		if err != nil {
			t.Fatal(err)
		}
		if d := day.Sub(middle); d > 24*time.Hour {
			break
		} else if d >= -24*time.Hour {
			got = append(got, slot.Wall+" "+offset(slot.Offset)+" @"+slot.Due.Format("15:04"))
		}
	}
	return got
}

func offset(seconds int) string {
	d := time.Duration(seconds) * time.Second
	s := d.String()
	for _, tail := range []string{"m0s", "h0m"} {
		if len(s) > len(tail) && s[len(s)-len(tail):] == tail {
			s = s[:len(s)-len(tail)+1]
		}
	}
	if d >= 0 {
		s = "+" + s
	}
	return s
}

func TestNotesTellWhatTheClocksDo(t *testing.T) {
	for _, c := range []struct {
		line, zone, after string
		want              []string
	}{
		{"30 2 * * *", "Europe/Brussels", "2027-03-27T12:00:00Z", []string{"clock change: 02:30 → 03:00"}},
		{"30 2 * * *", "Europe/Brussels", "2026-10-24T12:00:00Z", []string{"runs in the first of two 02:30"}},
		{"*/30 2 * * *", "Europe/Brussels", "2026-10-25T00:30:00Z", []string{"runs in the second of two 02:00"}},
		{"0 12 * * *", "Pacific/Apia", "2011-12-30T00:00:00Z", []string{"clock change: 2011-12-30 12:00 → 2011-12-31 00:00"}},
		{"30 3 * * *", "Europe/Brussels", "2027-03-27T12:00:00Z", nil},
		{"30 2 * * *", "UTC", "2027-03-27T12:00:00Z", nil},
		{"@every 1h", "Europe/Brussels", "2026-10-25T00:30:00Z", nil},
	} {
		from, err := time.Parse(time.RFC3339, c.after)
		if err != nil {
			t.Fatal(err)
		}
		schedule := parse(t, c.line, c.zone)
		slot, _ := schedule.Next(from)
		if got := schedule.Notes(slot); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: notes of %v are %q, want %q", c.zone, c.line, slot, got, c.want)
		}
	}
}

func TestMovedFindsTheNextWallTimeThatDoesNotExist(t *testing.T) {
	from := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ line, zone, want string }{
		{"30 2 * * *", "Europe/Brussels", "2027-03-28T02:30"},
		{"30 2 * * mon", "Europe/Brussels", ""},
		{"0 3 * * *", "Europe/Brussels", ""},
		{"*/15 2 * * *", "Europe/Brussels", ""},
		{"30 2 * * *", "Asia/Tokyo", ""},
		{"@every 1h", "Europe/Brussels", ""},
		{"@daily", "Africa/Cairo", "2027-04-30T00:00"},
	} {
		slot, ok := parse(t, c.line, c.zone).Moved(from)
		if ok != (c.want != "") || slot.Wall != c.want {
			t.Errorf("%s %s: moved is %v, want %q", c.zone, c.line, slot, c.want)
		}
	}
}

func TestDescribeNamesTheZone(t *testing.T) {
	schedule := parse(t, "30 2 * * *", "Europe/Brussels")
	slot, _ := schedule.Next(time.Date(2027, 3, 27, 12, 0, 0, 0, time.UTC))
	if got, want := schedule.Describe(slot), "Sun 2027-03-28 03:00 CEST (clock change: 02:30 → 03:00)"; got != want {
		t.Errorf("Describe = %q, want %q", got, want)
	}
}

func TestTheZeroScheduleHasNoSlots(t *testing.T) {
	var none scheduler.Schedule
	for slot := range none.Slots(time.Now()) {
		t.Fatalf("slot %v", slot)
	}
}

func BenchmarkNext(b *testing.B) {
	from := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	for _, line := range []string{"30 2 * * *", "*/5 * * * *", "0 0 29 2 *"} {
		schedule := parse(b, line, "Europe/Brussels")
		b.Run(line, func(b *testing.B) {
			for b.Loop() {
				schedule.Next(from)
			}
		})
	}
}
