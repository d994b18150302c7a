package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

// FuzzCronSpec: a line that is taken has slots that rise without end; in a zone without changes they are those of the cron
// library, and over a change of the clocks those of the walk.
func FuzzCronSpec(f *testing.F) {
	for _, line := range []string{"*/15 0-5 * * *", "@daily", "@every 1m", "TZ=", "TZ=a", "CRON_TZ=\x00 1", "0 0 29 2 *", "0 0 31 4 *",
		"1/2 ? ? jan-mar/2 sun,6", ",", "@", "@every 9999999999h", "*-* * * * *", "0-59/60 * * * *", "30 2 * * *", "*/7 1-3 1-7 * sat,sun", "59 23 31 * *", "0 2 */2 * 1", "@every 1h30m",
		"0 0 1 1 *", "*/1 */1 */1 */1 */1", "5/10 2,3 * 3,11 *", "0 0 ? * ?", "@YEARLY", "0\t0 * * MON-fri/2"} {
		f.Add(line, uint8(len(line)))
	}
	f.Fuzz(func(t *testing.T, line string, where uint8) {
		schedule, err := scheduler.Parse(line, zone(t, zones[int(where)%len(zones)]))
		if err != nil {
			if _, other := scheduler.Parse(line, time.UTC); (other == nil) || !clean(err.Error()) {
				t.Errorf("%q: %q in one zone, %v in another", line, err, other)
			}
			return
		}
		last := time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
		for range 50 {
			slot, ok := schedule.Next(last)
			if !ok || !slot.Due.After(last) {
				t.Fatalf("%q: slot %v, %t after %v", line, slot, ok, last)
			}
			last = slot.Due
		}
		text := strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(text, "@every") {
			return // it begins to count elsewhere than the library does
		}
		agreeWithLibrary(t, text)
		agreeWithWalk(t, schedule, text)
	})
}

func clean(text string) bool { return !strings.ContainsAny(text, "\x00\x1b\n\r") }

func agreeWithLibrary(t *testing.T, line string) {
	t.Helper()
	ours, err := scheduler.Parse(line, time.UTC)
	if err != nil {
		t.Fatalf("%q is taken in one zone and not in UTC: %v", line, err)
	}
	theirs, err := cron.ParseStandard(line)
	if err != nil {
		t.Fatalf("%q is taken, and the library says %v", line, err)
	}
	at := time.Date(2027, 2, 26, 23, 59, 30, 0, time.UTC)
	for range 20 {
		slot, _ := ours.Next(at)
		want := theirs.Next(at)
		if want.IsZero() { // the library looks five years ahead
			return
		}
		if !slot.Due.Equal(want) {
			t.Fatalf("%q after %v: %v, the library says %v", line, at, slot.Due, want)
		}
		at = want
	}
}

// words are what the walk does not read.
var words = strings.NewReplacer("jan", "1", "feb", "2", "mar", "3", "apr", "4", "may", "5", "jun", "6", "jul", "7", "aug", "8", "sep", "9", "oct", "10", "nov", "11", "dec", "12",
	"sun", "0", "mon", "1", "tue", "2", "wed", "3", "thu", "4", "fri", "5", "sat", "6", "?", "*", "@yearly", "0 0 1 1 *", "@annually", "0 0 1 1 *", "@monthly", "0 0 1 * *",
	"@weekly", "0 0 * * 0", "@daily", "0 0 * * *", "@midnight", "0 0 * * *", "@hourly", "0 * * * *")

// agreeWithWalk compares over some weeks in which most zones change their clocks.
func agreeWithWalk(t *testing.T, schedule scheduler.Schedule, text string) {
	t.Helper()
	line := words.Replace(text)
	fields := strings.Fields(line)
	if strings.Contains(line, ",*") || strings.Contains(line, "*,") || strings.Contains(line, "/1 ") || strings.HasSuffix(line, "/1") {
		return // the library's rule of "either day" for those is its own
	}
	for _, field := range fields {
		if body, by, stepped := strings.Cut(field, "/"); stepped && !strings.ContainsAny(body, "*-") || strings.Contains(by, ",") {
			return // the walk does not read them
		}
	}
	starred := strings.HasPrefix(fields[0], "*") || strings.HasPrefix(fields[1], "*")
	for _, month := range []time.Month{time.March, time.October} {
		start := time.Date(2027, month, 5, 0, 0, 0, 0, time.UTC).Unix()
		end := start + 32*86400
		offsets := offsetsByMinute(schedule.Zone(), start-2*86400, end)
		var got []job.Slot
		for slot := range schedule.Slots(time.Unix(start-1, 0)) {
			if slot.Due.Unix() >= end {
				break
			}
			got = append(got, slot)
		}
		want := walk(line, starred, start-2*86400, start, offsets)
		for i, slot := range got {
			if i >= len(want) || !want[i].is(slot) {
				t.Fatalf("%s %q: slot %d is %v, the walk says %v", schedule.Zone(), text, i, slot, want[min(i, max(len(want)-1, 0)):])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s %q: %d slots, the walk says %d", schedule.Zone(), text, len(got), len(want))
		}
	}
}
