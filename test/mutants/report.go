package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// death is a mutant and the test that killed it.
type death struct {
	mutant
	killer string
}

// table is what people read.
func table(deaths []death, commit string, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d mutants, all killed, of commit %s, on %s.\n\n", len(deaths), commit, at.UTC().Format(time.DateOnly))
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
