package interop

import (
	"maps"
	"os"
	"slices"
	"testing"
)

// A skip that could be asked, an outcome that is not the expected one and a defect all fail; nothing else does.
func TestVerdictsAreStrict(t *testing.T) {
	s := server{expect: map[string]string{"b": "differs: so"}, skip: map[string]string{"c": "why"}}
	for _, c := range []struct {
		name string
		got  outcome
		ok   bool
	}{
		{"a", outcome{works, ""}, true}, {"a", outcome{refused, "net.lost"}, false}, {"a", outcome{cannot, "no"}, false}, {"a", outcome{fails, "x"}, false},
		{"b", outcome{differs, "so"}, true}, {"b", outcome{differs, "else"}, false}, {"b", outcome{works, ""}, false},
		{"c", outcome{cannot, "no"}, true}, {"c", outcome{fails, "x"}, true}, {"c", outcome{works, ""}, false}, {"c", outcome{refused, "net.lost"}, false},
	} {
		if wrong := s.verdict(behaviour{name: c.name}, c.got); (wrong == "") != c.ok {
			t.Errorf("%s came to %s: %q", c.name, c.got, wrong)
		}
	}
}

func TestListsNameBehaviours(t *testing.T) {
	names := map[string]bool{}
	for _, b := range behaviours() {
		if names[b.name] {
			t.Errorf("%s stands there twice", b.name)
		}
		names[b.name] = true
	}
	if len(names) < 40 || len(servers()) < 5 {
		t.Errorf("%d behaviours, %d servers", len(names), len(servers()))
	}
	for _, s := range servers() {
		for _, name := range slices.Concat(slices.Collect(maps.Keys(s.expect)), slices.Collect(maps.Keys(s.skip))) {
			if !names[name] {
				t.Errorf("%s: there is no behaviour %s", s.name, name)
			}
		}
	}
}

// What the page holds is a whole table: a run that compares has something to compare with.
func TestPageHasEveryPart(t *testing.T) {
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for part := range newTable().parts() {
		if made, ok := between(string(content), part); !ok || made == "" {
			t.Errorf("%s has no part %q", page, part)
		}
	}
}
