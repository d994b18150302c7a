package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is told, in bytes.
const (
	causeMost = 400
	lineMost  = 1000
	nameMost  = 100
)

// oneLine makes a text printable: what comes from outside may not end a line, begin a header, or change how what stands around it
// is read. It has at most so many bytes.
func oneLine(s string, most int) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r):
			r = '\uFFFD'
		}
		if b.Len()+utf8.RuneLen(r) > most-len("…") {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
