package transfer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// machine is what one direction does its own way.
type machine interface {
	// look lists the sources once and brings the ledger up to date.
	look(ctx context.Context) (*look, error)
	follower
	judge
	// goOn takes a claimed row from wherever it stands to its end.
	goOn(ctx context.Context, f *job.File, seq int, moved *int64) error
	// stageOf gives the stage where the row's files are made; nil: it is not there any more.
	stageOf(f job.File) Stage
	// stages gives all stages that the run came to.
	stages() []Stage
	// what says what became of a file, from what its row knows; did: what its reason says of it, empty: nothing.
	what(f job.File, did string) string
}

// follower does what the verdict on one source asks; fresh says that a generation begins with it.
type follower interface {
	follow(ctx context.Context, l *look, s sighting) (fresh *job.File, err error)
}

// judge decides about files by what the listing and the ledger say, for a run and for a plan.
type judge interface {
	// begin is the row of a version that nobody worked on, decided where that suffices; cause: of a mass change.
	begin(s sighting, now time.Time, cause string) job.File
	// refuses says why a file that is ready is not taken all the same.
	refuses(f job.File) error
}

// frame is what a run of either machine stands in: it finds the rows that are to move, lends each a turn, and writes
// down what became of it.
type frame struct {
	tally
	machine machine
	follows follower // the machine, or a plan
	ledger  Ledger
	witness Stage // remembers how far the ledger has come
	watch   func(job.Progress)
	looked  func(ctx context.Context, l job.Look) error

	conn      job.Connection
	spec      job.Spec
	run       job.Run
	at        time.Time // the run's scheduled time, in the job's zone
	dir       string    // of the sources, now
	sources   selection
	stableFor time.Duration

	epoch    string
	life     string // what the witness remembered when the run began
	stamp    int64  // of the ledger then
	listed   bool   // all sources were listed
	restored bool   // the ledger is an older copy: nothing that looks new is taken without a person's word
	parallel int    // files at the same time; 0: as their sizes suggest
	turns    *turns // of those that move
	movers   sync.WaitGroup
	seq      int
	only     only        // of a run that is about one name
	odd      atomic.Bool // the server gives open files other times than names
	adopted  backlog     // rows to be taken that no listing shows under their own names
	owes     owes
}

// maxLooks bounds how often one run lists to see whether files are still being written.
const maxLooks = 3

// scheduled is the time that names and patterns are about: the slot's, or now for runs by hand, in the job's zone.
func scheduled(run job.Run, s job.Spec) time.Time {
	at := run.Started
	if run.Slot != nil {
		at = run.Slot.Due
	}
	if at.IsZero() {
		at = time.Now()
	}
	return at.In(s.Timing.Zone)
}

// work finishes what earlier runs began, then looks, takes what is ready, and looks again while something may become so.
func (r *frame) work(ctx context.Context) error {
	if err := r.recover(ctx); err != nil {
		return err
	}
	for n := 1; !r.over(); n++ {
		found, err := r.machine.look(ctx)
		if err != nil {
			return err
		}
		if len(found.ready) > 0 {
			if err := r.noteStart(ctx); err != nil {
				return err
			}
		}
		if err := r.take(ctx, found.ready); err != nil {
			return err
		}
		r.takeAdopted(ctx)
		if wait := r.adopted.awaited(); wait > 0 {
			found.await(wait)
		}
		if found.waiting == 0 {
			break
		}
		if n == maxLooks {
			r.note(files(found.waiting, "is", "are") + " still being written or without a marker for this version; the next run looks again")
			break
		}
		r.tell(job.Progress{Stage: job.StageWait, Detail: files(found.waiting, "may", "may") + " still be written; looking again " + soon(found.wait)})
		if err := sleep(ctx, found.wait); err != nil {
			return err
		}
	}
	return r.sayOnly(ctx)
}

// files counts files, with the verb that goes with so many.
func files(n int, one, more string) string {
	if n == 1 {
		return "1 file " + one
	}
	return fmt.Sprintf("%d files %s", n, more)
}

// soon says when, in whole seconds.
func soon(wait time.Duration) string {
	if wait = wait.Round(time.Second); wait > 0 {
		return "in " + span.Text(wait)
	}
	return "at once"
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// end sums up a run that ended with err, and notes in the stage which life of the ledger it was of.
func (r *frame) end(ctx context.Context, err error) job.Result {
	if err != nil {
		r.fail(ofRun(ended(ctx, err)))
	}
	if err := r.noteLife(ctx, r.listed && !r.over()); err != nil {
		r.fail(ofRun(asReason(err)))
	}
	return r.result()
}

// ended prefers the reason for which a run was ended over the error that this led to.
func ended(ctx context.Context, err error) *job.Reason {
	if err != nil && ctx.Err() != nil {
		return asReason(context.Cause(ctx))
	}
	return asReason(err)
}

// tell shows a sign of life.
func (r *frame) tell(p job.Progress) {
	if r.watch == nil {
		return
	}
	p.Run, p.Job = r.run.ID, r.spec.Name
	r.watch(p)
}

// name is the source's name in the folder where it was found, which the job may not read any more.
func (r *frame) name(f job.File) string { return baseName(f.Path, folder(f)) }

// lies says whether the row's source was found in the folder that the job reads now.
func (r *frame) lies(f job.File) bool { return naming.Join(r.dir, r.name(f)) == f.Path }

// shown is the file's name for people.
func (r *frame) shown(f job.File) string { return naming.Printable(r.name(f), 200) }

// keep gives a context for the ledger that outlives the end of the run: what was done must be written down.
func keep(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// advance is one step of a machine: it writes the row, with all that was left for it, and takes over what the ledger made of it.
func (r *frame) advance(ctx context.Context, f *job.File, to job.Step) error {
	next := *f
	next.Step = to
	return ledgerReason(failpoint.Around(points[f.Type][to], func() error {
		from, beside := r.owes.with(*f, to, r.run.ID)
		written, err := r.ledger.Advance(keep(ctx), from, next, beside)
		if err == nil {
			*f = written
			r.owes.paid(f.ID, beside)
		}
		return err
	}))
}

// take moves the files at the paths, several at a time, until one failure makes it useless to go on. Rows are read for so many at once,
// but nobody waits for the slowest of those.
func (r *frame) take(ctx context.Context, paths []string) error {
	if r.turns == nil {
		r.turns = newTurns(r.parallel)
	}
	err := r.takeAll(ctx, paths)
	if err == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (r *frame) takeAll(ctx context.Context, paths []string) error {
	defer r.movers.Wait()
	for part := range slices.Chunk(paths, batch) {
		if r.over() || ctx.Err() != nil {
			return nil
		}
		rows, err := r.ledger.Known(ctx, r.spec.Name, part)
		if err != nil {
			return ledgerReason(err)
		}
		r.takeBatch(ctx, part, rows)
	}
	return nil
}

func (r *frame) takeBatch(ctx context.Context, paths []string, rows map[string]job.File) {
	for _, path := range paths {
		f := rows[path]
		if !open(f) || f.Aside != "" {
			continue // a person has decided about it since the listing, or a version was adopted, which has its own quiet time
		}
		if r.over() || ctx.Err() != nil || !r.another() {
			return
		}
		r.seq++
		seq := r.seq
		end := r.turns.take(f.Size)
		r.movers.Go(func() {
			defer end()
			r.file(ctx, f, seq)
		})
	}
}

// another says whether max_files allows one more, and notes the first time that it does not.
func (r *frame) another() bool {
	limit := r.spec.Limits.MaxFiles
	if limit == 0 || r.seq < limit {
		return true
	}
	if r.seq == limit {
		r.note(fmt.Sprintf("stopped after %d files, the limit max_files; the next run goes on", limit))
		r.seq++
	}
	return false
}

// takeAdopted moves the rows that no listing shows under their own names.
func (r *frame) takeAdopted(ctx context.Context) {
	for !r.over() && ctx.Err() == nil {
		f, more := r.adopted.pop()
		if !more {
			return
		}
		r.seq++
		r.file(ctx, f, r.seq)
	}
}

// recover goes on with what earlier runs began: each row says how far it came, and the stage and the server say the rest.
func (r *frame) recover(ctx context.Context) error {
	rows, err := r.ledger.Unfinished(ctx, r.spec.Name)
	if err != nil {
		return ledgerReason(err)
	}
	for _, row := range rows {
		if r.over() {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if row.Step == job.StepClaimed && row.Aside == "" {
			continue // read-once: the listing decides
		}
		r.seq++
		r.file(ctx, row, r.seq)
	}
	for _, stage := range r.machine.stages() {
		sweepStage(ctx, stage, r.ledger)
	}
	return r.settleIn()
}

// file moves one row from the claim to the end, and writes down what became of it. What cannot be written down ends the
// run.
func (r *frame) file(ctx context.Context, row job.File, seq int) {
	err := guarded(func() error {
		r.carry(ctx, row, seq)
		return nil
	})
	if err != nil {
		r.fail(asReason(err))
	}
}

func (r *frame) carry(ctx context.Context, row job.File, seq int) {
	began := time.Now()
	f, late, err := r.claim(ctx, row)
	if err != nil {
		r.lost(err)
		return
	}
	state, before := served(f)
	if before {
		f.State = state // only the source is left to see to
	}
	var moved int64
	r.owes.begin(f.ID, owing{claim: late, began: began, moved: &moved, counts: !before})
	defer r.payUp(ctx, f.ID)
	err = guarded(func() error { return r.machine.goOn(ctx, &f, seq, &moved) })
	if !before || err != nil { // else it was counted by the run that served it
		r.settle(ctx, &f, err, began, moved, before)
	}
	r.tidy(f)
}

// claim is C3: the lease, of exports too; the source is not touched. No run may take what is held, so a file that was held
// because it changed while it was read waits again first. An export that begins is claimed by its first step, late: before that
// nothing outside knows of it.
func (r *frame) claim(ctx context.Context, row job.File) (f job.File, late *job.File, err error) {
	if row.State == job.FileHeld && open(row) {
		row.State, row.Reason = job.FileWaiting, nil
		if err := r.advance(ctx, &row, job.StepSeen); err != nil {
			return f, nil, err
		}
	}
	err = failpoint.Around("C3", func() (err error) {
		if row.Type == job.TypeExport && row.Step == job.StepSeen {
			f, late = row, &row
			f.Fence, f.Run, f.State, f.Began = f.Fence+1, r.run.ID, job.FileMoving, time.Now()
			return nil
		}
		f, err = r.ledger.Claim(keep(ctx), row, r.run.ID)
		return err
	})
	return f, late, err
}
