package job

import "time"

// Profile is what is known of a server's abilities. A nil field was never tried.
type Profile struct {
	List         *bool `json:"list"`
	Stat         *bool `json:"stat"`
	Read         *bool `json:"read"`
	Write        *bool `json:"write"`
	Rename       *bool `json:"rename"`
	RenameOver   *bool `json:"rename-over"` // SSH_FXP_RENAME replaces an existing file
	PosixRename  *bool `json:"posix-rename"`
	Remove       *bool `json:"remove"`
	Mkdir        *bool `json:"mkdir"`
	Setstat      *bool `json:"setstat"`
	Fsync        *bool `json:"fsync"`
	Statvfs      *bool `json:"statvfs"`
	SweepsAtOnce *bool `json:"sweeps-at-once"` // takes a file at CLOSE or RENAME
	ReadOnce     *bool `json:"read-once"`      // a download uses the file up
	Sessions     *int  `json:"sessions"`       // connections that the account may hold at once

	Banner  string    `json:"server,omitempty"` // SSH version string, sanitised
	Learned time.Time `json:"learned"`
}

// Proof says how sure a delivery is, best first.
type Proof string

// The proof levels of a delivery.
const (
	ProofVerified     Proof = "verified"     // renamed, and size or hash checked under the final name
	ProofPublished    Proof = "published"    // renamed, final name could not be looked at
	ProofSizeChecked  Proof = "size-checked" // written in place, size checked
	ProofAcknowledged Proof = "acknowledged" // CLOSE acknowledged, nothing could be looked at
	ProofSwept        Proof = "swept"        // acknowledged and gone at once, as this server does
	ProofAssumed      Proof = "assumed"      // the last answer was lost; the job says to assume
)

// Entry is one name in a listing.
type Entry struct {
	Name    string // raw bytes as the server sent them
	Size    int64  // -1: not told
	ModTime int64  // seconds since 1970 as the server says, nanoseconds in local folders; 0: not told
	Kind    EntryKind
}

// EntryKind is what a name stands for.
type EntryKind string

// The kinds of entries. Only regular files are ever moved.
const (
	KindFile    EntryKind = "file"
	KindDir     EntryKind = "dir"
	KindLink    EntryKind = "link"
	KindOther   EntryKind = "other"
	KindUnknown EntryKind = "unknown" // the server sent no type bits
)
