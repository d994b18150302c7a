package sftptest

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// lengthMost is the most bytes in one READ or WRITE.
const lengthMost = 255 << 10

// handle is an open file or folder.
type handle struct {
	path  string
	file  *os.File
	wrote bool // a file opened to write
	reads bool // a file opened to read only
	read  bool // some of it was given
	spent bool // a read-once file that was used up by looking at it
	names int  // names given, for endless listings
	dots  bool // "." and ".." were given
}

// disk gives a path as os.Root knows it.
func disk(absolute string) string {
	if absolute == "/" {
		return "."
	}
	return strings.TrimPrefix(absolute, "/")
}

// openFlags looks at the flags of OPEN without reading them.
func (a *asked) openFlags() uint32 {
	ahead := *a.fields
	return ahead.Uint32()
}

func (s *session) open(a *asked) reply {
	flags, attrs := a.fields.Uint32(), a.fields.Attrs()
	if a.fields.Err() != nil {
		return status(packet.BadMessage)
	}
	perm := fs.FileMode(0o666)
	if attrs.Has(packet.AttrPermissions) {
		perm = fs.FileMode(attrs.Mode & 0o777)
	}
	file, err := s.server.root.OpenFile(disk(a.log.Path), osFlags(flags), perm)
	if err != nil {
		return refused(err)
	}
	return s.keep(&handle{path: a.log.Path, file: file, wrote: flags&packet.FlagWrite != 0, reads: flags&packet.FlagWrite == 0})
}

func osFlags(flags uint32) int {
	var out int
	switch {
	case flags&packet.FlagRead != 0 && flags&packet.FlagWrite != 0:
		out = os.O_RDWR
	case flags&packet.FlagWrite != 0:
		out = os.O_WRONLY
	}
	for flag, bit := range map[uint32]int{packet.FlagAppend: os.O_APPEND, packet.FlagCreate: os.O_CREATE,
		packet.FlagTruncate: os.O_TRUNC, packet.FlagExcl: os.O_EXCL} {
		if flags&flag != 0 {
			out |= bit
		}
	}
	return out
}

// keep gives a handle a name and the name to the client.
func (s *session) keep(h *handle) reply {
	if len(s.handles) >= handlesMost {
		_ = h.file.Close()
		return status(packet.Failure)
	}
	s.next++
	name := strconv.Itoa(s.next)
	s.handles[name] = h
	return reply{kind: packet.Handle, fields: packet.AppendString(nil, name)}
}

func (s *session) close(a *asked) reply {
	if a.handle == nil {
		return status(packet.Failure)
	}
	delete(s.handles, a.name)
	if err := a.handle.file.Close(); err != nil {
		return refused(err)
	}
	if a.handle.wrote {
		a.log.Made = s.server.content(a.handle.path)
	}
	switch {
	case a.handle.wrote && s.knobs.Sweep == SweepAtClose:
		return refused(s.server.sweep(a.handle.path))
	case a.handle.reads && s.knobs.ReadOnce:
		_ = s.unlink(a, a.handle.path) // it may be used up already
	}
	return status(packet.OK)
}

// closeAll closes what a client left open; a read-once file stays, because nobody acknowledged it, unless it counts at once.
func (s *session) closeAll() {
	knobs := s.server.current()
	for _, h := range s.handles {
		_ = h.file.Close()
		if knobs.ReadOnce && knobs.AbortCounts && h.reads && h.read && !h.spent {
			s.useUp(&asked{}, h)
			s.server.struck.Add(1)
		}
	}
}

func (s *session) readFile(a *asked) reply {
	if a.handle == nil || a.log.Offset < 0 {
		return status(packet.Failure)
	}
	if a.handle.spent {
		return status(packet.NoSuchFile)
	}
	n := s.readLength(a)
	if n == 0 && a.log.Length > 0 {
		return status(packet.EOF) // early
	}
	fields := make([]byte, 4+n)
	a.handle.read = true
	n, err := a.handle.file.ReadAt(fields[4:], a.log.Offset)
	if s.knobs.NeverEnds && err != nil {
		n, err = s.goOn(fields[4:], n)
	}
	if n == 0 && err != nil {
		if errors.Is(err, io.EOF) && s.knobs.ReadOnce {
			s.useUp(a, a.handle)
		}
		return refused(err)
	}
	packet.AppendUint32(fields[:0], uint32(n))
	return reply{kind: packet.Data, fields: fields[:4+n]}
}

// readLength is how many bytes a READ may give, as far as the knobs say; 0: the file ends here.
func (s *session) readLength(a *asked) int {
	n := min(a.log.Length, lengthMost)
	if s.knobs.ReadAtMost > 0 {
		n = min(n, s.knobs.ReadAtMost)
	}
	if end := s.knobs.EndEarly; end > 0 {
		n = int(max(0, min(int64(n), end-a.log.Offset)))
	}
	if seed := s.knobs.RandomReads; seed > 0 && n > 1 {
		n = 1 + rand.New(rand.NewPCG(seed, uint64(a.log.Offset))).IntN(n)
	}
	if n < min(a.log.Length, lengthMost) {
		s.server.struck.Add(1)
	}
	return n
}

// goOn fills what a file does not have.
func (s *session) goOn(b []byte, n int) (int, error) {
	for i := range b[n:] {
		b[n+i] = '+'
	}
	s.server.struck.Add(1)
	return len(b), nil
}

// useUp is what a read-once server does when somebody looks at the file's attributes or behind its end: it takes that
// for the end of the download.
func (s *session) useUp(a *asked, h *handle) {
	h.spent = true
	_ = s.unlink(a, h.path)
}

func (s *session) writeFile(a *asked) reply {
	if a.handle == nil || a.log.Offset < 0 {
		return status(packet.Failure)
	}
	_, err := a.handle.file.WriteAt(a.data, a.log.Offset)
	return refused(err)
}

func (s *session) fsync(a *asked) reply {
	if a.handle == nil {
		return status(packet.Failure)
	}
	return refused(a.handle.file.Sync())
}

// sweep takes an uploaded file away.
func (s *Server) sweep(absolute string) error {
	from, err := s.root.Open(disk(absolute))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(s.taken, strings.ReplaceAll(strings.TrimPrefix(absolute, "/"), "/", "_")))
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close(), s.root.Remove(disk(absolute)))
}

// WriteSlowly writes data to a file below Root as a customer's slow program does: piece bytes at a time, with a pause
// after each. It ends early, with nil, when the server stops.
func (s *Server) WriteSlowly(name string, data []byte, piece int, pause time.Duration) error {
	file, err := s.root.Create(disk(name))
	if err != nil {
		return err
	}
	defer file.Close()
	for len(data) > 0 {
		n, err := file.Write(data[:min(piece, len(data))])
		if err != nil {
			return err
		}
		data = data[n:]
		if !s.sleep(pause) {
			return nil
		}
	}
	return nil
}
