package scheduler_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestTheExamplesOfTheDocsAreTrue works out every example of docs/scheduling.md.
func TestTheExamplesOfTheDocsAreTrue(t *testing.T) {
	page, err := os.ReadFile("../docs/scheduling.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```slots\n")[1:]
	if len(blocks) < 4 {
		t.Fatalf("%d examples, want 4 or more", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "\n```")
		lines := strings.Split(block, "\n")
		line, rest, ok := strings.Cut(strings.TrimPrefix(lines[0], `"`), `" `)
		var in, date string
		if _, err := fmt.Sscanf(rest, "%s from %s", &in, &date); err != nil || !ok {
			t.Fatalf("example %q: %v", lines[0], err)
		}
		from, err := time.ParseInLocation(time.DateOnly, date, zone(t, in))
		if err != nil {
			t.Fatal(err)
		}
		schedule := parse(t, line, in)
		got := lines[:1:1]
		for slot := range schedule.Slots(from.Add(-time.Second)) {
			if got = append(got, schedule.Describe(slot)); len(got) == len(lines) {
				break
			}
		}
		if g := strings.Join(got, "\n"); g != block {
			t.Errorf("the docs say\n%s\nit is\n%s", block, g)
		}
	}
}
