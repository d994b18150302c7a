package job

import "time"

// Type is the direction of a job as its YAML names it.
type Type string

// The two types of job.
const (
	TypeImport Type = "import" // from the customer's server to the landing
	TypeExport Type = "export" // from the outbox to the customer's server
)

// Spec is one configured job, complete: defaults are filled in, names are resolved, templates are checked.
// Exactly one of Import and Export is set, the one that Type names.
type Spec struct {
	Name       string // technical name, [a-z0-9-]
	Formerly   string // the name whose history this job carries on; empty: none
	Type       Type
	Connection string // technical name of the connection
	Enabled    bool   // false: never dials, slots end skipped
	Position   Position
	Supervised Supervised

	Timing Timing
	Expect *Expect // what must be true by when; nil: nothing
	Retry  Retry
	Limits Limits
	Alert  Alert
	Import *Import
	Export *Export
}

// Position is a place in a configuration file.
type Position struct {
	File   string
	Line   int // from 1; 0: unknown
	Column int // from 1, in characters
}

// Retry is the ladder of attempts for failures of the network and of busy servers. Nothing else takes it.
type Retry struct {
	Attempts   int           // counts the first try: 1 = no retry
	Backoff    time.Duration // before the second attempt; doubles, with jitter
	MaxBackoff time.Duration // ceiling of one wait
}

// Limits bound one run. A zero MaxFiles means no limit; the others are always set.
type Limits struct {
	Timeout      time.Duration // whole run; over: run.timeout
	MaxFileSize  int64         // bytes of one file on the wire, and of what it becomes when opened
	MaxFiles     int           // files moved by one run; the rest wait for the next
	MaxEntries   int           // names read of one listing
	MinFreeSpace int64         // bytes to leave free on the disks of stage and landing
	PGPRatio     float64       // plaintext bytes per ciphertext byte, counted after the first 64 MiB
}
