package audit

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"time"
)

// aside is how the program calls a source that it has renamed within its folder: row, fence, name.
var aside = regexp.MustCompile(`^\.haulier-(\d+)\.\d+\.(.*)$`)

// asideOf gives the row and the source's name of such a name.
func asideOf(name string) (id int64, source string, ok bool) {
	m := aside.FindStringSubmatch(path.Base(name))
	if m == nil {
		return 0, "", false
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	return id, m[2], err == nil
}

// early compares each REMOVE and RENAME of a version in the folder of the sources with the landing of that version. Of
// the request it takes the time when the server had done it, so that no delay between the two can accuse. The landing is
// durable when the ledger's timeline has its first line "landed" of the version's row, and the file that the consumer
// found, or finds in the landing, must have come there (its ctime) before the request was done.
//
// A RENAME to a name of the program's own keeps the bytes within its reach. With claim: rename it is no deletion; else the
// row in that name must have landed. It may be the row of another version: that which the customer replaced a moment ago.
func (w *importWay) early(report *Report) {
	blamed := map[*version]bool{}
	for _, o := range w.server.ops {
		if !o.moves() || o.Took == nil || path.Dir(o.Path) != path.Clean(w.told.Dir) {
			continue
		}
		v := w.source(o)
		if v == nil || blamed[v] {
			continue
		}
		var why string
		if id, _, ours := asideOf(o.To); ours && path.Dir(o.To) == path.Dir(o.Path) {
			why = w.asideEarly(id, o.At)
		} else {
			why = w.removedEarly(v, o.At)
		}
		if why == "" {
			continue
		}
		blamed[v] = true
		f := Finding{Kind: EarlyDelete, Job: w.job, Path: o.Path, SHA256: v.SHA256,
			Evidence: fmt.Sprintf("%s %s was done at %s, %s", o.Op, o.Path, stamp(o.At), why)}
		for _, r := range w.rowsOf(v) {
			f.File = r.id
		}
		report.add(f)
	}
}

// source gives the version that a request took away.
func (w *importWay) source(o op) *version {
	name := path.Base(o.Path)
	if _, source, ok := asideOf(name); ok {
		name = source
	}
	var found *version
	for _, v := range w.versions {
		if v.SHA256 != o.Took.SHA256 || v.At.After(o.At) {
			continue
		}
		if v.Name == name {
			return v
		}
		found = v
	}
	return found
}

func (w *importWay) asideEarly(id int64, done time.Time) string {
	if w.told.Claim {
		return ""
	}
	for _, r := range w.rows {
		if r.id == id && !r.arrived.IsZero() && !r.arrived.After(done) {
			return ""
		}
	}
	return fmt.Sprintf("and row %d, in whose name it was, had not landed by the ledger", id)
}

func (w *importWay) removedEarly(v *version, done time.Time) string {
	landed := w.durable(v)
	switch {
	case landed.IsZero():
		return "and by the ledger it never landed"
	case landed.After(done):
		return fmt.Sprintf("and the ledger says landed only at %s", stamp(landed))
	}
	var came time.Time
	for _, a := range w.arrivals {
		if a.sum == v.plain && !a.ctime.IsZero() && (came.IsZero() || a.ctime.Before(came)) {
			came = a.ctime
		}
	}
	if came.After(done) {
		return fmt.Sprintf("and the file came to the landing only at %s", stamp(came))
	}
	return ""
}

// durable gives when a version had landed by the ledger: its own row, or, for one that was skipped as a duplicate, the
// first of its content.
func (w *importWay) durable(v *version) time.Time {
	own := map[bool]time.Time{}
	duplicate := false
	for _, r := range w.rows {
		if r.received != v.SHA256 && r.plain != v.plain {
			continue
		}
		mine := r.name() == v.Name
		duplicate = duplicate || mine && r.slug == "content.duplicate"
		if first := own[mine]; !r.arrived.IsZero() && (first.IsZero() || r.arrived.Before(first)) {
			own[mine] = r.arrived
		}
	}
	if own[true].IsZero() && duplicate {
		return own[false]
	}
	return own[true]
}
