package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Marks in the document between which the table stands.
const (
	begin = "<!-- mutants: begin, written by test/mutants -report -->\n"
	end   = "<!-- mutants: end -->\n"
)

// death is a mutant and the test that killed it.
type death struct {
	mutant
	killer string
}

// writeReport writes the table of a whole run into a document.
func writeReport(document string, deaths []death, at time.Time) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(text, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table: %q … %q", document, begin, end)
	}
	return os.WriteFile(document, slices.Concat(before, []byte(begin), []byte(table(deaths, at)), []byte(end), after), 0o644)
}

// table is what people read.
func table(deaths []death, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d mutants, all killed, on %s.\n\n", len(deaths), at.UTC().Format(time.DateOnly))
	b.WriteString("| Mutant | Taken out of | The line sees that | Killed by |\n| --- | --- | --- | --- |\n")
	for _, d := range deaths {
		fmt.Fprintf(&b, "%s `%s` %s |\n", d.head(), d.killer, d.by.pkg)
	}
	b.WriteString("\n")
	return b.String()
}

// head is the part of a mutant's row that is known before it is killed.
func (m mutant) head() string {
	var files []string
	for _, c := range m.cuts {
		if !slices.Contains(files, c.file) {
			files = append(files, c.file)
		}
	}
	return fmt.Sprintf("| %s | %s | %s |", m.name, strings.Join(files, ", "), m.holds)
}
