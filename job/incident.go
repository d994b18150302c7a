package job

import (
	"encoding/json"
	"time"
)

// Incident is one cause that needs a person, however many jobs it touches.
type Incident struct {
	ID       int64     `json:"id"`
	Cause    string    `json:"cause_key"` // connection/NAME/slug or job/NAME/slug
	Jobs     []string  `json:"jobs"`
	Reason   Reason    `json:"error"` // the latest
	Count    int       `json:"count"`
	Opened   time.Time `json:"opened"`
	Last     time.Time `json:"last"`
	Resolved time.Time `json:"resolved,omitzero"` // zero: open
}

// Event is something that is to be told, written with the change it tells of.
type Event struct {
	ID   int64           `json:"id"`
	Type string          `json:"type"` // file.landed, file.delivered, run.failed …
	At   time.Time       `json:"timestamp"`
	Data json.RawMessage `json:"data"`
}

// Pause keeps a job or a connection from starting runs.
type Pause struct {
	Kind   string    `json:"kind"` // job or connection
	Name   string    `json:"name"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: until resumed
}
