package naming

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// quote makes text match itself.
func quote(text string) string { return regexp.QuoteMeta(text) }

// Pattern selects names: a glob with dates, or a regular expression. The zero Pattern matches nothing.
//
// A glob knows *, ?, [a-z], [!a-z] and {date:…}; a backslash takes the next character as it is.
type Pattern struct {
	parts []part
	whole *regexp.Regexp // of ParseRegexp
}

// part of a glob: a piece of regular expression, or a date.
type part struct {
	expression string
	date       *date
	plain      plain
	text       string // of a part that is nothing else
	written    string // as it stands in the glob
}

// plain says whether a part needs no regular expression.
type plain int

const (
	plainNot plain = iota
	plainText
	plainStar
)

// ParsePattern reads a glob.
func ParsePattern(glob string) (Pattern, error) {
	if glob == "" {
		return Pattern{}, fmt.Errorf("the pattern is empty")
	}
	if !utf8.ValidString(glob) {
		return Pattern{}, fmt.Errorf("pattern %q is not UTF-8", glob)
	}
	p := Pattern{}
	for rest := glob; rest != ""; {
		next, left, err := cutPart(rest)
		if err != nil {
			return Pattern{}, fmt.Errorf("pattern %q: %w", glob, err)
		}
		next.written = rest[:len(rest)-len(left)]
		p.parts, rest = append(p.parts, next), left
	}
	if _, err := p.compile([]time.Time{{}}); err != nil {
		return Pattern{}, fmt.Errorf("pattern %q: %w", glob, err)
	}
	return p, nil
}

// ParseRegexp reads a regular expression (RE2) that must match the whole name.
func ParseRegexp(expression string) (Pattern, error) {
	_, err := regexp.Compile(expression) // alone, so that it cannot close the bracket around it
	if err != nil {
		return Pattern{}, fmt.Errorf("regular expression %q: %w", expression, err)
	}
	whole, err := regexp.Compile(`(?s)\A(?:` + expression + `)\z`)
	if err != nil {
		return Pattern{}, fmt.Errorf("regular expression %q: %w", expression, err)
	}
	return Pattern{whole: whole}, nil
}

func cutPart(glob string) (next part, rest string, err error) {
	switch glob[0] {
	case '*':
		return part{expression: `.*`, plain: plainStar}, glob[1:], nil
	case '?':
		return part{expression: `.`}, glob[1:], nil
	case '[':
		return cutClass(glob)
	case '{':
		return cutDate(glob)
	case '}':
		return part{}, "", fmt.Errorf("} without {")
	case '/':
		return part{}, "", fmt.Errorf("a / cannot be in a file name; the folder is the location's")
	case '\\':
		if len(glob) == 1 {
			return part{}, "", fmt.Errorf("it ends in a lone backslash")
		}
		return literal(glob[1:2]), glob[2:], nil
	}
	end := strings.IndexAny(glob, `*?[{}/\`)
	if end < 0 {
		end = len(glob)
	}
	return literal(glob[:end]), glob[end:], nil
}

func literal(text string) part {
	return part{expression: quote(text), plain: plainText, text: text}
}

func cutClass(glob string) (part, string, error) {
	end := strings.IndexByte(glob, ']')
	if end < 2 {
		return part{}, "", fmt.Errorf("[ without ]")
	}
	class := glob[1:end]
	not := ""
	if class[0] == '!' || class[0] == '^' {
		not, class = "^", class[1:]
	}
	if class == "" {
		return part{}, "", fmt.Errorf("the class %s is empty", glob[:end+1])
	}
	class = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `^`, `\^`).Replace(class)
	return part{expression: "[" + not + class + "]"}, glob[end+1:], nil
}

func cutDate(glob string) (part, string, error) {
	end := strings.IndexByte(glob, '}')
	if end < 0 {
		return part{}, "", fmt.Errorf("{ without }")
	}
	rest, found := strings.CutPrefix(glob[1:end], "date")
	if !found {
		return part{}, "", fmt.Errorf("{%s} is not known in a pattern; only {date:…} is", glob[1:end])
	}
	d, err := parseDate(rest)
	if err != nil {
		return part{}, "", err
	}
	return part{date: &d}, glob[end+1:], nil
}

// maxDays bounds how many days a pattern's dates may reach back.
const maxDays = 3700

// Matcher fixes the pattern's dates: those of at's day and of the days before it down to lookBack. At carries the
// job's zone.
func (p Pattern) Matcher(at time.Time, lookBack time.Duration) (Matcher, error) {
	if p.whole != nil {
		return Matcher{whole: p.whole}, nil
	}
	if texts := p.texts(); texts != nil {
		return Matcher{texts: texts}, nil
	}
	days := []time.Time{at}
	for back := 1; back <= maxDays && time.Duration(back)*24*time.Hour <= lookBack; back++ {
		days = append(days, at.AddDate(0, 0, -back))
	}
	whole, err := p.compile(days)
	return Matcher{whole: whole}, err
}

// texts are what stands between the stars of a glob that has nothing else; nil: it has. A folder of 100,000 names is matched
// with them in a hundredth of the time.
func (p Pattern) texts() []string {
	texts := []string{""}
	for _, next := range p.parts {
		switch {
		case next.plain == plainStar:
			texts = append(texts, "")
		case next.plain == plainText && !strings.ContainsRune(next.text, utf8.RuneError): // which matches any byte that is not UTF-8
			texts[len(texts)-1] += next.text
		default:
			return nil
		}
	}
	return texts
}

func (p Pattern) compile(days []time.Time) (*regexp.Regexp, error) {
	return regexp.Compile(p.expression(func(d date) string {
		alternatives := make([]string, len(days))
		for i, day := range days {
			alternatives[i] = d.pattern(day)
		}
		return strings.Join(alternatives, "|")
	}))
}

// expression is the pattern as a regular expression, its dates as they are said.
func (p Pattern) expression(dates func(date) string) string {
	if p.whole != nil {
		return p.whole.String()
	}
	var out strings.Builder
	out.WriteString(`(?s)\A`)
	for _, next := range p.parts {
		if next.date == nil {
			out.WriteString(next.expression)
			continue
		}
		out.WriteString("(?:" + dates(*next.date) + ")")
	}
	out.WriteString(`\z`)
	return out.String()
}

// Matcher is a Pattern whose dates are fixed.
type Matcher struct {
	texts []string // of a glob of texts and stars
	whole *regexp.Regexp
}

// Match says whether the whole name matches.
func (m Matcher) Match(name string) bool {
	if m.texts != nil {
		return matchTexts(m.texts, name)
	}
	return m.whole != nil && m.whole.MatchString(name)
}

// matchTexts says whether a name is these texts with anything between them.
func matchTexts(texts []string, name string) bool {
	last := len(texts) - 1
	if last == 0 {
		return name == texts[0]
	}
	rest, begins := strings.CutPrefix(name, texts[0])
	rest, ends := strings.CutSuffix(rest, texts[last])
	if !begins || !ends {
		return false
	}
	for _, text := range texts[1:last] {
		_, after, found := strings.Cut(rest, text)
		if !found {
			return false
		}
		rest = after
	}
	return true
}
