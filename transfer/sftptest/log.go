package sftptest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// logLimit bounds the log; the oldest operations go first.
const logLimit = 100_000

// Operation is something that was asked of the server. Its JSON is a line of Options.LogTo.
type Operation struct {
	Began   time.Time `json:"began,omitzero"` // before the server did anything about it
	At      time.Time `json:"at"`             // when it was done, before the answer went out
	Session int       `json:"session"`        // connections are counted from 1
	User    string    `json:"user"`           // who asked; for auth: who wants in
	// Op is auth, or the name of an SFTP request: open, close, read, write, stat, lstat, fstat, setstat, fsetstat,
	// opendir, readdir, remove, mkdir, rmdir, realpath, rename, or an extension without its domain: posix-rename,
	// fsync, statvfs, limits.
	Op     string `json:"op"`
	Path   string `json:"path,omitempty"`   // absolute; for auth: the method
	To     string `json:"to,omitempty"`     // target of a rename
	Handle string `json:"handle,omitempty"` // of an open file or folder, unique in its session
	Offset int64  `json:"offset,omitempty"` // read and write
	Length int    `json:"length,omitempty"` // read: asked; write: sent
	Code   uint32 `json:"code"`             // status of the answer; 0 for any that is not a status, and where none was sent
	Fault  bool   `json:"fault,omitempty"`  // a fault of the knobs hit it
	Done   bool   `json:"done"`             // it took effect, whatever was answered

	// What it meant for the files. Only for Options.LogTo.
	Made   *Content `json:"made,omitempty"`   // lies there since: a file written and closed, or the target of a rename
	Took   *Content `json:"took,omitempty"`   // lies no more under Path: removed, renamed, swept, or used up by reading
	Listed []Listed `json:"listed,omitempty"` // what an answer to READDIR showed; never in Log
}

type operations struct {
	mu    sync.Mutex
	list  []Operation
	grown chan struct{} // closed when list grows; nil: nobody waits
	to    io.Writer     // gets every operation as a line; nil: nobody
}

func (l *operations) add(o Operation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(o)
	o.Listed = nil
	if len(l.list) >= logLimit {
		l.list = append(l.list[:0], l.list[logLimit/10:]...)
	}
	l.list = append(l.list, o)
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
}

// write writes the line of an operation. A log that cannot be written must not be trusted later on.
func (l *operations) write(o Operation) {
	if l.to == nil {
		return
	}
	line, err := json.Marshal(o)
	if err == nil {
		_, err = l.to.Write(append(line, '\n'))
	}
	if err != nil {
		panic(fmt.Sprintf("sftptest: write the log: %v", err))
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
