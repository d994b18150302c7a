package sheet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// files says which files go which way, and what both sides keep to.
func (c composer) files() (string, []Block) {
	var blocks []Block
	if len(c.Incoming) > 0 {
		blocks = append(blocks, text(c.say("files.fetch")), table(c.rows(c.Incoming, true)...), items(c.rules(c.Incoming, c.fetched)...))
	}
	if len(c.Outgoing) > 0 {
		blocks = append(blocks, text(c.say("files.deliver")), table(c.rows(c.Outgoing, false)...), items(c.rules(c.Outgoing, c.delivered)...))
	}
	if len(blocks) > 0 {
		blocks = append(blocks, text(c.say("files.letters")))
	}
	return "files", blocks
}

// rules are what holds for files, each said once: those that hold for some only say for which.
func (c composer) rules(all []Files, of func(Files) []string) []string {
	var said []string
	names := map[string][]string{}
	for _, f := range all {
		for _, rule := range of(f) {
			if !slices.Contains(said, rule) {
				said = append(said, rule)
			}
			names[rule] = append(names[rule], f.Name)
		}
	}
	for i, rule := range said {
		if len(names[rule]) < len(all) {
			said[i] = typed(names[rule]...) + ": " + rule
		}
	}
	return said
}

// fetched is what holds for files that we fetch.
func (c composer) fetched(f Files) []string {
	var rules []string
	if suffix := temporary(f.Ignored); suffix != "" {
		rules = append(rules, strings.ReplaceAll(c.say("files.part", "suffix", suffix), "{ignored}", typed(f.Ignored...)))
	}
	if f.Still > 0 {
		rules = append(rules, c.say("files.still", "span", lasting(f.Still)))
	}
	if f.Marker != "" {
		rules = append(rules, c.say("files.marker", "marker", f.Marker))
	}
	return rules
}

// lasting is how long something takes, in signs that every language has.
func lasting(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second)
}

// temporary is an ending that names of unfinished files may have, of the patterns that are never taken.
func temporary(ignored []string) string {
	for _, pattern := range ignored {
		if suffix, ok := strings.CutPrefix(pattern, "*."); ok && !strings.ContainsAny(suffix, "*?[{\\") {
			return "." + suffix
		}
	}
	return ""
}

// delivered is what holds for files that we deliver.
func (c composer) delivered(f Files) []string {
	rules := []string{c.say("files.inplace")}
	if f.Suffix != "" {
		rules[0] = c.say("files.temp", "suffix", f.Suffix)
	}
	if f.Marker != "" {
		rules = append(rules, c.say("files.done", "marker", f.Marker))
	}
	return append(rules, c.say("files."+string(f.Taken)))
}

// rows are a table of files; what becomes of a source is the customer's affair only where it is theirs.
func (c composer) rows(all []Files, after bool) [][]string {
	head := []string{c.say("files.name"), c.say("files.folder"), c.say("files.when")}
	if after {
		head = append(head, c.say("files.after"))
	}
	rows := [][]string{head}
	for _, f := range all {
		name := typed(f.Name)
		if f.Regexp {
			name += " (" + c.say("files.regexp") + ")"
		}
		row := []string{name, typed(f.Folder), c.when(f)}
		if after {
			row = append(row, c.after(f))
		}
		rows = append(rows, row)
	}
	return rows
}

func (c composer) when(f Files) string {
	if f.By == "" {
		return c.say("files.any")
	}
	return c.say("files.by", "days", c.days(f.Days), "by", f.By, "zone", f.Zone)
}

// days writes days of the week, from Monday on: a row of three or more by its ends.
func (c composer) days(days []time.Weekday) string {
	if len(days) == 0 || len(days) == 7 {
		return c.say("files.everyday")
	}
	week := strings.Fields(c.say("week"))
	place := func(d time.Weekday) int { return (int(d) + 6) % 7 }
	sorted := slices.SortedFunc(slices.Values(days), func(a, b time.Weekday) int { return place(a) - place(b) })
	var said []string
	for i := 0; i < len(sorted); {
		end := i
		for end+1 < len(sorted) && place(sorted[end+1]) == place(sorted[end])+1 {
			end++
		}
		if end-i >= 2 {
			said = append(said, week[place(sorted[i])]+"–"+week[place(sorted[end])])
			i = end + 1
			continue
		}
		said = append(said, week[place(sorted[i])])
		i++
	}
	return strings.Join(said, ", ")
}

func (c composer) after(f Files) string {
	switch f.After {
	case MayRename:
		return c.say("files.moved", "folder", f.Target)
	case MayRemove:
		return c.say("files.removed")
	}
	return c.say("files.stays")
}
