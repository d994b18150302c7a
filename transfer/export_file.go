package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
)

// send moves the files at the paths, several at a time, until one failure makes it useless to go on.
func (r *exportRun) send(ctx context.Context, paths []string) error {
	for start := 0; start < len(paths) && !r.over(); start += batch {
		part := paths[start:min(start+batch, len(paths))]
		rows, err := r.Ledger.Known(ctx, r.spec.Name, part)
		if err != nil {
			return ledgerReason(err)
		}
		r.sendBatch(ctx, part, rows)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (r *exportRun) sendBatch(ctx context.Context, paths []string, rows map[string]job.File) {
	parallel := r.Parallel
	if parallel == 0 {
		parallel = 4
	}
	var movers sync.WaitGroup
	turns := make(chan struct{}, parallel)
	for _, path := range paths {
		if r.over() || ctx.Err() != nil || !r.another() {
			break
		}
		r.seq++
		f, seq := rows[path], r.seq
		turns <- struct{}{}
		movers.Go(func() {
			defer func() { <-turns }()
			r.file(ctx, f, seq)
		})
	}
	movers.Wait()
}

func (r *exportRun) another() bool {
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

// file moves one file from the claim to the end, and writes down what became of it.
func (r *exportRun) file(ctx context.Context, row job.File, seq int) {
	began := time.Now()
	f, err := r.Ledger.Claim(keep(ctx), row, r.run.ID) // X3's lease; every attempt has a fence of its own
	if err != nil {
		if err = ignoreStale(err); err != nil {
			r.fail(asReason(ledgerReason(err)))
		}
		return
	}
	var moved int64
	err = r.goOn(ctx, &f, seq, &moved)
	r.settle(ctx, f, err, began, moved)
}

// goOn takes a claimed row from wherever it stands through the rest of the machine.
func (r *exportRun) goOn(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if r.restored && f.Step != job.StepDelivered {
		// A restored ledger believes it to be on its way: it may have been delivered since the copy was made.
		return &decision{job.FileHeld, restoredReason(localName(*f), r.spec.Name)}
	}
	for f.Step != job.StepDone {
		next := map[job.Step]func() error{
			job.StepSeen:      func() error { return r.collect(ctx, f, seq) },   // X1
			job.StepQueued:    func() error { return r.seal(ctx, f) },           // X2
			job.StepSealed:    func() error { return r.upload(ctx, f, moved) },  // X3 to X5
			job.StepSending:   func() error { return r.settleSending(ctx, f) },  // found by recovery
			job.StepUploaded:  func() error { return r.publish(ctx, f) },        // X6
			job.StepRenaming:  func() error { return r.settleRenaming(ctx, f) }, // found by recovery
			job.StepDelivered: func() error { return r.retire(ctx, f) },         // X9
		}[f.Step]
		if next == nil {
			return fmt.Errorf("row %d stands at %q, which is no step of an export", f.ID, f.Step)
		}
		if err := next(); err != nil {
			return err
		}
	}
	return nil
}

// settle writes down how a file ended in this run.
func (r *exportRun) settle(ctx context.Context, f job.File, err error, began time.Time, moved int64) {
	if f.Fence > 1 {
		r.mu.Lock()
		r.again = true
		r.mu.Unlock()
	}
	if errors.Is(err, job.ErrStale) {
		return // the row belongs to somebody else by now; what they write is true
	}
	if err != nil {
		to := f.Step
		f.State, f.Reason = outcome(ctx, err)
		if to == job.StepDelivered {
			f.State = job.FileDelivered // only what comes after the delivery is not done
		}
		r.place(&f)
		switch {
		case f.State == job.FileRejected, f.State == job.FileSkipped:
			to = job.StepDone
		case f.Reason.Slug == slugSizeChanged:
			to = job.StepSeen // the next run that finds it quiet takes it up again
		}
		if err := r.advance(ctx, &f, to); err != nil {
			if err = ignoreStale(err); err != nil {
				r.fail(asReason(err))
			}
			return
		}
	}
	r.let(ctx, f, began, moved)
}

// place names the file in a reason that was made by somebody who did not know it.
func (r *exportRun) place(f *job.File) {
	own := *f.Reason // several files may fail of one cause
	f.Reason = &own
	rest, nameless := strings.CutPrefix(f.Reason.What, "the file ")
	switch {
	case nameless:
		f.Reason.What = r.shown(*f) + " " + rest + "; it is still in the outbox"
	case f.Reason.What == "":
		f.Reason.What = r.shown(*f) + " was not delivered; it is still in the outbox"
	}
}

// let lets go of a file: it is counted, and the run remembers how it left it.
func (r *exportRun) let(ctx context.Context, f job.File, began time.Time, moved int64) {
	r.add(f)
	if f.Step == job.StepDone {
		removeStaged(r.stage, stagePrefix(f), time.Now().Add(time.Hour)) // C15's twin: nothing stays in the stage
	}
	err := r.Ledger.Outcome(keep(ctx), job.Outcome{Run: r.run.ID, File: f, Bytes: moved, Duration: time.Since(began)})
	if err != nil {
		r.fail(asReason(ledgerReason(err)))
	}
	r.tell(job.Progress{
		File: f.ID, Name: r.shown(f), Stage: job.StageEnd, Done: f.Received.Size, Total: f.Size,
		State: f.State, Detail: f.Final, Reason: f.Reason,
	})
}

// recover goes on with what earlier runs began: each row says how far it came, and the server says the rest.
func (r *exportRun) recover(ctx context.Context) error {
	rows, err := r.Ledger.Unfinished(ctx, r.spec.Name)
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
		r.resume(ctx, row)
	}
	sweepStage(ctx, r.stage, r.Ledger)
	return nil
}

func (r *exportRun) resume(ctx context.Context, row job.File) {
	began := time.Now()
	f, err := r.Ledger.Claim(keep(ctx), row, r.run.ID)
	if err != nil {
		if err = ignoreStale(err); err != nil {
			r.fail(asReason(ledgerReason(err)))
		}
		return
	}
	r.seq++
	if row.Step == job.StepDelivered {
		f.State = job.FileDelivered // X8 was written; only the source is left to see to
	}
	var moved int64
	err = r.goOn(ctx, &f, r.seq, &moved)
	if row.Step == job.StepDelivered && err == nil {
		return // it was counted by the run that delivered it
	}
	r.settle(ctx, f, err, began, moved)
}
