package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Result is a line of the file of results.
type Result struct {
	Commit  string    `json:"commit"`
	Tier    Tier      `json:"tier"`
	Case    string    `json:"case"`
	Title   string    `json:"title"`
	Holds   string    `json:"holds"`
	Seed    uint64    `json:"seed"`
	At      time.Time `json:"at"`
	Seconds int       `json:"seconds"`
	Verdict string    `json:"verdict"` // passed, failed, not run
	Why     string    `json:"why,omitempty"`
	tally
}

// appendResult adds a line, durably: a campaign that dies keeps what it has done.
func appendResult(path string, r Result) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	return errors.Join(err, file.Sync(), file.Close())
}

func readResults(path string) ([]Result, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []Result
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r Result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, r)
	}
	return all, lines.Err()
}
