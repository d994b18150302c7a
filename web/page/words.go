package page

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/haulier/haulier/job"
)

// sentence says what a job does and when.
func sentence(spec job.Spec) string {
	text := inWords(spec.Timing)
	switch {
	case spec.Import != nil:
		i := spec.Import
		text += ", fetch " + cmp.Or(i.Match, i.MatchRegex) + " from " + place(i.Location, i.Dir)
		if i.Opening != nil {
			text += ", decrypt it"
		}
		text += ", land it in " + i.Landing + ", then " + retire(i.AfterSuccess, "the source")
	case spec.Export != nil:
		e := spec.Export
		text += ", take " + cmp.Or(e.Match, e.MatchRegex) + " from " + e.Outbox
		if e.Sealing != nil {
			text += ", encrypt it"
		}
		text += ", deliver it to " + place(e.Location, e.Dir) + " as " + e.Name + ", then " + retire(e.AfterSuccess, "the source")
	}
	return printable(text, proseMost) + "."
}

func place(location, dir string) string {
	if location == "" {
		return dir
	}
	return location + " (" + dir + ")"
}

func retire(r job.Retire, what string) string {
	switch r.Action {
	case job.RetireMove:
		return "move " + what + " to " + r.Dir
	case job.RetireDelete:
		return "delete " + what
	}
	return "keep " + what + " where it is"
}

var weekdays = map[string]string{
	"0": "Sunday", "1": "Monday", "2": "Tuesday", "3": "Wednesday", "4": "Thursday", "5": "Friday", "6": "Saturday", "7": "Sunday",
	"sun": "Sunday", "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday",
}

// inWords says when a job runs. A schedule that has no short sentence is shown as it is written.
func inWords(t job.Timing) string {
	zone := "UTC"
	if t.Zone != nil {
		zone = t.Zone.String()
	}
	switch {
	case t.Cron == "" && t.After != "":
		return "After each success of " + t.After
	case t.Cron == "":
		return "By hand only"
	}
	if said := cronInWords(t.Cron); said != "" {
		return said + " " + zone
	}
	return "On schedule " + t.Cron + " " + zone
}

func cronInWords(cron string) string {
	switch cron {
	case "@hourly":
		return "Every hour"
	case "@daily", "@midnight":
		return "Every day at 00:00"
	}
	fields := strings.Fields(strings.ToLower(cron))
	if len(fields) != 5 || fields[2] != "*" || fields[3] != "*" {
		return ""
	}
	days, known := daysInWords(fields[4])
	if !known {
		return ""
	}
	every, from, to, stepped := stepsOf(fields[0], fields[1])
	minute, errMinute := strconv.Atoi(fields[0])
	hour, errHour := strconv.Atoi(fields[1])
	switch {
	case stepped && from < 0:
		return "Every " + every + days
	case stepped:
		return fmt.Sprintf("Every %s %02d:00–%02d:59%s", every, from, to, days)
	case errMinute == nil && errHour == nil && days == "":
		return fmt.Sprintf("Every day at %02d:%02d", hour, minute)
	case errMinute == nil && errHour == nil:
		return fmt.Sprintf("At %02d:%02d%s", hour, minute, days)
	case errMinute == nil && fields[1] == "*":
		return fmt.Sprintf("Every hour at minute %d%s", minute, days)
	}
	return ""
}

// stepsOf reads */15 of the minutes and 0-5 of the hours; from is -1 for all hours.
func stepsOf(minutes, hours string) (every string, from, to int, ok bool) {
	switch step, found := strings.CutPrefix(minutes, "*/"); {
	case minutes == "*" || step == "1" && found:
		every = "minute"
	case found:
		if _, err := strconv.Atoi(step); err != nil {
			return "", 0, 0, false
		}
		every = step + " min"
	default:
		return "", 0, 0, false
	}
	if hours == "*" {
		return every, -1, -1, true
	}
	first, last, span := strings.Cut(hours, "-")
	if !span {
		last = first
	}
	from, errFrom := strconv.Atoi(first)
	to, errTo := strconv.Atoi(last)
	return every, from, to, errFrom == nil && errTo == nil
}

func daysInWords(field string) (string, bool) {
	if field == "*" {
		return "", true
	}
	first, last, span := strings.Cut(field, "-")
	if span {
		from, to := weekdays[first], weekdays[last]
		return ", " + from + " to " + to, from != "" && to != ""
	}
	var names []string
	for _, day := range strings.Split(field, ",") {
		if weekdays[day] == "" {
			return "", false
		}
		names = append(names, weekdays[day]+"s")
	}
	return ", " + strings.Join(names, " and "), true
}
