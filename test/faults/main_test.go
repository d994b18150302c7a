package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// Twelve shards do every case of a night, and none twice.
func TestShardsAreTheWhole(t *testing.T) {
	var whole, parts []string
	for _, c := range (options{tier: Night}).chosen() {
		whole = append(whole, c.ID)
	}
	for i := range 12 {
		for _, c := range (options{tier: Night, shard: shard{i + 1, 12}}).chosen() {
			parts = append(parts, c.ID)
		}
	}
	slices.Sort(whole)
	slices.Sort(parts)
	if !slices.Equal(whole, parts) {
		t.Errorf("a night has %v, its shards have %v", whole, parts)
	}
	if same := slices.Compact(slices.Clone(whole)); len(same) != len(whole) {
		t.Errorf("a name stands for two cases: %v", whole)
	}
}

// A test that was renamed is missed by the case that stands on it, also beside others that are there.
func TestASuiteMissesWhatWasRenamed(t *testing.T) {
	gone := without([]string{"TestA.*", "TestGone", "TestB"}, []string{"TestAll", "TestB", "TestGoneBy"})
	if strings.Join(gone, " ") != "TestGone" {
		t.Errorf("gone are %v", gone)
	}
}

// What was not run is told with its reason, and counts neither as passed nor as failed.
func TestWhatIsAbsentIsNotRun(t *testing.T) {
	c := absent("X1", "nobody can", "I1", "there is none")
	r := c.do(t.Context(), options{tier: Night}, 1, t.Logf)
	if r.Verdict != "not run" || verdictOf(r) != "not run: there is none" {
		t.Errorf("%q: %q", r.Verdict, verdictOf(r))
	}
}

// Each number of the plan is a case: groups A to J have 126 in all, H also those of the catalogue of hostile servers, and K came behind them. Two
// cases stand for many of them, one for each failpoint.
func TestEveryNumberIsAccountedFor(t *testing.T) {
	have := map[string]bool{}
	for _, c := range Cases() {
		number, _, _ := strings.Cut(c.ID, ".")
		have[number] = true
	}
	stands := func(id string, from, to int) {
		for n := from; have[id] && n <= to; n++ {
			have[fmt.Sprintf("%c%d", id[0], n)] = true
		}
	}
	stands("A2", 2, 15)
	stands("B2", 25, 34)
	for _, group := range []struct {
		letter   string
		from, to int
	}{{"A", 1, 24}, {"B", 25, 39}, {"C", 40, 56}, {"D", 57, 72}, {"E", 73, 88}, {"F", 89, 96}, {"G", 97, 104}, {"H", 1, 20}, {"H", 105, 110}, {"I", 111, 122}, {"J", 123, 126}, {"K", 127, 128}} {
		for n := group.from; n <= group.to; n++ {
			if id := fmt.Sprintf("%s%d", group.letter, n); !have[id] {
				t.Errorf("no case is %s", id)
			}
		}
	}
}

// A row that is not run, and says which cases show it or come near it, names cases that are.
func TestRowsPointToCasesThatAreRun(t *testing.T) {
	rows := slices.Concat(byOthers(), twoNodes(), missed())
	have := map[string]bool{}
	for _, c := range Cases() {
		if number, _, _ := strings.Cut(c.ID, "."); !slices.ContainsFunc(rows, func(row Case) bool { return row.ID == c.ID }) {
			have[c.ID], have[number] = true, true
		}
	}
	for _, c := range rows {
		why := c.do(t.Context(), options{tier: Night}, 1, t.Logf).Why
		for _, id := range regexp.MustCompile(`\b[A-K][0-9]+(\.[0-9]+)?\b`).FindAllString(why, -1) {
			if !have[id] {
				t.Errorf("%s points to %s, which is not there or not run", c.ID, id)
			}
		}
	}
}

// A run that ended well in a trouble that it cannot end well in has shown nothing; neither has one that broke.
func TestJudge(t *testing.T) {
	for name, tc := range map[string]struct {
		trouble trouble
		run     run
		right   bool
	}{
		"failed":             {trouble{fails: true}, run{code: 10}, true},
		"was in no trouble":  {trouble{fails: true}, run{}, false},
		"too soon":           {trouble{least: 2}, run{took: 1}, false},
		"too late":           {trouble{most: 2}, run{took: 3}, false},
		"another code":       {trouble{codes: []int{0, 4}}, run{code: 10}, false},
		"killed":             {trouble{}, run{code: -1}, false},
		"a slip of ours":     {trouble{}, run{code: 1}, false},
		"panic":              {trouble{}, run{code: 10, stderr: "panic: no"}, false},
		"nothing was spoilt": {trouble{}, run{}, true},
	} {
		if err := tc.trouble.judge(tc.run); (err == nil) != tc.right {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of results that are no whole campaign nobody is shown a table, and what one does not show is told.
func TestAReportIsOfOneWholeCampaign(t *testing.T) {
	night := func() []Result {
		var all []Result
		for _, c := range (options{tier: Night}).chosen() {
			r := Result{Case: c.ID, Tier: Night, Commit: "c0ffee", Seed: 7 ^ hashOf(c.ID), Verdict: "passed"}
			if strings.HasPrefix(c.ID, "A1.") {
				r.Kills, r.Points = 1000, counts{"C1": 50}
			}
			all = append(all, r)
		}
		return all
	}
	for name, spoil := range map[string]func(all []Result) []Result{
		"a case is missing": func(all []Result) []Result { return all[1:] },
		"another commit":    func(all []Result) []Result { all[3].Commit = "decaf"; return all },
		"another tier":      func(all []Result) []Result { all[3].Tier = Short; return all },
		"another seed":      func(all []Result) []Result { all[3].Seed++; return all },
		"not committed": func(all []Result) []Result {
			for i := range all {
				all[i].Commit = "c0ffee-dirty"
			}
			return all
		},
	} {
		if _, err := sumUp(spoil(night())); err == nil {
			t.Errorf("%s: there is a table", name)
		}
	}
	whole, err := sumUp(night())
	if err == nil {
		err = whole.judge([]string{"C1"})
	}
	if err != nil {
		t.Error(err)
	}
	if whole.judge([]string{"C1", "C2"}) == nil {
		t.Error("nobody died at C2, and all is well")
	}
	all := night()
	failed, again := all[0], all[0]
	failed.Verdict, failed.Faults = "failed", findings{"LOST": 1}
	whole, err = sumUp(append(append(all[1:], failed), again))
	if err != nil || whole.judge(nil) == nil || !strings.Contains(whole.table(), "1 LOST") {
		t.Errorf("a failure is forgotten when the case is done again: %v\n%s", err, whole.table()[:400])
	}
	few := night()
	for i := range few {
		few[i].Kills = 0
	}
	if whole, err = sumUp(few); err != nil || whole.judge(nil) == nil {
		t.Errorf("nobody died at random, and all is well: %v", err)
	}
}

// Connections carry one file together while each of them does, and not when one comes behind the other.
func TestCarriersAreThoseOfOneTime(t *testing.T) {
	at := func(session int, op string, from, to int64) sftptest.Operation {
		return sftptest.Operation{Session: session, Op: op, Began: time.Unix(from, 0), At: time.Unix(to, 0)}
	}
	for name, tc := range map[string]struct {
		log  []sftptest.Operation
		want int
	}{
		"none":          {[]sftptest.Operation{at(1, "lstat", 1, 9)}, 0},
		"one":           {[]sftptest.Operation{at(1, "read", 1, 2), at(1, "read", 2, 3), at(2, "lstat", 1, 9)}, 1},
		"one by one":    {[]sftptest.Operation{at(1, "write", 1, 2), at(2, "write", 2, 3), at(3, "write", 3, 4)}, 1},
		"two of three":  {[]sftptest.Operation{at(1, "read", 1, 2), at(2, "read", 2, 3), at(1, "read", 3, 4), at(3, "read", 4, 5)}, 2},
		"all together":  {[]sftptest.Operation{at(1, "read", 1, 2), at(2, "read", 1, 2), at(3, "read", 1, 2), at(1, "read", 2, 3)}, 3},
		"in each other": {[]sftptest.Operation{at(1, "write", 1, 2), at(2, "write", 2, 3), at(3, "write", 3, 4), at(1, "write", 8, 9), at(2, "write", 7, 8)}, 3},
	} {
		if got := carriers(tc.log); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}
