package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/job"
)

func brussels(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestNextTimesTellOfClockChanges shows the nights in which the clocks change.
func TestNextTimesTellOfClockChanges(t *testing.T) {
	zone := brussels(t)
	spec := job.Spec{Name: "night", Enabled: true, Timing: job.Timing{Cron: "30 2 * * *", Zone: zone}}
	var out bytes.Buffer
	a := &app{stdout: &out}
	if err := a.nextTimes([]job.Spec{spec}, time.Date(2027, 3, 27, 12, 0, 0, 0, zone), 2); err != nil {
		t.Fatal(err)
	}
	want := "night  (30 2 * * *, Europe/Brussels)\n" +
		"  Sun 2027-03-28 03:00 CEST  (clock change: 02:30 → 03:00)\n" +
		"  Mon 2027-03-29 02:30 CEST\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	out.Reset()
	a.json = true
	if err := a.nextTimes([]job.Spec{spec}, time.Date(2026, 10, 24, 12, 0, 0, 0, zone), 2); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var first nextLine
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 2 {
		t.Fatalf("%q: %v", lines, err)
	}
	due := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	wanted := nextLine{"night", due, due, "2026-10-25T02:30", "Europe/Brussels", 7200, []string{"runs in the first of two 02:30"}}
	if diff := cmp.Diff(wanted, first); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
