package transfer

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// planMost bounds how many lines a plan has; the rest is counted.
const planMost = 10_000

// plan is what the next run would do. It lists and reads the ledger, and changes nothing on either side.
type plan struct {
	ledger  Ledger
	spec    job.Spec
	run     job.Run
	sources selection
	stable  time.Duration
	stamp   int64
	now     time.Time
	path    func(name string) string
	take    func(s sighting) []job.Intent

	names   nameSet
	pending []job.Entry
	ready   []sighting
	changed []sighting // known sources that look new
	known   int
	intents []job.Intent
	more    int
}

// add adds a line.
func (p *plan) add(intents ...job.Intent) {
	for _, intent := range intents {
		if len(p.intents) >= planMost {
			p.more++
			continue
		}
		p.intents = append(p.intents, intent)
	}
}

// sight takes one entry of the listing.
func (p *plan) sight(ctx context.Context, entry job.Entry) error {
	p.names.add(entry.Name)
	if _, _, ours := naming.ParseAside(entry.Name); ours {
		return nil
	}
	if !p.sources.wants(entry) {
		return nil
	}
	if p.pending = append(p.pending, entry); len(p.pending) < batch {
		return nil
	}
	return p.judge(ctx)
}

func (p *plan) judge(ctx context.Context) error {
	if len(p.pending) == 0 {
		return nil
	}
	paths := make([]string, len(p.pending))
	for i, entry := range p.pending {
		paths[i] = p.path(entry.Name)
	}
	rows, err := p.ledger.Known(ctx, p.spec.Name, paths)
	if err != nil {
		return ledgerReason(err)
	}
	p.known += len(rows)
	for i, entry := range p.pending {
		row, known := rows[paths[i]]
		p.follow(sighting{path: paths[i], entry: entry, row: row, known: known})
	}
	p.pending = p.pending[:0]
	return nil
}

// follow says what the verdict on one sighting leads to.
func (p *plan) follow(s sighting) {
	name := naming.Printable(s.entry.Name, 200)
	line := job.Intent{Name: name, Size: s.entry.Size}
	if err := naming.Check(s.entry.Name); err != nil {
		line.Mark, line.Act, line.Why = job.MarkFail, "reject", err.Error()
		p.add(line)
		return
	}
	switch judge(s, p.stamp, p.now, p.stable, p.run.Force) {
	case verdictReady:
		p.pick(s)
		return
	case verdictNew:
		if s.known && len(p.changed) < planMost {
			p.changed = append(p.changed, s)
			return
		}
		p.begin(s)
		return
	case verdictChanged:
		line.Mark, line.Act, line.Why = job.MarkWait, "wait", "it changed since the last look"
	case verdictWaiting:
		line.Mark, line.Act, line.Why = job.MarkWait, "wait", fmt.Sprintf("unchanged for %s of %s", p.now.Sub(s.row.StableSince).Round(time.Second), p.stable)
	case verdictKnown:
		line.Mark, line.Act, line.Why = job.MarkDone, "skip", servedBy(s.row)
	case verdictHeld:
		line.Mark, line.Act, line.Why = job.MarkFail, "held", fmt.Sprintf("file %d: %s", s.row.ID, slugOf(s.row))
	case verdictStaying:
		line.Mark, line.Act, line.Why = job.MarkDone, "skip", "its delete was acknowledged, and it is still there"
	case verdictBusy:
		line.Mark, line.Act, line.Why = job.MarkWait, "resume", fmt.Sprintf("file %d stands at %s: the run goes on from there", s.row.ID, s.row.Step)
	}
	p.add(line)
}

// begin says what a version that nobody worked on leads to.
func (p *plan) begin(s sighting) {
	if p.stable == 0 {
		p.pick(s)
		return
	}
	p.add(job.Intent{
		Mark: job.MarkTransfer, Act: "take", Name: naming.Printable(s.entry.Name, 200), Size: s.entry.Size,
		Why: fmt.Sprintf("seen for the first time; taken when unchanged for %s", p.stable),
	})
}

// brake says what many known sources lead to that look new at once.
func (p *plan) brake() {
	changes := make([]change, len(p.changed))
	for i, s := range p.changed {
		changes[i] = asChange(s)
	}
	cause := massChange(changes, p.known)
	for i, s := range p.changed {
		if cause != "" && p.spec.Type == job.TypeImport && (changes[i].shifted || changes[i].back) {
			p.add(job.Intent{Mark: job.MarkFail, Act: "held", Name: naming.Printable(s.entry.Name, 200), Size: s.entry.Size, Why: cause})
			continue
		}
		p.begin(s)
	}
}

// pick takes a source that is ready; more than a plan has lines for are only counted.
func (p *plan) pick(s sighting) {
	if len(p.ready) >= planMost {
		p.more++
		return
	}
	p.ready = append(p.ready, s)
}

func servedBy(row job.File) string {
	return fmt.Sprintf("%s by run %d on %s", row.State, row.Run, row.Ended.UTC().Format("2006-01-02 15:04 UTC"))
}

func slugOf(row job.File) string {
	if row.Reason == nil {
		return "held"
	}
	return row.Reason.Slug
}

// end asks for the markers once all names are known.
func (p *plan) end(ctx context.Context) ([]job.Intent, error) {
	if err := p.judge(ctx); err != nil {
		return nil, err
	}
	p.brake()
	slices.SortFunc(p.ready, func(a, b sighting) int { return strings.Compare(a.path, b.path) })
	for _, s := range p.ready {
		if !p.sources.marked(s.entry.Name, p.names) {
			p.add(job.Intent{Mark: job.MarkWait, Act: "wait", Name: naming.Printable(s.entry.Name, 200), Size: s.entry.Size, Why: "its done-file is not there"})
			continue
		}
		p.add(p.take(s)...)
	}
	if p.more > 0 {
		p.intents = append(p.intents, job.Intent{Mark: job.MarkWait, Act: "more", Name: fmt.Sprintf("and %d more", p.more), Size: -1})
	}
	return p.intents, nil
}

// Plan says what the next run of an import would do.
func (im *Importer) Plan(ctx context.Context, remote Remote, s job.Spec, run job.Run) ([]job.Intent, error) {
	want, at := s.Import, scheduled(run, s)
	sources, err := newSelection(want.Match, want.MatchRegex, want.Ignore, want.DoneFile, want.LookBack, at)
	if err != nil {
		return nil, err
	}
	name, err := landTemplate(want.Name)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(ctx, im.Ledger, s, run, sources, want.StableFor)
	if err != nil {
		return nil, err
	}
	p.path = func(entry string) string { return naming.Join(want.Dir, entry) }
	p.take = func(g sighting) []job.Intent {
		return importIntents(s, name, at, remote.Profile(), g, len(p.intents)+1)
	}
	if err := remote.List(ctx, want.Dir, s.Limits.MaxEntries, func(e job.Entry) error { return p.sight(ctx, e) }); err != nil {
		return nil, err
	}
	return p.end(ctx)
}

func newPlan(ctx context.Context, ledger Ledger, s job.Spec, run job.Run, sources selection, stable time.Duration) (*plan, error) {
	stamp, err := ledger.Stamp(ctx)
	if err != nil {
		return nil, ledgerReason(err)
	}
	return &plan{ledger: ledger, spec: s, run: run, sources: sources, stable: stable, stamp: stamp, now: time.Now(), names: newNameSet()}, nil
}

// importIntents is what taking one file means.
func importIntents(s job.Spec, name naming.Template, at time.Time, profile job.Profile, g sighting, seq int) []job.Intent {
	want := s.Import
	shown := naming.Printable(g.entry.Name, 200)
	switch {
	case g.entry.Size > s.Limits.MaxFileSize:
		return []job.Intent{{Mark: job.MarkFail, Act: "reject", Name: shown, Size: g.entry.Size, Why: "larger than limits.max_file_size, " + bytes(s.Limits.MaxFileSize)}}
	case g.entry.Size == 0 && !want.AllowEmpty:
		return []job.Intent{{Mark: job.MarkFail, Act: "reject", Name: shown, Why: "0 bytes, and allow_empty is not set"}}
	}
	landed := name.Render(naming.Values{Name: g.entry.Name, At: at, Run: 0, Seq: seq})
	if err := naming.Check(landed); err != nil {
		return []job.Intent{unnameable(g, landed, err)}
	}
	line := job.Intent{Mark: job.MarkTransfer, Act: "download", Name: shown, Size: g.entry.Size}
	if want.Opening != nil {
		line.Detail = append(line.Detail, "decrypt with "+strings.Join(want.Opening.DecryptWith, ", "))
	}
	line.Detail = append(line.Detail, "land as "+filepath.Join(want.Landing, naming.Printable(landed, 200)))
	intents := []job.Intent{line}
	switch want.AfterSuccess.Action {
	case job.RetireMove:
		intents = append(intents, job.Intent{Mark: job.MarkMove, Act: "move", Name: shown, Size: g.entry.Size, Detail: []string{"to " + want.AfterSuccess.Dir}})
	case job.RetireDelete:
		remove := job.Intent{Mark: job.MarkDelete, Act: "delete", Name: shown, Size: g.entry.Size}
		if no(profile.Rename) {
			remove.Detail = []string{"by a plain REMOVE: this server lets nobody rename, so a version that comes in that moment would be lost"}
		}
		intents = append(intents, remove)
	}
	return intents
}

// unnameable is a file whose next name is none.
func unnameable(g sighting, next string, err error) job.Intent {
	return job.Intent{
		Mark: job.MarkFail, Act: "reject", Name: naming.Printable(g.entry.Name, 200), Size: g.entry.Size,
		Why: fmt.Sprintf("it would become %s: %v", naming.Printable(next, 200), err),
	}
}

// Plan says what the next run of an export would do. Profile is what is known of the server, which is not asked.
func (ex *Exporter) Plan(ctx context.Context, profile job.Profile, c job.Connection, s job.Spec, run job.Run) ([]job.Intent, error) {
	want, at := s.Export, scheduled(run, s)
	sources, err := newSelection(want.Match, want.MatchRegex, want.Ignore, want.DoneFile, want.LookBack, at)
	if err != nil {
		return nil, err
	}
	name, err := naming.ParseTemplate(want.Name)
	if err != nil {
		return nil, err
	}
	outbox, err := ex.Outbox(want.Outbox)
	if err != nil {
		return nil, outboxReason(want.Outbox, err)
	}
	p, err := newPlan(ctx, ex.Ledger, s, run, sources, want.StableFor)
	if err != nil {
		return nil, err
	}
	p.path = func(entry string) string { return filepath.Join(want.Outbox, entry) }
	p.take = func(g sighting) []job.Intent {
		return exportIntents(s, name, at, chooseWay(c, *want, profile), g, len(p.intents)+1)
	}
	if err := outbox.List(ctx, func(e job.Entry) error { return p.sight(ctx, e) }); err != nil {
		return nil, err
	}
	return p.end(ctx)
}

// exportIntents is what sending one file means.
func exportIntents(s job.Spec, name naming.Template, at time.Time, w way, g sighting, seq int) []job.Intent {
	want := s.Export
	shown := naming.Printable(g.entry.Name, 200)
	if g.entry.Size == 0 && !want.AllowEmpty {
		return []job.Intent{{Mark: job.MarkFail, Act: "reject", Name: shown, Why: "0 bytes, and allow_empty is not set"}}
	}
	final := name.Render(naming.Values{Name: g.entry.Name, At: at, Seq: seq})
	if err := naming.Check(final); err != nil {
		return []job.Intent{unnameable(g, final, err)}
	}
	final = naming.Join(want.Dir, naming.Printable(final, 200))
	line := job.Intent{Mark: job.MarkTransfer, Act: "upload", Name: shown, Size: g.entry.Size}
	if want.Sealing != nil {
		line.Detail = append(line.Detail, "encrypt to "+strings.Join(want.Sealing.EncryptTo, ", "))
		if want.Sealing.SignWith != "" {
			line.Detail = append(line.Detail, "sign with "+want.Sealing.SignWith)
		}
	}
	line.Detail = append(line.Detail, w.describe(final)...)
	intents := []job.Intent{line}
	switch want.AfterSuccess.Action {
	case job.RetireMove:
		intents = append(intents, job.Intent{Mark: job.MarkMove, Act: "move", Name: shown, Size: g.entry.Size, Detail: []string{"to " + want.AfterSuccess.Dir}})
	case job.RetireDelete:
		intents = append(intents, job.Intent{Mark: job.MarkDelete, Act: "delete", Name: shown, Size: g.entry.Size})
	}
	return intents
}

// describe says in words how a file is written to this server, and how far its delivery can be proven.
func (w way) describe(final string) []string {
	if w.direct {
		proof := "CLOSE acknowledged is the delivery: nothing is listed, looked at, renamed or removed"
		if w.look {
			proof = "then look at its size"
		}
		return []string{"write " + final + " directly", proof}
	}
	rename := "rename"
	if w.posix {
		rename = "posix-rename (replaces)"
	}
	lines := []string{"upload as " + final + ".…" + w.suffix, rename + " to " + final}
	if w.look {
		return append(lines, "look at size and time under both names")
	}
	return append(lines, "nobody may look on this server: the rename's OK is the proof")
}
