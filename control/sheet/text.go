package sheet

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// width is how many columns a line of text has at most, where it can be broken.
const width = 78

func writeText(w io.Writer, d Document) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n%s\n", d.Title, strings.Repeat("=", utf8.RuneCountInString(d.Title)))
	for i, section := range d.Sections {
		fmt.Fprintf(out, "\n%d. %s\n", i+1, section.Title)
		for _, block := range section.Blocks {
			fmt.Fprintln(out)
			block.text(out)
		}
	}
	return out.Flush()
}

func (b Block) text(out io.Writer) {
	switch {
	case b.Text != "":
		wrap(out, "", "", unmarked(b.Text))
	case b.Code != "":
		for line := range strings.Lines(b.Code) {
			fmt.Fprintf(out, "    %s\n", strings.TrimRight(line, "\r\n"))
		}
	}
	for _, item := range b.Items {
		wrap(out, "- ", "  ", unmarked(item))
	}
	for i, row := range b.Rows {
		if i > 0 {
			wrap(out, "- ", "  ", unmarked(sentence(b.Rows[0], row)))
		}
	}
	if b.Blank != nil {
		for _, line := range b.Blank.Lines {
			fmt.Fprintf(out, "%s ____________________________\n", unmarked(line))
		}
		wrap(out, "", "", unmarked(b.Blank.Choice))
	}
}

// sentence is a row of a table as text, where there is no room for columns: further ones say what they are.
func sentence(head, row []string) string {
	if len(row) == 2 {
		return strings.Join(row, ": ")
	}
	said := row[0]
	for i, cell := range row[1:] {
		said += fmt.Sprintf("; %s: %s", strings.ToLower(head[i+1]), cell)
	}
	return said
}

// wrap breaks a text into lines, the first and the others with what goes before them.
func wrap(out io.Writer, first, rest, text string) {
	line, used := first, utf8.RuneCountInString(first)
	empty := true
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' }) {
		n := utf8.RuneCountInString(word)
		if !empty && used+1+n > width {
			fmt.Fprintln(out, line)
			line, used, empty = rest, utf8.RuneCountInString(rest), true
		}
		if !empty {
			line, used = line+" ", used+1
		}
		line, used, empty = line+word, used+n, false
	}
	fmt.Fprintln(out, line)
}

func writeMail(w io.Writer, d Document) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "Subject: %s\n\n", unmarked(d.Subject))
	last := len(d.Letter) - 1
	for _, paragraph := range d.Letter[:last] {
		wrap(out, "", "", paragraph)
		fmt.Fprintln(out)
	}
	wrap(out, "", "", d.Letter[last])
	fmt.Fprintf(out, "\n")
	if err := out.Flush(); err != nil || len(d.Sections) == 0 {
		return err
	}
	return writeText(w, d)
}
