package transfer

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
)

// Names in the stage carry row and fence: no two attempts ever share one.
func staged(id, fence int64, what string) string { return fmt.Sprintf("%d.%d.%s", id, fence, what) }

const (
	stagedReceived = "received" // as on the wire
	stagedOpened   = "dec.part"
	stagedReady    = "ready" // to land
	stagedSealed   = "sealed"
)

// stagedNames are all names that one attempt may have used.
func stagedNames(id, fence int64) []string {
	return []string{
		staged(id, fence, stagedReceived), staged(id, fence, stagedOpened), staged(id, fence, stagedReady), staged(id, fence, stagedSealed),
	}
}

// staleAfter is how old a staged file must be before the sweep asks whose it is.
const staleAfter = 24 * time.Hour

// sweepStage deletes staged files of rows that are done, which runs that died left behind.
func sweepStage(ctx context.Context, stage Stage, ledger Finder) {
	names, err := stage.Leftovers(time.Now().Add(-staleAfter))
	if err != nil {
		return
	}
	for _, name := range names {
		id, err := strconv.ParseInt(name[:max(0, strings.IndexByte(name, '.'))], 10, 64)
		if err != nil {
			continue
		}
		if row, err := ledger.File(ctx, id); err == nil && row.Step == job.StepDone && row.State != job.FileHeld {
			_ = stage.Remove(name)
		}
	}
}

// backlog is a queue that several goroutines may fill.
type backlog struct {
	mu    sync.Mutex
	files []job.File
	wait  time.Duration // until all may be quiet that are not yet; 0: all are
}

func (b *backlog) push(files ...job.File) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files = append(b.files, files...)
}

// await notes one that may still be written for so long.
func (b *backlog) await(left time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wait = max(b.wait, left)
}

// awaited forgets for how long to wait, and gives it.
func (b *backlog) awaited() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := b.wait
	b.wait = 0
	return wait
}

func (b *backlog) pop() (job.File, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.files) == 0 {
		return job.File{}, false
	}
	f := b.files[0]
	b.files = b.files[1:]
	return f, true
}

// forgetKept deletes copies of sources that ended longer ago than they are to be kept: only what rows of this job name. A
// run with the configuration of before does not know how long they are to be kept now.
func (r *frame) forgetKept(ctx context.Context, forget func(path string) error, keepFor time.Duration) error {
	if keepFor == 0 || r.run.AsRun {
		return nil
	}
	before := time.Now().Add(-keepFor)
	for {
		rows, err := r.ledger.Expired(ctx, r.spec.Name, before, batch)
		if err != nil {
			return ledgerReason(err)
		}
		for _, f := range rows {
			if err := r.forgetCopy(ctx, f, forget); err != nil {
				return err
			}
			f.Archived = ""
			if err := ignoreStale(r.advance(ctx, &f, f.Step)); err != nil {
				return err
			}
		}
		if len(rows) < batch {
			return nil
		}
	}
}

// forgetCopy leaves a copy alone whose name is a newer row's by now: the row's own was taken away by somebody.
func (r *frame) forgetCopy(ctx context.Context, f job.File, forget func(path string) error) error {
	anothers, err := r.ledger.Overwritten(ctx, f)
	if err != nil || anothers {
		return ledgerReason(err)
	}
	return forget(f.Archived)
}
