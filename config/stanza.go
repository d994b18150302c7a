package config

import (
	"fmt"
	"strings"

	"github.com/haulier/haulier/job"
)

// Stanza gives a job to fill in, ready to stand in a file of its own or under jobs. What every job must say, and a
// schedule, is written; everything else stands beside it as a comment with its help. Minimal leaves out the comments.
func Stanza(t job.Type, name string, minimal bool) (string, error) {
	if t != job.TypeImport && t != job.TypeExport {
		return "", fmt.Errorf("job type %s: it is import or export", quoted(string(t)))
	}
	if bad := badName("job", name); bad != nil {
		return "", fmt.Errorf("%s", bad.text)
	}
	row, _ := table.row("jobs", "")
	s := stanza{jobType: t, minimal: minimal}
	s.say(0, "jobs:")
	s.say(1, name+":")
	s.fields(row.item, 2)
	return s.String(), nil
}

type stanza struct {
	strings.Builder
	jobType job.Type
	minimal bool
}

// chosen are the keys without which a job would be of little use.
var chosen = []string{"schedule", "match"}

func (s *stanza) fields(section *field, depth int) {
	for i := range section.fields {
		f := &section.fields[i]
		switch {
		case f.later != "" || f.only != "" && f.only != s.jobType:
		case f.need || contains(chosen, f.key):
			s.written(f, depth)
		case !s.minimal:
			s.offered(f, depth)
		}
	}
}

// written puts a key as it must be, with an example to replace.
func (s *stanza) written(f *field, depth int) {
	s.comment(f, depth)
	switch {
	case f.kind == kObject:
		s.say(depth, f.key+":")
		s.fields(f, depth+1)
	case f.key == "type":
		s.say(depth, "type: "+string(s.jobType))
	case f.key == "match" && s.jobType == job.TypeExport:
		s.say(depth, `match: "segment_*.csv"`)
	case f.key == "match":
		s.say(depth, `match: "customers_{date:%Y%m%d}*.csv"`)
	default:
		s.say(depth, f.line())
	}
}

// offered puts a key as a comment, to be uncommented.
func (s *stanza) offered(f *field, depth int) {
	s.comment(f, depth)
	if f.kind != kObject {
		s.say(depth, "# "+f.line())
		return
	}
	s.say(depth, "# "+f.key+":")
	for i := range f.fields {
		if child := &f.fields[i]; child.later == "" {
			s.say(depth, "#   "+child.line())
		}
	}
}

func (s *stanza) comment(f *field, depth int) {
	if s.minimal {
		return
	}
	help := f.help
	if absent := f.absent(); absent != "" && !f.need {
		help += " Default: " + absent + "."
	}
	for _, line := range wrap(help, 96) {
		s.say(depth, "## "+line)
	}
}

func (s *stanza) say(depth int, line string) {
	s.WriteString(strings.Repeat("  ", depth) + line + "\n")
}
