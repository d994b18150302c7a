package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// report is what the program has measured, as it is kept for comparison.
type report struct {
	At        time.Time `json:"at"`
	Seconds   int       `json:"seconds"` // the whole took
	Commit    string    `json:"commit"`
	Short     bool      `json:"short"`
	Rounds    int       `json:"rounds"`
	Machine   []string  `json:"machine"`
	Versions  []string  `json:"versions"`
	Lines     []string  `json:"lines,omitempty"`   // what the emulated lines are good for
	Missing   []string  `json:"missing,omitempty"` // peers that were not there, and why
	Workloads []outcome `json:"workloads"`
}

// outcome is what became of a workload.
type outcome struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"`
	Target  float64 `json:"target,omitempty"`
	RTT     float64 `json:"rtt_ms,omitempty"`  // of the line, as it was measured
	NotRun  string  `json:"not_run,omitempty"` // why this machine cannot do it
	Error   string  `json:"error,omitempty"`   // why nothing of it counts
	Entries []entry `json:"entries"`
}

// entry is a contestant in one of its settings.
type entry struct {
	Name    string `json:"name"`
	Setting string `json:"setting"`
	Role    role   `json:"role"`
	Runs    []cost `json:"runs"`
	Median  cost   `json:"median"` // each figure by itself; of memory the most
	Error   string `json:"error,omitempty"`
}

// role is what an entry is compared as.
type role string

const (
	ours  role = "ours"
	plain role = "plain" // ours without PGP, beside ours with it
	other role = "peer"

	plainly = " without PGP" // what its name ends in
)

// medians takes the middle of each figure.
func medians(runs []cost) cost {
	if len(runs) == 0 {
		return cost{}
	}
	middle := func(of func(cost) float64) float64 {
		var all []float64
		for _, c := range runs {
			all = append(all, of(c))
		}
		slices.Sort(all)
		return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	}
	m := cost{
		Wall: middle(func(c cost) float64 { return c.Wall }), User: middle(func(c cost) float64 { return c.User }),
		Sys: middle(func(c cost) float64 { return c.Sys }), Server: middle(func(c cost) float64 { return c.Server }),
	}
	for _, c := range runs {
		m.Peak = max(m.Peak, c.Peak)
	}
	return m
}

// best gives the fastest entry of a role, by name or of any name; nil: there is none.
func (o outcome) best(r role, name string) *entry {
	var best *entry
	for i, e := range o.Entries {
		if e.Role == r && e.Error == "" && (name == "" || e.Name == name) && (best == nil || e.Median.Wall < best.Median.Wall) {
			best = &o.Entries[i]
		}
	}
	return best
}

// names are the contestants of a role, each once.
func (o outcome) names(r role) []string {
	var names []string
	for _, e := range o.Entries {
		if e.Role == r && !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	return names
}

// judge is the error of a report that does not show all: runs that went wrong.
func (r report) judge() error {
	var errs []error
	ran := 0
	for _, o := range r.Workloads {
		if o.Error != "" {
			errs = append(errs, fmt.Errorf("%s: %s", o.Name, o.Error))
		}
		for _, e := range o.Entries {
			ran += len(e.Runs)
			if e.Error != "" {
				errs = append(errs, fmt.Errorf("%s, %s (%s): %s", o.Name, e.Name, e.Setting, e.Error))
			}
		}
	}
	if ran == 0 {
		errs = append(errs, errors.New("nothing was measured"))
	}
	return errors.Join(errs...)
}

func (r report) write(file string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

func readReport(file string) (*report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return &r, nil
}

// find gives a workload of a report, if the same was done there.
func (r *report) find(o outcome) *outcome {
	if r == nil {
		return nil
	}
	for i, old := range r.Workloads {
		if old.Name == o.Name && old.Files == o.Files && old.Bytes == o.Bytes {
			return &r.Workloads[i]
		}
	}
	return nil
}
