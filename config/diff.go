package config

import (
	"fmt"
	"slices"
	"strings"
)

// Diff tells two texts of Masked apart: a line for each setting that went (-), came (+) or changed (both), with its
// whole path. Equal texts give "".
//
// Sections are compared as they stand first, and only those that differ are taken apart: of very many jobs few have changed.
func Diff(was, is string) string {
	if was == is {
		return ""
	}
	before, after := sections(was), sections(is)
	var b strings.Builder
	for _, name := range inOrder(before.paths, after.paths) {
		if from, to := before.values[name], after.values[name]; from != to {
			top, _, _ := strings.Cut(name, ".")
			diffSection(&b, settings(top, from), settings(top, to))
		}
	}
	return b.String()
}

func diffSection(b *strings.Builder, before, after flat) {
	for _, path := range inOrder(before.paths, after.paths) {
		from, had := before.values[path]
		to, has := after.values[path]
		if had && (!has || from != to) {
			fmt.Fprintf(b, "- %s: %s\n", path, from)
		}
		if has && (!had || from != to) {
			fmt.Fprintf(b, "+ %s: %s\n", path, to)
		}
	}
}

// flat is a configuration as paths and values.
type flat struct {
	paths  []string
	values map[string]string
}

// sections cuts what Show writes into its named things, such as jobs.acme, and what stands on top.
func sections(text string) flat {
	f := flat{values: map[string]string{}}
	top, name, begin, at := "", "", 0, 0
	add := func() {
		if begin < at {
			f.paths = append(f.paths, name)
			f.values[name] = text[begin:at]
		}
	}
	for line := range strings.Lines(text) {
		if depth := indentation(line) / 2; depth < 2 {
			add()
			begin = at
			name, _, _ = strings.Cut(strings.TrimSpace(line), ":")
			if depth == 0 {
				top = name
			} else {
				name = top + "." + name
			}
		}
		at += len(line)
	}
	add()
	return f
}

// settings reads a section, of those that stand under top: two blanks a level, one key a line.
func settings(top, text string) flat {
	f := flat{values: map[string]string{}}
	open := []string{top}
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
		if was.restart[e.path] != is.restart[e.path] {
			paths = append(paths, e.path)
		}
	}
	return paths
}

// needRestart gives the settings that take effect only when the daemon starts again.
func (v *value) needRestart() map[string]string {
	all := map[string]string{}
	for _, e := range entries() {
		if e.field.restart {
			all[e.path] = v.get(strings.Split(e.path, ".")...).textOf()
		}
	}
	return all
}

func (v *value) textOf() string {
	if v == nil {
		return ""
	}
	return v.text
}
