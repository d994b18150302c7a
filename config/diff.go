package config

import (
	"fmt"
	"slices"
	"strings"
)

// Diff tells two texts of Masked apart: a line for each setting that went (-), came (+) or changed (both), with its
// whole path. Equal texts give "".
func Diff(was, is string) string {
	before, after := settings(was), settings(is)
	var b strings.Builder
	for _, path := range inOrder(before.paths, after.paths) {
		from, had := before.values[path]
		to, has := after.values[path]
		if had && (!has || from != to) {
			fmt.Fprintf(&b, "- %s: %s\n", path, from)
		}
		if has && (!had || from != to) {
			fmt.Fprintf(&b, "+ %s: %s\n", path, to)
		}
	}
	return b.String()
}

// flat is a configuration as paths and values.
type flat struct {
	paths  []string
	values map[string]string
}

// settings reads what Show writes: two blanks a level, one key a line.
func settings(text string) flat {
	f := flat{values: map[string]string{}}
	var open []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		depth := indentation(line) / 2
		key, value, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found {
			continue
		}
		open = append(open[:min(depth, len(open))], key)
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		path := strings.Join(open, ".")
		f.paths = append(f.paths, path)
		f.values[path] = value
	}
	return f
}

// inOrder merges two lists of paths: those of the new text as they stand, what went at the place of its neighbours.
func inOrder(before, after []string) []string {
	kept := map[string]bool{}
	for _, path := range after {
		kept[path] = true
	}
	gone := map[string][]string{} // by the path that stood before them
	last := ""
	for _, path := range before {
		if kept[path] {
			last = path
			continue
		}
		gone[last] = append(gone[last], path)
	}
	all := slices.Clone(gone[""])
	for _, path := range after {
		all = append(all, path)
		all = append(all, gone[path]...)
	}
	return all
}

// RestartNeeded names the settings that differ and take effect only when the daemon starts again.
func RestartNeeded(was, is *Config) []string {
	var paths []string
	for _, e := range entries() {
		if !e.field.restart {
			continue
		}
		keys := strings.Split(e.path, ".")
		if was.tree.get(keys...).textOf() != is.tree.get(keys...).textOf() {
			paths = append(paths, e.path)
		}
	}
	return paths
}

func (v *value) textOf() string {
	if v == nil {
		return ""
	}
	return v.text
}
