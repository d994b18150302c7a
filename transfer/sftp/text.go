package sftp

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	mostText = 200 // characters of a foreign text that are kept
	mostPath = 300 // bytes of a path that a text shows
)

// printable makes a foreign text safe to show: what cannot be printed becomes a space, and it is cut when it is long.
func printable(text string) string {
	if len(text) > 4*mostText {
		text = text[:4*mostText]
	}
	clean := strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return r == utf8.RuneError || r == ' ' || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(clean); len(runes) > mostText {
		return string(runes[:mostText]) + "…"
	}
	return clean
}

// shown quotes a raw path: escaped, and cut in the middle when it is very long.
func shown(path string) string {
	if len(path) > mostPath {
		return strconv.Quote(path[:mostPath/2]) + "…" + strconv.Quote(path[len(path)-mostPath/2:])
	}
	return strconv.Quote(path)
}
