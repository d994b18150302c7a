package naming_test

import (
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/naming"
)

var monday = time.Date(2026, 11, 23, 1, 15, 0, 0, time.FixedZone("CET", 3600))

func TestCheckRefusesNamesThatLeaveOrMislead(t *testing.T) {
	refused := []string{
		"", ".", "..", "../x", "a/b", `a\b`, "/etc/passwd", "a\x00b", "a\nb", "\x1b[2J", "a\u202ecsv.exe", "a\u2028b",
		"a\xffb", "\u200b", strings.Repeat("a", 256), ".haulier", "\u0085",
	}
	for _, name := range refused {
		if err := naming.Check(name); err == nil {
			t.Errorf("Check(%q) let it pass", name)
		} else if strings.ContainsAny(err.Error(), "\x00\n\x1b\u202e") {
			t.Errorf("Check(%q) repeats what it refuses: %q", name, err)
		}
	}
	for _, name := range []string{"a.csv", "Ünï.csv", "-rf", "~", "CON", "a b", ".hidden", "..a", strings.Repeat("é", 127), "a\ufffdb"} {
		if err := naming.Check(name); err != nil {
			t.Errorf("Check(%q) = %v", name, err)
		}
	}
}

func TestPrintableShowsWhatCannotBeSeen(t *testing.T) {
	for give, want := range map[string]string{
		"plain.csv":       "plain.csv",
		"Ünï":             "Ünï",
		"a\nb":            `a\u000ab`,
		"\x1b[31m":        `\u001b[31m`,
		"a\xffb":          `a\xffb`,
		"a\ufffdb":        "a\ufffdb",
		`a\nb`:            `a\\nb`,
		"evil\u202efdp":   `evil\u202efdp`,
		"0123456789abcde": "0123456789…",
	} {
		if got := naming.Printable(give, 10); give == "0123456789abcde" && got != want {
			t.Errorf("Printable(%q, 10) = %q, want %q", give, got, want)
		}
		if got := naming.Printable(give, 100); give != "0123456789abcde" && got != want {
			t.Errorf("Printable(%q) = %q, want %q", give, got, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for _, test := range []struct {
		glob string
		yes  []string
		no   []string
	}{
		{"customers_{date:%Y%m%d}*.csv.pgp",
			[]string{"customers_20261123.csv.pgp", "customers_20261123_2.csv.pgp", "customers_20261116.csv.pgp"},
			[]string{"Customers_20261123.csv.pgp", "customers_20261115.csv.pgp", "customers_20261124.csv.pgp", "customers_20261123.csv"}},
		{"p_{date:%Y%m%d%H%M}.csv", []string{"p_202611230000.csv", "p_202611222359.csv"}, []string{"p_2026112300.csv"}},
		{"w{date-7d:%G-W%V}.csv", []string{"w2026-W47.csv"}, []string{"w2026-W48.csv"}},
		{"[a-c]?.{date:%F}", []string{"bx.2026-11-23"}, []string{"dx.2026-11-23", "b.2026-11-23"}},
		{"[!0-9]*", []string{"a1"}, []string{"1a"}},
		{"a.b", []string{"a.b"}, []string{"aXb"}},
		{`\*.csv`, []string{"*.csv"}, []string{"a.csv"}},
		{"*", []string{"a", ".hidden", "new\nline"}, nil},
	} {
		pattern, err := naming.ParsePattern(test.glob)
		if err != nil {
			t.Errorf("ParsePattern(%q): %v", test.glob, err)
			continue
		}
		matcher, err := pattern.Matcher(monday, week)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range test.yes {
			if !matcher.Match(name) {
				t.Errorf("%q does not match %q", test.glob, name)
			}
		}
		for _, name := range test.no {
			if matcher.Match(name) {
				t.Errorf("%q matches %q", test.glob, name)
			}
		}
	}
}

func TestPatternsThatAreRefused(t *testing.T) {
	for _, glob := range []string{"", "a/b", "{name}", "{date}", "{date:}", "{date:%Q}", "{date:%", "{date:%Y", "[a", "[]", "[z-a]", "a}", `a\`, "{date1x:%Y}", "{date+1w:%Y}"} {
		if _, err := naming.ParsePattern(glob); err == nil {
			t.Errorf("ParsePattern(%q) let it pass", glob)
		}
	}
	if _, err := naming.ParseRegexp("a(b"); err == nil {
		t.Error("ParseRegexp let a broken expression pass")
	}
	var none naming.Pattern
	if matcher, err := none.Matcher(monday, 0); err != nil || matcher.Match("") && matcher.Match("a") {
		t.Error("the zero pattern matches")
	}
}

func TestRegexpMatchesWholeNames(t *testing.T) {
	pattern, err := naming.ParseRegexp(`a\d+|b`)
	if err != nil {
		t.Fatal(err)
	}
	matcher, _ := pattern.Matcher(monday, 0)
	for name, want := range map[string]bool{"a12": true, "b": true, "xa12": false, "bb": false} {
		if matcher.Match(name) != want {
			t.Errorf("Match(%q) = %t", name, !want)
		}
	}
}

func TestTemplates(t *testing.T) {
	values := naming.Values{Name: "customers.csv.pgp", At: monday, Run: 42, Seq: 3}
	for text, want := range map[string]string{
		"{name}":                               "customers.csv.pgp",
		"{stem}":                               "customers.csv",
		"x.{ext}":                              "x.pgp",
		"timesheets_{date-7d:%G-W%V}.csv":      "timesheets_2026-W47.csv",
		"{date-2h:%Y%m%d%H}_{run}_{seq}.csv":   "2026112223_42_3.csv",
		"employees.csv":                        "employees.csv",
		"100%_{date:%d%%}.csv":                 "100%_23%.csv",
		"{date:%-d.%-m.%y} {date+1d:%A}.plain": "23.11.26 Tuesday.plain",
	} {
		template, err := naming.ParseTemplate(text)
		if err != nil {
			t.Errorf("ParseTemplate(%q): %v", text, err)
			continue
		}
		if got := template.Render(values); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"", "{nam}", "{name", "name}", "a/{name}", "..", "{date:%H/%M}", ".haulier"} {
		if _, err := naming.ParseTemplate(text); err == nil {
			t.Errorf("ParseTemplate(%q) let it pass", text)
		}
	}
}

func TestNamesOfOurOwn(t *testing.T) {
	aside := naming.Aside(812, 3, "a.b.csv")
	if id, fence, ok := naming.ParseAside(aside); !ok || id != 812 || fence != 3 {
		t.Errorf("ParseAside(%q) = %d, %d, %t", aside, id, fence, ok)
	}
	temp := naming.Temp("a.csv", 812, 3, ".part")
	if temp != "a.csv.812-3.part" {
		t.Errorf("Temp = %q", temp)
	}
	if id, fence, ok := naming.ParseTemp(temp, ".part"); !ok || id != 812 || fence != 3 {
		t.Errorf("ParseTemp(%q) = %d, %d, %t", temp, id, fence, ok)
	}
	for _, foreign := range []string{"a.csv.part", "a.csv", ".812-3.part", "a.csv.x-3.part", "a.csv.812-0.part", "a.csv.-1-3.part"} {
		if _, _, ok := naming.ParseTemp(foreign, ".part"); ok {
			t.Errorf("ParseTemp(%q) takes it for ours", foreign)
		}
	}
	for _, foreign := range []string{".haulier", ".haulier-x.1.a", ".haulier-1.a", "x.haulier-1.2.a"} {
		if _, _, ok := naming.ParseAside(foreign); ok {
			t.Errorf("ParseAside(%q) takes it for ours", foreign)
		}
	}
	if got := []string{naming.Version("a.csv", 1), naming.Version("a.csv", 2), naming.Version("a", 3), naming.Version(".env", 2)}; strings.Join(got, " ") != "a.csv a.2.csv a.3 .env.2" {
		t.Errorf("Version = %q", got)
	}
	if got := naming.Stamped("a.csv", monday); got != "a.20261123T001500.000000Z.csv" {
		t.Errorf("Stamped = %q", got)
	}
	for give, want := range map[string]string{"a.csv.pgp": "a.csv", "a.GPG": "a", ".pgp": ".pgp", "a.csv": "a.csv"} {
		if got := naming.Opened(give); got != want {
			t.Errorf("Opened(%q) = %q", give, got)
		}
	}
	if naming.Join("/", "a") != "/a" || naming.Join("/in", "a") != "/in/a" || naming.Join("", "a") != "a" {
		t.Error("Join doubles or loses a slash")
	}
}

// TestLongNamesMakeRoom: what is derived from a name of 255 bytes has 255 at most, in whole characters.
func TestLongNamesMakeRoom(t *testing.T) {
	a, e := strings.Repeat("a", 251), strings.Repeat("é", 125) // é has two bytes, 𝄞 four
	long := a + ".csv"
	odd := "x" + e + ".csv"
	tall := strings.Repeat("𝄞", 62) + "abc.csv"
	ext := "a." + strings.Repeat("b", 253)
	for _, test := range []struct{ got, want string }{
		{naming.Aside(812, 3, long), ".haulier-812.3." + a[:231] + "-17e216f9"},
		{naming.Aside(812, 3, "é"+odd), ".haulier-812.3.éx" + strings.Repeat("é", 114) + "-9b856b0a"},
		{naming.Aside(812, 3, tall), ".haulier-812.3." + strings.Repeat("𝄞", 57) + "-4de7b886"},
		{naming.Aside(812, 3, a[:240]), ".haulier-812.3." + a[:240]},
		{naming.Temp("/in/"+long, 812, 3, ".part"), "/in/" + a[:235] + "-17e216f9.812-3.part"},
		{naming.Temp(odd, 812, 3, ".part"), "x" + strings.Repeat("é", 117) + "-44654559.812-3.part"},
		{naming.Temp("/in/"+a[:244], 812, 3, ".part"), "/in/" + a[:244] + ".812-3.part"},
		{naming.Version(long, 1), long},
		{naming.Version(long, 2), a[:249] + ".2.csv"},
		{naming.Version(long, 10), a[:248] + ".10.csv"},
		{naming.Version(odd, 2), "x" + strings.Repeat("é", 124) + ".2.csv"},
		{naming.Version(odd, 10), "x" + strings.Repeat("é", 123) + ".10.csv"},
		{naming.Version(ext, 2), "a." + strings.Repeat("b", 251) + ".2"},
		{naming.Version("é."+strings.Repeat("b", 251), 2), "é." + strings.Repeat("b", 250) + ".2"},
		{naming.Stamped(long, monday), a[:227] + ".20261123T001500.000000Z.csv"},
		{naming.Archived(long, 812), a[:247] + ".812.csv"},
		{naming.Archived("a.csv", 812), "a.812.csv"},
		{naming.Archived("a", 812), "a.812"},
	} {
		if test.got != test.want {
			t.Errorf("%d bytes\n%s, want %d\n%s", len(test.got), test.got, len(test.want), test.want)
		}
	}
}

// FuzzDerivedNames: names that we derive fit, are names, say whose they are, and are never those of another row or attempt.
func FuzzDerivedNames(f *testing.F) {
	f.Add("a.csv", int64(1), int64(1), int64(1), int64(2))
	f.Add(strings.Repeat("a", 251)+".csv", int64(1), int64(11), int64(11), int64(1))
	f.Add(strings.Repeat("é", 127), int64(1<<62), int64(1<<62), int64(1<<62), int64(1))
	f.Add("a."+strings.Repeat("𝄞", 63), int64(7), int64(3), int64(73), int64(3))
	f.Add(strings.Repeat("1.2.", 63)+"3", int64(2), int64(3), int64(1), int64(2))
	f.Fuzz(func(t *testing.T, name string, id, fence, otherID, otherFence int64) {
		if naming.Check(name) != nil || id < 1 || fence < 1 || otherID < 1 || otherFence < 1 || fence > 1<<31 {
			return
		}
		n := int(fence)
		derived := map[string]string{
			"aside": naming.Aside(id, fence, name), "temp": naming.Temp(name, id, fence, ".part"), "archived": naming.Archived(name, id),
			"version": naming.Version(name, n), "stamped": naming.Stamped(name, monday),
		}
		for what, got := range derived {
			if err := naming.Check(got); err != nil {
				t.Errorf("%s of %q: %q: %v", what, name, got, err)
			}
		}
		if i, f, ok := naming.ParseAside(derived["aside"]); !ok || i != id || f != fence {
			t.Errorf("ParseAside(%q) = %d, %d, %t", derived["aside"], i, f, ok)
		}
		if i, f, ok := naming.ParseTemp(derived["temp"], ".part"); !ok || i != id || f != fence {
			t.Errorf("ParseTemp(%q) = %d, %d, %t", derived["temp"], i, f, ok)
		}
		if id == otherID && fence == otherFence {
			return
		}
		// The worst of names: ones that begin as another's derived name does.
		for _, other := range []string{name, derived["aside"], derived["temp"], strings.TrimPrefix(derived["aside"], ".haulier-")} {
			if got := naming.Aside(otherID, otherFence, other); got == derived["aside"] {
				t.Errorf("aside of %d.%d and of %d.%d: %q", id, fence, otherID, otherFence, got)
			}
			if got := naming.Temp(other, otherID, otherFence, ".part"); got == derived["temp"] {
				t.Errorf("temp of %d-%d and of %d-%d: %q", id, fence, otherID, otherFence, got)
			}
		}
		// The second version of a long name may be the name itself; then the third is taken.
		if fence != otherFence && min(fence, otherFence) > 1 && otherFence < 1<<31 && naming.Version(name, n) == naming.Version(name, int(otherFence)) {
			t.Errorf("versions %d and %d of %q are both %q", fence, otherFence, name, naming.Version(name, n))
		}
		if id != otherID && naming.Archived(name, id) == naming.Archived(name, otherID) {
			t.Errorf("archived %d and %d of %q are the same", id, otherID, name)
		}
	})
}
