package audit

import (
	"sort"
	"time"
)

// version is a version that was put out whole, and what became of it.
type version struct {
	Version
	plain string    // hash of what should arrive
	until time.Time // when its own side put something else in its place, or took it away; zero: never
	gone  bool      // its own side took it away

	arrival *arrival // what arrived of it; nil: nothing
	blamed  bool     // a finding tells of it already
}

// arrival is something that landed, or that lay under a final name on the server.
type arrival struct {
	at    time.Time
	name  string // as the other side sees it
	sum   string // of its plain content; empty: of no version
	raw   string // hash as it lay there
	size  int64
	told  string // evidence, in words
	ctime time.Time

	used bool // a row claims it
}

// history reads a log of versions.
func history(file string) ([]*version, error) {
	log, err := lines[Version](file)
	var all []*version
	latest := map[string]*version{}
	for _, l := range log {
		if before := latest[l.Name]; before != nil {
			before.until, before.gone = l.At, l.Removed
		}
		delete(latest, l.Name)
		if l.Removed {
			continue
		}
		v := &version{Version: l, plain: l.SHA256}
		if l.PlainSHA256 != "" {
			v.plain = l.PlainSHA256
		}
		latest[l.Name] = v
		all = append(all, v)
	}
	return all, err
}

// way is one job, in one direction, with the evidence about it.
type way struct {
	job      string
	unit     int64 // of the modification times in the rows, in nanoseconds
	versions []*version
	arrivals []*arrival
	rows     []*row
	runs     []run

	resend   bool                          // the job sends again when an answer was lost
	arrives  func(*row) string             // the name under which a row's file arrives
	lies     func(*version) string         // where its bytes still are on its own side; empty: nowhere
	seen     func(*version) bool           // whether anybody could know of it
	outlived func(*version) (string, bool) // the run that ended well while it was there to be taken, in words
	fate     func(*version) string         // evidence: what our requests did to its source
}

// rowsOf gives the rows of a version, newest first. A row without a hash is known by size and time, or by one of them if
// no other version of the name fits it better: servers may lie about either.
func (w *way) rowsOf(v *version) []*row {
	var all []*row
	for i := len(w.rows) - 1; i >= 0; i-- {
		if w.fits(v, w.rows[i]) {
			all = append(all, w.rows[i])
		}
	}
	return all
}

func (w *way) fits(v *version, r *row) bool {
	switch {
	case r.name() != v.Name:
		return false
	case r.received != "" || r.plain != "":
		return r.received == v.SHA256 || r.plain == v.plain
	case w.exact(v, r):
		return true
	case r.size != v.Size && r.mtime != v.MTime/w.unit:
		return false
	}
	for _, other := range w.versions {
		if other != v && other.Name == v.Name && w.exact(other, r) {
			return false
		}
	}
	return true
}

func (w *way) exact(v *version, r *row) bool { return r.size == v.Size && r.mtime == v.MTime/w.unit }

// judge finds what is lost, double, partial or a ghost.
func (w *way) judge(report *Report) {
	sort.SliceStable(w.arrivals, func(i, j int) bool { return w.arrivals[i].at.Before(w.arrivals[j].at) })
	for _, a := range w.arrivals {
		w.receive(a, report)
	}
	w.matchRows()
	w.ghosts(report)
	report.Versions += len(w.versions)
	for _, v := range w.versions {
		w.settle(v, report)
	}
}
