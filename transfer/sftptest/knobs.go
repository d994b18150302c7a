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
	KeepRemoved      bool              // REMOVE answers OK and the file stays
	ReadAtMost       int               // bytes in one answer to READ; 0: 255 KiB
	Delay            time.Duration     // before every answer

	// What it tells.
	Size           func(path string, real int64) int64 // size told of a file; -1: none. Nil: the truth
	FreeBytes      int64                               // told by statvfs; -1: none is left. 0: the truth
	HideAttrs      uint32                              // packet.Attr… flags that are never sent
	HostileNames   []string                            // raw names added to every listing, as empty files
	EndlessListing bool                                // READDIR never comes to an end

	// SSH.
	RefuseLogin      bool
	MaxConnections   int          // logged in at once; more are cut off after login. 0: any number
	MaxSessions      int          // channels of one connection; more are refused. 0: 10
	NoSFTP           bool         // the subsystem is refused
	IgnoreKeepalives bool         // global requests get no answer
	ExtraHostKeys    []ssh.Signer // announced after login, with those in use, by hostkeys-00@openssh.com
	BadProofs        bool         // hostkeys-prove-00@openssh.com is answered with signatures of something else

	Faults []Fault
}

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
	After int           // matching requests that go well first
	Times int           // matching requests that are hit; 0: all that follow
	Delay time.Duration // before anything else happens
	Do    Action
	Code  uint32 // for Fail and FailDone: the status to send
}

// Action is what goes wrong.
type Action int

// The actions.
const (
	Slow      Action = iota // only the delay
	Fail                    // not done; answered with Code
	FailDone                // done; answered with Code
	Pretend                 // not done; answered with OK. For requests that are answered by a status
	Drop                    // not done; the connection is cut
	DropDone                // done; the connection is cut before the answer
	Swallow                 // done; no answer
	Stall                   // not done; the session is silent from now on and reads nothing
	StallDone               // done; then as Stall
)
