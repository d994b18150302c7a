package job

import "time"

// File is one version of one file within a job: a row of the ledger.
// Its identity is (Job, Path, Generation); Fence rises with every claim.
type File struct {
	ID         int64
	Job        string
	Connection string
	Type       Type
	Path       string // raw path of the source: remote for imports, local for exports
	Dir        string // folder where the source was found; the rest of Path is its name
	Generation int64
	Run        int64 // the run that works, or last worked, on it
	Fence      int64
	Touched    int64 // rises with every write to the row, across the ledger; a listing judges only rows not touched since it began
	Decided    int64 // Touched when a person decided about it last; 0: nobody has

	// Fingerprint of the source.
	Size        int64
	ModTime     int64     // as the source's side says: seconds for servers, nanoseconds for local folders; compared with itself only
	StableSince time.Time // since when, on our clock, Size and ModTime have been equal
	Absent      bool      // a complete listing did not have the path
	Moved       bool      // the move of the source was proven by looking at the archive
	Stayed      int       // listings that still showed the source after its acknowledged delete or move

	// Where it stands.
	Step   Step
	State  State
	Reason *Reason // why it is held, rejected, failed or skipped; nil otherwise

	// Facts, filled step by step.
	Received  Digest   // bytes as on the wire
	Plain     Digest   // bytes as landed, or as collected from the outbox
	Stage     string   // import C10, checked: the ready name that may land; export X2: the staged name
	Landing   string   // import: the landing in whose stage its files are made; empty: not known, or the job's of now
	Spent     bool     // import: the server does not have the source any more: what was received is all there is of it
	Kept      string   // import: staged name of the bytes as received, until they are archived; empty: not kept
	Final     string   // rendered once: landed name (import), remote path (export)
	Local     string   // import: full path of the landed file
	Temp      string   // export: remote temporary path
	TempMTime int64    // export: mtime that the complete temporary had
	Leftovers []string // export: temporaries of earlier attempts that are not known to be gone from the server
	Marker    string   // export: remote path of the done-file, rendered once like Final; empty: none was asked for
	Marked    bool     // export: the done-file was acknowledged
	Aside     string   // import: remote path to which we moved the source, or Path itself once we removed it there
	Archived  string   // local path of the copy as received (import: made once Kept is empty) or of the moved source (export); named before it is made
	Proof     Proof
	Means     RenameMeans
	Envelope  *Envelope
	Receipt   *Receipt // export X8
	Refetched bool     // the one immediate refetch of this version was used

	Seen  time.Time // first listing that showed it
	Began time.Time // last claim
	Ended time.Time // last final state; zero: none yet
}

// Standing is as much of a row as tells whether a listing has to look at it at all.
type Standing struct {
	ID      int64
	Path    []byte // raw; good until the next row is given
	Size    int64
	ModTime int64
	AtRest  bool // done, not held, its source not touched by us: nothing is to be done while that is listed as it is
}

// Digest is a count of bytes and their hash.
type Digest struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hex; empty: not known yet
}

// Step is a durable step of the two state machines.
type Step string

// The steps of an import. Codes are those of docs/state-machine.md.
const (
	StepSeen       Step = "seen"       // C2; exports too: found, not yet stable
	StepClaimed    Step = "claimed"    // C3, C4
	StepDownloaded Step = "downloaded" // C7
	StepChecked    Step = "checked"    // C9 of supervised jobs: ready to land, and held until a person approves
	StepLanding    Step = "landing"    // C10
	StepLanded     Step = "landed"     // C12
	StepRetiring   Step = "retiring"   // before C13: Aside names where the source goes
	StepDone       Step = "done"       // C14, X9: nothing is left to do
)

// The steps of an export.
const (
	StepQueued    Step = "queued"    // X1
	StepSealed    Step = "sealed"    // X2
	StepSending   Step = "sending"   // X3: the temporary name is in the row
	StepUploaded  Step = "uploaded"  // X5
	StepRenaming  Step = "renaming"  // X6
	StepDelivered Step = "delivered" // X8
)

// State is what people are shown of a file.
type State string

// The states of a file.
const (
	FileWaiting   State = "waiting"
	FileMoving    State = "moving"
	FileLanded    State = "landed"
	FileDelivered State = "delivered"
	FileHeld      State = "held"     // in doubt: a person decides
	FileRejected  State = "rejected" // not taken until it changes or somebody asks
	FileFailed    State = "failed"   // the next run tries again
	FileSkipped   State = "skipped"
)

// Envelope is what a PGP message told about itself.
type Envelope struct {
	Plain         int64    `json:"plain"`                    // bytes inside
	Cipher        int64    `json:"cipher"`                   // bytes outside
	DecryptedWith string   `json:"decrypted_with,omitempty"` // key id, 16 hex digits
	KeyName       string   `json:"key,omitempty"`            // our name for it, name@version
	GraceKey      bool     `json:"grace_key,omitempty"`      // a key that was already replaced
	Recipients    []string `json:"recipients,omitempty"`     // key ids
	Hidden        int      `json:"hidden,omitempty"`         // recipients without an id
	Container     string   `json:"container,omitempty"`      // SEIPDv1, SEIPDv2, OCB20
	Compression   string   `json:"compression,omitempty"`
	Armored       bool     `json:"armored,omitempty"`
	LiteralName   string   `json:"literal_name,omitempty"` // for display only
	SignedBy      string   `json:"signed_by,omitempty"`    // key id of a good signature
}
