package sheet

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed texts/*.json
var files embed.FS

// words are the texts of one language, by name.
type words map[string]string

var languages = func() map[string]words {
	all := map[string]words{}
	entries, err := files.ReadDir("texts")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		content, err := files.ReadFile("texts/" + entry.Name())
		if err != nil {
			panic(err)
		}
		var w words
		if err := json.Unmarshal(content, &w); err != nil {
			panic(fmt.Sprintf("texts/%s: %v", entry.Name(), err))
		}
		all[strings.TrimSuffix(entry.Name(), ".json")] = w
	}
	return all
}()

// Languages are the languages that a sheet can be in.
func Languages() []string { return slices.Sorted(maps.Keys(languages)) }

// say gives a text with what is put into it: pairs of a name and its value.
func (w words) say(name string, pairs ...string) string {
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
