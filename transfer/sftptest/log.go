package sftptest

import (
	"context"
	"sync"
	"time"
)

// logLimit bounds the log; the oldest operations go first.
const logLimit = 100_000

// Operation is something that was asked of the server.
type Operation struct {
	At      time.Time
	Session int    // connections are counted from 1
	User    string // who asked; for auth: who wants in
	// Op is auth, or the name of an SFTP request: open, close, read, write, stat, lstat, fstat, setstat, fsetstat,
	// opendir, readdir, remove, mkdir, rmdir, realpath, rename, or an extension without its domain: posix-rename,
	// fsync, statvfs, limits.
	Op     string
	Path   string // absolute; for auth: the method
	To     string // target of a rename
	Offset int64  // read and write
	Length int    // read: asked; write: sent
	Code   uint32 // status of the answer; 0 for any that is not a status
	Fault  bool   // a fault of the knobs hit it
}

type operations struct {
	mu    sync.Mutex
	list  []Operation
	grown chan struct{} // closed when list grows; nil: nobody waits
}

func (l *operations) add(o Operation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) >= logLimit {
		l.list = append(l.list[:0], l.list[logLimit/10:]...)
	}
	l.list = append(l.list, o)
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
}

// state gives the log as it is and a channel that is closed when it grows.
func (l *operations) state() ([]Operation, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grown == nil {
		l.grown = make(chan struct{})
	}
	return append([]Operation(nil), l.list...), l.grown
}

// Log gives what was asked of the server so far, in the order in which it was answered. Of more than 100,000 operations
// the oldest are forgotten.
func (s *Server) Log() []Operation {
	list, _ := s.log.state()
	return list
}

// Await waits until the log holds an operation that match is true of, and gives it.
func (s *Server) Await(ctx context.Context, match func(Operation) bool) (Operation, error) {
	for {
		list, grown := s.log.state()
		for _, o := range list {
			if match(o) {
				return o, nil
			}
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return Operation{}, context.Cause(ctx)
		}
	}
}

// ClearLog forgets what was asked so far.
func (s *Server) ClearLog() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.list = nil
}
