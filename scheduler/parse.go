package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones are part of the program, whatever the machine has

	"github.com/robfig/cron/v3"
)

const (
	longestSpec = 1000 // characters of a schedule
	minEvery    = time.Minute
	starBit     = 1 << 63 // how cron marks a field that was written as *
)

// horizon is how far ahead a next time is looked for: 29 February can be 8 years away (2096 to 2104).
const horizon = (8*366 + 2) * 24 * 3600 // seconds

// firstKnown is where Parse looks for a first slot; it makes the verdict on a schedule independent of the clock.
var firstKnown = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// descriptors are the short words for common schedules.
var descriptors = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

// Schedule is a parsed cron line in a zone: an endless row of slots. The zero value has no slots. It is immutable and
// safe for concurrent use.
//
// A line whose minute or hour field begins with * (or ?) follows real time: both passes of a repeated hour have their
// ticks, a skipped hour has none. Any other line is fixed: each wall time it names runs exactly once a day; one that the
// clocks skip runs at the first instant after the gap, one that comes twice runs the first time.
type Schedule struct {
	spec    string
	zone    *time.Location
	every   int64 // seconds between ticks counted from 1970-01-01 00:00 UTC; 0: the fields count
	fields  cron.SpecSchedule
	starred bool
}

// Parse reads five cron fields (minute, hour, day of month, month, day of week) or a descriptor: @yearly, @annually,
// @monthly, @weekly, @daily, @midnight, @hourly, or "@every D" with D of at least a minute in whole seconds. Ticks of
// @every are multiples of D since 1970-01-01 00:00 UTC, so they are the same after every restart.
//
// Errors name the field and say what may be written. A zone inside the line is refused (it is the key timezone), and so
// is a line without a next time in 8 years.
func Parse(spec string, zone *time.Location) (Schedule, error) {
	spec = strings.TrimSpace(spec)
	switch {
	case zone == nil:
		return Schedule{}, errors.New("the schedule has no zone")
	case spec == "":
		return Schedule{}, errors.New(`the schedule is empty; write five fields such as "15 2 * * *", or @daily`)
	case len(spec) > longestSpec:
		return Schedule{}, fmt.Errorf("the schedule has %d characters; at most %d are read", len(spec), longestSpec)
	}
	if err := refuseZone(spec); err != nil {
		return Schedule{}, err
	}
	s, err := parse(spec, zone)
	if err != nil {
		return Schedule{}, err
	}
	if _, ok := s.Next(firstKnown); !ok {
		return Schedule{}, fmt.Errorf("%q has no next time in 8 years: no such day exists in the months given", spec)
	}
	return s, nil
}

// refuseZone keeps zones out of the line: cron would take them, and panic on some.
func refuseZone(spec string) error {
	for _, prefix := range []string{"TZ=", "CRON_TZ="} {
		if len(spec) < len(prefix) || !strings.EqualFold(spec[:len(prefix)], prefix) {
			continue
		}
		name, _, _ := strings.Cut(spec[len(prefix):], " ")
		return fmt.Errorf("%s does not belong in a schedule; write the five fields alone and set timezone: %s", prefix, quoteUnlessPlain(name))
	}
	return nil
}

func quoteUnlessPlain(s string) string {
	if q := fmt.Sprintf("%q", s); q != `"`+s+`"` || s == "" {
		return q
	}
	return s
}

func parse(spec string, zone *time.Location) (Schedule, error) {
	s := Schedule{spec: spec, zone: zone}
	line := spec
	if strings.HasPrefix(spec, "@") {
		if rest, ok := strings.CutPrefix(spec, "@every "); ok {
			return s, s.setEvery(strings.TrimSpace(rest))
		}
		if line = descriptors[strings.ToLower(spec)]; line == "" {
			return s, fmt.Errorf("%q is not a known word; there are @hourly, @daily, @weekly, @monthly, @yearly and @every 15m", spec)
		}
	}
	texts := strings.Fields(line)
	if err := checkFields(texts); err != nil {
		return s, err
	}
	s.starred = startsWithStar(texts[0]) || startsWithStar(texts[1])
	return s, s.setFields(strings.Join(texts, " "))
}

func (s *Schedule) setEvery(text string) error {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("@every %q: write a duration such as 15m or 1h30m", text)
	case d < minEvery:
		return fmt.Errorf("@every %s: the shortest is %s", text, "1m")
	case d%time.Second != 0:
		return fmt.Errorf("@every %s: write whole seconds", text)
	case d > horizon*time.Second:
		return fmt.Errorf("@every %s has no next time in 8 years", text)
	}
	s.every = int64(d / time.Second)
	return nil
}

// setFields has the line read by cron, whose parser has been seen to panic.
func (s *Schedule) setFields(line string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%q is not a cron line", line)
		}
	}()
	parsed, err := cron.ParseStandard(line)
	if err != nil {
		return fmt.Errorf("%q is not a cron line: %w", line, err)
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return fmt.Errorf("%q is not a cron line", line)
	}
	s.fields = *fields
	return nil
}

// String gives the line as it was written.
func (s Schedule) String() string { return s.spec }

// Zone is the zone of the wall times; nil for the zero value.
func (s Schedule) Zone() *time.Location { return s.zone }

// Warnings tells of meanings that surprise people. Empty is the usual answer.
func (s Schedule) Warnings() []string {
	if s.every == 0 && s.eitherDay() {
		return []string{"day of month and day of week are both given: it runs on days that match either of them, not only on those that match both"}
	}
	return nil
}

// eitherDay says whether a day counts if it matches one of the two day fields: cron's old rule for lines that
// restrict both.
func (s Schedule) eitherDay() bool { return s.fields.Dom&starBit == 0 && s.fields.Dow&starBit == 0 }
