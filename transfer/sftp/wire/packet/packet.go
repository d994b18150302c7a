// Package packet is the alphabet of SFTP version 3: numbers, framing and fields of its packets, and nothing that acts.
//
// A packet is a length, a kind, an id and fields (draft-ietf-secsh-filexfer-02). The client engine and the test server
// share it. Reading never allocates by a number that came from the other side; texts and names are given as they came,
// raw and unchecked.
package packet

// MaxLength bounds the length field of a packet: OpenSSH sends and takes no more, and neither do we.
const MaxLength = 256 << 10

// HeaderLength is what stands before the fields: length, kind and id.
const HeaderLength = 4 + 1 + 4

// Version is the protocol version spoken here.
const Version = 3

// The kinds of packets.
const (
	Init          = 1
	VersionReply  = 2
	Open          = 3
	Close         = 4
	Read          = 5
	Write         = 6
	Lstat         = 7
	Fstat         = 8
	Setstat       = 9
	Fsetstat      = 10
	Opendir       = 11
	Readdir       = 12
	Remove        = 13
	Mkdir         = 14
	Rmdir         = 15
	Realpath      = 16
	Stat          = 17
	Rename        = 18
	Readlink      = 19
	Symlink       = 20
	Status        = 101
	Handle        = 102
	Data          = 103
	Name          = 104
	Attributes    = 105
	Extended      = 200
	ExtendedReply = 201
)

// The codes of a Status packet. Those above 8 belong to later versions; servers send some of them nevertheless.
const (
	OK               = 0
	EOF              = 1
	NoSuchFile       = 2
	PermissionDenied = 3
	Failure          = 4
	BadMessage       = 5
	NoConnection     = 6
	ConnectionLost   = 7
	Unsupported      = 8
	InvalidHandle    = 9
	NoSuchPath       = 10
	AlreadyExists    = 11
	WriteProtected   = 12
	NoMedia          = 13
	NoSpace          = 14
	QuotaExceeded    = 15
)

// The flags of Open.
const (
	FlagRead     = 1 << 0
	FlagWrite    = 1 << 1
	FlagAppend   = 1 << 2
	FlagCreate   = 1 << 3
	FlagTruncate = 1 << 4
	FlagExcl     = 1 << 5
)

// The extensions that are known here, all by OpenSSH.
const (
	PosixRename = "posix-rename@openssh.com"
	Fsync       = "fsync@openssh.com"
	Statvfs     = "statvfs@openssh.com"
	Limits      = "limits@openssh.com"
)
