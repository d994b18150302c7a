package features

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

func document(t *testing.T) []feature {
	t.Helper()
	content, err := os.ReadFile(root + "/docs/features.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := parse(string(content))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryPromisedRowIsThere(t *testing.T) {
	ids, err := expand(promised)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range complete(document(t), ids) {
		t.Error(problem)
	}
}

func TestNamedTestsExist(t *testing.T) {
	for _, f := range document(t) {
		for _, name := range f.tests {
			found, err := exists(root, name)
			if err != nil {
				t.Error(err)
			} else if !found {
				t.Errorf("%s: there is no %s", f.id, name)
			}
		}
	}
}

// TestNamedTestsRan looks at the events of a whole run, which .ci/run makes first and names in HAULIER_TEST_JSON.
// Without it there is no run to judge.
func TestNamedTestsRan(t *testing.T) {
	path := os.Getenv("HAULIER_TEST_JSON")
	if path == "" {
		t.Log("HAULIER_TEST_JSON names no run; only the existence of the tests was checked")
		return
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ends, err := outcomes(file)
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, f := range document(t) {
		if f.why != "" {
			open++
			t.Logf("%s: no test: %s", f.id, f.why)
		}
		for _, name := range f.tests {
			if problem := shown(name, ends); problem != "" {
				t.Errorf("%s: %s %s", f.id, name, problem)
			}
		}
	}
	t.Logf("%d rows without a test", open)
}

func TestExpand(t *testing.T) {
	got, err := expand("A1-A3 E30 X9-X10")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"A1", "A2", "A3", "E30", "X9", "X10"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := expand("A1-B2"); err == nil {
		t.Error("took a range over two letters")
	}
	all, err := expand(promised)
	if err != nil || len(all) != 35+28+3+13+16+10+5+19+9 {
		t.Errorf("%d promised rows, %v", len(all), err)
	}
}

func TestParse(t *testing.T) {
	got, err := parse("# title\n\n| Row | Feature | Shown by |\n| --- | --- | --- |\n" +
		"| A1 | one | `p/q.TestOne`, `r.FuzzTwo/a,_b` |\n| A2 | two | — later |\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []feature{
		{id: "A1", text: "one", tests: []string{"p/q.TestOne", "r.FuzzTwo/a,_b"}},
		{id: "A2", text: "two", why: "later"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(feature{})); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"| A1 | one | |", "| A1 | one | — |", "| A1 | one | TestOne |", "| A1 | one | `p.TestOne` and more |", "| A1 | `p.TestOne` |"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("took %q", bad)
		}
	}
}

func TestComplete(t *testing.T) {
	got := complete([]feature{{id: "A1"}, {id: "A2"}, {id: "A2"}, {id: "B1"}}, []string{"A1", "A2", "A3"})
	want := []string{"A2: 2 rows, want 1", "A3: 0 rows, want 1", "B1: not a promised row"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExists(t *testing.T) {
	for name, want := range map[string]bool{
		"test/features.TestExists":                  true,
		"test/features.TestExists/any":              true,
		"test/features.TestNothing":                 false,
		"no/such/package.TestExists":                false,
		"internal/secret.TestTextNeverPrintsItself": true,
	} {
		if got, err := exists(root, name); err != nil || got != want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

func TestShown(t *testing.T) {
	ends, err := outcomes(strings.NewReader(`not an event
{"Action":"run","Package":"github.com/haulier/haulier/p","Test":"TestGood"}
{"Action":"pass","Package":"github.com/haulier/haulier/p","Test":"TestGood"}
{"Action":"skip","Package":"github.com/haulier/haulier/p","Test":"TestPartly/sub"}
{"Action":"pass","Package":"github.com/haulier/haulier/p","Test":"TestPartly"}
{"Action":"fail","Package":"github.com/haulier/haulier/p","Test":"TestBad"}
{"Action":"pass","Package":"github.com/haulier/haulier/p"}
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"p.TestGood":    "",
		"p.TestPartly":  "its part p.TestPartly/sub ended with skip",
		"p.TestBad":     "ended with fail",
		"p.TestUnknown": "did not run",
	} {
		if got := shown(name, ends); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
