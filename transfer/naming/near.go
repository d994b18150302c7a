package naming

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// Near collects, of the names of a listing that a pattern does not take, those that nearly match. It keeps few of them, however
// long the listing is.
type Near struct {
	pattern    Pattern
	exact      Matcher // for the days that count
	ignore     []Ignored
	fold, any  *regexp.Regexp // without regard to capitals; with any date
	head, tail string         // what the names begin and end with
	kept       []near
	names      int
}

// Ignored is a glob of names that are never taken, ready to be asked.
type Ignored struct {
	Glob    string
	Matcher Matcher
}

type near struct {
	job.Stray
	far int
}

const (
	nearMost  = 50  // names that are kept
	nearBytes = 200 // of a name
)

// NewNear begins with a pattern whose matcher for the days that count is exact.
func NewNear(p Pattern, exact Matcher, ignore []Ignored) *Near {
	n := &Near{pattern: p, exact: exact, ignore: ignore}
	anyDay := p.expression(func(d date) string { return d.anyDay() })
	n.any, _ = regexp.Compile(anyDay)
	n.fold, _ = regexp.Compile("(?i)" + anyDay)
	if len(p.parts) > 0 {
		n.head, n.tail = strings.ToLower(p.parts[0].text), strings.ToLower(p.parts[len(p.parts)-1].text)
	}
	return n
}

// See takes a name of a file of the listing.
func (n *Near) See(name string) {
	n.names++
	why, far := n.judge(name)
	if why == "" || len(n.kept) == nearMost && far >= n.kept[nearMost-1].far {
		return
	}
	at, _ := slices.BinarySearchFunc(n.kept, far+1, func(k near, far int) int { return cmp.Compare(k.far, far) })
	n.kept = slices.Insert(n.kept, at, near{job.Stray{Name: Printable(name, nearBytes), Why: why}, far})
	n.kept = n.kept[:min(len(n.kept), nearMost)]
}

// Seen gives how many names there were, and the nearest that were not taken.
func (n *Near) Seen() (names int, strays []job.Stray) {
	strays = make([]job.Stray, len(n.kept))
	for i, k := range n.kept {
		strays[i] = k.Stray
	}
	return n.names, strays
}

// judge says why a name is not taken and how far from that it is; none: it is taken.
func (n *Near) judge(name string) (why string, far int) {
	for _, g := range n.ignore {
		if g.Matcher.Match(name) {
			return "ignored by " + g.Glob + ": perhaps it is still being written", n.distance(strings.TrimSuffix(name, strings.TrimPrefix(g.Glob, "*")))
		}
	}
	switch {
	case n.exact.Match(name):
		return "", 0
	case n.any != nil && n.any.MatchString(name):
		return "a date that is too old or lies ahead", 1
	case n.fold != nil && n.fold.MatchString(name):
		return "capital letters differ", 2
	}
	return "another name", 10 + n.distance(name)
}

// distance is how much of what the names of the pattern begin and end with is not there.
func (n *Near) distance(name string) int {
	name = strings.ToLower(name)
	head := 0
	for head < min(len(n.head), len(name)) && n.head[head] == name[head] {
		head++
	}
	tail := 0
	for tail < min(len(n.tail), len(name)-head) && n.tail[len(n.tail)-1-tail] == name[len(name)-1-tail] {
		tail++
	}
	return 3 + len(n.head) - head + len(n.tail) - tail
}

// anyDay is a regular expression for the token on any day.
func (d date) anyDay() string {
	sample := strings.Builder{}
	for _, c := range d.render(time.Date(2026, time.October, 20, 10, 10, 10, 0, time.UTC)) {
		switch {
		case c >= '0' && c <= '9':
			sample.WriteString(`\d`)
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			sample.WriteString(`\pL`)
		default:
			sample.WriteString(quote(string(c)))
		}
	}
	return strings.ReplaceAll(sample.String(), `\pL\pL\pL`, `\pL+`)
}
