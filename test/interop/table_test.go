package interop

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/interop.md anew by what the run saw")

const (
	page = "../../docs/interop.md"
	// What stands between these lines of the page is made by a run.
	begins, ends = "<!-- made by `make interop`: %s -->\n", "<!-- end of %s -->\n"
)

// table is what a run saw.
type table struct {
	mu    sync.Mutex
	cells map[string]map[string]outcome // server, behaviour
}

func newTable() *table { return &table{cells: map[string]map[string]outcome{}} }

func (t *table) add(s server, b behaviour, o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cells[s.name] == nil {
		t.cells[s.name] = map[string]outcome{}
	}
	t.cells[s.name][b.name] = o
}

// whole says whether every cell has been seen.
func (t *table) whole() bool {
	for _, s := range servers() {
		if len(t.cells[s.name]) != len(behaviours()) {
			return false
		}
	}
	return true
}

// settle compares the page with a whole run, or writes it anew.
func (t *table) settle(tb testing.TB) {
	switch {
	case tb.Failed() || !t.whole():
	case *update:
		t.rewrite(tb)
	default:
		content, err := os.ReadFile(page)
		if err != nil {
			tb.Fatal(err)
		}
		for part, want := range t.parts() {
			if got, ok := between(string(content), part); !ok || got != want {
				tb.Errorf("docs/interop.md is not what this run saw: make interop writes it anew\npart %q:\n%s\nwant\n%s", part, got, want)
			}
		}
	}
}

// parts are what the page says of a run, but for the versions, which differ from machine to machine.
func (t *table) parts() map[string]string {
	var programs, configurations []server
	for _, s := range servers() {
		if s.version != nil {
			programs = append(programs, s)
		} else {
			configurations = append(configurations, s)
		}
	}
	return map[string]string{
		"count":          fmt.Sprintf("%d servers, %d behaviours each.\n", len(servers()), len(behaviours())),
		"programs":       t.grid(programs),
		"configurations": t.grid(configurations),
		"behaviours":     legend(),
	}
}

func (t *table) rewrite(tb testing.TB) {
	content, err := os.ReadFile(page)
	if err != nil {
		tb.Fatal(err)
	}
	parts := t.parts()
	parts["versions"] = versions()
	text := string(content)
	for part, made := range parts {
		old, ok := between(text, part)
		if !ok {
			tb.Fatalf("%s has no part %q", page, part)
		}
		begin := fmt.Sprintf(begins, part)
		text = strings.Replace(text, begin+old, begin+made, 1)
	}
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
}

func between(text, part string) (string, bool) {
	_, rest, ok := strings.Cut(text, fmt.Sprintf(begins, part))
	made, _, closed := strings.Cut(rest, fmt.Sprintf(ends, part))
	return made, ok && closed
}

// grid is one table with the notes that its cells refer to.
func (t *table) grid(columns []server) string {
	var b strings.Builder
	var notes []string
	head, rule := "| behaviour |", "| --- |"
	for _, s := range columns {
		head, rule = head+" "+s.name+" |", rule+" --- |"
	}
	fmt.Fprintln(&b, head)
	fmt.Fprintln(&b, rule)
	for _, row := range behaviours() {
		fmt.Fprintf(&b, "| %s |", row.name)
		for _, s := range columns {
			fmt.Fprintf(&b, " %s |", cell(t.cells[s.name][row.name], s.skip[row.name], &notes))
		}
		fmt.Fprintln(&b)
	}
	b.WriteString("\n")
	for i, note := range notes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, note)
	}
	return b.String()
}

// cell is an outcome in few words; longer ones are notes.
func cell(o outcome, skipped string, notes *[]string) string {
	note := func(text string) int {
		if i := slices.Index(*notes, text); i >= 0 {
			return i + 1
		}
		*notes = append(*notes, text)
		return len(*notes)
	}
	switch {
	case skipped != "":
		return fmt.Sprintf("skipped (%d)", note(skipped))
	case o.kind == refused:
		return "refused `" + o.text + "`"
	case o.kind == differs:
		return fmt.Sprintf("differs (%d)", note(o.text))
	}
	return o.String()
}

func legend() string {
	var b strings.Builder
	for _, row := range behaviours() {
		fmt.Fprintf(&b, "- **%s**: %s\n", row.name, row.says)
	}
	return b.String()
}

func versions() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Run of %s.\n\n", time.Now().UTC().Format(time.DateOnly))
	for _, s := range servers() {
		if s.version == nil {
			fmt.Fprintf(&b, "- **%s**: OpenSSH with %s\n", s.name, s.is)
		} else {
			fmt.Fprintf(&b, "- **%s**: %s, %s\n", s.name, s.is, s.version())
		}
	}
	return b.String()
}
