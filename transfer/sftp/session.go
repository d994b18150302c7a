package sftp

import (
	"context"
	"errors"
	"io"
	"path"
	"sync"
	"sync/atomic"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// Session is one login on a customer's server. Its methods may be called by several goroutines; Close must be called once
// they have returned. Paths are raw bytes joined with "/". Errors are *job.Reason: Unknown is set where a request was sent
// and its answer lost.
type Session struct {
	pool    *Pool
	conn    job.Connection
	way     *way
	release func()
	putOnly bool
	alive   *keepalive
	helpers helpers
	moving  atomic.Int32 // transfers

	mu      sync.Mutex
	profile job.Profile
	start   job.Profile // as it was when the session began
	closed  bool
}

func newSession(ctx context.Context, p *Pool, c job.Connection, w *way, release func()) (*Session, error) {
	known, err := p.opts.Store.Profile(ctx, c.Name)
	if err != nil {
		return nil, storeReason("read the profile of connection "+c.Name, err)
	}
	s := &Session{pool: p, conn: c, way: w, release: release, start: known, putOnly: c.Profile == profilePutOnly}
	s.profile = pinned(c, hinted(known, w.wire.Extensions(), w.last().clean(printable(string(w.last().client.ServerVersion())))))
	s.helpers.ctx, s.helpers.end = context.WithCancel(context.Background())
	s.alive = startKeepalive(w)
	return s, nil
}

// Close saves what was learned, ends the session and gives its connection back to the account. It takes at most a few
// seconds, whatever the server does, and may be called again.
func (s *Session) Close() error {
	s.mu.Lock()
	done := s.closed
	s.closed = true
	s.mu.Unlock()
	if done {
		return nil
	}
	s.alive.stop()
	s.helpers.end()
	s.way.leave()
	s.alive.wait()
	s.helpers.running.Wait()
	s.release()
	return s.save()
}

// Done is closed when the session has ended, by Close or because the connection broke.
func (s *Session) Done() <-chan struct{} { return s.way.wire.Done() }

// Facts are what is worth keeping of the session beside a delivery.
func (s *Session) Facts() job.Session {
	h := s.way.last()
	facts := job.Session{
		Server:    h.clean(printable(string(h.client.ServerVersion()))),
		HostKey:   fingerprint(h.hostKey),
		Method:    h.login.methods(),
		Algorithm: negotiated(h.client),
		From:      hostOf(s.way.life.conn.LocalAddr()),
	}
	if k, ok := h.login.key(); ok {
		facts.Key = k.name
	}
	return facts
}

// List gives the entries of a folder as they come; "." and ".." are left out, names are raw. More than limit names
// (0: any number) end it with remote.too_many_entries; an error of each ends it and is returned as it is. Only a listing
// that returned nil was complete.
func (s *Session) List(ctx context.Context, dir string, limit int, each func(job.Entry) error) error {
	var stopped error
	count := 0
	err := s.way.wire.List(ctx, dir, wire.ListOptions{}, func(e job.Entry) error {
		if count++; limit > 0 && count > limit {
			return &wire.LimitError{Op: wire.OpReaddir, Path: dir, What: "entries", Limit: int64(limit)}
		}
		stopped = each(e)
		return stopped
	})
	switch {
	case stopped != nil && errors.Is(err, stopped):
		return stopped
	case err != nil:
		return s.failed(ctx, act{doing: "list", path: dir, parents: true}, err)
	}
	s.can(func(p *job.Profile) { p.List = yes() })
	return nil
}

// Stat looks at a path without following a symbolic link at its end.
func (s *Session) Stat(ctx context.Context, name string) (job.Entry, error) {
	entry, err := s.way.wire.Lstat(ctx, name)
	if errors.Is(err, errors.ErrUnsupported) {
		entry, err = s.way.wire.Stat(ctx, name)
	}
	if err != nil {
		return job.Entry{}, s.failed(ctx, act{doing: "look at", path: name}, err)
	}
	s.can(func(p *job.Profile) { p.Stat = yes() })
	return entry, nil
}

// Get writes exactly size bytes of a file to dst, in order, and gives the bytes written. The server has to prove by an end
// of file that the file ends there, else remote.size_changed. beforeClose (nil: nothing) is called when all is written and
// before CLOSE is sent, with what the server says of the open file; nothing on servers where a download uses the file up,
// and CLOSE is the acknowledgement. Errors of dst and of beforeClose are returned as they are.
func (s *Session) Get(ctx context.Context, name string, size int64, dst io.Writer, beforeClose func(read job.Entry) error) (int64, error) {
	ctx, t, stop := s.watch(ctx)
	defer stop()
	once := s.isReadOnce()
	n, err := s.way.wire.Get(ctx, name, size, &sink{dst, t}, wire.GetOptions{ReadOnce: once, BeforeClose: t.ours(beforeClose), Progress: t.moved,
		Waiting: t.waits, Stripes: s.stripes()})
	if err != nil {
		return n, s.failed(ctx, act{doing: "fetch", path: name, parents: !once}, err)
	}
	s.can(func(p *job.Profile) { p.Read = yes() })
	return n, nil
}

// Put writes src to a file that it creates or truncates, and gives the bytes that the server acknowledged. Nil means that
// every WRITE and CLOSE were answered OK, and before CLOSE the fsync where the server has it. Nothing else is sent: no
// attributes, no look at the file. Unknown is set when CLOSE was sent and not answered. Errors of src are returned as they
// are. Size is what src is expected to have, 0: not known. Ahead, if not nil, says that nobody else knows the name: it lets a large
// file go over several connections at once, and CLOSE go out before the last WRITEs are answered, and is called then: what it
// begins is asked behind CLOSE.
func (s *Session) Put(ctx context.Context, name string, src io.Reader, size int64, ahead func()) (int64, error) {
	asked := ctx
	ctx, cancel := outliving(asked)
	defer cancel()
	ctx, t, stop := s.watch(ctx)
	defer stop()
	n, err := s.way.wire.Put(ctx, name, &source{asked, src, t}, wire.PutOptions{Fsync: !s.putOnly, Size: size, Ahead: ahead, Progress: t.moved,
		Waiting: t.waits, Stripes: s.writeStripes(ahead != nil)})
	sending := act{doing: "send", path: name, dir: path.Dir(name), parents: true, writes: true}
	if err != nil && asked.Err() != nil && s.way.wire.Err() == nil {
		return n, ended(sending.outcome(), context.Cause(asked)) // the session lives, and can take away what was sent
	}
	if err != nil {
		return n, s.failed(ctx, sending, err)
	}
	s.can(func(p *job.Profile) { p.Write = yes() })
	return n, nil
}

// Rename renames by the means asked for; empty: posix-rename where the server has it, which replaces, else
// SSH_FXP_RENAME, which may or may not. A refusal is remote.rename_refused. Sent is called when the request is on its way.
func (s *Session) Rename(ctx context.Context, from, to string, means job.RenameMeans, sent ...func()) error {
	if means == "" {
		means = s.bestRename()
	}
	var err error
	switch means {
	case job.RenamePosix:
		err = s.way.wire.PosixRename(ctx, from, to, sent...)
	case job.RenameV3:
		err = s.way.wire.Rename(ctx, from, to, sent...)
	default:
		return s.renameRefused(from, to, errors.ErrUnsupported)
	}
	if err != nil {
		return s.failed(ctx, act{doing: "rename", path: from, to: to, changes: true}, err)
	}
	s.can(func(p *job.Profile) {
		p.Rename = yes()
		if means == job.RenamePosix {
			p.PosixRename = yes()
		}
	})
	return nil
}

// Remove removes a file, in one request.
func (s *Session) Remove(ctx context.Context, name string) error {
	if err := s.way.wire.Remove(ctx, name); err != nil {
		return s.failed(ctx, act{doing: "remove", path: name, changes: true}, err)
	}
	s.can(func(p *job.Profile) { p.Remove = yes() })
	return nil
}

// Mkdir makes a folder.
func (s *Session) Mkdir(ctx context.Context, dir string) error {
	if err := s.way.wire.Mkdir(ctx, dir); err != nil {
		return s.failed(ctx, act{doing: "make", path: dir, changes: true}, err)
	}
	s.can(func(p *job.Profile) { p.Mkdir = yes() })
	return nil
}

// Free gives the bytes that our user may still write below dir. A server that does not tell gives an error that is
// errors.ErrUnsupported.
func (s *Session) Free(ctx context.Context, dir string) (int64, error) {
	free, err := s.way.wire.Statvfs(ctx, dir)
	if err != nil {
		return 0, s.failed(ctx, act{doing: "ask for free space in", path: dir}, err)
	}
	return free, nil
}

func (s *Session) bestRename() job.RenameMeans {
	if s.conn.Rename != "" {
		return s.conn.Rename
	}
	if p := s.Profile(); p.PosixRename != nil && *p.PosixRename {
		return job.RenamePosix
	}
	return job.RenameV3
}

func (s *Session) isReadOnce() bool {
	p := s.Profile()
	return s.conn.ReadOnce || p.ReadOnce != nil && *p.ReadOnce
}
