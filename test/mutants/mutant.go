package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// mutant is the program without one of its safety lines.
type mutant struct {
	name  string
	holds string // what the line sees to
	cuts  []cut  // more than one where lines stand in for each other
	by    tests  // one of these has to fail
	short bool   // CI runs it
	// hangs is how long to wait for tests that never end without the line. Zero: they have to fail, not to hang.
	hangs time.Duration
}

// cut is a text of a file that stands there once, and what is there without the safety.
type cut struct{ file, was, is string }

// tests are a package, relative to the module, and a regular expression of whole names; of subtests, one behind each slash.
type tests struct{ pkg, run string }

func (t tests) pattern() string { return "^(" + strings.ReplaceAll(t.run, "/", ")$/^(") + ")$" }

func (t tests) String() string { return t.pkg + " " + t.run }

// apply gives the files of the mutant by their paths relative to root.
func (m mutant) apply(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, c := range m.cuts {
		text, begun := files[c.file]
		if !begun {
			var err error
			if text, err = os.ReadFile(filepath.Join(root, c.file)); err != nil {
				return nil, err
			}
		}
		if n := strings.Count(string(text), c.was); n != 1 {
			return nil, fmt.Errorf("it no longer applies: %s has its text %d times: %q", c.file, n, c.was)
		}
		files[c.file] = []byte(strings.Replace(string(text), c.was, c.is, 1))
	}
	return files, nil
}

// overlay writes the files of the mutant into dir, and the list by which the go command takes them in place of the others.
func (m mutant) overlay(root, dir string) (string, error) {
	files, err := m.apply(root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range files {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "+"))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = path
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, list, 0o600)
}
