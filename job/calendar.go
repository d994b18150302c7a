package job

import "time"

// CalendarEntry is a line of the credential calendar.
type CalendarEntry struct {
	Kind        string    `json:"kind"` // of the key: ssh, pgp, pgp-public; or password, host-key, token
	Name        string    `json:"name"`
	Version     int       `json:"version,omitempty"`
	Says        string    `json:"says"` // ends, age, note, waiting
	Date        time.Time `json:"date"`
	Days        int       `json:"days"` // until then; negative: ago
	What        string    `json:"what"`
	Do          string    `json:"do,omitempty"`
	Connections []string  `json:"connections"` // that use it
}

// The kinds of entries beside those of keys.
const (
	KindPassword = "password"
	KindHostKey  = "host-key"
	KindToken    = "token"
)

// What an entry says.
const (
	EntryEnds  = "ends"    // at Date it is of no use any more: people are told ahead
	EntryAge   = "age"     // at Date it is old enough to be replaced: good advice
	EntryNote  = "note"    // it happened at Date
	EntryWaits = "waiting" // since Date, for somebody to go on with it
)
