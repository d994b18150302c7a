package features

import (
	"fmt"
	"regexp"
	"strings"
)

// promised are the ids that the document must have, no more and no fewer. "A1-A35" is a range.
const promised = `A1-A35
	E1 E3-E14 E16-E30
	D11 D13-D14
	M1-M13
	N1-N6 N8-N17
	X1 X4-X6 X8-X10 X12-X14
	P1-P5 W1-W19 I1-I9`

// A feature is a row of the document.
type feature struct {
	id    string
	text  string
	tests []string // "package.TestName", subtests as "package.TestName/sub"
	why   string   // why there is no test; empty when there is one
}

// expand lists the ids of a text like promised.
func expand(ranges string) ([]string, error) {
	var ids []string
	for _, word := range strings.Fields(ranges) {
		first, last, isRange := strings.Cut(word, "-")
		if !isRange {
			ids = append(ids, word)
			continue
		}
		var from, to int
		if _, err := fmt.Sscanf(first[1:]+" "+last[1:], "%d %d", &from, &to); err != nil || first[0] != last[0] {
			return nil, fmt.Errorf("%q is no range of ids", word)
		}
		for n := from; n <= to; n++ {
			ids = append(ids, fmt.Sprintf("%c%d", first[0], n))
		}
	}
	return ids, nil
}

var (
	rowID    = regexp.MustCompile(`^[A-Z]\d+$`)
	testName = regexp.MustCompile("`([a-z0-9/_]+\\.(?:Test|Fuzz)[^`\\s]*)`")
)

// parse reads the rows of the document's tables. Lines that are no rows are prose.
func parse(document string) ([]feature, error) {
	var all []feature
	for line := range strings.Lines(document) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 2 || !rowID.MatchString(strings.TrimSpace(cells[0])) {
			continue
		}
		if len(cells) != 3 {
			return nil, fmt.Errorf("%s: %d cells, want 3", strings.TrimSpace(cells[0]), len(cells))
		}
		f := feature{id: strings.TrimSpace(cells[0]), text: strings.TrimSpace(cells[1])}
		if err := f.read(strings.TrimSpace(cells[2])); err != nil {
			return nil, fmt.Errorf("%s: %w", f.id, err)
		}
		all = append(all, f)
	}
	return all, nil
}

// read takes the last cell: test names with commas between, or a dash and the reason why there is none.
func (f *feature) read(cell string) error {
	if why, ok := strings.CutPrefix(cell, "—"); ok {
		f.why = strings.TrimSpace(why)
		if f.why == "" {
			return fmt.Errorf("has neither a test nor a reason")
		}
		return nil
	}
	for _, found := range testName.FindAllStringSubmatch(cell, -1) {
		f.tests = append(f.tests, found[1])
	}
	if rest := strings.Trim(testName.ReplaceAllString(cell, ""), ", "); rest != "" || len(f.tests) == 0 {
		return fmt.Errorf("%q is not `package.TestName`", rest)
	}
	return nil
}

// complete says which ids are missing, unknown or twice.
func complete(all []feature, ids []string) []string {
	count := map[string]int{}
	for _, f := range all {
		count[f.id]++
	}
	var problems []string
	for _, id := range ids {
		if count[id] != 1 {
			problems = append(problems, fmt.Sprintf("%s: %d rows, want 1", id, count[id]))
		}
		delete(count, id)
	}
	for id := range count {
		problems = append(problems, id+": not a promised row")
	}
	return problems
}
