package config

import (
	"fmt"
	"strings"
	"unicode"
)

// shown bounds what a message repeats of a value.
const shown = 60

// quoted gives a value from the file for a message: escaped and bounded. What looks like a private key is named, not
// shown.
func quoted(s string) string {
	if strings.Contains(s, "PRIVATE KEY") {
		return "(a private key)"
	}
	if r := []rune(s); len(r) > shown {
		s = string(r[:shown]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

func isPrint(r rune) bool { return unicode.IsPrint(r) }

// nearest gives the word that s was probably meant to be, or "".
func nearest(s string, words []string) string {
	if len(s) > 80 {
		return ""
	}
	best, limit := "", 1+len([]rune(s))/3
	for _, word := range words {
		if d := distance(strings.ToLower(s), strings.ToLower(word)); d < limit {
			best, limit = word, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, change or swap with their neighbour to get from a to b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+differs(x[i-1], y[j-1]))
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

func differs(a, b rune) int {
	if a == b {
		return 0
	}
	return 1
}

// meant ends a message with the word that was probably meant.
func meant(s string, words []string) string {
	if word := nearest(s, words); word != "" {
		return fmt.Sprintf("; did you mean %q?", word)
	}
	return ""
}

// list joins words for a sentence: "a, b or c".
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
