package config

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
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
		report := problems.Text(false)
		if !utf8.ValidString(report) {
			t.Error("the report is not UTF-8")
		}
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
		if again, problems := Load(shown, options("")); again == nil {
			t.Errorf("what Show gave does not load:\n%s\n%s", problems.Text(false), Show(c))
		}
	})
}
