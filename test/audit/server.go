package audit

import (
	"path"
	"time"
)

// op is a line of the server's log.
type op struct {
	Began   time.Time
	At      time.Time
	Session int
	Op      string
	Path    string
	To      string
	Handle  string
	Code    uint32
	Done    bool
	Made    *content
	Took    *content
	Listed  []struct {
		Name  string
		Size  int64
		MTime int64
	}
}

// handle is an open file.
type handle struct {
	session int
	name    string
}

type content struct {
	Size   int64
	SHA256 string
}

// moves says whether a request takes a name away.
func (o op) moves() bool { return o.Op == "remove" || o.Op == "rename" || o.Op == "posix-rename" }

// endOfFile is the status that ends a listing.
const endOfFile = 1

// fingerprint is what a listing shows of a file.
type fingerprint struct {
	name        string
	size, mtime int64
}

// listing is one that the client got to its end.
type listing struct {
	dir   string
	ended time.Time
	shown map[fingerprint]bool
}

type serverLog struct {
	known    bool // there is a log
	ops      []op
	listings []listing
}

func readServer(file string) (*serverLog, error) {
	ops, err := lines[op](file)
	s := &serverLog{known: file != "", ops: ops}
	begun := map[handle]map[fingerprint]bool{}
	for _, o := range ops {
		if o.Op != "readdir" {
			continue
		}
		k := handle{o.Session, o.Handle}
		if begun[k] == nil {
			begun[k] = map[fingerprint]bool{}
		}
		for _, e := range o.Listed {
			begun[k][fingerprint{e.Name, e.Size, e.MTime}] = true
		}
		if o.Code == endOfFile {
			s.listings = append(s.listings, listing{o.Path, o.At, begun[k]})
		}
	}
	return s, err
}

// shown gives when complete listings of a folder showed a version.
func (s *serverLog) shown(dir string, v *version) []time.Time {
	var at []time.Time
	for _, l := range s.listings {
		if path.Clean(l.dir) == path.Clean(dir) && l.shown[fingerprint{v.Name, v.Size, v.MTime}] {
			at = append(at, l.ended)
		}
	}
	return at
}

// took gives the first request that took a content away.
func (s *serverLog) took(hash string) (op, bool) {
	for _, o := range s.ops {
		if o.moves() && o.Took != nil && o.Took.SHA256 == hash {
			return o, true
		}
	}
	return op{}, false
}
