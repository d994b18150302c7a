package audit

import "fmt"

// receive gives something that arrived to its version: to one of the names that, by the ledger, arrive under that name,
// where there is any.
func (w *way) receive(a *arrival, report *Report) {
	names := map[string]bool{}
	var file int64
	for _, r := range w.rows {
		if w.arrives(r) == a.name && (a.sum == "" || r.plain == a.sum) {
			names[r.name()], file = true, r.id
		}
	}
	v := w.expecting(a, names)
	if v != nil {
		v.arrival = a
	}
	switch {
	case a.sum == "":
		f := Finding{Kind: Partial, Job: w.job, File: file, Path: a.name, SHA256: a.raw,
			Evidence: fmt.Sprintf("%s: %d bytes that are no version that was put out whole", a.told, a.size)}
		if v != nil {
			f.Evidence += fmt.Sprintf("; it should be the version of %s with %d bytes, sha256 %.12s", v.Name, v.Size, v.plain)
		}
		report.add(f)
	case v == nil && w.asked(a, names):
		report.Asked++
	case v == nil:
		report.add(Finding{Kind: Dup, Job: w.job, File: file, Path: a.name, SHA256: a.sum,
			Evidence: fmt.Sprintf("%s, and every version of this content had arrived before: %s", a.told, w.earlier(a))})
	}
}

// expecting gives the first version that something can be and of which nothing has arrived yet. What is damaged belongs
// to a version that the ledger says has arrived.
func (w *way) expecting(a *arrival, names map[string]bool) *version {
	for _, v := range w.versions {
		switch {
		case v.arrival != nil, len(names) > 0 && !names[v.Name]:
		case a.sum != "" && v.plain == a.sum:
			return v
		case a.sum == "" && len(names) > 0 && w.claimed(v):
			return v
		}
	}
	return nil
}

func (w *way) claimed(v *version) bool {
	for _, r := range w.rowsOf(v) {
		if r.served() {
			return true
		}
	}
	return false
}

// asked says whether a person, or the job's policy for lost answers, wanted a content once more. Each wish counts once.
func (w *way) asked(a *arrival, names map[string]bool) bool {
	for _, r := range w.rows {
		if r.plain != a.sum || len(names) > 0 && !names[r.name()] {
			continue
		}
		for i, d := range r.decisions {
			if d == "again" {
				r.decisions[i] = ""
				return true
			}
		}
		if r.forced && w.servedBefore(r) {
			r.forced = false
			return true
		}
	}
	return w.resend
}

func (w *way) servedBefore(r *row) bool {
	for _, other := range w.rows {
		if other.id < r.id && other.path == r.path && other.plain == r.plain && other.served() {
			return true
		}
	}
	return false
}

func (w *way) earlier(a *arrival) string {
	for _, v := range w.versions {
		if v.plain == a.sum && v.arrival != nil {
			return v.arrival.told
		}
	}
	return "nothing is known of it"
}

// matchRows gives each claim of the ledger what arrived of it.
func (w *way) matchRows() {
	byName := func(r *row, a *arrival) bool { return a.sum == r.plain && a.name == w.arrives(r) }
	damaged := func(r *row, a *arrival) bool { return a.sum == "" && a.name == w.arrives(r) }
	byContent := func(r *row, a *arrival) bool { return a.sum == r.plain && !w.named(a) }
	for _, same := range []func(*row, *arrival) bool{byName, byContent, damaged} {
		for _, r := range w.rows {
			if r.served() && !r.matched && r.plain != "" {
				r.matched = w.take(r, same)
			}
		}
	}
}

func (w *way) take(r *row, same func(*row, *arrival) bool) bool {
	for _, a := range w.arrivals {
		if !a.used && same(r, a) {
			a.used = true
			return true
		}
	}
	return false
}

// named says whether some row says of an arrival that it is its own.
func (w *way) named(a *arrival) bool {
	for _, r := range w.rows {
		if r.plain == a.sum && w.arrives(r) == a.name {
			return true
		}
	}
	return false
}

// ghosts finds claims of the ledger without anything that arrived.
func (w *way) ghosts(report *Report) {
	for _, r := range w.rows {
		if !r.served() || r.matched || r.assumed() {
			continue
		}
		f := Finding{Kind: Ghost, Job: w.job, File: r.id, Path: r.path, SHA256: r.plain,
			Evidence: fmt.Sprintf("its row says %s as %q, and that never arrived", r.state, w.arrives(r))}
		if v := w.missing(r); v != nil {
			v.blamed, f.SHA256 = true, v.SHA256
			if place := w.lies(v); place != "" {
				f.Evidence += "; its bytes are still there: " + place
			} else {
				f.Kind = Lost
				f.Evidence += "; its bytes are nowhere" + w.fate(v)
			}
		}
		report.add(f)
	}
}

// missing gives the version of a row of which nothing has arrived.
func (w *way) missing(r *row) *version {
	for _, v := range w.versions {
		if v.arrival == nil && !v.blamed && w.fits(v, r) {
			return v
		}
	}
	return nil
}

// settle counts a version, or finds it lost.
func (w *way) settle(v *version, report *Report) {
	switch {
	case v.blamed:
		return
	case v.arrival != nil:
		report.Arrived++
		return
	}
	for _, r := range w.rowsOf(v) {
		if r.pending() {
			report.Pending++
			return
		}
		if r.served() && r.assumed() {
			report.Assumed++
			return
		}
	}
	var file int64
	lost := "no row of the ledger tells of it"
	for _, r := range w.rowsOf(v) {
		file, lost = r.id, fmt.Sprintf("its row is %s at step %s without a reason", r.state, r.step)
	}
	fate, run := w.fate(v), ""
	switch outlived := false; {
	case w.twin(v), !w.seen(v):
		report.Unseen++
		return
	case v.until.IsZero(), fate != "":
	default:
		if run, outlived = w.outlived(v); !outlived {
			report.Overwritten++
			return
		}
		lost += "; " + run
	}
	report.add(Finding{Kind: Lost, Job: w.job, File: file, Path: v.Name, SHA256: v.SHA256,
		Evidence: fmt.Sprintf("put out at %s with %d bytes, and it never arrived: %s%s", stamp(v.At), v.Size, lost, fate)})
}

// twin says whether a version looks in every listing like one of the same content that arrived: nobody can tell them
// apart.
func (w *way) twin(v *version) bool {
	for _, other := range w.versions {
		if other.arrival != nil && other.plain == v.plain && other.Name == v.Name && other.Size == v.Size && other.MTime/w.unit == v.MTime/w.unit {
			return true
		}
	}
	return false
}
