package transfer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

const (
	// batch bounds how many names are asked of the ledger at once.
	batch = 500
	// early bounds how many names are kept that come before the rows at rest are read.
	early = 20_000
)

// look is one listing of the sources and what it means.
type look struct {
	ready   []string           // paths to take, in order
	renewed map[string]version // those of them that had a version before, where done-files are asked for
	waiting int
	wait    time.Duration // until the first waiting file may be ready

	names   *nameSet
	stamp   int64 // of the ledger when the listing began
	now     time.Time
	known   int          // listed sources that have rows of their own
	changed []change     // imports: known sources that look new
	asides  []job.Entry  // imports: names that we gave to sources
	resting *resting     // nil: each name is asked for
	early   []job.Entry  // names that came before the rows at rest were read
	pending []job.Entry  // those to be asked for
	near    *naming.Near // names that nearly match; nil: nobody asks
}

func (r *frame) newLook(ctx context.Context) (*look, error) {
	stamp, err := r.ledger.Stamp(ctx)
	l := &look{renewed: map[string]version{}, names: newNameSet(r.sources.marker != nil), stamp: stamp, now: time.Now()}
	if r.looked != nil && r.spec.Expect != nil {
		l.near = naming.NewNear(r.sources.pattern, r.sources.match, r.sources.ignore)
	}
	return l, ledgerReason(err)
}

// note shows an entry to those who will ask why nothing came.
func (l *look) note(entry job.Entry) {
	if l.near != nil && (entry.Kind == job.KindFile || entry.Kind == job.KindUnknown) {
		l.near.See(entry.Name)
	}
}

// remember keeps what the listing held near what is expected.
func (r *frame) remember(ctx context.Context, l *look) error {
	if l.near == nil {
		return nil
	}
	names, strays := l.near.Seen()
	return ledgerReason(r.looked(keep(ctx), job.Look{Job: r.spec.Name, At: l.now, Run: r.run.ID, Names: names, Strays: strays}))
}

// sight takes one entry of the listing.
func (r *frame) sight(ctx context.Context, l *look, entry job.Entry) error {
	if l.early = append(l.early, entry); len(l.early) < early && !l.resting.ready() {
		return nil
	}
	return r.sift(ctx, l)
}

// sift looks through the names that came for what has to be asked of the ledger. Most are of rows at rest, as they were.
func (r *frame) sift(ctx context.Context, l *look) error {
	if err := l.resting.wait(); err != nil {
		return err
	}
	for _, entry := range l.early {
		rests := l.names.list(entry)
		r.only.note(entry.Name, r.run.Only)
		_, _, ours := naming.ParseAside(entry.Name)
		if !ours {
			l.note(entry)
		}
		switch {
		case ours:
			l.asides = append(l.asides, entry)
		case !r.sources.wants(entry) || (r.run.Only != "" && entry.Name != r.run.Only):
		case rests && !r.run.Force:
			l.known++
		default:
			l.pending = append(l.pending, entry)
		}
		if len(l.pending) < batch {
			continue
		}
		if err := r.judgeBatch(ctx, l); err != nil {
			return err
		}
	}
	l.early = l.early[:0]
	return nil
}

// judgeRest judges what is left when the listing is over.
func (r *frame) judgeRest(ctx context.Context, l *look) error {
	if err := r.sift(ctx, l); err != nil {
		return err
	}
	return r.judgeBatch(ctx, l)
}

// judgeBatch compares a batch of entries with their rows.
func (r *frame) judgeBatch(ctx context.Context, l *look) error {
	if len(l.pending) == 0 {
		return nil
	}
	paths := make([]string, len(l.pending))
	for i, entry := range l.pending {
		paths[i] = naming.Join(r.dir, entry.Name)
	}
	rows, err := r.ledger.Known(ctx, r.spec.Name, paths)
	if err != nil {
		return ledgerReason(err)
	}
	l.known += len(rows)
	var fresh []job.File
	for i, entry := range l.pending {
		row, known := rows[paths[i]]
		file, err := r.follows.follow(ctx, l, sighting{path: paths[i], entry: entry, row: row, known: known})
		if err != nil {
			return err
		}
		if file != nil {
			fresh = append(fresh, *file)
		}
	}
	l.pending = l.pending[:0]
	return r.see(ctx, l, fresh)
}

// verdict judges a source by its row.
func (r *frame) verdict(l *look, s sighting) verdict {
	return weigh(s, l.stamp, l.now, r.stableFor, r.run.Force && s.row.Run != r.run.ID)
}

// asFile is the row that begins a generation.
func (r *frame) asFile(path string, entry job.Entry, now time.Time) job.File {
	return job.File{
		Job: r.spec.Name, Connection: r.conn.Name, Type: r.spec.Type, Path: path, Dir: r.dir, Run: r.run.ID,
		Size: entry.Size, ModTime: entry.ModTime, StableSince: now, Step: job.StepSeen, State: job.FileWaiting,
	}
}

// restart begins the quiet time of a source that is still being written.
func (r *frame) restart(ctx context.Context, l *look, s sighting) error {
	f := s.row
	f.Size, f.ModTime, f.StableSince = s.entry.Size, s.entry.ModTime, l.now
	f.State, f.Reason, f.Absent, f.Moved, f.Kept, f.Spent = job.FileWaiting, nil, false, false, "", false
	if err := r.advance(ctx, &f, job.StepSeen); err != nil {
		return ignoreStale(err)
	}
	r.queue(l, f)
	return nil
}

// queue lets a file that was just seen wait, or takes it at once where one listing is enough.
func (r *frame) queue(l *look, f job.File) {
	if r.stableFor > 0 {
		l.await(r.stableFor)
		return
	}
	r.due(l, f)
}

// due lets a file be taken, once its done-file says so.
func (r *frame) due(l *look, f job.File) {
	l.ready = append(l.ready, f.Path)
	if v := asVersion(f); v.again && r.sources.marker != nil {
		l.renewed[f.Path] = v
	}
}

// soonest is how soon a run looks again.
const soonest = 10 * time.Millisecond

// await counts a file that is not ready yet.
func (l *look) await(left time.Duration) {
	if l.waiting == 0 || left < l.wait {
		l.wait = max(left, soonest)
	}
	l.waiting++
}

// see writes new rows: waiting, or decided already.
func (r *frame) see(ctx context.Context, l *look, fresh []job.File) error {
	if len(fresh) == 0 {
		return nil
	}
	var rows []job.File
	err := failpoint.Around("C2", func() (err error) {
		rows, err = r.ledger.SeeMany(keep(ctx), fresh)
		return err
	})
	if err != nil {
		return ledgerReason(err)
	}
	for _, f := range rows {
		if f.State == job.FileWaiting {
			r.queue(l, f)
			continue
		}
		r.add(f)
		r.let(ctx, f, time.Now(), 0, false)
	}
	return nil
}

// leftOver gives the rows to each, as they are now, of which the listing may say that their sources are gone.
func (r *frame) leftOver(ctx context.Context, l *look, each func(job.File) error) error {
	for ids := range slices.Chunk(l.resting.left(l.names), batch) {
		rows, err := r.ledger.Present(ctx, ids)
		if err != nil {
			return ledgerReason(err)
		}
		for _, f := range rows {
			if err := each(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// absent notes rows whose sources a whole listing did not have: when they come back, they are new.
func (r *frame) absent(ctx context.Context, l *look, ids []int64) error {
	for len(ids) > 0 {
		n := min(len(ids), batch)
		if err := r.ledger.MarkAbsent(keep(ctx), ids[:n], l.stamp); err != nil {
			return ledgerReason(err)
		}
		ids = ids[n:]
	}
	return nil
}

// leaveBehind ends a row that waits in a folder that the job does not read any more. If it ever reads it again, what lies
// there is new.
func (r *frame) leaveBehind(ctx context.Context, f job.File) error {
	return r.skip(ctx, f, &job.Reason{
		Slug: "config.folder_left", What: r.shown(f) + " was left where it is",
		Cause: fmt.Sprintf("it waited in %s, which the job does not read any more", naming.Printable(folder(f), 200)),
		Do:    "nothing, or put it where the job reads now", Who: job.WhoUs,
	})
}

// skip ends a row without moving anything. What lies there, if it is ever listed again, is new.
func (r *frame) skip(ctx context.Context, f job.File, reason *job.Reason) error {
	f.State, f.Absent, f.Reason = job.FileSkipped, true, reason
	if err := ignoreStale(r.advance(ctx, &f, job.StepDone)); err != nil {
		return err
	}
	r.add(f)
	r.let(ctx, f, time.Now(), 0, false)
	return nil
}

// gate keeps files back that their done-files do not speak for, and puts the rest in order.
func (r *frame) gate(l *look, waits func(path, why string)) {
	marked := l.ready[:0]
	for _, path := range l.ready {
		why, left := r.unmarked(baseName(path, r.dir), l.renewed[path], l.names)
		if why == "" {
			marked = append(marked, path)
			continue
		}
		l.await(left)
		waits(path, why)
	}
	l.ready = marked
	slices.Sort(l.ready)
	l.ready = slices.Compact(l.ready) // a server may list a name twice, and a row has one mover
}

// quietly is for a run, which only counts what waits.
func quietly(_, _ string) {}

// folder is where the row's source was found; a row that does not say has a name without slashes.
func folder(f job.File) string {
	if f.Dir != "" {
		return f.Dir
	}
	return f.Path[:strings.LastIndexByte(f.Path, '/')+1]
}

// baseName is the part of a path behind its folder; a name from outside may hold slashes of its own.
func baseName(path, dir string) string {
	prefix := naming.Join(dir, "")
	if len(path) > len(prefix) && path[:len(prefix)] == prefix {
		return path[len(prefix):]
	}
	return path
}
