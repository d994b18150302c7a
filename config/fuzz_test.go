package config

import (
	"bytes"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// FuzzLoad: whatever a file holds, Load says what is wrong or gives a configuration that can be shown and loaded again.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml", "../examples/*/haulier.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds %s", pattern)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add([]byte("a: &a [*a]\nb: &b {<<: [*b, *b]}\njobs: *b"))
	f.Add([]byte("\xff\xfea\x00:\x00 \x00b\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		file := filepath.Join(dir, "haulier.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, problems := Load(file, options(""))
		judgeReport(t, file, text, problems)
		if c == nil {
			if problems.Errors() == 0 {
				t.Error("neither a configuration nor an error")
			}
			return
		}
		shown := filepath.Join(dir, "shown.yaml")
		if err := os.WriteFile(shown, Show(c), 0o600); err != nil {
			t.Fatal(err)
		}
		again, problems := Load(shown, options(""))
		if again == nil {
			t.Fatalf("what Show gave does not load:\n%s\n%s", problems.Text(false), Show(c))
		}
		if !bytes.Equal(Show(again), Show(c)) {
			t.Errorf("shown:\n%s\nloaded and shown again:\n%s", Show(c), Show(again))
		}
		if diff := Diff(Masked(c), Masked(again)); diff != "" {
			t.Errorf("loaded again it differs:\n%s", diff)
		}
	})
}

// judgeReport holds a report to what it promises: each error at a place that is there, in text that acts upon no terminal.
func judgeReport(t *testing.T, file string, text []byte, problems Problems) {
	t.Helper()
	report := problems.Text(false)
	if i := strings.IndexFunc(report, func(r rune) bool { return r != '\n' && !isPrint(r) && r != ' ' }); i >= 0 || !utf8.ValidString(report) {
		t.Errorf("the report cannot be shown: %q", report)
	}
	lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + bytes.Count(text, []byte("\u2028")) + 2
	for _, p := range problems.List {
		if p.File != file {
			continue // an include
		}
		if p.Line < 1 && !slices.Contains([]string{"E-READ", "E-MISSING", "W-TZ"}, p.Code) || p.Line > lines || p.Line > 0 && p.Column < 1 {
			t.Errorf("%d lines, and a problem at %s", lines, p)
		}
		if p.caret+p.width > quoteLimit+1 || p.caret < 0 || p.Message == "" || p.Code == "" {
			t.Errorf("%+v", p)
		}
	}
}

// FuzzSecretForms: whatever is written where a secret's name belongs, and however broken, it stands in no report.
func FuzzSecretForms(f *testing.F) {
	for _, form := range [][2]string{
		{"", ""}, {`"`, `"`}, {"[", "]"}, {"{env: ", "}"}, {"!x ", ""}, {"*", ""}, {"&a ", ""}, {"a: ", ""}, {"|", ""}, {"\t", ""}, {"# ", ""}, {"{x: {", ""}, {"'", ""}, {"{env: A, ", ": 1}"},
		{"\"\\q", ""}, {"? ", " : x"}, {"- ", ""}, {"%", ""}, {"--- ", ""}, {"\u2028", ""}, {"\xff", ""}, {"{file: ", ""}, {"{stored: A", "}"},
	} {
		f.Add(form[0], form[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before+after, "\n\r\u0085\u2028\u2029") || len(before)+len(after) > 200 {
			return // another line is another place
		}
		text := "version: 1\nconnections:\n  acme:\n    host: h\n    auth:\n      oops: x\n      password: " + before + canary + after + "\n      more: y\n"
		_, problems := loadText(t, text, options(""))
		if wellMade.MatchString(before + canary + after) {
			return
		}
		if strings.Contains(everything(t, problems), "hunter2") {
			t.Errorf("leaks:\n%s\nfrom:\n%s", problems.Text(false), text)
		}
	})
}

// wellMade is a reference that names where a secret is: that name may be told.
var wellMade = regexp.MustCompile(`(env|file|credential|stored)['"]?\s*:`)

// FuzzUnits: sizes, rates and durations are what exact arithmetic makes of them, and never overflow.
func FuzzUnits(f *testing.F) {
	for _, text := range []string{"1.5 GiB", "4.1GB", "4.1s", "1h30m", "0.001ms", "9999999999999999999999w", "1w2d3h4m5s6ms", "0", "1e5", "Inf", "0x10", "NaN", "8EiB", "9007199254740993B", "1KiB/s", "00001B"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
		if got, bad := readDuration(&field{}, n); bad == nil {
			judgeUnits(t, text, int64(got.(time.Duration)), regexp.MustCompile(`([\d.]+)([a-z]+)`), map[string]int64{
				"ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86400e9, "w": 7 * 86400e9,
			})
		}
		for _, size := range []string{text, strings.TrimSuffix(text, "/s")} {
			if got, bad := bytesOf(size); bad == nil {
				judgeUnits(t, size, got, regexp.MustCompile(`([\d.]+) ?([a-zA-Z]+)`), map[string]int64{
					"B": 1, "KB": 1e3, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15, "KiB": 1 << 10, "kiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50,
				})
			}
		}
		if days, bad := readDays(text); bad == nil && days == [7]bool{} {
			t.Errorf("%q names no day", text)
		}
	})
}

func judgeUnits(t *testing.T, text string, got int64, parts *regexp.Regexp, units map[string]int64) {
	t.Helper()
	want := new(big.Rat)
	for _, part := range parts.FindAllStringSubmatch(text, -1) {
		count, ok := new(big.Rat).SetString(part[1])
		if !ok || units[part[2]] == 0 {
			t.Fatalf("%q was taken", text)
		}
		want.Add(want, count.Mul(count, new(big.Rat).SetInt64(units[part[2]])))
	}
	diff := new(big.Rat).Sub(want, new(big.Rat).SetInt64(got))
	exact := new(big.Rat).SetInt64(1 << 52) // a number with a fraction beyond it is rounded
	if most := big.NewRat(1, 2); got < 0 || want.Cmp(exact) < 0 && diff.Abs(diff).Cmp(most) > 0 {
		t.Errorf("%q is %d, exactly %s", text, got, want.FloatString(3))
	}
}
