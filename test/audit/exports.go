package audit

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"time"
)

// exportWay is the evidence about one export.
type exportWay struct {
	way
	told   Export
	server *serverLog
	temp   *regexp.Regexp    // <final>.<row>-<fence><suffix>
	opened map[string]string // hash of what lay on the server: hash of the version in it; empty: nobody can open it
}

func newExport(x Export, book *ledger) (*exportWay, error) {
	if x.Suffix == "" {
		x.Suffix = ".part"
	}
	w := &exportWay{told: x, temp: regexp.MustCompile(`^(.+)\.\d+-\d+` + regexp.QuoteMeta(x.Suffix) + `$`),
		way: way{job: x.Job, unit: 1, rows: book.rows[x.Job], runs: book.runs, resend: x.Resend}}
	var err error
	if w.versions, err = history(x.Sources); err != nil {
		return nil, err
	}
	if w.server, err = readServer(x.Server.Log); err != nil {
		return nil, err
	}
	if err := w.readOpened(); err != nil {
		return nil, err
	}
	w.arrives = func(r *row) string { return path.Clean(r.final) }
	w.fate = func(*version) string { return "" }
	w.outlived = w.throughRun
	w.seen = func(v *version) bool { _, ok := w.throughRun(v); return ok }
	if err := w.lying(); err != nil {
		return nil, err
	}
	return w, w.delivered()
}

// readOpened learns what lies in what was sent: from the customer who opened it, else from the ledger; what was sent as
// it is opens to itself.
func (w *exportWay) readOpened() error {
	w.opened = map[string]string{}
	for _, r := range w.rows {
		if r.received != "" {
			w.opened[r.received] = r.plain
		}
	}
	whole := map[string]bool{}
	for _, v := range w.versions {
		w.opened[v.SHA256], whole[v.SHA256] = v.SHA256, true
	}
	log, err := lines[Opened](w.told.Opened)
	for _, o := range log {
		w.opened[o.SHA256] = o.PlainSHA256
	}
	for sum, plain := range w.opened {
		if !whole[plain] {
			w.opened[sum] = ""
		}
	}
	return err
}

// lying finds the sources that are still there.
func (w *exportWay) lying() error {
	at := map[string]string{}
	for _, folder := range []string{w.told.Outbox, w.told.Archive} {
		files, err := walk(folder, stageDir)
		if err != nil {
			return err
		}
		for sum, place := range places(files) {
			at[sum] = place
		}
	}
	w.lies = func(v *version) string { return at[v.SHA256] }
	return nil
}

// delivered finds what ever lay under final names, and what was taken away under a temporary one.
func (w *exportWay) delivered() error {
	disk := w.told.Server.Root
	last := map[string]op{}
	refused := map[handle]bool{}
	for i, o := range w.server.ops {
		if o.Op == "write" && o.Code != 0 {
			refused[handle{o.Session, o.Handle}] = true
		}
		name := o.Path
		if o.To != "" {
			name = o.To
		}
		if o.Made == nil || path.Dir(name) != path.Clean(w.told.Dir) || w.ignored(name) {
			continue
		}
		told := fmt.Sprintf("%s made %s at %s", o.Op, name, stamp(o.At))
		if m := w.temp.FindStringSubmatch(name); m != nil {
			if !w.swept(name, w.server.ops[i+1:]) {
				continue
			}
			name, told = m[1], told+", and the customer took it"
		}
		last[name] = o
		if w.told.InPlace && (w.opened[o.Made.SHA256] == "" || o.Code != 0 || refused[handle{o.Session, o.Handle}]) {
			continue // not whole, or the server had said that it was not: such a CLOSE delivers nothing
		}
		w.arrivals = append(w.arrivals, w.arrival(o.At, name, *o.Made, told))
	}
	for name, o := range last {
		lies, err := read(filepath.Join(disk, name))
		now := content{lies.size, lies.sum}
		if err != nil {
			now = *o.Made // the customer has it by now
		}
		partial := w.opened[now.SHA256] == "" && (!w.told.InPlace || w.claimedName(name))
		if counted := !w.told.InPlace && now.SHA256 == o.Made.SHA256; partial && !counted {
			w.arrivals = append(w.arrivals, w.arrival(o.At, name, now, "on the server lies "+name))
		}
	}
	if w.told.InPlace {
		w.neverClosed()
	}
	return nil
}

// neverClosed finds what lies whole under a final name although the session died before its CLOSE.
func (w *exportWay) neverClosed() {
	closed := map[string]bool{}
	for _, a := range w.arrivals {
		closed[a.name+a.raw] = true
	}
	for _, r := range w.rows {
		name := w.arrives(r)
		lies, err := read(filepath.Join(w.told.Server.Root, name))
		if err != nil || closed[name+lies.sum] || w.opened[lies.sum] == "" {
			continue
		}
		closed[name+lies.sum] = true
		w.arrivals = append(w.arrivals, w.arrival(time.Now(), name, content{lies.size, lies.sum}, "on the server lies "+name+", which was never closed"))
	}
}

func (w *exportWay) arrival(at time.Time, name string, c content, told string) *arrival {
	return &arrival{at: at, name: name, sum: w.opened[c.SHA256], raw: c.SHA256, size: c.Size, told: told}
}

// swept says whether a temporary name is gone without a request of ours.
func (w *exportWay) swept(name string, later []op) bool {
	for _, o := range later {
		if o.Path == name && (o.Took != nil || o.Made != nil) {
			return false
		}
	}
	_, err := read(filepath.Join(w.told.Server.Root, name))
	return err != nil
}

func (w *exportWay) ignored(name string) bool {
	for _, glob := range w.told.Ignore {
		if ok, _ := path.Match(glob, path.Base(name)); ok {
			return true
		}
	}
	return false
}

// claimedName says whether the ledger says of a final name that it is delivered: until then a part may lie there where
// final names are written directly.
func (w *exportWay) claimedName(name string) bool {
	for _, r := range w.rows {
		if w.arrives(r) == name && r.served() {
			return true
		}
	}
	return false
}

// throughRun finds a run that ended well, began after a version was put out and ended while it was there.
func (w *exportWay) throughRun(v *version) (string, bool) {
	for _, r := range w.runs {
		there := v.until.IsZero() || r.ended.Before(v.until)
		if r.job == w.job && r.well(v.Name) && r.started.After(v.At) && there && r.ended.Sub(r.started) >= w.told.StableFor {
			return fmt.Sprintf("run %d could have sent it, and ended well at %s while it was there", r.id, stamp(r.ended)), true
		}
	}
	return "", false
}

// early finds sources that are gone from the outbox before their delivery. Nobody logs what happens there, so it is the
// present state that counts: the ledger still has the version to send, the platform did not take it away, and its bytes
// are neither in the outbox nor where sources are moved.
func (w *exportWay) early(report *Report) {
	for _, v := range w.versions {
		if v.arrival != nil || v.blamed || !v.until.IsZero() || w.lies(v) != "" {
			continue
		}
		for _, r := range w.rowsOf(v) {
			if r.pending() && r.state != "skipped" {
				report.add(Finding{Kind: EarlyDelete, Job: w.job, File: r.id, Path: r.path, SHA256: v.SHA256,
					Evidence: fmt.Sprintf("its row is %s at step %s, and its source is gone from the outbox", r.state, r.step)})
				break
			}
		}
	}
}
