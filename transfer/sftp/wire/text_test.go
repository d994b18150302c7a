package wire

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzTextsAreMadePrintable(f *testing.F) {
	f.Add([]byte("No such file"))
	f.Add([]byte("a\x1b]0;title\x07\r\n\u202e\xff\x00b"))
	f.Add([]byte(strings.Repeat("é", 1000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, shown := range []string{clean(text), quote(string(text))} {
			for _, r := range shown {
				if !unicode.IsPrint(r) {
					t.Errorf("%q shows %q", text, r)
				}
			}
			if !utf8.ValidString(shown) || len(shown) > 4*maxQuoted+10 {
				t.Errorf("%q is shown as %q", text, shown)
			}
		}
		if n := utf8.RuneCountInString(clean(text)); n > maxMessage+1 {
			t.Errorf("%d characters", n)
		}
	})
}

func TestTextsKeepTheirWords(t *testing.T) {
	if got := clean([]byte("  Größe\tüberschritten\r\n\r\n(quota) ")); got != "Größe überschritten (quota)" {
		t.Errorf("%q", got)
	}
}
