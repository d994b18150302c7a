package main

import (
	"slices"
	"strings"
	"testing"
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
