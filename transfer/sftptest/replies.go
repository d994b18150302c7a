package sftptest

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// reply is an answer without its header.
type reply struct {
	kind   byte
	fields []byte
	code   uint32 // of a status
}

var messages = map[uint32]string{
	packet.OK:               "Success",
	packet.EOF:              "End of file",
	packet.NoSuchFile:       "No such file",
	packet.PermissionDenied: "Permission denied",
	packet.Failure:          "Failure",
	packet.BadMessage:       "Bad message",
	packet.Unsupported:      "Operation unsupported",
}

// status makes a STATUS with OpenSSH's words.
func status(code uint32) reply { return statusSaying(code, messages[code]) }

func statusSaying(code uint32, text string) reply {
	b := packet.AppendString(packet.AppendUint32(nil, code), text)
	return reply{kind: packet.Status, fields: packet.AppendString(b, ""), code: code}
}

// refused makes a STATUS of an error, with OpenSSH's choice of codes; OK for nil.
func refused(err error) reply {
	switch {
	case err == nil:
		return status(packet.OK)
	case errors.Is(err, io.EOF):
		return status(packet.EOF)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP), errors.Is(err, fs.ErrClosed):
		return status(packet.NoSuchFile)
	case errors.Is(err, fs.ErrPermission):
		return status(packet.PermissionDenied)
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return status(packet.BadMessage)
	case errors.Is(err, errors.ErrUnsupported):
		return status(packet.Unsupported)
	}
	return status(packet.Failure)
}

// attributes makes ATTRS.
func attributes(a packet.Attrs) reply {
	return reply{kind: packet.Attributes, fields: packet.AppendAttrs(nil, a)}
}

// attrs says what is told of a file.
func (s *session) attrs(name string, info fs.FileInfo) packet.Attrs {
	mtime := uint32(info.ModTime().Unix())
	a := packet.Attrs{
		Flags: packet.AttrSize | packet.AttrOwner | packet.AttrPermissions | packet.AttrTimes,
		Size:  uint64(info.Size()), Mode: mode(info.Mode()), ATime: mtime, MTime: mtime,
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		a.UID, a.GID = sys.Uid, sys.Gid
	}
	if s.knobs.Size != nil && info.Mode().IsRegular() {
		told := s.knobs.Size(name, info.Size())
		a.Size = uint64(told)
		if told != info.Size() {
			s.server.struck.Add(1)
		}
		if told < 0 {
			a.Flags &^= packet.AttrSize
		}
	}
	if shift := s.knobs.ShiftTimes; shift != 0 && info.Mode().IsRegular() {
		a.MTime += uint32(shift / time.Second)
		s.server.struck.Add(1)
	}
	if s.knobs.Mode != nil {
		a.Mode = s.knobs.Mode(name, a.Mode)
	}
	a.Flags &^= s.knobs.HideAttrs
	return a
}

// mode gives the bits of stat(2).
func mode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	switch {
	case m.IsRegular():
		return bits | packet.ModeRegular
	case m.IsDir():
		return bits | packet.ModeDir
	case m&fs.ModeSymlink != 0:
		return bits | packet.ModeLink
	case m&fs.ModeNamedPipe != 0:
		return bits | syscall.S_IFIFO
	case m&fs.ModeSocket != 0:
		return bits | syscall.S_IFSOCK
	case m&fs.ModeCharDevice != 0:
		return bits | syscall.S_IFCHR
	}
	return bits | syscall.S_IFBLK
}
