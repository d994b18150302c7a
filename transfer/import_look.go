package transfer

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// batch bounds how many names are asked of the ledger at once.
const batch = 500

// look is one listing and what it means.
type look struct {
	ready   []string // paths to take, in order
	waiting int
	wait    time.Duration // until the first waiting file may be ready

	names    nameSet
	stamp    int64
	known    int         // listed sources that have rows of their own
	changed  []change    // known sources that look new
	asides   []job.Entry // names that we gave to sources
	pending  []job.Entry
	unwanted int
	now      time.Time
}

// change is a source that was served before and looks new.
type change struct {
	path    string
	entry   job.Entry
	shift   int64 // of the modification time, when nothing else changed
	shifted bool
	back    bool // it was gone, and returned as it was
}

// look lists the source folder once (C1) and brings the ledger up to date with it (C2). The rows are the only state:
// a crash anywhere in here leads to another listing.
func (r *importRun) look(ctx context.Context) (*look, error) {
	stamp, err := r.Ledger.Stamp(ctx)
	if err != nil {
		return nil, ledgerReason(err)
	}
	l := &look{names: newNameSet(), stamp: stamp, now: time.Now()}
	r.tell(job.Progress{Stage: job.StageList, Name: naming.Printable(r.want.Dir, 200)})
	err = r.remote.List(ctx, r.want.Dir, r.spec.Limits.MaxEntries, func(entry job.Entry) error { return r.sight(ctx, l, entry) })
	capped := tooMany(err)
	if err != nil && !capped {
		return nil, err
	}
	if capped {
		r.blameFile(asReason(err)) // what was seen is taken all the same
	}
	if err := r.judgeBatch(ctx, l); err != nil {
		return nil, err
	}
	if err := r.takeChanges(ctx, l); err != nil {
		return nil, err
	}
	if err := r.sweepAsides(ctx, l); err != nil {
		return nil, err
	}
	if !capped { // only a whole listing says what is gone
		if err := r.markAbsent(ctx, l); err != nil {
			return nil, err
		}
	}
	return l, r.gate(l)
}

// tooMany says whether a listing was ended by limits.max_entries.
func tooMany(err error) bool {
	var reason *job.Reason
	return errors.As(err, &reason) && reason.Slug == "remote.too_many_entries"
}

// sight takes one entry of the listing.
func (r *importRun) sight(ctx context.Context, l *look, entry job.Entry) error {
	l.names.add(entry.Name)
	if _, _, ours := naming.ParseAside(entry.Name); ours {
		l.asides = append(l.asides, entry)
		return nil
	}
	if !r.sources.wants(entry) || (r.run.Only != "" && entry.Name != r.run.Only) {
		l.unwanted++
		return nil
	}
	l.pending = append(l.pending, entry)
	if len(l.pending) < batch {
		return nil
	}
	return r.judgeBatch(ctx, l)
}

// judgeBatch compares a batch of entries with their rows.
func (r *importRun) judgeBatch(ctx context.Context, l *look) error {
	if len(l.pending) == 0 {
		return nil
	}
	paths := make([]string, len(l.pending))
	for i, entry := range l.pending {
		paths[i] = naming.Join(r.want.Dir, entry.Name)
	}
	rows, err := r.Ledger.Known(ctx, r.spec.Name, paths)
	if err != nil {
		return ledgerReason(err)
	}
	var fresh []job.File
	for i, entry := range l.pending {
		row, known := rows[paths[i]]
		s := sighting{path: paths[i], entry: entry, row: row, known: known}
		if known {
			l.known++
		}
		if file, begins, err := r.follow(ctx, l, s); err != nil {
			return err
		} else if begins {
			fresh = append(fresh, file)
		}
	}
	l.pending = l.pending[:0]
	return r.see(ctx, l, fresh)
}

// follow does what the verdict on one sighting asks; begins says that a generation begins with file.
func (r *importRun) follow(ctx context.Context, l *look, s sighting) (file job.File, begins bool, err error) {
	stillUnsure := s.known && s.row.Step == job.StepClaimed && s.row.Aside == ""
	if stillUnsure {
		// A read-once server still shows what a run that died had begun to fetch: judge it as newly listed.
		return file, false, r.restart(ctx, l, s)
	}
	switch judge(s, l.stamp, l.now, r.want.StableFor, r.run.Force && s.row.Run != r.run.ID) {
	case verdictNew:
		if s.known {
			l.changed = append(l.changed, asChange(s))
			return file, false, nil
		}
		return r.asFile(s.path, s.entry, l.now), true, nil
	case verdictChanged:
		return file, false, r.restart(ctx, l, s)
	case verdictWaiting:
		l.await(r.want.StableFor - l.now.Sub(s.row.StableSince))
	case verdictReady:
		l.ready = append(l.ready, s.path)
	case verdictStaying:
		return file, false, r.staying(ctx, s.row)
	case verdictHeld, verdictKnown, verdictBusy:
	}
	return file, false, nil
}

// await counts a file that is not ready yet.
func (l *look) await(left time.Duration) {
	if l.waiting == 0 || left < l.wait {
		l.wait = max(left, 10*time.Millisecond)
	}
	l.waiting++
}

func asChange(s sighting) change {
	c := change{path: s.path, entry: s.entry}
	if s.row.Size == s.entry.Size {
		c.shift = s.entry.ModTime - s.row.ModTime
		c.shifted = c.shift != 0
		c.back = c.shift == 0 && s.row.Absent
	}
	return c
}

// asFile is the row that begins a generation.
func (r *importRun) asFile(path string, entry job.Entry, now time.Time) job.File {
	return job.File{
		Job: r.spec.Name, Connection: r.conn.Name, Type: job.TypeImport, Path: path, Run: r.run.ID,
		Size: entry.Size, ModTime: entry.ModTime, StableSince: now, Step: job.StepSeen, State: job.FileWaiting,
	}
}

// restart begins the quiet time of a source that is still being written.
func (r *importRun) restart(ctx context.Context, l *look, s sighting) error {
	f := s.row
	f.Size, f.ModTime, f.StableSince = s.entry.Size, s.entry.ModTime, l.now
	f.State, f.Reason, f.Absent, f.Moved = job.FileWaiting, nil, false, false
	if err := r.advance(ctx, &f, job.StepSeen); err != nil {
		return ignoreStale(err)
	}
	r.queue(l, f)
	return nil
}

// queue lets a file that was just seen wait, or takes it at once where one listing is enough.
func (r *importRun) queue(l *look, f job.File) {
	if r.want.StableFor > 0 {
		l.await(r.want.StableFor)
		return
	}
	l.ready = append(l.ready, f.Path)
}

// see writes new rows: waiting, or decided at once for names and sizes that will never be taken.
func (r *importRun) see(ctx context.Context, l *look, fresh []job.File) error {
	if len(fresh) == 0 {
		return nil
	}
	for i := range fresh {
		r.refuse(&fresh[i])
	}
	rows, err := r.Ledger.SeeMany(keep(ctx), fresh)
	if err != nil {
		return ledgerReason(err)
	}
	for _, f := range rows {
		if f.State == job.FileWaiting {
			r.queue(l, f)
			continue
		}
		r.let(ctx, f, time.Now(), 0)
	}
	return nil
}

// refuse decides a new row by what the listing says alone. Sizes of files that may still be written are judged when
// they are quiet.
func (r *importRun) refuse(f *job.File) {
	name := baseName(f.Path, r.want.Dir)
	if err := naming.Check(name); err != nil {
		decide(f, job.FileRejected, unsafeReason(name, err))
		return
	}
	if f.State == job.FileHeld {
		return
	}
	if r.restored {
		decide(f, job.FileHeld, restoredReason(name, r.spec.Name))
		return
	}
	if f.Size == 0 && r.want.StableFor > 0 {
		return // perhaps its first byte is on its way
	}
	var refused *decision
	if errors.As(r.acceptable(*f), &refused) {
		decide(f, refused.state, refused.reason)
	}
}

// acceptable says whether a file may be fetched, by its name and size.
func (r *importRun) acceptable(f job.File) error {
	name := baseName(f.Path, r.want.Dir)
	if err := naming.Check(name); err != nil {
		return &decision{job.FileRejected, unsafeReason(name, err)}
	}
	switch {
	case f.Size < 0:
		return &decision{job.FileRejected, &job.Reason{
			Slug: "remote.size_unknown", What: fmt.Sprintf("%s was left on the server", name),
			Cause: "the server does not tell the file's size, so nobody could say whether it arrived whole",
			Do:    "ask the customer for a server that tells sizes", Who: job.WhoCustomer,
		}}
	case f.Size == 0 && !r.want.AllowEmpty:
		return &decision{job.FileRejected, emptyReason(name)}
	case f.Size > r.spec.Limits.MaxFileSize:
		return &decision{job.FileRejected, &job.Reason{
			Slug: "content.too_large", What: fmt.Sprintf("%s was left on the server", name),
			Cause: fmt.Sprintf("it has %s, and limits.max_file_size is %s", bytes(f.Size), bytes(r.spec.Limits.MaxFileSize)),
			Do:    "ask the customer whether the size is right, or raise limits.max_file_size and `haulier retry` the run", Who: job.WhoBoth,
		}}
	}
	return nil
}

func unsafeReason(name string, err error) *job.Reason {
	return &job.Reason{
		Slug: "remote.unsafe_name", What: fmt.Sprintf("%s was left on the server", naming.Printable(name, 200)), Cause: err.Error(),
		Do: "ask the customer to rename the file", Who: job.WhoCustomer,
	}
}

func emptyReason(name string) *job.Reason {
	return &job.Reason{
		Slug: "content.empty", What: fmt.Sprintf("%s did not land; it was left on the server", name), Cause: "it has no content: 0 bytes",
		Do: "ask the customer to send it again, or set allow_empty: true", Who: job.WhoCustomer,
	}
}

func restoredReason(name, jobName string) *job.Reason {
	return &job.Reason{
		Slug: slugRestored, What: fmt.Sprintf("%s was left where it is", naming.Printable(name, 200)),
		Cause: "it looks new, but the ledger was restored from an older copy and may have forgotten that it was taken",
		Do:    "haulier reconcile " + jobName, Who: job.WhoUs,
	}
}

// decide ends a row without moving anything.
func decide(f *job.File, state job.State, reason *job.Reason) {
	f.State, f.Reason = state, reason
	if state != job.FileHeld {
		f.Step = job.StepDone
	}
}

// markAbsent notes the paths that a whole listing did not have: when they come back, they are new. What was seen and
// not yet taken was withdrawn; what a read-once server gave to a run that died is used up.
func (r *importRun) markAbsent(ctx context.Context, l *look) error {
	var ids []int64
	var gone []job.File
	err := r.Ledger.Present(ctx, r.spec.Name, func(f job.File) error {
		lies := f.Path
		if f.Step == job.StepSeen {
			lies = source(f)
		}
		name := baseName(lies, r.want.Dir)
		if naming.Join(r.want.Dir, name) != lies || l.names.has(name) || f.Touched > l.stamp {
			return nil
		}
		if f.Step != job.StepDone {
			if open(f) || (f.Step == job.StepClaimed && f.Aside == "" && f.State != job.FileHeld) {
				gone = append(gone, f)
			}
			return nil
		}
		ids = append(ids, f.ID)
		return nil
	})
	if err != nil {
		return ledgerReason(err)
	}
	for len(ids) > 0 {
		n := min(len(ids), batch)
		if err := r.Ledger.MarkAbsent(keep(ctx), ids[:n], l.stamp); err != nil {
			return ledgerReason(err)
		}
		ids = ids[n:]
	}
	return r.withdraw(ctx, gone)
}

func (r *importRun) withdraw(ctx context.Context, gone []job.File) error {
	for _, f := range gone {
		name, to := naming.Printable(baseName(f.Path, r.want.Dir), 200), job.StepDone
		f.Absent = true
		f.State, f.Reason = job.FileSkipped, &job.Reason{
			Slug: slugWithdrawn, What: name + " did not land", Cause: "it was taken from the server again before it could be fetched",
			Do: "nothing, unless the customer expects it to be here", Who: job.WhoCustomer,
		}
		if f.Step == job.StepClaimed {
			to = job.StepClaimed
			f.State, f.Reason = job.FileHeld, consumedReason(name)
		}
		if err := ignoreStale(r.advance(ctx, &f, to)); err != nil {
			return err
		}
		r.let(ctx, f, time.Now(), 0)
	}
	return nil
}

func consumedReason(name string) *job.Reason {
	return &job.Reason{
		Slug: "remote.source_consumed", What: name + " did not land", Cause: "a fetch was cut off, and this server counts a fetch that was cut off as done: the file is gone there",
		Do: "ask the customer to put the file out again (on IBM Sterling: raise its extraction count)", Who: job.WhoCustomer,
	}
}

// gate keeps files back whose done-file is missing, and puts the rest in order.
func (r *importRun) gate(l *look) error {
	marked := l.ready[:0]
	for _, path := range l.ready {
		if r.sources.marked(baseName(path, r.want.Dir), l.names) {
			marked = append(marked, path)
			continue
		}
		l.await(r.want.StableFor)
	}
	l.ready = marked
	sort.Strings(l.ready)
	return nil
}

// baseName is the part of a path behind its folder; a name from outside may hold slashes of its own.
func baseName(path, dir string) string {
	prefix := naming.Join(dir, "")
	if len(path) > len(prefix) && path[:len(prefix)] == prefix {
		return path[len(prefix):]
	}
	return path
}
