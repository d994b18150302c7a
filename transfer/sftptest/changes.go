package sftptest

import (
	"errors"
	"io/fs"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

func (s *session) remove(a *asked) reply {
	if s.knobs.KeepRemoved {
		a.idle = true
		return status(packet.OK)
	}
	info, err := s.server.root.Lstat(disk(a.log.Path))
	if err != nil {
		return refused(err)
	}
	if info.IsDir() {
		return status(packet.Failure)
	}
	return refused(s.unlink(a, a.log.Path))
}

func (s *session) mkdir(a *asked) reply {
	perm := fs.FileMode(0o777)
	if attrs := a.fields.Attrs(); attrs.Has(packet.AttrPermissions) {
		perm = fs.FileMode(attrs.Mode & 0o777)
	}
	return refused(s.server.root.Mkdir(disk(a.log.Path), perm))
}

func (s *session) rmdir(a *asked) reply {
	info, err := s.server.root.Lstat(disk(a.log.Path))
	if err != nil {
		return refused(err)
	}
	if !info.IsDir() {
		return status(packet.NoSuchFile)
	}
	return refused(s.server.root.Remove(disk(a.log.Path)))
}

func (s *session) realpath(a *asked) reply {
	b := packet.AppendString(packet.AppendUint32(nil, 1), a.log.Path)
	b = packet.AppendString(b, a.log.Path)
	return reply{kind: packet.Name, fields: packet.AppendAttrs(b, packet.Attrs{})}
}

// rename is RENAME: like OpenSSH's it fails where something is already.
func (s *session) rename(a *asked) reply {
	if s.knobs.RenameOverwrites {
		return s.posixRename(a)
	}
	if s.knobs.RenameCopies > 0 {
		return s.renameByCopy(a)
	}
	root, from, to := s.server.root, disk(a.log.Path), disk(a.log.To)
	info, err := root.Lstat(from)
	if err != nil {
		return refused(err)
	}
	if info.Mode().IsRegular() { // a link never replaces, whoever else is at work
		if err := root.Link(from, to); err != nil {
			return refused(err)
		}
		a.log.Made = s.server.content(a.log.To)
		if s.knobs.Linked != nil {
			s.knobs.Linked(a.log.Path)
		}
		return s.renamed(a, s.unlink(a, a.log.Path))
	}
	if _, err := root.Lstat(to); err == nil {
		return status(packet.Failure)
	}
	return s.renamed(a, root.Rename(from, to))
}

func (s *session) posixRename(a *asked) reply {
	root, from, to := s.server.root, disk(a.log.Path), disk(a.log.To)
	err := root.Rename(from, to)
	if errors.Is(err, fs.ErrExist) { // Go refuses what rename(2) does: a folder replaces an empty one
		if source, lost := root.Lstat(from); lost == nil && source.IsDir() {
			err = errors.Join(root.Remove(to), root.Rename(from, to))
		}
	}
	return s.renamed(a, err)
}

func (s *session) renamed(a *asked, err error) reply {
	if err == nil && a.log.Made == nil {
		a.log.Made = s.server.content(a.log.To)
		a.log.Took = a.log.Made
	}
	if err == nil && s.knobs.Sweep == SweepAtRename {
		err = s.server.sweep(a.log.To)
	}
	return refused(err)
}

// renameByCopy makes the new name and takes the old one away later, at the latest when the server stops.
func (s *session) renameByCopy(a *asked) reply {
	root, from, to := s.server.root, disk(a.log.Path), disk(a.log.To)
	if err := root.Link(from, to); err != nil {
		return refused(err)
	}
	a.log.Made = s.server.content(a.log.To)
	a.log.Took = a.log.Made
	lag := s.knobs.RenameCopies
	s.server.done.Go(func() {
		s.server.sleep(lag)
		_ = root.Remove(from)
	})
	return status(packet.OK)
}
