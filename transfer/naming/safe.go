package naming

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest file name, in bytes, that common file systems store.
const maxName = 255

// Check says why a name from outside may not be used as a file name; nil: it may.
func Check(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the name is empty")
	case name == "." || name == "..":
		return fmt.Errorf("%q is not a file name but a folder's own reference", name)
	case len(name) > maxName:
		return fmt.Errorf("the name has %d bytes, more than the %d that file systems store", len(name), maxName)
	case strings.ContainsAny(name, `/\`):
		return fmt.Errorf("the name has a path separator in it")
	case !utf8.ValidString(name):
		return fmt.Errorf("the name is not UTF-8")
	case name == StageDir:
		return fmt.Errorf("%q is the folder of unfinished files", name)
	}
	for _, r := range name {
		if what := unfit(r); what != "" {
			return fmt.Errorf("the name has %s (U+%04X) in it", what, r)
		}
	}
	return nil
}

// unfit names the kind of a character that has no place in a file name; empty: it is fine.
func unfit(r rune) string {
	switch {
	case r == 0:
		return "a NUL byte"
	case unicode.IsControl(r):
		return "a control character"
	case unicode.Is(unicode.Bidi_Control, r):
		return "a mark that turns the reading direction"
	case unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return "a line separator"
	case unicode.Is(unicode.Cf, r):
		return "an invisible character"
	}
	return ""
}

// Printable gives a name or text from outside in a form that is safe to show: what cannot be seen, or misleads, is
// escaped, and what is longer than most (in bytes) is cut with a mark. Two different names stay different unless cut.
func Printable(text string, most int) string {
	var out strings.Builder
	for i, r := range text {
		if out.Len() >= most {
			out.WriteString("…")
			break
		}
		switch {
		case r == utf8.RuneError && invalidAt(text, i):
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case r == '\\':
			out.WriteString(`\\`)
		case unfit(r) != "" || !unicode.IsPrint(r):
			out.WriteString(escaped(r))
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// escaped writes characters beyond U+FFFF in eight digits: with five, the last could be one that follows.
func escaped(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// invalidAt tells a byte that is no UTF-8 from a genuine U+FFFD.
func invalidAt(text string, i int) bool {
	_, size := utf8.DecodeRuneInString(text[i:])
	return size == 1
}
