package wire

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// Op names what was asked of the server when an error came.
type Op string

// The operations. Get and Put report the one they had come to.
const (
	OpInit        Op = "init"
	OpLimits      Op = "limits"
	OpOpen        Op = "open"
	OpRead        Op = "read"
	OpWrite       Op = "write"
	OpFsync       Op = "fsync"
	OpClose       Op = "close"
	OpOpendir     Op = "opendir"
	OpReaddir     Op = "readdir"
	OpStat        Op = "stat"
	OpLstat       Op = "lstat"
	OpFstat       Op = "fstat"
	OpRealpath    Op = "realpath"
	OpRemove      Op = "remove"
	OpRename      Op = "rename"
	OpPosixRename Op = "posix-rename"
	OpMkdir       Op = "mkdir"
	OpRmdir       Op = "rmdir"
	OpStatvfs     Op = "statvfs"
)

// Causes for which a session ends, and sizes that differ.
var (
	// ErrProtocol: the server sent what SFTP does not allow here.
	ErrProtocol = errors.New("the server broke the SFTP protocol")
	// ErrNotSFTP: what answered does not speak SFTP, e.g. a login script that prints.
	ErrNotSFTP = errors.New("the server does not speak SFTP here")
	// ErrListingPacket: one packet of a listing was longer than Options.MaxListingPacket.
	ErrListingPacket = errors.New("the server packs a folder's whole listing into one over-long packet")
	// ErrSilent: the server owed an answer and sent nothing for Options.RequestTimeout.
	ErrSilent = errors.New("the server fell silent")
	// ErrUnanswered: the server left one request without an answer, whatever it sent meanwhile, for Patience times that.
	ErrUnanswered = errors.New("the server left a request unanswered")
	// ErrClosed: the client was closed by its owner.
	ErrClosed = errors.New("the SFTP session is closed")
	// ErrAbandoned: a read-once download failed, and CLOSE would have told the server that it had worked.
	ErrAbandoned = errors.New("the session was dropped so that the download is not acknowledged")
	// ErrShort: the file ended before its size.
	ErrShort = errors.New("the file is shorter than it was said to be")
	// ErrLong: the file goes on behind its size.
	ErrLong = errors.New("the file is longer than it was said to be")
)

// StatusError is an answer of the server that says no.
type StatusError struct {
	Code    uint32 // one of the codes of package packet
	Op      Op
	Path    string // raw
	Message string // the server's text: printable, at most 200 characters
}

// Error gives act, object and answer in a line of printable text.
func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s %s: %s", e.Op, quote(e.Path), codeText(e.Code))
	if e.Message != "" {
		s += " (server: " + e.Message + ")"
	}
	return s
}

// Is recognises fs.ErrNotExist, fs.ErrPermission, errors.ErrUnsupported and, only where the server says just that,
// fs.ErrExist.
func (e *StatusError) Is(target error) bool {
	switch e.Code {
	case packet.NoSuchFile, packet.NoSuchPath:
		return target == fs.ErrNotExist
	case packet.PermissionDenied, packet.WriteProtected:
		return target == fs.ErrPermission
	case packet.AlreadyExists:
		return target == fs.ErrExist
	case packet.Unsupported:
		return target == errors.ErrUnsupported
	}
	return false
}

// ConnectionError says that the session ended before the answer came.
type ConnectionError struct {
	Op   Op
	Path string // raw
	// Sent: the request, or a part of it, went out; it may have taken effect.
	Sent bool
	Err  error // why the session ended
}

// Error gives act, object and cause in a line of printable text.
func (e *ConnectionError) Error() string {
	if e.Sent {
		return fmt.Sprintf("%s %s: answer lost: %v", e.Op, quote(e.Path), e.Err)
	}
	return fmt.Sprintf("%s %s: not sent: %v", e.Op, quote(e.Path), e.Err)
}

// Unwrap gives the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

// SizeError says that a file was not as long as expected. It is ErrShort or ErrLong.
type SizeError struct {
	Path string // raw
	Want int64  // bytes expected
	Got  int64  // bytes that were there at least
	Err  error  // ErrShort or ErrLong
}

// Error names the file and both sizes.
func (e *SizeError) Error() string {
	return fmt.Sprintf("read %s: %v: %d bytes expected, %d found", quote(e.Path), e.Err, e.Want, e.Got)
}

// Unwrap gives ErrShort or ErrLong.
func (e *SizeError) Unwrap() error { return e.Err }

// LimitError says that the server had more than the caller would take.
type LimitError struct {
	Op    Op
	Path  string // raw
	What  string // what there was too much of: entries, bytes, time, empty answers
	Limit int64  // entries, bytes or nanoseconds
}

// Error names the object and the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s %s: more %s than the limit of %d", e.Op, quote(e.Path), e.What, e.Limit)
}

// LocalError says that our own side of a copy failed: the source of a Put, the target of a Get, or BeforeClose.
type LocalError struct {
	Act string // read source, write target, before close
	Err error
}

// Error gives act and cause.
func (e *LocalError) Error() string { return e.Act + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *LocalError) Unwrap() error { return e.Err }

func protocol(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrProtocol, fmt.Sprintf(format, args...))
}

var codeTexts = map[uint32]string{
	packet.OK:               "ok",
	packet.EOF:              "end of file",
	packet.NoSuchFile:       "no such file",
	packet.PermissionDenied: "permission denied",
	packet.Failure:          "refused without a reason (SSH_FX_FAILURE)",
	packet.BadMessage:       "the server did not understand the request",
	packet.NoConnection:     "the server has no connection to its storage",
	packet.ConnectionLost:   "the server lost the connection to its storage",
	packet.Unsupported:      "not supported by the server",
	packet.InvalidHandle:    "the server forgot the open file",
	packet.NoSuchPath:       "no such folder",
	packet.AlreadyExists:    "the name is taken",
	packet.WriteProtected:   "write-protected",
	packet.NoMedia:          "no medium in the server's drive",
	packet.NoSpace:          "no space left on the server",
	packet.QuotaExceeded:    "the quota on the server is used up",
}

func codeText(code uint32) string {
	if text, ok := codeTexts[code]; ok {
		return text
	}
	return "status " + strconv.FormatUint(uint64(code), 10)
}
