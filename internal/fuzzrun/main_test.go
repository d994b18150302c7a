package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseList(t *testing.T) {
	got := parseList("?   \texample.org/none\t[no test files]\nFuzzA\nFuzzB\nok  \texample.org/a\t0.01s\nok  \texample.org/b\t0.01s\nFuzzC\nok  \texample.org/c\t0.02s\n")
	want := []target{{"example.org/a", "FuzzA"}, {"example.org/a", "FuzzB"}, {"example.org/c", "FuzzC"}}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
}

func TestOnlyTime(t *testing.T) {
	for text, want := range map[string]bool{
		"--- FAIL: FuzzX (10.02s)\n    context deadline exceeded\nFAIL\n":                        true,
		"--- FAIL: FuzzX (1s)\n    x.go:1: wrong\n    Failing input written to testdata\nFAIL\n": false,
		"--- FAIL: FuzzX (1s)\n    context deadline exceeded\n    Failing input written\nFAIL\n": false,
		"# example.org/x\n./x.go:1:1: syntax error\nFAIL\n":                                      false,
	} {
		if onlyTime([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// One target finds something, another does not; both are gone through.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/fuzzed\n\ngo 1.24\n",
		"a_test.go": "package fuzzed\n\nimport \"testing\"\n\nfunc FuzzBad(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(t *testing.T, n int) {\n\t\tif n == 1 {\n\t\t\tt.Error(\"one\")\n\t\t}\n\t})\n}\n" +
			"\nfunc FuzzGood(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(*testing.T, int) {})\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out bytes.Buffer
	if code := run([]string{"-time", (100 * time.Millisecond).String()}, &out); code != 1 {
		t.Errorf("exit code %d\n%s", code, out.String())
	}
	for _, part := range []string{"2 targets", "FuzzGood", "a_test.go:9: one", "found something: FuzzBad\n"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out.String())
		}
	}
	if code := run([]string{"example.org/none"}, &out); code != 2 {
		t.Errorf("exit code %d for no package", code)
	}
}
