package job

import "time"

// Report is what the taker of a landed file says became of its records.
type Report struct {
	File    int64     `json:"-"`
	Created int64     `json:"created"`
	Updated int64     `json:"updated"`
	Deleted int64     `json:"deleted"`
	Errored int64     `json:"errored"`
	Note    string    `json:"note,omitempty"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Silence is what nobody has reported of a job in time.
type Silence struct {
	Job    string
	Files  int // that landed and were not reported in time; more than SilenceCounted are not counted
	Within time.Duration
	First  File // the one that has waited longest: its number, path and when it landed (Ended)
}

// SilenceCounted is up to how many unreported files are counted.
const SilenceCounted = 10_000
