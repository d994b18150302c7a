package naming

import (
	"strings"
	"time"
)

// someDays are compared to see whether names tell one from another: days of a month, and of two.
const someDays = 40

// TellsDay says whether every name that matches bears a date that tells its day from those around it.
func (p Pattern) TellsDay() bool {
	first := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	for _, next := range p.parts {
		if next.date == nil {
			continue
		}
		seen := map[string]bool{}
		for n := range someDays {
			seen[next.date.pattern(first.AddDate(0, 0, n))] = true
		}
		if len(seen) == someDays {
			return true
		}
	}
	return false
}

// On is the pattern as people read it on a day: its dates filled in.
func (p Pattern) On(day time.Time) string {
	if p.whole != nil {
		return strings.TrimSuffix(strings.TrimPrefix(p.whole.String(), `(?s)\A(?:`), `)\z`)
	}
	var out strings.Builder
	for _, next := range p.parts {
		if next.date == nil {
			out.WriteString(next.written)
			continue
		}
		out.WriteString(next.date.shape(day))
	}
	return out.String()
}

// shape is a date with a star for every part that tells the time of the day.
func (d date) shape(day time.Time) string {
	var out strings.Builder
	for i := 0; i < len(d.format); i++ {
		if d.format[i] != '%' {
			out.WriteByte(d.format[i])
			continue
		}
		start := i
		if i++; d.format[i] == '-' {
			i++
		}
		if _, timely := ofTime[d.format[i]]; timely {
			out.WriteByte('*')
			continue
		}
		out.WriteString(date{days: d.days, format: d.format[start : i+1]}.render(day))
	}
	return out.String()
}
