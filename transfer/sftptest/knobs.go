package sftptest

import (
	"time"

	"golang.org/x/crypto/ssh"
)

// Knobs say how the server differs from an honest OpenSSH. The zero value is honest. Faults hit single requests; the
// rest is how the server is.
type Knobs struct {
	// What users may do.
	PutOnly       bool // OPEN to write, WRITE, CLOSE and REALPATH; all else is denied
	NoRename      bool // RENAME and posix-rename are denied
	NoStat        bool // STAT, LSTAT and FSTAT are denied
	NoSetstat     bool // SETSTAT and FSETSTAT are denied
	NoPosixRename bool // the extension is not there
	NoExtensions  bool // no extension is there

	// How it does things.
	RenameOverwrites bool              // RENAME replaces what is there
	Linked           func(path string) // called in the middle of RENAME, as OpenSSH does it: the new name is there, and the old one is about to go
	RenameCopies     time.Duration     // RENAME copies: it answers at once, and the old name goes that much later
	Sweep            Sweep             // the customer's system takes uploaded files away
	ReadOnce         bool              // a file is gone once a READ handle is closed, or asked behind its end, or looked at while open
	AbortCounts      bool              // with ReadOnce: a file is gone as well when the session ends after a READ of it and before CLOSE
	KeepRemoved      bool              // REMOVE answers OK and the file stays
	ReadAtMost       int               // bytes in one answer to READ; 0: 255 KiB
	RandomReads      uint64            // a seed: each answer to READ has any number of bytes up to that; 0: as many as it can
	EndEarly         int64             // READ tells the end of the file at this offset; 0: where it is
	NeverEnds        bool              // READ gives data behind the end of a file, however far
	Reorder          int               // answers that wait for each other, and then go out the last first; 0: none
	Delay            time.Duration     // before every answer
	Drip             time.Duration     // after every single byte of an answer

	// What it tells.
	Size           func(path string, real int64) int64   // size told of a file; -1: none. Nil: the truth
	Mode           func(path string, real uint32) uint32 // type and rights told of a file. Nil: the truth
	ShiftTimes     time.Duration                         // added to the time that is told of a file, in whole seconds
	FreeBytes      int64                                 // told by statvfs; -1: none is left. 0: the truth
	HideAttrs      uint32                                // packet.Attr… flags that are never sent
	HostileNames   []string                              // raw names added to every listing, as empty files
	EndlessListing bool                                  // READDIR never comes to an end
	EndlessName    string                                // the name that an endless listing repeats; empty: a new one each time

	// Before SSH begins.
	Mute             bool   // connections are taken, and not a word is said
	Greeting         string // what is said in the place of SSH
	Preface          string // sent before the version line, as it is
	MaxStartups      int    // connections that are not logged in yet; more are cut before a word. 0: any number; -1: none at all
	CutAfterSent     int    // the connection is cut behind so many packets of SSH to the client; 0: never
	CutAfterReceived int    // the same for pieces from the client, some of which hold several packets
	MuteAfterSent    int    // nothing more is sent behind so many packets of SSH to the client, and the connection stays; 0: never

	// SSH.
	OldAlgorithms bool         // only SHA-1 and CBC
	HostKeys      []ssh.Signer // in the place of the server's own
	FreshHostKey  bool         // another host key at every connection

	// The login.
	RefuseLogin    bool
	MaxLogins      int        // logged in at once; who comes beside them is told that the credentials are wrong. 0: any number
	Methods        [][]string // in the place of Options.Methods
	HangsUp        HangUp     // a refused login ends the connection
	PartialForEver bool       // whatever is right is a part of the login, and there is always more
	Banners        int        // messages before the login, full of escape codes
	Prompts        int        // questions that keyboard-interactive asks at once; 0: one, for the password

	// What comes after it.
	MaxConnections   int           // logged in at once; more are cut off after login. 0: any number
	MaxSessions      int           // channels of one connection; more are refused. 0: 10
	NoSFTP           bool          // the subsystem is refused
	IgnoreKeepalives bool          // global requests get no answer
	KeepaliveDelay   time.Duration // before the answer to a global request
	ExtraHostKeys    []ssh.Signer  // announced after login, with those in use, by hostkeys-00@openssh.com
	BadProofs        bool          // hostkeys-prove-00@openssh.com is answered with signatures of something else

	Faults []Fault
}

// HangUp says how a server ends the connection of a login that it refuses.
type HangUp int

// The ways of hanging up.
const (
	HangUpNever    HangUp = iota
	HangUpSilently        // in the place of an answer
	HangUpBehind          // right behind the answer
)

// Sweep says when the customer's system takes an uploaded file away: it moves to the folder Server.Taken.
type Sweep int

// The times of a sweep.
const (
	SweepNever    Sweep = iota
	SweepAtClose        // as soon as a handle that wrote is closed
	SweepAtRename       // as soon as a file has been renamed
)

// Fault is something that goes wrong with the requests that match it. The first fault that matches counts.
type Fault struct {
	Op    string        // as in Operation.Op; empty: any
	Path  string        // the whole path or its last element; empty: any
	Later bool          // only requests of connections that came while another one was there
	After int           // matching requests that go well first
	Times int           // matching requests that are hit; 0: all that follow
	Delay time.Duration // before anything else happens
	Do    Action
	Code  uint32 // for Fail and FailDone: the status to send
	Text  string // for Fail and FailDone: what the server says to it, as it is; empty: OpenSSH's words
}

// Action is what goes wrong.
type Action int

// The actions. "Done" says that the request took effect.
const (
	Slow           Action = iota // only the delay
	Fail                         // not done; answered with Code
	FailDone                     // done; answered with Code
	Pretend                      // not done; answered with OK, which is a lie to a READ too
	Drop                         // not done; the connection is cut
	DropDone                     // done; the connection is cut before the answer
	DropAnswered                 // done and answered; then the connection is cut
	EndSession                   // not done; the channel ends, and the connection lives
	EndSessionDone               // done; then as EndSession
	Swallow                      // done; no answer
	Stall                        // not done; the session is silent from now on and reads nothing
	StallDone                    // done; then as Stall
)

// Answers that SFTP does not allow. The request was done.
const (
	MoreData       Action = iota + 100 // DATA with a byte more than was asked
	WrongID                            // under an id that nobody asked
	WrongType                          // of a kind that there is not
	Twice                              // the same answer twice
	StaleData                          // DATA behind the answer, under the same id
	EmptyPacket                        // a packet of no byte
	OverlongPacket                     // a packet of 300 KiB, where 256 KiB are the most
	Truncated                          // half of the answer, and then the end of the channel
)

// What a customer's program does to the file of a request before the request is done.
const (
	Grow    Action = iota + 200 // a byte is added to its end
	Shrink                      // its second half is cut off
	Replace                     // another file of the same size takes its name, a minute younger
)
