package job

import "time"

// StableFor is how long a file must be quiet where a job does not say it.
const StableFor = 30 * time.Second

// Import is what an import job does.
type Import struct {
	// Source on the customer's server.
	Location   string   // name of the location
	Dir        string   // its path, root included
	Match      string   // glob with {date:…} tokens; empty when MatchRegex is set
	MatchRegex string   // RE2 over the whole name
	Ignore     []string // globs of names that are never taken
	StableFor  time.Duration
	DoneFile   string        // template of a marker that must exist, no older than a file whose path had another version; empty: none
	LookBack   time.Duration // how old a {date} in a name may be
	Claim      bool          // rename the source aside before fetching

	// What must be true of the content.
	Opening    *Opening   // nil: the files are taken as they come
	AllowEmpty bool       // false: a file of zero bytes is rejected
	Duplicates Duplicates // same path, same plaintext hash as a landed file

	// Landing.
	Landing  string // local folder
	Witness  string // the landing whose stage knows how far the ledger has come; empty: Landing
	Name     string // template of the landed name; empty: {name}, less .pgp, .gpg or .asc once the file is opened
	IfExists IfExists

	AfterSuccess Retire
	ReportWithin time.Duration // how long after its landing a file is to be reported; 0: nobody waits for that
	Archive      *Archive      // copy of what was received; nil: none
}

// Opening is the inbound PGP policy: every file must be encrypted to one of our keys.
type Opening struct {
	DecryptWith []string // names of our keys
	SignedBy    []string // names of the customers' keys, one of which must have signed; empty: signatures are not asked for
}

// Duplicates says what becomes of a file whose plaintext already landed from the same path.
type Duplicates string

// The policies for duplicates.
const (
	DuplicatesSkip Duplicates = "skip" // shown as skipped, not landed again
	DuplicatesLand Duplicates = "land"
	DuplicatesHold Duplicates = "hold"
)

// IfExists says what becomes of a file whose final name is taken.
type IfExists string

// The policies for taken names. Version is for imports only, wait for exports only.
const (
	ExistsVersion IfExists = "version" // <stem>.2.<ext>, .3 …
	ExistsReplace IfExists = "replace"
	ExistsFail    IfExists = "fail"
	ExistsWait    IfExists = "wait" // try again in the next run
)

// Retire says what becomes of a source after its file landed or was delivered.
type Retire struct {
	Action  RetireAction
	Dir     string        // target of a move: remote folder for imports, local folder for exports
	KeepFor time.Duration // exports: moved sources older than this are removed; 0: never
}

// RetireAction is what is done to a source that served its purpose.
type RetireAction string

// The actions on a source. Keep is the default: the customer, or the platform, owns the clean-up.
const (
	RetireKeep   RetireAction = "keep"
	RetireDelete RetireAction = "delete"
	RetireMove   RetireAction = "move"
)

// Archive keeps a copy of what was received.
type Archive struct {
	Dir     string
	KeepFor time.Duration // 0: for ever
}
