package job

import "time"

// Incident is one cause that needs a person, however many jobs it touches. People are told of it once, reminded while it
// stands, and told once that it is over.
type Incident struct {
	ID         int64     `json:"id"`
	Cause      string    `json:"cause_key"` // connection/NAME/slug, job/NAME/slug, credential/KIND/NAME/slug, channel/NAME/slug, sheet/NAME/slug, config/slug or process/slug
	Kind       AlertKind `json:"kind"`
	Severity   Severity  `json:"severity"`
	Connection string    `json:"connection,omitempty"`
	Entity     string    `json:"entity,omitempty"` // of the connection
	Jobs       []string  `json:"jobs"`             // that are not well yet; of one that is over, all; at most JobsNamed
	JobsTotal  int       `json:"jobs_total"`
	Reason     Reason    `json:"error"` // the latest
	Count      int       `json:"count"` // how often it has struck
	Reopened   int       `json:"reopened,omitempty"`

	Opened    time.Time `json:"opened"`
	Last      time.Time `json:"last"`          // it struck last
	Told      time.Time `json:"told,omitzero"` // zero: nobody yet
	Reminded  time.Time `json:"reminded,omitzero"`
	Reminders int       `json:"reminders,omitempty"`

	Acked         time.Time `json:"acked,omitzero"`
	AckedBy       string    `json:"acked_by,omitempty"`
	AckNote       string    `json:"ack_note,omitempty"`
	SilencedUntil time.Time `json:"silenced_until,omitzero"`
	SilencedBy    string    `json:"silenced_by,omitempty"`
	SilenceReason string    `json:"silence_reason,omitempty"`

	Resolved   time.Time `json:"resolved,omitzero"` // zero: open
	ResolvedBy string    `json:"resolved_by,omitempty"`

	CoveredBy int64 `json:"covered_by,omitempty"` // of what is late or missing: the incident with which people are told of it; in lists
}

// JobsNamed is how many jobs of an incident are named.
const JobsNamed = 100

// Times of incidents that nobody sets.
const (
	// GatherFor is how long an incident waits before people are told: what strikes a hundred jobs is one message that
	// names them, and what is well again by then is none.
	GatherFor = 30 * time.Second
	// FlapFor is how long ago an incident may have ended to go on when its cause strikes again, instead of another beginning.
	// Once it went on, it must be over for as long before people are told that it is.
	FlapFor = 30 * time.Minute
)

// Strike is a cause at work: what a run met, or whoever watches something.
type Strike struct {
	Cause      string
	Job        string // empty: no job's
	Connection string // empty: the one that the cause or the job names
	Reason     Reason
	At         time.Time
	// Chain is the run of the first of the attempts that belong together: they are one failure. 0: a failure by itself.
	Chain int64
	// After is at which failure of a job in a row people are told; 0 is 1.
	After int
	// Until is when the attempts that are still to come are over at the latest; zero: none is to come.
	Until time.Time
	// Deadline is until when nobody need be told, as all may still come in time; zero: at once.
	Deadline time.Time
}
