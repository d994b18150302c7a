package sheet

import "time"

// Facts are what is known of a connection and may be told to its owner.
type Facts struct {
	Connection string // technical name
	Display    string // what people call it
	Entity     string
	Contact    string // whom the customer asks on our side; empty: not configured
	Made       time.Time
	Version    string // of the program

	Host   string
	Port   int
	User   string
	Egress []string // addresses that we dial from; empty: not configured

	Keys     []Key    // login keys of ours, the current one first
	Methods  []string // how we are willing to log in (RFC 4252)
	TheirKey bool     // the login key was made by the customer and handed to us

	HostKeys []string // fingerprints that we accept, TYPE SHA256:…; empty: none yet
	Folders  []Folder

	// PGP keys. Those of the customer that we lack have no fingerprint.
	Decrypt []PGPKey // ours: the customer encrypts to them
	Signers []PGPKey // the customer's: with one of them their files are signed
	Encrypt []PGPKey // the customer's: we encrypt to them
	Sign    []PGPKey // ours: what we deliver is signed with them

	Incoming []Files // what we fetch
	Outgoing []Files // what we deliver

	Tested *Tested // nil: not yet
}

// Key is a login key of ours.
type Key struct {
	Label       string // name@version
	Algorithm   string
	OpenSSH     string
	SSH2        string // RFC 4716
	SHA256, MD5 string
	Next        bool // it will replace the one before it
}

// PGPKey is a public key.
type PGPKey struct {
	Label       string
	Fingerprint string // in groups of four
	Expires     time.Time
	Armored     string   // empty: not printed
	For         []string // names of the files that it is for
}

// Folder is one folder on the customer's server, and what our user has to be allowed in it.
type Folder struct {
	Path   string
	Rights []Right
	For    []string // names of the files that it is for
	Ours   bool     // what is deleted in it are unfinished uploads of ours, and nothing else
}

// Right is something that our user has to be allowed in a folder.
type Right string

// The rights, in the order in which they are told.
const (
	MayList   Right = "list"
	MayRead   Right = "read"
	MayWrite  Right = "write"  // create files and write to them
	MayRename Right = "rename" // within the folder, or out of it
	MayRemove Right = "remove"
	MayInto   Right = "into" // files are moved into it
)

// Files is what one job carries.
type Files struct {
	Job    string
	Folder string
	Name   string         // pattern or form of the names, for people
	Regexp bool           // Name is a regular expression
	Days   []time.Weekday // on which they are there by By; empty: every day
	By     string         // wall time by which they are there; empty: not said
	Zone   string
	Marker string // form of the name of the done-file; empty: none

	// What we fetch.
	Ignored []string      // patterns of names that we never take
	Still   time.Duration // how long size and time must be the same; 0: not asked for
	After   Right         // what becomes of the source: "" stays, MayRename moved, MayRemove deleted
	Target  string        // where it is moved

	// What we deliver.
	Suffix string // of uploads while they are unfinished; empty: none, written in place
	Taken  Taken
}

// Taken says what we do when the name of something that we deliver is taken already.
type Taken string

// What we do about a taken name.
const (
	TakenStops    Taken = "stops"
	TakenWaits    Taken = "waits"
	TakenReplaces Taken = "replaces"
)

// Tested is how the last test of the connection went.
type Tested struct {
	At   time.Time
	Slug string // empty: all was well
	Ours bool   // what failed is for us to mend: the customer is asked for nothing
}
