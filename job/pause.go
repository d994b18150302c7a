package job

import "time"

// Pause keeps a job or a connection from starting runs.
type Pause struct {
	Kind   string    `json:"kind"` // job or connection
	Name   string    `json:"name"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: until resumed
}
