// Package ask has what a customer's IT department is asked for when something of theirs is the matter, in their language. The
// sentences are written for somebody who runs a server and knows nothing of ours: no command, setting, path or job of ours is in them.
package ask

import (
	"embed"
	"strings"

	"github.com/haulier/haulier/internal/words"
)

//go:embed texts/*.json
var files embed.FS

var book = words.Must(files)

// Languages are those that customers can be written to in; the first one is for who asks for none.
func Languages() []string { return book.Languages() }

// Customer is the sentence for a failure. A language that there is not is English.
func Customer(language, slug string) string {
	if text, found := About(language, slug); found {
		return text
	}
	return book.In(language)["otherwise"]
}

// About is what a customer can do about a failure, by its slug or, failing that, by the slug's area; not found where that is nothing.
func About(language, slug string) (text string, found bool) {
	said := book.In(language)
	if text, found = said[slug]; !found {
		area, _, _ := strings.Cut(slug, ".")
		text, found = said[area]
	}
	return text, found
}

// Letter is a sentence of a letter to a customer, by its name: subject, over.subject, over, back.subject, back, server, since, reference and footer.
func Letter(language, name string, pairs ...string) string {
	said := book.In(language)["letter."+name]
	for i := 0; i+1 < len(pairs); i += 2 {
		said = strings.ReplaceAll(said, "{"+pairs[i]+"}", pairs[i+1])
	}
	return said
}
