package walkthrough

import (
	"regexp"
	"strings"
	"testing"
)

// step is one command of the page and what it prints.
type step struct {
	line    int
	command string
	prints  []string
}

// stepsOf reads the console blocks of a page.
func stepsOf(page string) []step {
	var steps []step
	inside := false
	for i, line := range strings.Split(page, "\n") {
		command, typed := strings.CutPrefix(line, "$ ")
		switch {
		case line == "```console":
			inside = true
		case line == "```":
			inside = false
		case inside && typed:
			steps = append(steps, step{line: i + 1, command: command})
		case inside && len(steps) > 0:
			last := &steps[len(steps)-1]
			last.prints = append(last.prints, line)
		}
	}
	return steps
}

// replace takes the place of what the page exports: each variable of set once.
func (s *step) replace(set map[string]string) {
	if !strings.HasPrefix(s.command, "export ") {
		return
	}
	exported := s.command
	s.command = ":"
	for name, value := range set {
		if strings.Contains(exported, " "+name+"=") {
			s.command += "; export " + name + "='" + value + "'"
			delete(set, name)
		}
	}
}

// printed compares what a command printed with the page: … stands for anything within a line, and alone for any lines.
func printed(out string, want []string) bool {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for _, line := range want {
		if line == "…" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		parts := strings.Split(line, "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern.WriteString(strings.Join(parts, `.*`) + `\n`)
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String()).MatchString(out)
}

func TestPrinted(t *testing.T) {
	for _, c := range []struct {
		out  string
		want []string
		ok   bool
	}{
		{"", nil, true},
		{"noise\n", nil, false},
		{"run 1 took 3s\n", []string{"run 1 took …"}, true},
		{"run 1 took 3s\nmore\n", []string{"run 1 took …"}, false},
		{"a\nb\nc\n", []string{"…", "c"}, true},
		{"c\n", []string{"…", "c"}, true},
		{"a\nb\n", []string{"…", "c"}, false},
		{"a.b\n", []string{"a?b"}, false},
	} {
		if got := printed(c.out, c.want); got != c.ok {
			t.Errorf("printed(%q, %q) = %v", c.out, c.want, got)
		}
	}
}
