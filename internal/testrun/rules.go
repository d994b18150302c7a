package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// rules are tests that must run: they may not be skipped, and they may not be missing.
type rules []mustRun

// mustRun is one line of the file: a package and its tests, as regular expressions for the whole name.
type mustRun struct {
	line      string
	pkg, test *regexp.Regexp
}

// readRules reads a file of lines "PACKAGE TEST". Empty lines and lines that begin with # are left out.
func readRules(path string) (rules, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the tests that must run: %w", err)
	}
	var all rules
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rule, err := parseRule(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		all = append(all, rule)
	}
	return all, nil
}

func parseRule(line string) (mustRun, error) {
	fields := strings.Fields(line)
	if len(fields) != 2 {
		return mustRun{}, fmt.Errorf("%q is not PACKAGE TEST", line)
	}
	pkg, err := regexp.Compile("^(" + fields[0] + ")$")
	if err != nil {
		return mustRun{}, fmt.Errorf("package of %q: %w", line, err)
	}
	test, err := regexp.Compile("^(" + fields[1] + ")$")
	if err != nil {
		return mustRun{}, fmt.Errorf("test of %q: %w", line, err)
	}
	return mustRun{line, pkg, test}, nil
}

// judge says which rules a run broke: no test of that name, or one that was skipped. Failures speak for themselves.
func (all rules) judge(r *report) []string {
	var broken []string
	for _, rule := range all {
		found := false
		for key, result := range r.results {
			if !rule.pkg.MatchString(short(key.pkg)) || !rule.test.MatchString(key.test) {
				continue
			}
			found = true
			if result == "skip" {
				broken = append(broken, fmt.Sprintf("%s.%s: %s", short(key.pkg), key.test, r.reasons[key]))
			}
		}
		if !found {
			broken = append(broken, rule.line+": no such test ran")
		}
	}
	slices.Sort(broken)
	return slices.Compact(broken)
}
