package job

import "time"

// Request is one file operation asked of a server: a get or a put, also of a marker, and the get that reads a delivery
// back. Its retries within the attempts of one slot are
// folded in, Bytes include failed attempts. Listing, stat and rename are counted apart and have no rows.
type Request struct {
	Connection string
	Entity     string
	Job        string
	Run        int64 // run of the first attempt
	File       int64
	Direction  Direction
	Marker     bool // of the done-file, not of the file itself
	Location   string
	OK         bool
	Slug       string // why it failed; empty when it did not
	Bytes      int64  // on the wire, this attempt
	Started    time.Time
	Duration   time.Duration // this attempt
}

// Direction is the way bytes go.
type Direction string

// The directions.
const (
	Download Direction = "download"
	Upload   Direction = "upload"
)
