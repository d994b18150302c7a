package transfer

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// outboxLook is one look into the outbox and what it means.
type outboxLook struct {
	ready   []string // full paths
	waiting int
	wait    time.Duration

	names   nameSet
	stamp   int64
	now     time.Time
	pending []job.Entry
}

// look compares the outbox with the ledger.
func (r *exportRun) look(ctx context.Context) (*outboxLook, error) {
	stamp, err := r.Ledger.Stamp(ctx)
	if err != nil {
		return nil, ledgerReason(err)
	}
	l := &outboxLook{names: newNameSet(), stamp: stamp, now: time.Now()}
	err = r.outbox.List(ctx, func(entry job.Entry) error {
		l.names.add(entry.Name)
		if _, _, ours := naming.ParseAside(entry.Name); ours || !r.sources.wants(entry) || (r.run.Only != "" && entry.Name != r.run.Only) {
			return nil
		}
		if l.pending = append(l.pending, entry); len(l.pending) < batch {
			return nil
		}
		return r.judgeBatch(ctx, l)
	})
	if err == nil {
		err = r.judgeBatch(ctx, l)
	}
	if err == nil {
		err = r.markAbsent(ctx, l)
	}
	r.gate(l)
	return l, err
}

func (r *exportRun) path(name string) string { return filepath.Join(r.want.Outbox, name) }

func (r *exportRun) judgeBatch(ctx context.Context, l *outboxLook) error {
	if len(l.pending) == 0 {
		return nil
	}
	paths := make([]string, len(l.pending))
	for i, entry := range l.pending {
		paths[i] = r.path(entry.Name)
	}
	rows, err := r.Ledger.Known(ctx, r.spec.Name, paths)
	if err != nil {
		return ledgerReason(err)
	}
	var fresh []job.File
	for i, entry := range l.pending {
		row, known := rows[paths[i]]
		s := sighting{path: paths[i], entry: entry, row: row, known: known}
		begins, err := r.follow(ctx, l, s)
		if err != nil {
			return err
		}
		if begins {
			fresh = append(fresh, r.asFile(s, l.now))
		}
	}
	l.pending = l.pending[:0]
	return r.see(ctx, l, fresh)
}

// follow does what the verdict on one source asks, and says whether a generation begins.
func (r *exportRun) follow(ctx context.Context, l *outboxLook, s sighting) (bool, error) {
	switch judge(s, l.stamp, l.now, r.want.StableFor, r.run.Force && s.row.Run != r.run.ID) {
	case verdictNew:
		return true, nil
	case verdictChanged:
		f := s.row
		f.Size, f.ModTime, f.StableSince = s.entry.Size, s.entry.ModTime, l.now
		f.State, f.Reason = job.FileWaiting, nil
		if err := r.advance(ctx, &f, job.StepSeen); err != nil {
			return false, ignoreStale(err)
		}
		r.queue(l, f)
	case verdictWaiting:
		l.await(r.want.StableFor - l.now.Sub(s.row.StableSince))
	case verdictReady:
		l.ready = append(l.ready, s.path)
	case verdictStaying, verdictHeld, verdictKnown, verdictBusy:
	}
	return false, nil
}

func (l *outboxLook) await(left time.Duration) {
	if l.waiting == 0 || left < l.wait {
		l.wait = max(left, 10*time.Millisecond)
	}
	l.waiting++
}

func (r *exportRun) queue(l *outboxLook, f job.File) {
	if r.want.StableFor > 0 {
		l.await(r.want.StableFor)
		return
	}
	l.ready = append(l.ready, f.Path)
}

// asFile is the row that begins a generation.
func (r *exportRun) asFile(s sighting, now time.Time) job.File {
	f := job.File{
		Job: r.spec.Name, Connection: r.conn.Name, Type: job.TypeExport, Path: s.path, Run: r.run.ID,
		Size: s.entry.Size, ModTime: s.entry.ModTime, StableSince: now, Step: job.StepSeen, State: job.FileWaiting,
	}
	name := r.shown(f)
	switch {
	case r.restored:
		decide(&f, job.FileHeld, restoredReason(s.entry.Name, r.spec.Name))
	case s.entry.Size == 0 && !r.want.AllowEmpty:
		decide(&f, job.FileRejected, &job.Reason{
			Slug: "content.empty", What: name + " was not sent; it is still in the outbox", Cause: "it has no content: 0 bytes",
			Do: "look at what writes the outbox, or set allow_empty: true", Who: job.WhoUs,
		})
	case s.entry.Size > r.spec.Limits.MaxFileSize:
		decide(&f, job.FileRejected, &job.Reason{
			Slug: "content.too_large", What: name + " was not sent; it is still in the outbox",
			Cause: fmt.Sprintf("it has %s, and limits.max_file_size is %s", bytes(s.entry.Size), bytes(r.spec.Limits.MaxFileSize)),
			Do:    "raise limits.max_file_size if the size is right", Who: job.WhoUs,
		})
	case s.known && r.want.Resend == job.ResendNever && s.row.State == job.FileDelivered && !r.run.Force:
		decide(&f, job.FileSkipped, &job.Reason{
			Slug: "content.sent_before", What: name + " was not sent again", Cause: "a file of this name was delivered, and resend is never",
			Do: "nothing, or set resend: changed", Who: job.WhoUs,
		})
	}
	return f
}

func (r *exportRun) see(ctx context.Context, l *outboxLook, fresh []job.File) error {
	if len(fresh) == 0 {
		return nil
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

// markAbsent notes sources that are gone from the outbox: when they come back, they are new.
func (r *exportRun) markAbsent(ctx context.Context, l *outboxLook) error {
	prefix := strings.TrimSuffix(r.want.Outbox, "/") + "/"
	var ids []int64
	err := r.Ledger.Present(ctx, r.spec.Name, func(f job.File) error {
		name, here := strings.CutPrefix(f.Path, prefix)
		if here && !l.names.has(name) && f.Touched <= l.stamp && (f.Step == job.StepDone || f.Step == job.StepSeen) {
			ids = append(ids, f.ID)
		}
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
	return nil
}

func (r *exportRun) gate(l *outboxLook) {
	marked := l.ready[:0]
	for _, p := range l.ready {
		if r.sources.marked(filepath.Base(p), l.names) {
			marked = append(marked, p)
			continue
		}
		l.await(r.want.StableFor)
	}
	l.ready = marked
	sort.Strings(l.ready)
}
