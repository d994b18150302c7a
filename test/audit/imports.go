package audit

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// stageDir is the folder in a landing that is nobody's business but the program's.
const stageDir = ".haulier"

// importWay is the evidence about one import.
type importWay struct {
	way
	told   Import
	server *serverLog
}

func newImport(i Import, book *ledger) (*importWay, error) {
	w := &importWay{told: i, way: way{job: i.Job, unit: int64(time.Second), rows: book.rows[i.Job], runs: book.runs}}
	var err error
	if w.versions, err = history(i.Sources); err != nil {
		return nil, err
	}
	if w.server, err = readServer(i.Server.Log); err != nil {
		return nil, err
	}
	if err := w.landed(); err != nil {
		return nil, err
	}
	there, err := walk(i.Server.Root, "")
	if err != nil {
		return nil, err
	}
	at := places(there)
	w.lies = func(v *version) string { return at[v.SHA256] }
	w.arrives = func(r *row) string { return path.Base(r.local) }
	w.seen = func(v *version) bool { return !w.server.known || len(w.server.shown(i.Dir, v)) > 0 }
	w.outlived, w.fate = w.throughRun, w.taken
	return w, nil
}

// landed reads what the consumer took and what still lies in the landing.
func (w *importWay) landed() error {
	taken, err := lines[Landing](w.told.Taken)
	if err != nil {
		return err
	}
	whole := map[string]bool{}
	for _, v := range w.versions {
		whole[v.plain] = true
	}
	add := func(a *arrival, changed bool) {
		if whole[a.raw] && !changed {
			a.sum = a.raw
		}
		w.arrivals = append(w.arrivals, a)
	}
	for _, l := range taken {
		told := fmt.Sprintf("the consumer took %s at %s as %s", l.Name, stamp(l.At), l.Taken)
		if l.Changed {
			told += ", and it was still written to"
		}
		a := &arrival{at: l.At, name: l.Name, raw: l.SHA256, size: l.Size, told: told}
		if l.CTime != 0 {
			a.ctime = time.Unix(0, l.CTime)
		}
		add(a, l.Changed)
	}
	lie, err := walk(w.told.Landing, stageDir)
	for _, f := range lie {
		add(&arrival{at: f.mtime, name: path.Base(f.path), raw: f.sum, size: f.size, told: "it lies in the landing as " + filepath.Join(f.folder, f.path)}, false)
	}
	return err
}

// throughRun finds a run that ended well, listed a version long enough to find it stable, and ended while it was there.
func (w *importWay) throughRun(v *version) (string, bool) {
	shown := w.server.shown(w.told.Dir, v)
	for _, r := range w.runs {
		if r.job != w.job || !r.well(v.Name) || r.ended.After(v.until) {
			continue
		}
		var first time.Time
		for _, at := range shown {
			if at.Before(r.started) || at.After(r.ended) {
				continue
			}
			if first.IsZero() {
				first = at
			}
			if at.Sub(first) >= w.told.StableFor {
				return fmt.Sprintf("run %d listed it, could have taken it, and ended well at %s while it was there", r.id, stamp(r.ended)), true
			}
		}
	}
	return "", false
}

// taken tells of the request that took a version away.
func (w *importWay) taken(v *version) string {
	if o, ok := w.server.took(v.SHA256); ok {
		return fmt.Sprintf("; the server took it away at our request: %s %s at %s", o.Op, strings.TrimSpace(o.Path+" "+o.To), stamp(o.At))
	}
	return ""
}
