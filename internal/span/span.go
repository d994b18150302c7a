// Package span writes lengths of time as people say them.
package span

import (
	"fmt"
	"strings"
	"time"
)

// exact is until when a length is said in two units; beyond it, days alone are near enough.
const exact = 30 * day

const day = 24 * time.Hour

// Text is a length of time in its largest unit and the one below. What is smaller is left out and never rounded up: nobody reads
// of more time than there was.
func Text(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 10*time.Second:
		tenths := d / (100 * time.Millisecond)
		return strings.TrimSuffix(fmt.Sprintf("%d.%d", tenths/10, tenths%10), ".0") + " s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, " min", time.Second, " s")
	case d < 2*day:
		return two(d, time.Hour, " h", time.Minute, " min")
	case d < exact && d%day/time.Hour == 1:
		return two(d, day, " days", time.Hour, " hour")
	case d < exact:
		return two(d, day, " days", time.Hour, " hours")
	}
	return fmt.Sprintf("%d days", d/day)
}

func two(d, large time.Duration, one string, small time.Duration, other string) string {
	text := fmt.Sprintf("%d%s", d/large, one)
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d%s", rest, other)
	}
	return text
}
