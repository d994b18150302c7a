package sftptest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// namesMost is how many names OpenSSH puts into one answer to READDIR.
const namesMost = 100

func (s *session) stat(a *asked) reply  { return s.look(a, s.server.root.Stat) }
func (s *session) lstat(a *asked) reply { return s.look(a, s.server.root.Lstat) }

func (s *session) look(a *asked, stat func(string) (fs.FileInfo, error)) reply {
	if s.knobs.ReadOnce {
		s.touchOpen(a)
	}
	info, err := stat(disk(a.log.Path))
	if err != nil {
		return refused(err)
	}
	return attributes(s.attrs(a.log.Path, info))
}

// touchOpen uses up a read-once file that this session has open, because somebody looks at it.
func (s *session) touchOpen(a *asked) {
	for _, h := range s.handles {
		if h.path == a.log.Path && h.reads {
			s.useUp(a, h)
		}
	}
}

func (s *session) fstat(a *asked) reply {
	if a.handle == nil {
		return status(packet.Failure)
	}
	if s.knobs.ReadOnce && a.handle.reads {
		s.useUp(a, a.handle)
		return status(packet.NoSuchFile)
	}
	info, err := a.handle.file.Stat()
	if err != nil {
		return refused(err)
	}
	return attributes(s.attrs(a.handle.path, info))
}

// setstat is SETSTAT and FSETSTAT: the latter is done by the path of the handle.
func (s *session) setstat(a *asked) reply {
	attrs := a.fields.Attrs()
	if a.fields.Err() != nil {
		return status(packet.BadMessage)
	}
	if a.kind == packet.Fsetstat && a.handle == nil {
		return status(packet.Failure)
	}
	name, root := disk(a.log.Path), s.server.root
	var errs []error
	if attrs.Has(packet.AttrSize) {
		errs = append(errs, truncate(root, name, int64(attrs.Size)))
	}
	if attrs.Has(packet.AttrPermissions) {
		errs = append(errs, root.Chmod(name, fs.FileMode(attrs.Mode&0o777)))
	}
	if attrs.Has(packet.AttrTimes) {
		errs = append(errs, root.Chtimes(name, time.Unix(int64(attrs.ATime), 0), time.Unix(int64(attrs.MTime), 0)))
	}
	return refused(errors.Join(errs...))
}

func truncate(root *os.Root, name string, size int64) error {
	file, err := root.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(size), file.Close())
}

func (s *session) opendir(a *asked) reply {
	info, err := s.server.root.Stat(disk(a.log.Path))
	if err != nil {
		return refused(err)
	}
	if !info.IsDir() {
		return status(packet.NoSuchFile)
	}
	file, err := s.server.root.Open(disk(a.log.Path))
	if err != nil {
		return refused(err)
	}
	return s.keep(&handle{path: a.log.Path, file: file})
}

func (s *session) readdir(a *asked) reply {
	if a.handle == nil {
		return status(packet.Failure)
	}
	l := &listed{session: s, handle: a.handle}
	if !a.handle.dots {
		a.handle.dots = true
		l.dots()
	}
	if s.knobs.EndlessListing {
		l.endless()
	} else if err := l.names(); err != nil {
		return refused(err)
	}
	a.log.Listed = l.listed
	if l.count == 0 {
		return status(packet.EOF)
	}
	return reply{kind: packet.Name, fields: append(packet.AppendUint32(nil, l.count), l.fields...)}
}

// listed is one answer to READDIR in the making.
type listed struct {
	*session
	handle *handle
	fields []byte
	count  uint32
	listed []Listed // for the log
}

func (l *listed) add(name string, attrs packet.Attrs) {
	long := fmt.Sprintf("%-10s 1 demo demo %12d %s", fs.FileMode(attrs.Mode&0o777), attrs.Size, name)
	l.fields = packet.AppendString(packet.AppendString(l.fields, name), long)
	l.fields = packet.AppendAttrs(l.fields, attrs)
	l.count++
}

// dots adds what every listing begins with, and the hostile names.
func (l *listed) dots() {
	info, err := l.handle.file.Stat()
	if err != nil {
		return
	}
	l.add(".", l.attrs(l.handle.path, info))
	l.add("..", l.attrs(l.handle.path, info))
	l.server.struck.Add(int64(len(l.knobs.HostileNames)))
	for _, name := range l.knobs.HostileNames {
		l.add(name, packet.Attrs{Flags: packet.AttrSize | packet.AttrPermissions | packet.AttrTimes,
			Mode: packet.ModeRegular | 0o644})
	}
}

// names adds the next names of the folder. A file that went away meanwhile is left out.
func (l *listed) names() error {
	for l.count == 0 {
		names, err := l.handle.file.Readdirnames(namesMost)
		if errors.Is(err, io.EOF) || len(names) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		for _, name := range names {
			full := path.Join(l.handle.path, name)
			if info, err := l.server.root.Lstat(disk(full)); err == nil && !isPassing(name) {
				l.add(name, l.attrs(full, info))
				l.listed = append(l.listed, Listed{name, info.Size(), info.ModTime().UnixNano()})
			}
		}
	}
	return nil
}

func (l *listed) endless() {
	l.server.struck.Add(1)
	for range namesMost {
		l.handle.names++
		l.add(cmp.Or(l.knobs.EndlessName, fmt.Sprintf("endless-%09d", l.handle.names)),
			packet.Attrs{Flags: packet.AttrSize | packet.AttrPermissions, Mode: packet.ModeRegular | 0o644})
	}
}

func (s *session) statvfs(a *asked) reply {
	file, err := s.server.root.Open(disk(a.log.Path)) // the disk of that folder: another may be mounted there
	if err != nil {
		return refused(err)
	}
	defer func() { _ = file.Close() }()
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(file.Fd()), &st); err != nil {
		return refused(err)
	}
	if told := s.knobs.FreeBytes; told != 0 {
		st.Bsize, st.Bavail = 1, uint64(max(told, 0))
	}
	var b []byte
	for _, v := range []uint64{uint64(st.Bsize), uint64(st.Bsize), st.Blocks, st.Bfree, st.Bavail, st.Files, st.Ffree, st.Ffree, 0, 0, 255} {
		b = packet.AppendUint64(b, v)
	}
	return reply{kind: packet.ExtendedReply, fields: b}
}

func (s *session) limits(*asked) reply {
	var b []byte
	for _, v := range []uint64{packet.MaxLength, lengthMost, lengthMost, handlesMost} {
		b = packet.AppendUint64(b, v)
	}
	return reply{kind: packet.ExtendedReply, fields: b}
}
