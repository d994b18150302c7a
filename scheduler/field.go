package scheduler

import (
	"fmt"
	"strconv"
	"strings"
)

// field is one of the five fields of a cron line.
type field struct {
	name     string
	min, max int
	words    []string // names of the values from min on
}

var fields = [5]field{
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day of month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, words: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{name: "day of week", max: 6, words: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// checkFields refuses, in words for people, what cron refuses and some of what it lets pass: empty list elements,
// a star with an end, steps longer than the field.
func checkFields(texts []string) error {
	if len(texts) == len(fields)+1 {
		return fmt.Errorf("%d fields: a schedule has 5 (minute, hour, day of month, month, day of week) and no seconds", len(texts))
	}
	if len(texts) != len(fields) {
		return fmt.Errorf("%d of 5 fields: a schedule is minute, hour, day of month, month, day of week", len(texts))
	}
	for i, text := range texts {
		for element := range strings.SplitSeq(text, ",") {
			if err := fields[i].check(element); err != nil {
				return fmt.Errorf("%s %q: %w", fields[i].name, text, err)
			}
		}
	}
	return nil
}

func (f field) check(element string) error {
	span, step, stepped := strings.Cut(element, "/")
	if stepped {
		if err := f.checkStep(step); err != nil {
			return err
		}
	}
	if span == "*" || span == "?" {
		return nil
	}
	first, last, ranged := strings.Cut(span, "-")
	from, err := f.value(first)
	if err != nil || !ranged {
		return err
	}
	to, err := f.value(last)
	if err == nil && from > to {
		return fmt.Errorf("%s runs backwards; write two ranges, such as %d-%d,%d-%d", span, from, f.max, f.min, to)
	}
	return err
}

func (f field) checkStep(text string) error {
	step, ok := number(text)
	if !ok || step < 1 {
		return fmt.Errorf("the step %q must be a whole number from 1", text)
	}
	if size := f.max - f.min + 1; step > size {
		return fmt.Errorf("the step %d is longer than the field, which has %d values", step, size)
	}
	return nil
}

func (f field) value(text string) (int, error) {
	for i, word := range f.words {
		if strings.EqualFold(word, text) {
			return f.min + i, nil
		}
	}
	n, ok := number(text)
	switch {
	case text == "":
		return 0, fmt.Errorf("a value is missing; %s", f.allowed())
	case f.name == "day of week" && n == 7:
		return 0, fmt.Errorf("7 is not a day: write 0 or sun for Sunday")
	case !ok || n < f.min || n > f.max:
		return 0, fmt.Errorf("%q is not one of the values; %s", text, f.allowed())
	}
	return n, nil
}

func (f field) allowed() string {
	s := fmt.Sprintf("%d to %d are allowed", f.min, f.max)
	if n := len(f.words); n > 0 {
		s += fmt.Sprintf(", or %s to %s", f.words[0], f.words[n-1])
	}
	return s
}

// number reads one to three digits: no sign, no spaces.
func number(text string) (int, bool) {
	if len(text) == 0 || len(text) > 3 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

func startsWithStar(text string) bool { return text[0] == '*' || text[0] == '?' }
