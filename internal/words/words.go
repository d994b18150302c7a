// Package words holds texts in several languages: one file a language, a text a name. English has all of them.
package words

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Default is the language of who asks for none.
const Default = "en"

// Words are the texts of one language, by name.
type Words map[string]string

// Book has the words of all languages, by their short names (ISO 639-1).
type Book map[string]Words

// Must reads texts/LANGUAGE.json of files that are part of the program; what is wrong with them is a mistake of the build.
func Must(files fs.FS) Book {
	names, err := fs.Glob(files, "texts/*.json")
	if err != nil {
		panic(err)
	}
	book := Book{}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		var w Words
		if err := json.Unmarshal(content, &w); err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		book[strings.TrimSuffix(strings.TrimPrefix(name, "texts/"), ".json")] = w
	}
	return book
}

// In gives the words of a language, those of Default for one that the book does not have.
func (b Book) In(language string) Words {
	if w, found := b[language]; found {
		return w
	}
	return b[Default]
}

// Languages are those of the book, Default first.
func (b Book) Languages() []string {
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(b)), func(l string) bool { return l == Default })
	return append([]string{Default}, others...)
}

var holes = regexp.MustCompile("\\{[a-z]+\\}|`[^`]*`")

// Faults says what is wrong with the translations: texts that are missing or that English does not have, others to be put in or to
// be typed, and texts that are English still, but for those named.
func (b Book) Faults(same ...string) []string {
	var faults []string
	for language, w := range b {
		for name, text := range b[Default] {
			said, found := w[name]
			switch {
			case !found || strings.TrimSpace(said) == "":
				faults = append(faults, language+" lacks "+name)
			case !slices.Equal(marks(text), marks(said)):
				faults = append(faults, fmt.Sprintf("%s has other marks in %s: %q, not %q", language, name, marks(said), marks(text)))
			case language != Default && !slices.Contains(same, name) && (said == text || english.MatchString(holes.ReplaceAllString(said, ""))):
				faults = append(faults, language+" says "+name+" in English")
			}
		}
		for name := range w {
			if _, known := b[Default][name]; !known {
				faults = append(faults, language+" has "+name+", which nobody says")
			}
		}
	}
	slices.Sort(faults)
	return faults
}

// english are words of which none is one in the other languages as well.
var english = regexp.MustCompile(`(?i)\b(the|and|please|your|with|which|from|our|are|this|that|files|folder|again)\b`)

func marks(text string) []string {
	all := holes.FindAllString(text, -1)
	slices.Sort(all)
	return all
}
