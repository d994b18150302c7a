package config

import (
	"fmt"
	"slices"
	"strings"
)

// Docs gives the help of a field: its dotted path, with or without the names of jobs and connections (jobs.schedule,
// jobs.acme.schedule), or the key alone when it is the only one. Without one that fits, ok is false and the text lists
// the nearest.
func Docs(path string) (text string, ok bool) {
	path = strings.Trim(strings.TrimSpace(path), ".")
	if path == "" {
		return entryText([]entry{{path: "haulier.yaml", field: &table}}), true
	}
	all := entries()
	for _, match := range []func(entry) bool{
		func(e entry) bool { return e.path == path },
		func(e entry) bool { return e.path == withoutName(path) },
	} {
		if found := filter(all, match); len(found) > 0 {
			return entryText(found), true
		}
	}
	ending := filter(all, func(e entry) bool { return strings.HasSuffix(e.path, "."+path) })
	if len(ending) > 0 && samePath(ending) {
		return entryText(ending), true
	}
	for _, p := range []string{path, withoutName(path)} {
		if above := belowLater(p, all); len(above) > 0 {
			return entryText(above), true
		}
	}
	return alternatives(path, ending, all), false
}

// belowLater finds the section over a path that is not available yet: nothing below it is described, and all of it is
// to come.
func belowLater(path string, all []entry) []entry {
	for {
		end := strings.LastIndex(path, ".")
		if end < 0 {
			return nil
		}
		path = path[:end]
		if above := filter(all, func(e entry) bool { return e.path == path && e.field.later != "" }); len(above) > 0 {
			return above
		}
	}
}

func filter(all []entry, keep func(entry) bool) []entry {
	var found []entry
	for _, e := range all {
		if keep(e) {
			found = append(found, e)
		}
	}
	return found
}

func samePath(all []entry) bool {
	return !slices.ContainsFunc(all, func(e entry) bool { return e.path != all[0].path })
}

// withoutName leaves out what follows a section of named things.
func withoutName(path string) string {
	parts := strings.Split(path, ".")
	if len(parts) > 2 && nouns[parts[0]] != "" {
		parts = slices.Delete(parts, 1, 2)
	}
	if len(parts) > 3 && parts[1] == "locations" {
		parts = slices.Delete(parts, 2, 3)
	}
	return strings.Join(parts, ".")
}

func alternatives(path string, ending, all []entry) string {
	var paths []string
	for _, e := range ending {
		paths = append(paths, e.path)
	}
	if len(paths) == 0 {
		paths = nearestPaths(path, all)
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	if len(paths) == 0 {
		return fmt.Sprintf("there is no field %s; haulier docs lists the top level\n", quoted(path))
	}
	return fmt.Sprintf("there is no field %s; did you mean one of these?\n  %s\n", quoted(path), strings.Join(paths, "\n  "))
}

// nearestPaths finds paths whose last key is the nearest to what was asked, or that are nearest as a whole.
func nearestPaths(path string, all []entry) []string {
	key := path[strings.LastIndex(path, ".")+1:]
	var keys, paths, found []string
	for _, e := range all {
		keys, paths = append(keys, e.field.key), append(paths, e.path)
	}
	best := nearest(key, keys)
	if whole := nearest(path, paths); whole != "" {
		found = append(found, whole)
	}
	for _, e := range all {
		if best != "" && e.field.key == best && len(found) < 8 {
			found = append(found, e.path)
		}
	}
	return found
}

// entryText prints the rows of one path: two where imports and exports differ.
func entryText(rows []entry) string {
	var b strings.Builder
	for _, e := range rows {
		e.write(&b)
	}
	return b.String()
}

func (e entry) write(b *strings.Builder) {
	f := e.field
	b.WriteString(e.path)
	if f.forType() != "" {
		fmt.Fprintf(b, " (%s)", f.forType())
	}
	b.WriteByte('\n')
	fact := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "  %-9s%s\n", name, text)
		}
	}
	for _, line := range wrap(f.help, 100) {
		fmt.Fprintf(b, "  %s\n", line)
	}
	if f.later != "" {
		fact("", "Not available yet: the key is refused.")
		return
	}
	fact("Takes", f.takes())
	if f.need {
		fact("Needed", "yes")
	} else {
		fact("Default", f.absent())
	}
	if !f.isSection() {
		fact("Example", f.line())
	}
	if f.restart {
		fact("Note", "a change takes effect when the daemon starts again")
	}
	for _, section := range f.sections() {
		fact("Keys", strings.Join(unique(section.keys("")), ", "))
	}
}

func (f *field) isSection() bool { return f.kind == kObject || f.kind == kDict }

func unique(words []string) []string {
	var out []string
	for _, word := range words {
		if !contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
