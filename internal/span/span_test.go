package span

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestLengthsAreSaidInTwoUnits(t *testing.T) {
	const day, ns = 24 * time.Hour, time.Nanosecond
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{-time.Hour, "0 s"}, {0, "0 s"}, {99 * time.Millisecond, "0 s"}, {100 * time.Millisecond, "0.1 s"}, {1500 * time.Millisecond, "1.5 s"},
		{2 * time.Second, "2 s"}, {10*time.Second - ns, "9.9 s"}, {10 * time.Second, "10 s"}, {time.Minute - ns, "59 s"},
		{time.Minute, "1 min"}, {90 * time.Second, "1 min 30 s"}, {2*time.Minute - ns, "1 min 59 s"}, {time.Hour - ns, "59 min 59 s"},
		{time.Hour, "1 h"}, {time.Hour + time.Second, "1 h"}, {150 * time.Minute, "2 h 30 min"}, {36 * time.Hour, "36 h"}, {2*day - ns, "47 h 59 min"},
		{2 * day, "2 days"}, {2*day + time.Hour - ns, "2 days"}, {49 * time.Hour, "2 days 1 hour"}, {60 * time.Hour, "2 days 12 hours"}, {3*day - ns, "2 days 23 hours"},
		{30*day - ns, "29 days 23 hours"}, {30 * day, "30 days"}, {400*day + 23*time.Hour, "400 days"},
	} {
		if got := Text(c.d); got != c.want {
			t.Errorf("%v is %q, want %q", c.d, got, c.want)
		}
	}
}

// A text is never of more time than there was, and of less by a tenth at most.
func TestNoLengthIsRoundedToALie(t *testing.T) {
	units := map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour, "hour": time.Hour, "hours": time.Hour, "days": 24 * time.Hour}
	for d := time.Second; d < 40*24*time.Hour; d += d/97 + 7*time.Millisecond {
		said := read(t, Text(d), units)
		if said > d || d-said > max(d/10, 100*time.Millisecond) {
			t.Fatalf("%v is said as %q", d, Text(d))
		}
	}
}

// read adds up a text.
func read(t *testing.T, text string, units map[string]time.Duration) (d time.Duration) {
	t.Helper()
	words := strings.Fields(text)
	for i := 0; i+1 < len(words); i += 2 {
		n, err := strconv.ParseFloat(words[i], 64)
		if err != nil || units[words[i+1]] == 0 {
			t.Fatalf("%q: %v", text, err)
		}
		d += time.Duration(n * float64(units[words[i+1]]))
	}
	return d
}
