package pgp

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzGuess: what is said of a file that is not PGP goes into logs: it acts upon no terminal, and shows no value.
func FuzzGuess(f *testing.F) {
	for _, first := range []string{"id;name\n7;secret\n", "PK\x03\x04", "\x1b[2J", "\xef\xbb\xbfcustomer_id,mail\n", "4111111111111111,x\n", "\u202ename,id", "a_b\tc", "", "\xff\xfe"} {
		f.Add([]byte(first))
	}
	f.Fuzz(func(t *testing.T, first []byte) {
		said := guess(first)
		if len(said) > 40*len(`\U00000000`)+40 || strings.ContainsFunc(said, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%q of %q", said, first)
		}
		if quoted, found := strings.CutPrefix(said, `starts with "`); found && !strings.HasPrefix(said, "starts with the bytes") {
			for _, field := range strings.FieldsFunc(strings.ReplaceAll(quoted, `\t`, ";"), func(r rune) bool { return strings.ContainsRune(";,|\"… ", r) }) {
				if strings.ContainsAny(field, "0123456789@") && !strings.Contains(field, `\`) {
					t.Errorf("%q shows %q", said, field)
				}
			}
		}
		for _, limit := range []int{1, 40, len(first)} {
			if text := plain(string(first), limit); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
				t.Errorf("plain(%q, %d) = %q", first, limit, text)
			}
		}
	})
}
