package docs

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"slices"
)

// WriteBetween replaces what a document has between the marks of a program, such as test/faults.
func WriteBetween(document, program, text string) error {
	old, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	begin, end := fmt.Appendf(nil, "<!-- %s: begin, written by %s -report -->\n", path.Base(program), program), fmt.Appendf(nil, "<!-- %s: end -->\n", path.Base(program))
	before, rest, found := bytes.Cut(old, begin)
	_, after, closed := bytes.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table: %q … %q", document, begin, end)
	}
	return os.WriteFile(document, slices.Concat(before, begin, []byte(text), end, after), 0o644)
}
