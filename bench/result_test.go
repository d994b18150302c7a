package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/test/docs"
)

func TestMedians(t *testing.T) {
	runs := []cost{{Wall: 3, User: 1, Peak: 5}, {Wall: 1, User: 9, Peak: 7}, {Wall: 2, User: 2, Peak: 6}, {Wall: 10, User: 2, Peak: 1}}
	if got, want := medians(runs), (cost{Wall: 2.5, User: 2, Peak: 7}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := medians(runs[:1]); got != runs[0] {
		t.Errorf("the median of one is %+v", got)
	}
}

// sample is a report with one workload: ours took so long, two peers longer, and a third failed.
func sample(wall float64) *report {
	one := func(name string, r role, wall float64, failed string) entry {
		return entry{Name: name, Setting: "x", Role: r, Runs: []cost{{Wall: wall}}, Median: cost{Wall: wall}, Error: failed}
	}
	return &report{Commit: "c0ffee", Rounds: 1, Workloads: []outcome{{
		Name: "large-down", Title: "1 GiB down", Files: 1, Bytes: gib, Target: 0.9,
		Entries: []entry{one("haulier", ours, wall, ""), one("slow", other, 9, ""), one("fast", other, 6, ""), one("liar", other, 1, "other bytes")},
	}, {Name: "loss-up", Title: "32 MiB up", NotRun: "needs root"}}}
}

// The best peer counts, and none that failed; what has changed is told; what is missing is, too.
func TestTable(t *testing.T) {
	table := sample(3).table(sample(4))
	for _, row := range []string{
		"| 1 GiB down | haulier | 3.00 | fast, x | 6.00 | **2.00** | 0.9 | 0.75 | 1.00 |\n",
		"| large-down | haulier, x | 3.00 (3.00 to 3.00) | 341.3 MiB | ",
		"| large-down | liar, x | failed: other bytes |\n",
		"| 32 MiB up | not run: needs root |\n",
	} {
		if !strings.Contains(table, row) {
			t.Errorf("the table lacks %q:\n%s", row, table)
		}
	}
}

// The document has a place for the table.
func TestTheDocumentTakesTheTable(t *testing.T) {
	text, err := os.ReadFile("../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(page, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := docs.WriteBetween(page, "bench -growth", "grown\n"); err != nil {
		t.Fatal(err)
	}
	if err := docs.WriteBetween(page, "bench", sample(3).table(nil)); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(page); err != nil || !strings.Contains(string(text), sample(3).table(nil)) || !strings.Contains(string(text), "## How to repeat") {
		t.Errorf("the page is now %v\n%s", err, text)
	}
}

// A report is kept as it is, and one with a failure in it, or with nothing in it, is an error.
func TestReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	if err := sample(3).write(file); err != nil {
		t.Fatal(err)
	}
	r, err := readReport(file)
	if err != nil || r.table(nil) != sample(3).table(nil) {
		t.Errorf("another report comes back: %v", err)
	}
	if err := r.judge(); err == nil || !strings.Contains(err.Error(), "large-down, liar (x): other bytes") {
		t.Errorf("a failure passes: %v", err)
	}
	r.Workloads[0].Entries = r.Workloads[0].Entries[:3]
	if err := r.judge(); err != nil {
		t.Error(err)
	}
	r.Workloads[0].Error = "the line is slow"
	if r.judge() == nil {
		t.Error("a workload that failed passes")
	}
	if (report{}).judge() == nil {
		t.Error("a report of nothing passes")
	}
}

// Results of other sizes are not compared.
func TestOtherSizesAreNotCompared(t *testing.T) {
	old := sample(4)
	old.Workloads[0].Bytes = mib
	if table := sample(3).table(old); !strings.Contains(table, "| 0.9 | - | - |\n") {
		t.Errorf("compared all the same:\n%s", table)
	}
}

// An emulator that moves less than twice what somebody moved through it was in the way.
func TestUnhindered(t *testing.T) {
	out := sample(math.Inf(1)).Workloads[0]
	for speed, right := range map[float64]bool{gib: true, 2.1 * gib / 6: true, 1.9 * gib / 6: false, mib: false} {
		b := bench{speeds: map[bool]float64{false: speed}}
		if err := b.hindered(false, out); (err == nil) != right {
			t.Errorf("%v bytes a second: %v", speed, err)
		}
	}
}

// After the first round the best settings of each go on, and those that are nearly as good.
func TestQualify(t *testing.T) {
	var all []*entrant
	for _, e := range []entry{
		{Name: "a", Runs: []cost{{Wall: 5}}}, {Name: "b", Setting: "best", Runs: []cost{{Wall: 2}}}, {Name: "b", Setting: "near", Runs: []cost{{Wall: 2.2}}},
		{Name: "b", Setting: "slow", Runs: []cost{{Wall: 3}}}, {Name: "b", Setting: "failed", Error: "other bytes"},
	} {
		all = append(all, &entrant{entry: e})
	}
	qualify(all)
	for i, out := range []bool{false, false, false, true, false} {
		if all[i].out != out {
			t.Errorf("%s %s: out is %v", all[i].Name, all[i].Setting, all[i].out)
		}
	}
}

func TestParse(t *testing.T) {
	for args, right := range map[string]bool{
		"-short -only night": true, "-peers haulier,sftp": true, "-peers nobody": false, "-report x.md": true,
		"-report x.md -short": false, "-report x.md -only list": false, "-report x.md -peers haulier": false, "-only (": false,
	} {
		if _, err := parse(strings.Fields(args)); (err == nil) != right {
			t.Errorf("%s: %v", args, err)
		}
	}
	o, err := parse([]string{"-haulier", "/bin/a", "-haulier", "old=/bin/b"})
	if err != nil || len(o.builds) != 2 || o.builds[0] != (haulier{"haulier", "/bin/a"}) || o.builds[1] != (haulier{"old", "/bin/b"}) {
		t.Errorf("builds are %v, %v", o.builds, err)
	}
}
