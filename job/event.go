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

// The types of events: FAMILY.WORD. Those of files and runs are FAMILY and the state that they came to.
const (
	EventFileOutcome = "file.outcome" // what its taker reports of a landed file
	EventRunStarted  = "run.started"

	EventExpectationLate      = "expectation.late"
	EventExpectationMissing   = "expectation.missing"
	EventExpectationRecovered = "expectation.recovered"

	EventConnectionDown = "connection.down"
	EventConnectionUp   = "connection.up"
	EventHostKeyChanged = "connection.host_key_changed"

	EventKeyRotated     = "key.rotated"
	EventPGPKeyExpiring = "pgp_key.expiring"

	EventAlertOpened   = "alert.opened"
	EventAlertReminded = "alert.reminded"
	EventAlertResolved = "alert.resolved"

	EventConfigReloaded = "config.reloaded"
	EventConfigRejected = "config.rejected"

	EventSheetAnswered = "sheet.answered"
)

// EventTypes are all that the program writes, and that a webhook can ask for; a family stands together. A file that is skipped is no news.
var EventTypes = []string{
	"file." + string(FileLanded), "file." + string(FileDelivered), "file." + string(FileRejected), "file." + string(FileFailed),
	"file." + string(FileHeld), EventFileOutcome,
	EventRunStarted, "run." + string(RunSucceeded), "run." + string(RunPartial), "run." + string(RunFailed), "run." + string(RunSkipped),
	"run." + string(RunInterrupted), "run." + string(RunCancelled),
	EventExpectationLate, EventExpectationMissing, EventExpectationRecovered,
	EventConnectionDown, EventConnectionUp, EventHostKeyChanged,
	EventKeyRotated, EventPGPKeyExpiring,
	EventAlertOpened, EventAlertReminded, EventAlertResolved,
	EventConfigReloaded, EventConfigRejected,
	EventSheetAnswered,
}
