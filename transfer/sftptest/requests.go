package sftptest

import (
	"path"
	"strings"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// request is how a kind of request is named, read and done.
type request struct {
	name string
	// read reads what the log tells; the fields after it are left for do.
	read func(*session, *asked)
	do   func(*session, *asked) reply
}

// requests by kind; extensions by the name that the log gives them.
var (
	requests = map[byte]request{
		packet.Open:     {"open", readPath, (*session).open},
		packet.Close:    {"close", readHandle, (*session).close},
		packet.Read:     {"read", readStretch, (*session).readFile},
		packet.Write:    {"write", readStretch, (*session).writeFile},
		packet.Stat:     {"stat", readPath, (*session).stat},
		packet.Lstat:    {"lstat", readPath, (*session).lstat},
		packet.Fstat:    {"fstat", readHandle, (*session).fstat},
		packet.Setstat:  {"setstat", readPath, (*session).setstat},
		packet.Fsetstat: {"fsetstat", readHandle, (*session).setstat},
		packet.Opendir:  {"opendir", readPath, (*session).opendir},
		packet.Readdir:  {"readdir", readHandle, (*session).readdir},
		packet.Remove:   {"remove", readPath, (*session).remove},
		packet.Mkdir:    {"mkdir", readPath, (*session).mkdir},
		packet.Rmdir:    {"rmdir", readPath, (*session).rmdir},
		packet.Realpath: {"realpath", readPath, (*session).realpath},
		packet.Rename:   {"rename", readPaths, (*session).rename},
	}
	extended = map[string]request{
		packet.PosixRename: {"posix-rename", readPaths, (*session).posixRename},
		packet.Fsync:       {"fsync", readHandle, (*session).fsync},
		packet.Statvfs:     {"statvfs", readPath, (*session).statvfs},
		packet.Limits:      {"limits", func(*session, *asked) {}, (*session).limits},
	}
)

// extension is what VERSION announces.
type extension struct{ name, version string }

// offered gives the extensions that the server has.
func (s *session) offered() []extension {
	knobs := s.server.current()
	if knobs.NoExtensions {
		return nil
	}
	all := []extension{{packet.Statvfs, "2"}, {packet.Fsync, "1"}, {packet.Limits, "1"}}
	if !knobs.NoPosixRename {
		all = append(all, extension{packet.PosixRename, "1"})
	}
	return all
}

// find gives the request that a packet is; its name is "unknown" if there is none.
func (s *session) find(a *asked) request {
	unknown := request{"unknown", func(*session, *asked) {}, func(*session, *asked) reply { return status(packet.Unsupported) }}
	if a.kind != packet.Extended {
		if r, ok := requests[a.kind]; ok {
			return r
		}
		return unknown
	}
	name := a.fields.String()
	for _, e := range s.offered() {
		if e.name == name {
			return extended[name]
		}
	}
	return unknown
}

// describe reads what the log and the faults need to know.
func (s *session) describe(a *asked) {
	a.request = s.find(a)
	a.log = Operation{Session: s.conn.number, User: s.conn.ssh.User(), Op: a.request.name}
	a.request.read(s, a)
}

// perform does a request, if the knobs let it be done.
func (s *session) perform(a *asked) reply {
	reply := s.attempt(a)
	a.log.Done = reply.code == packet.OK && !a.idle
	return reply
}

func (s *session) attempt(a *asked) reply {
	if a.fields.Err() != nil {
		return status(packet.BadMessage)
	}
	if s.denied(a) {
		return status(packet.PermissionDenied)
	}
	if a.empty && a.kind != packet.Realpath {
		return status(packet.NoSuchFile)
	}
	return a.request.do(s, a)
}

// denied says whether the user may not do a request.
func (s *session) denied(a *asked) bool {
	k := s.knobs
	switch a.log.Op {
	case "write", "close", "realpath", "limits":
		return false
	case "open":
		return k.PutOnly && a.openFlags()&packet.FlagRead != 0
	case "rename", "posix-rename":
		return k.PutOnly || k.NoRename
	case "stat", "lstat", "fstat":
		return k.PutOnly || k.NoStat
	case "setstat", "fsetstat":
		return k.PutOnly || k.NoSetstat
	}
	return k.PutOnly
}

// absolute gives a path as the log and the disk know it.
func (s *session) absolute(raw string) string {
	if !strings.HasPrefix(raw, "/") {
		raw = "/" + s.conn.home + "/" + raw
	}
	return path.Clean(raw)
}

func readPath(s *session, a *asked) {
	raw := a.fields.String()
	a.empty = raw == ""
	a.log.Path = s.absolute(raw)
}

func readPaths(s *session, a *asked) {
	readPath(s, a)
	raw := a.fields.String()
	a.empty = a.empty || raw == ""
	a.log.To = s.absolute(raw)
}

func readHandle(s *session, a *asked) {
	a.name = a.fields.String()
	a.log.Handle = a.name
	if a.handle = s.handles[a.name]; a.handle != nil {
		a.log.Path = a.handle.path
	}
}

func readStretch(s *session, a *asked) {
	readHandle(s, a)
	a.log.Offset = int64(a.fields.Uint64())
	if a.kind == packet.Read {
		a.log.Length = int(a.fields.Uint32())
		return
	}
	a.data = a.fields.Bytes()
	a.log.Length = len(a.data)
}
