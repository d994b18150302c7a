package job

import "time"

// Export is what an export job does.
type Export struct {
	// Outbox: the local folder where the platform leaves files.
	Outbox     string
	Match      string // glob with {date:…} tokens; empty when MatchRegex is set
	MatchRegex string
	Ignore     []string
	StableFor  time.Duration
	DoneFile   string        // template of a local marker that must exist; empty: none
	LookBack   time.Duration // how old a {date} in a name may be
	AllowEmpty bool
	Resend     Resend

	// Target on the customer's server.
	Location string // name of the location
	Dir      string // its path, root included
	Name     string // template of the final name
	IfExists IfExists
	Sealing  *Sealing // nil: sent as it is

	// How the server is written to, before its capability profile is asked.
	PartialSuffix string
	InPlace       bool // write the final name directly
	Verify        Verify
	Rename        RenameMeans
	OnLostReply   OnLostReply
	Marker        string // template of an empty file uploaded after the delivery; empty: none

	AfterSuccess Retire
}

// Sealing is the outbound PGP policy.
type Sealing struct {
	EncryptTo []string // names of recipients' keys
	SignWith  string   // name of our key; empty: unsigned
}

// Resend says whether a source with a name that was delivered before is sent again.
type Resend string

// The resend policies.
const (
	ResendChanged Resend = "changed" // when its sha256 differs
	ResendAlways  Resend = "always"  // when it is new by size or mtime
	ResendNever   Resend = "never"
)

// OnLostReply says what to believe when the server's last answer was lost and nothing can be observed.
type OnLostReply string

// The policies for lost replies.
const (
	LostHold   OnLostReply = "hold"   // a person decides
	LostAssume OnLostReply = "assume" // delivered, with proof "assumed"
	LostResend OnLostReply = "resend" // send again; for fixed names that the server may get twice
)

// Verify says how a delivered file is checked on the server.
type Verify string

// The ways to verify. Empty lets the capability profile choose.
const (
	VerifyNone     Verify = "none"
	VerifyStat     Verify = "stat"
	VerifyReadback Verify = "readback"
)

// RenameMeans is how a temporary name becomes the final one. Empty lets the capability profile choose.
type RenameMeans string

// The means of renaming.
const (
	RenamePosix RenameMeans = "posix" // posix-rename@openssh.com: replaces
	RenameV3    RenameMeans = "v3"    // SSH_FXP_RENAME: may or may not replace
	RenameNone  RenameMeans = "none"
)
