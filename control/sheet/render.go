package sheet

import (
	"fmt"
	"io"
	"strings"
)

// The forms of a sheet.
const (
	HTML     = "html" // a page that needs nothing else, for screen and paper
	Markdown = "md"
	Text     = "txt"
	Mail     = "mail" // subject and text of a mail, to be pasted
)

// Formats are the forms of a sheet.
func Formats() []string { return []string{HTML, Markdown, Text, Mail} }

// Write writes a sheet in one of its forms.
func Write(w io.Writer, d Document, format string) error {
	switch format {
	case HTML:
		return writePage(w, d)
	case Markdown:
		return writeMarkdown(w, d)
	case Text:
		return writeText(w, d)
	case Mail:
		return writeMail(w, d)
	}
	return fmt.Errorf("there is no sheet in form %q: there are %s", format, strings.Join(Formats(), ", "))
}

// unmarked writes what is to be typed in quotes, where there is no other way to set it off.
func unmarked(s string) string { return strings.ReplaceAll(s, "`", `"`) }
