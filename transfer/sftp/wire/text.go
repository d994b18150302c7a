package wire

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxMessage = 200 // characters of a server's text that are kept
	maxQuoted  = 300 // bytes of a path that an error shows
)

// clean makes a server's text printable and short: what cannot be printed becomes a space, runs of spaces one. A text that
// was cut ends in "…": whoever looks for a word in it knows that it may be half.
func clean(text []byte) string {
	cut := len(text) > 4*maxMessage
	if cut {
		text = text[:4*maxMessage]
	}
	var out strings.Builder
	count, space := 0, false
	for len(text) > 0 && count < maxMessage {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if r == utf8.RuneError || r == ' ' || !unicode.IsPrint(r) {
			space = out.Len() > 0
			continue
		}
		if space {
			out.WriteByte(' ')
			count, space = count+1, false
		}
		if count == maxMessage {
			break
		}
		out.WriteRune(r)
		count++
	}
	if cut || len(text) > 0 {
		return strings.TrimSuffix(out.String(), " ") + "…"
	}
	return strings.TrimSuffix(out.String(), " ")
}

// quote shows a raw path: escaped, and cut in the middle when it is very long.
func quote(path string) string {
	if len(path) > maxQuoted {
		return strconv.Quote(path[:maxQuoted/2]) + "…" + strconv.Quote(path[len(path)-maxQuoted/2:])
	}
	return strconv.Quote(path)
}
