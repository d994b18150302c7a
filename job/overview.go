package job

import "time"

// Overview is how the daemon and its jobs stand, as far as somebody sees them.
type Overview struct {
	Config   string        `json:"config,omitempty"` // for those who see everything: it is a place on this machine
	Revision int64         `json:"revision"`
	Started  time.Time     `json:"started"`
	Jobs     []JobStanding `json:"jobs"`
	Attend   []Incident    `json:"incidents"` // open ones, the oldest first
}

// JobStanding is how one job stands with the scheduler.
type JobStanding struct {
	Job   string    `json:"job"`
	Next  time.Time `json:"next,omitzero"`
	Retry time.Time `json:"retry,omitzero"`
	Run   int64     `json:"run,omitempty"` // at work
}

// Reloaded is what a reload did.
type Reloaded struct {
	Revision int64    `json:"revision"`
	Diff     string   `json:"diff"`    // secrets masked
	Restart  []string `json:"restart"` // settings that count only after a restart
	Warnings int      `json:"warnings"`
}
