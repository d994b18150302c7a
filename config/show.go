package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/haulier/haulier/job"
)

// Show gives the configuration as one file: includes merged, defaults written out, secrets as the references that they
// are. Load reads it again to the same jobs and connections when it stands in the same folder.
func Show(c *Config) []byte { return []byte(Masked(c)) }

// Masked is the text that a revision keeps. Since a configuration holds no secrets, only references, it is what Show
// gives.
func Masked(c *Config) string {
	c.writing.Do(func() {
		c.text = c.tree.write()
		c.tree = nil // many times as large as the text, and nobody else asks for it
	})
	return c.text
}

func (v *value) write() string {
	p := printer{top: v}
	for i := range table.fields {
		row := &table.fields[i]
		if child := v.get(row.key); child != nil && row.key != "include" {
			p.member(row.key, child, 0)
		}
	}
	return p.String()
}

// printer writes values as YAML, keys in the order of the table.
type printer struct {
	strings.Builder
	top *value
}

func (p *printer) line(depth int, parts ...string) {
	for range depth {
		p.WriteString("  ")
	}
	for _, part := range parts {
		p.WriteString(part)
	}
	p.WriteByte('\n')
}

func (p *printer) member(key string, v *value, depth int) {
	if v.hidden {
		return
	}
	if v.row.kind != kObject && v.row.kind != kDict {
		p.line(depth, key, ": ", v.inline())
		return
	}
	if !v.hasShown() {
		return
	}
	p.line(depth, key, ":")
	if v.row.kind == kDict {
		for _, name := range slices.Sorted(slices.Values(v.order)) {
			p.entry(key, name, v.fields[name], depth+1)
		}
		return
	}
	p.section(v, depth+1)
}

// hasShown says whether a section has anything to write.
func (v *value) hasShown() bool {
	for _, child := range v.fields {
		if !child.hidden {
			return true
		}
	}
	return false
}

// entry writes one named thing; a job's retry and limits are written whole, with what they take from defaults.
func (p *printer) entry(dict, name string, v *value, depth int) {
	if dict == "jobs" {
		v = v.withDefaults(p.top.get("defaults"))
	}
	p.member(name, v, depth)
}

func (v *value) withDefaults(defaults *value) *value {
	whole := *v
	whole.fields = map[string]*value{}
	for key, child := range v.fields {
		whole.fields[key] = child
	}
	for _, key := range []string{"retry", "limits"} {
		section := *whole.fields[key]
		section.fields = map[string]*value{}
		for name, child := range defaults.get(key).fields {
			section.fields[name] = child
		}
		for name, child := range whole.fields[key].fields {
			section.fields[name] = child
		}
		whole.fields[key] = &section
	}
	return &whole
}

func (p *printer) section(v *value, depth int) {
	done := map[string]bool{}
	for i := range v.row.fields {
		key := v.row.fields[i].key
		if child := v.fields[key]; child != nil && !done[key] {
			done[key] = true
			p.member(key, child, depth)
		}
	}
}

// inline gives a value that fits on a line.
func (v *value) inline() string {
	switch v.row.kind {
	case kList:
		items := make([]string, len(v.items))
		for i, item := range v.items {
			items[i] = item.inline()
		}
		return "[" + strings.Join(items, ", ") + "]"
	case kSecret:
		ref := take[*job.SecretRef](v)
		return fmt.Sprintf("{%s: %s}", ref.From, scalarText(ref.Name))
	case kFlag, kCount:
		return v.text
	case kClock:
		return strconv.Quote(v.text)
	}
	return scalarText(v.text)
}

// plain finds texts that YAML reads as themselves without quotes.
var plain = regexp.MustCompile(`^(?:[A-Za-z/.][A-Za-z0-9 _./@+-]*[A-Za-z0-9_./@+-]|[A-Za-z/]|[0-9.]+(?:ms|s|m|h|d|w|[kKMGTP]?i?B)|0)$`)

// yamlWords are plain texts that some YAML readers take for something else.
var yamlWords = []string{"true", "false", "yes", "no", "on", "off", "null", "nan", ".nan", ".inf", "inf", "infinity", "y", "n"}

func scalarText(s string) string {
	if plain.MatchString(s) && !contains(yamlWords, strings.ToLower(s)) && (s == "0" || !bare(s)) {
		return s
	}
	return strconv.Quote(s)
}
