package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of "go test -json".
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// id names a test: package and test, subtests included.
type id struct{ pkg, test string }

// report follows a run.
type report struct {
	out     io.Writer
	outputs map[id][]string
	results map[id]string // pass, fail or skip; a package without a test's name: it failed outside its tests
	reasons map[id]string // of skipped tests
}

func newReport(out io.Writer) *report {
	return &report{out: out, outputs: map[id][]string{}, results: map[id]string{}, reasons: map[id]string{}}
}

// read follows the events until the stream ends. Lines that are no events are shown as they are.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				_, _ = r.out.Write(line)
			} else {
				r.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events of go test: %w", err)
		}
	}
}

func (r *report) take(e event) {
	key := id{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		r.output(key, e.Output)
	case "pass", "fail", "skip":
		r.end(key, e.Action)
	}
}

// output keeps the text of a test until its end is known; what a package says itself is shown at once, less the bare
// verdict that its last line repeats.
func (r *report) output(key id, text string) {
	if key.test != "" {
		r.outputs[key] = append(r.outputs[key], text)
		return
	}
	if text != "PASS\n" && text != "FAIL\n" {
		fmt.Fprint(r.out, text)
	}
}

func (r *report) end(key id, result string) {
	if key.test == "" {
		r.endPackage(key, result)
		return
	}
	output := strings.Join(r.outputs[key], "")
	delete(r.outputs, key)
	r.results[key] = result
	switch result {
	case "fail":
		r.show(output)
	case "skip":
		r.reasons[key] = reason(output)
	}
}

// endPackage shows what was said by tests that never ended: the process died, and their last words are the cause. A
// package that failed without a failed test counts by itself.
func (r *report) endPackage(key id, result string) {
	blamed := false
	for test, output := range r.outputs {
		if test.pkg != key.pkg {
			continue
		}
		if result == "fail" {
			r.results[test] = "fail"
			r.show(strings.Join(output, ""))
		}
		delete(r.outputs, test)
	}
	for test, end := range r.results {
		blamed = blamed || test.pkg == key.pkg && end == "fail"
	}
	if result == "fail" && !blamed {
		r.results[key] = "fail"
	}
}

// show prints what a test said, less the lines that only tell that it ran.
func (r *report) show(output string) {
	for line := range strings.Lines(output) {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(r.out, line)
		}
	}
}

// reason finds why a test was skipped: the last line it logged, "    file.go:1: REASON".
func reason(output string) string {
	found := "no reason given"
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") || line == "" {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok = strings.Cut(text, ": "); ok {
				line = text
			}
		}
		found = line
	}
	return found
}

// summary ends the output: what was skipped, what must not have been, and the counts.
func (r *report) summary(broken []string) {
	byReason := map[string][]string{}
	count := map[string]int{}
	for key, result := range r.results {
		count[result]++
		if result == "skip" {
			byReason[r.reasons[key]] = append(byReason[r.reasons[key]], short(key.pkg)+"."+key.test)
		}
	}
	if len(byReason) > 0 {
		fmt.Fprintln(r.out, "\nskipped:")
	}
	for _, why := range slices.Sorted(maps.Keys(byReason)) {
		fmt.Fprintln(r.out, "  "+why)
		for _, name := range slices.Sorted(slices.Values(byReason[why])) {
			fmt.Fprintln(r.out, "      "+name)
		}
	}
	if len(broken) > 0 {
		fmt.Fprintln(r.out, "\nmust run, and did not:")
	}
	for _, line := range broken {
		fmt.Fprintln(r.out, "  "+line)
	}
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"])
}

// short strips the module's path off a package.
func short(pkg string) string {
	return strings.TrimPrefix(pkg, "github.com/haulier/haulier/")
}
