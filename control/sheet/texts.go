package sheet

import (
	"embed"
	"strings"

	"github.com/haulier/haulier/internal/words"
)

//go:embed texts/*.json
var files embed.FS

var book = words.Must(files)

// Languages are the languages that a sheet can be in, the first for who asks for none.
func Languages() []string { return book.Languages() }

// wording is the texts of one language.
type wording words.Words

// Say gives a text of what is around a sheet: ended, ended.ask, failed, failed.ask and language.
func Say(language, name string) string { return wording(book.In(language)).say(name) }

// say gives a text with what is put into it: pairs of a name and its value.
func (w wording) say(name string, pairs ...string) string {
	said, found := w[name]
	if !found {
		panic("sheet: no text " + name) // a test asks for all of them
	}
	if len(pairs) == 0 {
		return said
	}
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
		pairs[i+1] = plain(pairs[i+1])
	}
	return strings.NewReplacer(pairs...).Replace(said)
}

// plain keeps a value from ending the marks of a text, or a line.
func plain(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '`':
			return '\''
		case r < ' ', r == 0x7f:
			return ' '
		}
		return r
	}, value)
}

// typed marks values as to be typed letter by letter, and joins them.
func typed(values ...string) string {
	marked := make([]string, len(values))
	for i, value := range values {
		marked[i] = "`" + plain(value) + "`"
	}
	return strings.Join(marked, ", ")
}
