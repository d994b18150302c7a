package config

import (
	"strings"
	"unicode/utf8"
)

// advice puts the library's complaints into words that say what to do. The first part that occurs decides.
var advice = []struct{ part, words string }{
	{"mapping values are not allowed", "a second `: ` on this line, or a line that is indented too far; put the value in quotes if the colon belongs to it"},
	{"cannot start any token", "this character cannot begin a value: a tab may not indent (use spaces), and a value that begins with @, ` or % needs quotes"},
	{"found a tab", "a tab may not indent; use spaces"},
	{"did not find expected ',' or ']'", "a [ is opened but not closed, or a comma is missing"},
	{"did not find expected ',' or '}'", "a { is opened but not closed, or a comma is missing"},
	{"did not find expected key", "the indentation of this line fits no line above it"},
	{"did not find expected '-'", "the indentation of this line fits no line of the list above it"},
	{"unexpected end of stream", "a quote is opened but not closed"},
	{"unexpected document indicator", "a quote is opened but not closed"},
	{"unknown anchor", "a value that begins with * is an alias, and no anchor of this name stands above it; put the value in quotes if the * belongs to it"},
	{"anchor", "a value that begins with & or * names an anchor; put the value in quotes if the sign belongs to it"},
	{"escape", "an escape in double quotes that YAML does not know; use single quotes, where a backslash is a backslash"},
	{"could not find expected ':'", "a key without a colon, or a line that is indented too little"},
	{"control characters", "a control character, which YAML does not allow"},
	{"UTF-8", "a byte that is not UTF-8; save the file as UTF-8"},
	{"UTF-16", "the file is not whole UTF-16; save it as UTF-8"},
	{"tag", "a value that begins with ! is a tag; put it in quotes if the ! belongs to it"},
	{"block", "the indentation of this line fits no line above it"},
	{"depth", "nested too deeply"},
}

func explain(text, line string) string {
	if indentedByTab(line) {
		return "a tab may not indent; use spaces"
	}
	for _, a := range advice {
		if strings.Contains(text, a.part) {
			return a.words
		}
	}
	return "this is not YAML: look for an open quote or bracket, a tab, or a wrong indentation on this line or the one above"
}

func indentedByTab(line string) bool {
	return strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t")
}

// unreadableByte finds the first byte that YAML cannot take, as line and column.
func unreadableByte(data []byte) (line, column int) {
	line, column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if (r == utf8.RuneError && size == 1) || (r < ' ' && r != '\n' && r != '\t' && r != '\r') || r == 0x7f {
			return line, column
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		data = data[size:]
	}
	return 1, 1
}
