package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Docs/errors.md says of each failure with which code a command ends for it: in the heading of its area, or by itself.
func TestExitCodesAreThoseOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(`[Ee]xit code (\d+)`)
	checked, area := 0, ""
	for _, part := range strings.Split(string(page), "\n#")[1:] {
		heading, text, _ := strings.Cut(part, "\n")
		code := own.FindStringSubmatch(text)
		slug, isEntry := strings.CutPrefix(heading, "## ")
		if !isEntry {
			if found := own.FindStringSubmatch(heading); found != nil {
				area = found[1]
			} else {
				t.Errorf("%q names no exit code", heading)
			}
			continue
		}
		want := area
		if code != nil {
			want = code[1]
		}
		if got := strconv.Itoa(slugCode(slug)); got != want {
			t.Errorf("%s: exit code %s, the page says %s", slug, got, want)
		}
		checked++
	}
	if checked < 100 {
		t.Errorf("%d entries were read", checked)
	}
}
