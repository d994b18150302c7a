package job

import (
	"encoding/json"
	"time"
)

// Event is something that is to be told, written with the change it tells of.
type Event struct {
	ID   int64           `json:"id"`
	Type string          `json:"type"` // file.landed, file.delivered, run.failed …
	At   time.Time       `json:"timestamp"`
	Data json.RawMessage `json:"data"`
}

// Types of events that decide who is told of them.
const (
	EventAlertOpened   = "alert.opened"
	EventAlertReminded = "alert.reminded"
	EventAlertResolved = "alert.resolved"
)
