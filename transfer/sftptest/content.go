package sftptest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"strings"
)

// Content is what a file held when something was done to it.
type Content struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Listed is a file as it was when a listing showed it, whatever the knobs made of its size and time.
type Listed struct {
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	MTime int64  `json:"mtime"` // nanoseconds since 1970
}

// content hashes a file for the log; nil when nobody reads the log, and for anything but a readable file.
func (s *Server) content(absolute string) *Content {
	if s.opts.LogTo == nil {
		return nil
	}
	file, err := s.root.Open(disk(absolute))
	if err != nil {
		return nil
	}
	defer file.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil {
		return nil
	}
	return &Content{n, hex.EncodeToString(sum.Sum(nil))}
}

// passing begins the names under which files are hashed on their way out.
const passing = ".sftptest-removed-"

func isPassing(name string) bool { return strings.HasPrefix(name, passing) }

// unlink removes a file, and tells the log what it took. A customer may replace the file at any time: so that the log
// names the very version that went, it is first renamed to where nobody else writes.
func (s *session) unlink(a *asked, absolute string) error {
	if s.server.opts.LogTo == nil {
		return s.server.root.Remove(disk(absolute))
	}
	aside := path.Join(path.Dir(absolute), fmt.Sprintf("%s%d-%d", passing, s.conn.number, a.id))
	if err := s.server.root.Rename(disk(absolute), disk(aside)); err != nil {
		return err
	}
	a.log.Took = s.server.content(aside)
	return s.server.root.Remove(disk(aside))
}
