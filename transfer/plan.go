package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// planMost bounds how many lines of each mark a plan has, whatever the listing; the rest is counted.
var planMost = 2000

// planMarks are the marks in the order in which the rest is told.
var planMarks = []job.Mark{job.MarkTransfer, job.MarkMove, job.MarkDelete, job.MarkDone, job.MarkWait, job.MarkFail}

// plan is what the next run would do. It lists, reads the ledger and judges as a run does, and changes nothing on either side.
type plan struct {
	*frame
	take    func(s sighting) []job.Intent
	ready   map[string]sighting
	intents []job.Intent
	lines   map[job.Mark]int
	rest    map[job.Mark]int // that have no line
	shifts  shifts           // of sources that were known and look new
	beyond  beyond           // of those, how many were not kept
	held    string           // why what is taken waits for a person; empty: it does not
}

// plan lets a frame plan instead of run. Text is what the stage remembers of the ledger.
func (r *frame) plan(ctx context.Context, epoch func(context.Context) (string, error), text string, take func(p *plan, s sighting) []job.Intent) (*plan, error) {
	p := &plan{frame: r, ready: map[string]sighting{}, lines: map[job.Mark]int{}, rest: map[job.Mark]int{}, shifts: shifts{}}
	p.take = func(s sighting) []job.Intent { return take(p, s) }
	r.follows = p
	var err error
	if r.epoch, err = epoch(ctx); err != nil {
		return nil, ledgerReason(err)
	}
	if r.stamp, err = r.ledger.Stamp(ctx); err != nil {
		return nil, ledgerReason(err)
	}
	r.life = text
	if r.restored, err = isOlder(ctx, r.ledger, r.spec.Name, r.epoch, text); err != nil {
		return nil, err
	}
	done, err := r.ledger.Approvals(ctx, r.spec.Name)
	if err == nil && Supervises(r.spec.Supervised, done) {
		p.held = "held until a person approves it: " + Supervision(r.spec.Supervised, done)
	}
	return p, ledgerReason(err)
}

// of lists the sources and says what becomes of them.
func (p *plan) of(ctx context.Context, list func(each func(job.Entry) error) error) ([]job.Intent, error) {
	l, err := p.newLook(ctx)
	if err != nil {
		return nil, err
	}
	if err := list(func(e job.Entry) error { return p.sight(ctx, l, e) }); err != nil {
		return nil, err
	}
	if err := p.judgeRest(ctx, l); err != nil {
		return nil, err
	}
	cause := p.shifts.cause(l.known)
	p.further(cause)
	for _, c := range l.changed {
		p.begin(l, c.sighting(), c.held(cause))
	}
	p.gate(l, func(path, why string) { p.add(p.line(p.ready[path], job.MarkWait, "wait", why)) })
	for _, path := range l.ready {
		p.pick(p.ready[path])
	}
	for _, mark := range planMarks {
		if n := p.rest[mark]; n > 0 {
			p.intents = append(p.intents, job.Intent{Mark: mark, Act: "more", Name: fmt.Sprintf("and %d more", n), Size: -1, Rest: n})
		}
	}
	return p.intents, nil
}

// add adds a line.
func (p *plan) add(intents ...job.Intent) {
	for _, intent := range intents {
		if p.lines[intent.Mark] >= planMost {
			p.rest[intent.Mark]++
			continue
		}
		p.lines[intent.Mark]++
		p.intents = append(p.intents, intent)
	}
}

func (p *plan) line(s sighting, mark job.Mark, act, why string) job.Intent {
	return job.Intent{Mark: mark, Act: act, Name: naming.Printable(s.entry.Name, 200), Size: s.entry.Size, Why: why}
}

// follow says what the verdict on one sighting leads to.
func (p *plan) follow(_ context.Context, l *look, s sighting) (*job.File, error) {
	switch p.verdict(l, s) {
	case verdictReady:
		p.await(l, s)
	case verdictNew, verdictSpent:
		if s.known && p.spec.Type == job.TypeImport {
			p.change(l, asChange(s))
			return nil, nil
		}
		p.begin(l, s, "")
	case verdictChanged:
		p.add(p.line(s, job.MarkWait, "wait", "it changed since the last look"))
	case verdictWaiting:
		p.add(p.line(s, job.MarkWait, "wait", fmt.Sprintf("unchanged for %s of %s", span.Text(l.now.Sub(s.row.StableSince)), span.Text(p.stableFor))))
	case verdictKnown:
		p.add(p.line(s, job.MarkDone, "skip", servedBy(s.row, p.spec)))
	case verdictHeld:
		p.add(p.line(s, job.MarkFail, "held", fmt.Sprintf("file %d: %s", s.row.ID, slugOf(s.row))))
	case verdictStaying:
		p.add(p.line(s, job.MarkDone, "skip", "its delete was acknowledged, and it is still there"))
	case verdictBusy:
		p.add(p.line(s, job.MarkWait, "resume", fmt.Sprintf("file %d stands at %s: the run goes on from there", s.row.ID, s.row.Step)))
	}
	return nil, nil
}

// begin says what a version that nobody worked on leads to.
func (p *plan) begin(l *look, s sighting, cause string) {
	f := p.machine.begin(s, l.now, cause)
	switch {
	case f.State != job.FileWaiting:
		p.decided(s, f.State, f.Reason)
	case p.stableFor == 0:
		p.await(l, s)
	default:
		p.add(p.line(s, job.MarkTransfer, "take", fmt.Sprintf("seen for the first time; taken when unchanged for %s", span.Text(p.stableFor))))
	}
}

// decided is a file that is not moved.
func (p *plan) decided(s sighting, state job.State, reason *job.Reason) {
	switch state {
	case job.FileHeld:
		p.add(p.line(s, job.MarkFail, "held", reason.Cause))
	case job.FileSkipped:
		p.add(p.line(s, job.MarkDone, "skip", reason.Cause))
	default:
		p.add(p.line(s, job.MarkFail, "reject", reason.Cause))
	}
}

// await lets a source that is ready wait for the end of the listing; more than a plan has lines for are only counted.
func (p *plan) await(l *look, s sighting) {
	if len(p.ready) >= planMost {
		p.untold()
		return
	}
	p.ready[s.path] = s
	p.due(l, p.next(s))
}

// untold counts a source that would be taken, and what would become of it then.
func (p *plan) untold() {
	p.rest[job.MarkTransfer]++
	action := job.RetireKeep
	if p.spec.Import != nil {
		action = p.spec.Import.AfterSuccess.Action
	} else if p.spec.Export != nil {
		action = p.spec.Export.AfterSuccess.Action
	}
	switch action {
	case job.RetireMove:
		p.rest[job.MarkMove]++
	case job.RetireDelete:
		p.rest[job.MarkDelete]++
	}
}

// change keeps a known source that looks new until it is clear whether all of them do; more than a plan has lines for are only counted.
func (p *plan) change(l *look, c change) {
	p.shifts.add(c)
	if len(l.changed) < planMost {
		l.changed = append(l.changed, c)
		return
	}
	if c.held("held") != "" {
		p.beyond.alike++
	} else {
		p.beyond.others++
	}
}

// beyond counts changes that a plan has not kept: those that are held where they look like one event, and others.
type beyond struct{ alike, others int }

// further counts the changes that were not kept, as those that were are told.
func (p *plan) further(cause string) {
	if cause != "" {
		p.rest[job.MarkFail] += p.beyond.alike
		p.beyond.alike = 0
	}
	for range p.beyond.alike + p.beyond.others {
		p.untold()
	}
}

// next is the row that would be taken.
func (p *plan) next(s sighting) job.File {
	if open(s.row) {
		return s.row
	}
	f := p.asFile(s.path, s.entry, time.Now())
	if s.known {
		f.Generation = 2 // or more
	}
	return f
}

// pick takes a source that is ready and marked.
func (p *plan) pick(s sighting) {
	f := p.next(s)
	var refused *decision
	if errors.As(p.machine.refuses(f), &refused) {
		p.decided(s, refused.state, refused.reason)
		return
	}
	intents := p.take(s)
	if p.held != "" && intents[0].Mark == job.MarkTransfer {
		intents[0].Detail = append(intents[0].Detail, p.held)
	}
	p.add(intents...)
}

func servedBy(row job.File, s job.Spec) string {
	return fmt.Sprintf("%s by run %d on %s", row.State, row.Run, dated(row.Ended, s))
}

// dated is a time as people read it: in the job's zone, which it names.
func dated(at time.Time, s job.Spec) string {
	zone := s.Timing.Zone
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("2006-01-02 15:04 MST")
}

func slugOf(row job.File) string {
	if row.Reason == nil {
		return "held"
	}
	return row.Reason.Slug
}

// Plan says what the next run of an import would do.
func (im *Importer) Plan(ctx context.Context, remote Remote, s job.Spec, run job.Run) ([]job.Intent, error) {
	r, err := im.prepare(remote, job.Connection{Name: s.Connection}, s, run)
	if err != nil {
		return nil, err
	}
	if _, err := im.Former(s.Import.Landing); errors.Is(err, fs.ErrNotExist) {
		if err := im.unused(ctx, s.Import.Landing); err != nil {
			return nil, err
		}
	}
	text := ""
	witness, err := im.Former(pick(s.Import.Witness, s.Import.Landing))
	if err == nil {
		text, err = witness.Epoch(s.Name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p, err := r.plan(ctx, im.Epoch, text, func(p *plan, g sighting) []job.Intent {
		return importIntents(s, r.naming, r.at, remote.Profile(), g, len(p.intents)+1)
	})
	if err != nil {
		return nil, err
	}
	return p.of(ctx, func(each func(job.Entry) error) error { return remote.List(ctx, r.dir, s.Limits.MaxEntries, each) })
}

// importIntents is what taking one file means.
func importIntents(s job.Spec, name naming.Template, at time.Time, profile job.Profile, g sighting, seq int) []job.Intent {
	want := s.Import
	shown := naming.Printable(g.entry.Name, 200)
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
	r, err := ex.prepare(profile, c, s, run)
	if err != nil {
		return nil, err
	}
	stage, err := ex.Stage(s.Name)
	if err != nil {
		return nil, err
	}
	text, err := stage.Epoch(s.Name)
	if err != nil {
		return nil, err
	}
	p, err := r.plan(ctx, ex.Epoch, text, func(p *plan, g sighting) []job.Intent {
		return exportIntents(s, r.naming, r.at, r.way, g, len(p.intents)+1)
	})
	if err != nil {
		return nil, err
	}
	return p.of(ctx, func(each func(job.Entry) error) error { return r.outbox.List(ctx, each) })
}

// exportIntents is what sending one file means.
func exportIntents(s job.Spec, name naming.Template, at time.Time, w way, g sighting, seq int) []job.Intent {
	want := s.Export
	shown := naming.Printable(g.entry.Name, 200)
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
