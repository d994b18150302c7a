package scheduler_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

// The zones: both hemispheres, half hours and quarters, midnight gaps, negative summer time, no changes at all, and
// zones that changed their standard offset in 2024 (Almaty, Scoresbysund, Asuncion).
var zones = []string{
	"UTC", "Europe/Brussels", "Europe/London", "Europe/Dublin", "America/New_York", "America/Los_Angeles",
	"America/St_Johns", "America/Santiago", "America/Asuncion", "America/Havana", "America/Nuuk", "America/Scoresbysund",
	"America/Sao_Paulo", "Africa/Cairo", "Africa/Casablanca", "Asia/Almaty", "Asia/Beirut", "Asia/Gaza",
	"Asia/Kathmandu", "Asia/Tehran", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Chatham", "Antarctica/Troll",
}

var specs = []struct {
	line    string
	starred bool
}{
	{"30 2 * * *", false},
	{"0 0 * * *", false},
	{"0-59/20 0-3 * 2-4,9-11 *", false},
	{"15,45 2 29 2,3,10 sun", false},
	{"59 23 31 * *", false},
	{"*/15 * * * *", true},
	{"*/7 1-3 * * sat,sun", true},
	{"5 */2 1-7,25-31 * *", true},
}

// TestSlotsAgreeWithAWalkOverEveryMinute compares Slots with a walk over every UTC minute of ten years in each zone,
// which shares no code with it: no slot is lost, doubled or shifted.
func TestSlotsAgreeWithAWalkOverEveryMinute(t *testing.T) {
	from, to := 2024, 2034
	if underRace || testing.Short() {
		to = from + 1
	}
	for _, name := range zones {
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			compare(t, name, from, to)
		})
	}
}

// TestSlotsAgreeInOddYears looks at changes of the past that no summer time explains, and at leap years so far ahead
// that zones are known by rule only.
func TestSlotsAgreeInOddYears(t *testing.T) {
	for name, year := range map[string]int{
		"Pacific/Apia": 2011, "Pacific/Kwajalein": 1993, "Asia/Pyongyang": 2015, "America/Caracas": 2007,
		"Europe/Istanbul": 2016, "Europe/Volgograd": 2020, "Asia/Kuala_Lumpur": 1982, "America/Juneau": 1983,
		"Europe/Brussels": 2040, "Australia/Sydney": 2044, "America/New_York": 2096, "Africa/Cairo": 2072,
	} {
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) { compare(t, name, year, year+1) })
	}
}

func compare(t *testing.T, name string, from, to int) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	end := time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	offsets := offsetsByMinute(zone, start-2*86400, end)
	for _, spec := range specs {
		schedule, err := scheduler.Parse(spec.line, zone)
		if err != nil {
			t.Fatal(err)
		}
		want := walk(spec.line, spec.starred, start-2*86400, start, offsets)
		agree(t, schedule, want, time.Unix(start-1, 0), time.Unix(end, 0))
	}
}

func agree(t *testing.T, schedule scheduler.Schedule, want []reference, from, to time.Time) {
	t.Helper()
	i := 0
	for got := range schedule.Slots(from) {
		if !got.Due.Before(to) {
			break
		}
		if i == len(want) || !want[i].is(got) {
			t.Fatalf("%s %s: slot %d is %v, the walk says %v", schedule.Zone(), schedule, i, got, want[min(i, len(want)-1)])
		}
		if i > 0 && want[i].due != want[i-1].due && (want[i].offset != want[i-1].offset || i%61 == 0) {
			probe(t, schedule, want[i-1].due, got)
		}
		i++
	}
	if i != len(want) {
		t.Fatalf("%s %s: %d slots, the walk says %d; first lost: %v", schedule.Zone(), schedule, i, len(want), want[i])
	}
}

// probe asks Next from several instants since the slot before: all must lead to the first slot of the next instant.
func probe(t *testing.T, schedule scheduler.Schedule, before int64, want job.Slot) {
	t.Helper()
	due := want.Due.Unix()
	for _, from := range []int64{before, due - 3599, due - 60, due - 1} {
		if from < before {
			continue
		}
		if next, ok := schedule.Next(time.Unix(from, 999)); !ok || next != want {
			t.Fatalf("%s %s: Next(%s) = %v, want %v", schedule.Zone(), schedule, time.Unix(from, 999).UTC(), next, want)
		}
	}
}

// reference is a slot of the walk: seconds since 1970, wall minutes since 1970, seconds east.
type reference struct{ due, wall, offset int64 }

func (r reference) is(s job.Slot) bool {
	return s.Due.Unix() == r.due && int64(s.Offset) == r.offset &&
		s.Wall == time.Unix(r.wall*60, 0).UTC().Format("2006-01-02T15:04")
}

func (r reference) String() string {
	return fmt.Sprintf("%s at %s %+d", time.Unix(r.wall*60, 0).UTC().Format("2006-01-02T15:04"), time.Unix(r.due, 0).UTC(), r.offset)
}

func offsetsByMinute(zone *time.Location, start, end int64) []int32 {
	offsets := make([]int32, 0, (end-start)/60)
	for at := start; at < end; at += 60 {
		_, offset := time.Unix(at, 0).In(zone).Zone()
		offsets = append(offsets, int32(offset))
	}
	return offsets
}

// walk goes over every minute. A starred line has a slot whenever the clock shows a matching minute. A fixed line has one
// for each matching minute of the calendar, when the clock first shows it or first shows a later one.
func walk(line string, starred bool, begin, start int64, offsets []int32) []reference {
	m := newMatcher(line)
	var slots []reference
	highest := int64(-1) // the latest minute that the clock has shown
	for i, offset := range offsets {
		due := begin + int64(i)*60
		wall := (due + int64(offset)) / 60
		first := wall
		switch {
		case starred:
		case highest < 0: // the walk begins
		case wall <= highest: // shown before
			continue
		default:
			first = highest + 1
		}
		highest = max(highest, wall)
		if due < start {
			continue
		}
		for w := first; w <= wall; w++ {
			if m.matches(w) {
				slots = append(slots, reference{due, w, int64(offset)})
			}
		}
	}
	return slots
}

// matcher is a second reading of cron lines, by tables: minutes of a day, and days since 1970 as they are met.
type matcher struct {
	minutes [1440]bool
	known   []int8 // by day: 0 not looked up yet
	lists   [5]map[int]bool
	either  bool
}

func newMatcher(line string) *matcher {
	m := &matcher{known: make([]int8, 60000)}
	texts := strings.Fields(line)
	for i, text := range texts {
		m.lists[i] = values(text, [5]int{0, 0, 1, 1, 0}[i], [5]int{59, 23, 31, 12, 6}[i])
	}
	for minute := range m.minutes {
		m.minutes[minute] = m.lists[0][minute%60] && m.lists[1][minute/60]
	}
	m.either = texts[2] != "*" && texts[4] != "*"
	return m
}

func (m *matcher) matches(wall int64) bool {
	if !m.minutes[wall%1440] {
		return false
	}
	d := wall / 1440
	if m.known[d] == 0 {
		m.known[d] = -1
		if m.day(time.Unix(d*86400, 0).UTC()) {
			m.known[d] = 1
		}
	}
	return m.known[d] > 0
}

func (m *matcher) day(t time.Time) bool {
	byDate, byWeekday := m.lists[2][t.Day()], m.lists[4][int(t.Weekday())]
	if m.either {
		return m.lists[3][int(t.Month())] && (byDate || byWeekday)
	}
	return m.lists[3][int(t.Month())] && byDate && byWeekday
}

func values(text string, low, high int) map[int]bool {
	set := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		from, to, step := low, high, 1
		body, by, ok := strings.Cut(part, "/")
		if ok {
			step, _ = strconv.Atoi(by)
		}
		if body != "*" {
			a, b, ranged := strings.Cut(body, "-")
			from = value(a)
			if to = from; ranged {
				to = value(b)
			}
		}
		for v := from; v <= to; v += step {
			set[v] = true
		}
	}
	return set
}

func value(text string) int {
	if i := strings.Index("sunmontuewedthufrisat", text); i >= 0 && len(text) == 3 {
		return i / 3
	}
	n, _ := strconv.Atoi(text)
	return n
}
