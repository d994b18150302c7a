package slugs

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

func TestErrorsPageMatchesSources(t *testing.T) {
	found, err := scan(root)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(root + "/docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, e := range entries(string(page)) {
		if told[e.slug] {
			t.Errorf("docs/errors.md has %s twice", e.slug)
		}
		told[e.slug] = true
		if problem := e.lacks(); problem != "" {
			t.Errorf("docs/errors.md: %s %s", e.slug, problem)
		}
		if found[e.slug] == "" {
			t.Errorf("docs/errors.md: nothing in the sources reports %s", e.slug)
		}
	}
	for s, place := range found {
		if !told[s] {
			t.Errorf("%s: docs/errors.md has no heading \"### %s\"", place, s)
		}
	}
}

func TestInSource(t *testing.T) {
	got, err := inSource("p.go", []byte(`package p

import "net/http"

const slugGone = "remote.path_missing"

var r = job.Reason{Slug: "net.refused", What: "net.refused is not this: net"}
var a = s.audit(tx, "ops", "job.rename", "x", "detail")
var l = line{Act: "key.lost"}
var k = newKey(name, "key.rotate")
var p = job.Reason{Slug: pause.Kind + ".paused"}
var e = event{Type: "run.failed", Field: "jobs.schedule", File: "a.csv"}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"remote.path_missing": "p.go:5:18", "net.refused": "p.go:7:26", "job.paused": "p.go:11:20", "connection.paused": "p.go:11:20"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := inSource("p.go", []byte("package p\n\nvar r = job.Reason{Slug: \"misc.thing\"}\n")); err == nil {
		t.Error("took a slug of no known area")
	}
}

func TestEntries(t *testing.T) {
	got := entries("# t\n\n## net\n\n### net.refused\n\nIt said no.\n\n**Do:** ask. **Who:** us.\n\n## remote\nprose\n### remote.x\n")
	if len(got) != 2 || got[0].slug != "net.refused" || got[0].lacks() != "" || strings.Contains(got[0].text, "prose") {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]string{
		"":                                  "says nothing to do",
		"**Do:** x. **Who:** us.":           "does not say what it means",
		"It means.\n\n**Do:** x.":           "does not say whose turn it is",
		"It means.\n\n**Do:** x **Who:** y": "",
	} {
		if got := (entry{text: text}).lacks(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
