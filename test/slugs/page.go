package slugs

import "strings"

// An entry is the part of docs/errors.md about one slug.
type entry struct {
	slug string
	text string
}

// entries reads the page: "### slug" begins an entry, any heading ends it.
func entries(page string) []entry {
	var all []entry
	open := false
	for line := range strings.Lines(page) {
		if name, ok := strings.CutPrefix(line, "### "); ok {
			all = append(all, entry{slug: strings.TrimSpace(name)})
			open = true
			continue
		}
		if strings.HasPrefix(line, "#") {
			open = false
		}
		if open {
			all[len(all)-1].text += line
		}
	}
	return all
}

// lacks says what an entry leaves out of what a person needs.
func (e entry) lacks() string {
	meaning, _, found := strings.Cut(e.text, "**Do:**")
	switch {
	case !found:
		return "says nothing to do"
	case strings.TrimSpace(meaning) == "":
		return "does not say what it means"
	case !strings.Contains(e.text, "**Who:**"):
		return "does not say whose turn it is"
	}
	return ""
}
