package naming_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/haulier/haulier/transfer/naming"
)

// FuzzReaddirName: a name that a server lists, and that Check lets pass, is one name in one folder on our side, and the
// same name when it is read back.
func FuzzReaddirName(f *testing.F) {
	for _, name := range []string{
		"a.csv", "..", "../../etc/passwd", "a/b", `..\x`, ".haulier", ".haulier-1.1.a", "a\x00.csv", "\u202egpj.exe", "\xc0\xae\xc0\xae/", "C:", "COM1",
		"-rf", "~", "$(id)", "a\nb", " ", "e\u0301.csv", "\u00e9.csv", strings.Repeat("a", 256), strings.Repeat("é", 127), "\U000e0001x", "\u2028",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if naming.Check(name) != nil {
			return
		}
		path := filepath.Join("/landing", name)
		if filepath.Dir(path) != "/landing" || filepath.Base(path) != name || !filepath.IsLocal(name) || path == "/landing/"+naming.StageDir {
			t.Errorf("%q leads to %q", name, path)
		}
		if len(name) > 255 || !utf8.ValidString(name) {
			t.Errorf("%q cannot be stored everywhere", name)
		}
		for _, r := range name {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Errorf("%q has U+%04X in it", name, r)
			}
		}
	})
}

// FuzzPrintable: what is shown cannot act upon a terminal, and two different names look different.
func FuzzPrintable(f *testing.F) {
	for _, text := range []string{"a\x00\u202e\xff", "a\\b", `a\x00`, "\u2028\u2029\u0085", "\U000e0001", "\ue0001", "\ufffd", "é\xc3", "\x1b]0;x\x07"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := naming.Printable(text, 10*len(text)+1)
		for _, r := range shown {
			if !unicode.IsPrint(r) || unicode.In(r, unicode.Cf) {
				t.Errorf("Printable(%q) = %q shows U+%04X", text, shown, r)
			}
		}
		if back, err := unprinted(shown); err != nil || back != text {
			t.Errorf("Printable(%q) = %q, which reads as %q (%v)", text, shown, back, err)
		}
		if short := naming.Printable(text, 20); len(short) > 20+len(`\U00000000`)+len("…") || !utf8.ValidString(short) {
			t.Errorf("Printable(%q, 20) = %q", text, short)
		}
	})
}

// unprinted reads what Printable wrote, by the rules of Go's strings.
func unprinted(shown string) (string, error) {
	var out []byte
	for shown != "" {
		r, multibyte, rest, err := strconv.UnquoteChar(shown, 0)
		if err != nil {
			return "", err
		}
		if r < utf8.RuneSelf || !multibyte {
			out = append(out, byte(r))
		} else {
			out = utf8.AppendRune(out, r)
		}
		shown = rest
	}
	return string(out), nil
}

// FuzzOwnNames: a name counts as one of ours only in the one spelling that we write.
func FuzzOwnNames(f *testing.F) {
	for _, name := range []string{".haulier-1.2.a", ".haulier-+1.2.a", ".haulier-01.2.a", ".haulier--1.2.a", "a.csv.7-3.part", "a.+7-3.part", "a.7-03.part", ".haulier-1.2."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if id, fence, ok := naming.ParseAside(name); ok && (id < 1 || fence < 1 || !strings.HasPrefix(name, fmt.Sprintf(".haulier-%d.%d.", id, fence))) {
			t.Errorf("ParseAside(%q) = %d, %d", name, id, fence)
		}
		if id, fence, ok := naming.ParseTemp(name, ".part"); ok && (id < 1 || fence < 1 || !strings.HasSuffix(name, fmt.Sprintf(".%d-%d.part", id, fence))) {
			t.Errorf("ParseTemp(%q) = %d, %d", name, id, fence)
		}
	})
}

// FuzzPattern compares globs without dates with a slow reading of the same words.
func FuzzPattern(f *testing.F) {
	for _, pair := range [][2]string{
		{"*.csv", "a.csv"}, {"?", "é"}, {"?", "x"}, {"[a-c]x", "bx"}, {"[!a]", "b"}, {`\*`, "*"}, {`\é`, "é"}, {"[^a-]", "-"}, {"a*b*c", "axbxc"}, {"[é]", "é"},
		{"[]]", "]"}, {`[\]`, `\`}, {"[[:alpha:]]", "a]"}, {"?", "\n"}, {"?", "\xff"}, {"[z-a]", "m"}, {"a.c", "abc"}, {"}", "}"}, {"[a", "a"},
		{"[&&a]", "&"}, {"[--a]", "-"}, {"[a-c-e]", "-"}, {"[!!]", "!"}, {"[!^a]", "^"}, {"a*\ufffd", "a\xff"}, {"*é*", "\xe1\xc3\xa9\xf0\x9f"}, {"ab*ba", "aba"}, {"*a*a*", "a"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		if len(glob) > 60 || len(name) > 60 {
			return // the slow reading is slow
		}
		pattern, err := naming.ParsePattern(glob)
		if err != nil {
			return
		}
		matcher, err := pattern.Matcher(monday, 48*time.Hour)
		if err != nil {
			t.Fatalf("%q parsed and does not compile: %v", glob, err)
		}
		got := matcher.Match(name)
		if !strings.ContainsAny(glob, `?[{\`) {
			expression := `(?s)` + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, `.*`)
			if whole, err := naming.ParseRegexp(expression); err != nil || mustMatch(whole)(name) != got {
				t.Errorf("%q matches %q: %t, and %s says otherwise (%v)", glob, name, got, expression, err)
			}
		}
		if strings.Contains(glob, "{") || !utf8.ValidString(name) {
			return
		}
		if want := slowMatch([]rune(glob), []rune(name)); got != want {
			t.Errorf("%q matches %q: %t, read slowly: %t", glob, name, got, want)
		}
	})
}

func mustMatch(p naming.Pattern) func(string) bool {
	matcher, err := p.Matcher(monday, 0)
	if err != nil {
		panic(err)
	}
	return matcher.Match
}

// slowMatch tries everything. The glob is one that was taken.
func slowMatch(glob, name []rune) bool {
	if len(glob) == 0 {
		return len(name) == 0
	}
	switch glob[0] {
	case '*':
		for i := range len(name) + 1 {
			if slowMatch(glob[1:], name[i:]) {
				return true
			}
		}
		return false
	case '[':
		end := slices.Index(glob, ']')
		return len(name) > 0 && inClass(glob[1:end], name[0]) && slowMatch(glob[end+1:], name[1:])
	case '\\':
		glob = glob[1:]
	case '?':
		return len(name) > 0 && slowMatch(glob[1:], name[1:])
	}
	return len(name) > 0 && name[0] == glob[0] && slowMatch(glob[1:], name[1:])
}

func inClass(class []rune, r rune) bool {
	not := class[0] == '!' || class[0] == '^'
	if not {
		class = class[1:]
	}
	found := false
	for i := 0; i < len(class); i++ {
		if i+2 < len(class) && class[i+1] == '-' {
			found = found || class[i] <= r && r <= class[i+2]
			i += 2
			continue
		}
		found = found || class[i] == r
	}
	return found != not
}

// FuzzRegexp: an expression matches the whole name or not at all, and no expression gets out of that.
func FuzzRegexp(f *testing.F) {
	for _, pair := range [][2]string{{"a|b", "ab"}, {"a)|(?:b", "xb"}, {"(?m)^a$", "a\nb"}, {"(?i)A", "a"}, {".*", "\n"}, {`a\`, "a"}, {"(?U)a+", "aa"}, {"a#", "a#"}, {"(?x)a", "a"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, expression, name string) {
		if len(expression) > 200 {
			return
		}
		pattern, err := naming.ParseRegexp(expression)
		if err != nil {
			return
		}
		matcher, err := pattern.Matcher(monday, 0)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := naming.ParseRegexp("(?:" + expression + ")") // alone it must mean the same
		if err != nil {
			t.Fatalf("%q is taken and is no expression of its own: %v", expression, err)
		}
		other, err := whole.Matcher(monday, 0)
		if err != nil || matcher.Match(name) != other.Match(name) {
			t.Errorf("%q means one thing alone and another in brackets, for %q", expression, name)
		}
	})
}

// FuzzTemplate: a template that is taken makes names of its own words, and a safe name of a safe source; it prints as it
// was written.
func FuzzTemplate(f *testing.F) {
	for _, pair := range [][2]string{
		{"{stem}_{date:%F}.{ext}", "a.csv"}, {"{name}", "..x"}, {"{ext}", ".."}, {"{stem}", "a."}, {"{date-1d:%Y}{seq}{run}", "x"}, {"a{", "x"}, {"{date+9h:%-d}", "x"},
		{"{date-999999999999d:%Y}", "x"}, {"{date+9999999999999999h:%Y}", "x"}, {"{date:%%/}", "x"}, {"é{name}", "é"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		template, err := naming.ParseTemplate(text)
		if err != nil {
			return
		}
		if template.String() != text {
			t.Errorf("%q prints as %q", text, template)
		}
		values := naming.Values{Name: name, At: monday, Run: 7, Seq: 3}
		made := template.Render(values)
		if made != template.Render(values) {
			t.Errorf("%q makes two names of %q", text, name)
		}
		if naming.Check(name) == nil && strings.ContainsAny(made, "/\\\x00\n") {
			t.Errorf("%q makes %q of %q", text, made, name)
		}
		if len(made) > len(text)*20+len(text)*len(name)+20 {
			t.Errorf("%q makes %d bytes", text, len(made))
		}
	})
}

// FuzzDates: what a template writes for a day, a pattern with the same token finds on that day.
func FuzzDates(f *testing.F) {
	for _, token := range []string{
		":%Y%m%d", "-1d:%-d.%-m.%y", ":%F_%T", ":%H%M%S", ":%j", ":%B %a", ":%G-W%V", "+1d:%-H%-M", ":%L%f%N", ":%I%p", ":%k%l%P", ":é%Y", ":%%", ":%C%U%W%u%w",
		":%-I%-p", ":%-L", ":%e", ":%-j", ":.+%Y", "-6h:%H",
	} {
		f.Add(token, int64(1_796_000_000))
	}
	f.Add(":%Y", int64(-80_000_000_000))
	f.Fuzz(func(t *testing.T, token string, second int64) {
		if second < -1<<36 || second > 1<<37 || strings.ContainsAny(token, "}") || len(token) > 100 {
			return
		}
		at := time.Unix(second, second%1_000_000_000*1_000).In(monday.Location())
		template, errTemplate := naming.ParseTemplate("x{date" + token + "}")
		pattern, errPattern := naming.ParsePattern("x{date" + token + "}")
		if errTemplate != nil && naming.Check("x"+token) == nil && errPattern == nil {
			t.Errorf("{date%s} is a pattern and no name: %v", token, errTemplate)
		}
		if errTemplate == nil && errPattern != nil {
			t.Errorf("{date%s} is a name and no pattern: %v", token, errPattern)
		}
		if errTemplate != nil || errPattern != nil || strings.Contains(token, "h:") {
			return // hours may lead to another day, which lookback finds
		}
		matcher, err := pattern.Matcher(at, 0)
		if err != nil {
			t.Fatal(err)
		}
		if name := template.Render(naming.Values{At: at}); !matcher.Match(name) {
			t.Errorf("{date%s} writes %q at %v, and does not find it", token, name, at)
		}
	})
}
