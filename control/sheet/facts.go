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
	Decrypt  []PGPKey // ours: the customer encrypts to them
	Encrypt  []PGPKey // the customer's: we encrypt to them
	Awaited  []string // names of the customer's PGP keys that we lack
	Signed   bool     // their files must be signed
	SignedBy *PGPKey  // ours: what we send is signed with it

	Incoming []Files // what we fetch
	Outgoing []Files // what we deliver
	Suffix   string  // of our uploads while they are unfinished; empty: none, written in place

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
	Armored     string // empty: not printed
}

// Folder is one folder on the customer's server, and what our user has to be allowed in it.
type Folder struct {
	Path   string
	Rights []Right
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
	Name   string // pattern or form of the names, for people
	Days   string // mon-fri; empty: every day, or not said
	By     string // wall time by which they are there; empty: not said
	Zone   string
	Marker string // form of the name of the done-file; empty: none
	After  Right  // what becomes of the source: "" stays, MayRename moved, MayRemove deleted
	Target string // where it is moved
}

// Tested is how the last test of the connection went.
type Tested struct {
	At   time.Time
	Slug string // empty: all was well
}
