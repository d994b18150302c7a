package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/haulier/haulier/job"
)

// Severity is the weight of a problem.
type Severity string

// The severities. Only errors keep a configuration from being used.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is one thing that is wrong at one place. Its JSON form is a line of `haulier check --json`.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1; 0: the file as a whole
	Column   int      `json:"column"` // from 1, in characters
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // E-… or W-…
	Message  string   `json:"message"`

	quote string // the line itself, secrets masked
	caret int    // characters before the mark beneath it
	width int    // characters to mark
	rank  int    // place of the file in the order of reading
}

// Problems is everything that is wrong with a configuration, in the order of its files and lines.
type Problems struct {
	List []Problem

	// What was looked at, for the last line of a report.
	Files, Connections, Jobs int
}

// Errors counts the problems that keep the configuration from being used.
func (p Problems) Errors() int { return p.count(Error) }

// Warnings counts the others.
func (p Problems) Warnings() int { return p.count(Warning) }

func (p Problems) count(s Severity) int {
	n := 0
	for _, problem := range p.List {
		if problem.Severity == s {
			n++
		}
	}
	return n
}

// Reason says in one failure object that the configuration cannot be used; nil when it can.
func (p Problems) Reason() *job.Reason {
	at := slices.IndexFunc(p.List, func(q Problem) bool { return q.Severity == Error })
	if at < 0 {
		return nil
	}
	first := p.List[at]
	return &job.Reason{
		Slug:  "config.errors",
		What:  "nothing was started or changed",
		Cause: fmt.Sprintf("the configuration has %s; the first: %s", plural(p.Errors(), "error"), first.line()),
		Do:    "haulier check",
		Who:   job.WhoUs,
	}
}

// Strict gives the same problems with every warning made an error.
func (p Problems) Strict() Problems {
	p.List = slices.Clone(p.List)
	for i := range p.List {
		p.List[i].Severity = Error
	}
	return p
}

// Text gives the report as people read it: every problem with its line and a caret, then the count.
func (p Problems) Text(color bool) string {
	var b strings.Builder
	for _, problem := range p.List {
		problem.text(&b, color)
	}
	b.WriteString(p.Summary())
	b.WriteByte('\n')
	return b.String()
}

// Summary is the last line of the report.
func (p Problems) Summary() string {
	return fmt.Sprintf("%s, %s in %s (%s, %s).", plural(p.Errors(), "error"), plural(p.Warnings(), "warning"),
		plural(p.Files, "file"), plural(p.Connections, "connection"), plural(p.Jobs, "job"))
}

func (p Problem) line() string {
	return fmt.Sprintf("%s: %s: %s [%s]", p.place(), p.Severity, p.Message, p.Code)
}

func (p Problem) place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// String gives the problem in a line.
func (p Problem) String() string { return p.line() }

func (p Problem) text(b *strings.Builder, color bool) {
	word := string(p.Severity)
	if color {
		word = paint(p.Severity) + word + "\x1b[0m"
	}
	fmt.Fprintf(b, "%s: %s: %s [%s]\n", p.place(), word, p.Message, p.Code)
	if p.quote == "" {
		return
	}
	fmt.Fprintf(b, "%5d | %s\n", p.Line, p.quote)
	fmt.Fprintf(b, "%5s | %s%s\n", "", strings.Repeat(" ", p.caret), strings.Repeat("^", max(p.width, 1)))
}

func paint(s Severity) string {
	if s == Error {
		return "\x1b[1;31m"
	}
	return "\x1b[33m"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (p *Problems) sort() {
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		for _, c := range []int{a.rank - b.rank, a.Line - b.Line, a.Column - b.Column} {
			if c != 0 {
				return c
			}
		}
		return 0
	})
	p.List = slices.CompactFunc(p.List, func(a, b Problem) bool {
		return a.place() == b.place() && a.Code == b.Code && a.Message == b.Message
	})
}

// quoteLimit bounds the characters of a quoted line; a longer one is cut around the mark.
const quoteLimit = 120

// quoteLine fits a line for quoting: printable, bounded, the mark within it.
func quoteLine(line string, caret, width int) (string, int, int) {
	text := []rune(printable(line))
	start := 0
	if caret > quoteLimit-20 {
		start = caret - quoteLimit/2
	}
	start = min(start, len(text))
	text = text[start:]
	text = text[:min(len(text), quoteLimit)]
	caret = min(max(caret-start, 0), len(text))
	return strings.TrimRight(string(text), " "), caret, min(width, max(1, len(text)-caret))
}

// printable replaces what a terminal would act upon, one character for one.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError || !isPrint(r):
			return '·'
		}
		return r
	}, s)
}
