package transfer_test

import (
	"context"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// countedLedger is the real store; it counts the writes that are waited for, by what they are.
type countedLedger struct {
	steppedLedger
	mu     sync.Mutex
	writes []string
}

func (l *countedLedger) note(write string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, write)
}

func (l *countedLedger) Claim(ctx context.Context, f job.File, run int64) (job.File, error) {
	l.note("claim")
	return l.Store.Claim(ctx, f, run)
}

func (l *countedLedger) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	l.note(string(f.Step))
	return l.steppedLedger.Advance(ctx, from, f, beside)
}

func (l *countedLedger) Outcome(ctx context.Context, o job.Outcome) error {
	l.note("outcome")
	return l.Store.Outcome(ctx, o)
}

func (l *countedLedger) Request(ctx context.Context, r job.Request) error {
	l.note("request")
	return l.Store.Request(ctx, r)
}

// The way of a file takes as few transactions as there are acts outside, and all of it is in the ledger.
func TestAFilesWayTakesFewTransactions(t *testing.T) {
	for kind, want := range map[job.Type]struct{ writes, steps []string }{
		job.TypeImport: {[]string{"claim", "landing", "done"}, []string{"seen", "landing", "done"}},
		job.TypeExport: {[]string{"sending", "renaming", "done"}, []string{"seen", "queued", "sealed", "sending", "uploaded", "renaming", "done"}},
	} {
		t.Run(string(kind), func(t *testing.T) {
			b := setup(t, sftptest.Knobs{})
			if kind == job.TypeImport {
				b = b.importing(nil)
				put(t, b.remote("out", "a.csv"), "content")
			} else {
				b = b.exporting(nil)
				put(t, filepath.Join(b.outbox, "a.csv"), "content")
			}
			ledger := &countedLedger{steppedLedger: steppedLedger{b.store, new([]string)}}
			b.doBetween(between{ledger: ledger})
			if !slices.Equal(ledger.writes, want.writes) {
				t.Errorf("writes %q, want %q", ledger.writes, want.writes)
			}
			f := b.last()
			told(t, b, f, want.steps)
		})
	}
}

// told sees that the timeline has the steps, and that run, request and outcome are there.
func told(t *testing.T, b *bundle, f job.File, steps []string) {
	t.Helper()
	lines, err := b.store.Steps(t.Context(), f.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range lines {
		got = append(got, string(line.Step))
	}
	if !slices.Equal(got, steps) {
		t.Errorf("timeline %q, want %q", got, steps)
	}
	requests, err := b.store.Requests(t.Context(), f.Run)
	if err != nil || len(requests) != 1 || !requests[0].OK || requests[0].Bytes != 7 {
		t.Errorf("requests %+v, %v", requests, err)
	}
	outcomes, err := b.store.RunFiles(t.Context(), f.Run)
	if err != nil || len(outcomes) != 1 || outcomes[0].File.State != f.State || outcomes[0].Bytes != 7 || outcomes[0].Duration <= 0 {
		t.Errorf("outcomes %+v, %v", outcomes, err)
	}
}

// An export that begins is claimed by its first step. A row that was written since it was read is left alone, and nothing is sent.
func TestAnExportWhoseRowWasWrittenMeanwhileIsNotBegun(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "content")
	b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier {
		return &lookedAt{Carrier: c, path: "/in/a.csv", n: 1, then: func() {
			if err := b.store.MarkAbsent(t.Context(), []int64{b.last().ID}, 1<<40); err != nil {
				t.Error(err)
			}
		}}
	}})
	if f := b.last(); f.Fence != 0 || f.Step != job.StepSeen {
		t.Errorf("row %+v", f)
	}
	has(t, b.remote("in"), nil)
}

// A row that is somebody else's by now is not written; what was asked of the server is told all the same.
func TestARequestIsToldThoughItsRowIsLost(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "content")
	b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { return uploading{c, b.endClaims} }})
	f := b.last()
	if f.Step != job.StepSending {
		t.Errorf("the row stands at %s", f.Step)
	}
	requests, err := b.store.Requests(t.Context(), f.Run)
	if err != nil || len(requests) != 1 || requests[0].Bytes != 7 {
		t.Errorf("requests %+v, %v", requests, err)
	}
}

// behindClose is a session whose server has not done a CLOSE yet when it answers the look that was sent behind it.
type behindClose struct {
	transfer.Carrier
	putting atomic.Bool
	early   atomic.Int32
}

func (c *behindClose) Put(ctx context.Context, path string, src io.Reader, size int64, ahead func()) (int64, error) {
	c.putting.Store(true)
	defer c.putting.Store(false)
	return c.Carrier.Put(ctx, path, src, size, func() {
		ahead()
		for c.early.Load() < 2 {
			runtime.Gosched()
		}
	})
}

func (c *behindClose) Stat(ctx context.Context, path string) (job.Entry, error) {
	entry, err := c.Carrier.Stat(ctx, path)
	if c.putting.Load() {
		c.early.Add(1)
		entry.Size--
	}
	return entry, err
}

// The early look is no judgement: where it does not show what it should, the file is looked at when CLOSE is answered.
func TestExportLooksAgainWhereCloseWasNotOver(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "content")
	early := &behindClose{}
	b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { early.Carrier = c; return early }})
	if f := b.last(); early.early.Load() < 2 || f.State != job.FileDelivered || f.Proof != job.ProofVerified {
		t.Errorf("%d early looks, row %+v", early.early.Load(), f)
	}
}

// before is a session whose looks overtake its renames.
type before struct {
	transfer.Carrier
	looks atomic.Int32
}

func (c *before) Stat(ctx context.Context, path string) (job.Entry, error) {
	entry, err := c.Carrier.Stat(ctx, path)
	c.looks.Add(1)
	return entry, err
}

func (c *before) Rename(ctx context.Context, from, to string, means job.RenameMeans, sent ...func()) error {
	seen := c.looks.Load()
	for _, f := range sent {
		f()
	}
	for c.looks.Load() < seen+2 && c.looks.Load() < 5 {
		runtime.Gosched()
	}
	return c.Carrier.Rename(ctx, from, to, means)
}

// Looks that came before the rename show the file under its temporary name: that is nothing, and it is looked at again.
func TestExportLooksAgainWhereTheRenameWasNotDone(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
	put(t, b.remote("in", "a.csv"), "in size", time.Now().Add(-time.Hour))
	put(t, filepath.Join(b.outbox, "a.csv"), "content")
	late := &before{}
	b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { late.Carrier = c; return late }})
	if f := b.last(); f.State != job.FileDelivered || f.Proof != job.ProofVerified || late.looks.Load() != 7 {
		t.Errorf("%d looks, row %+v", late.looks.Load(), f)
	}
	has(t, b.remote("in"), map[string]string{"a.csv": "content"})
}

// Under its final name a file is not closed before all of it was acknowledged: the connection that breaks in its WRITE leaves
// no doubt then.
func TestExportInPlaceClosesBehindItsWrites(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", Times: 1, Do: sftptest.Drop}}}).exporting(func(ex *job.Export) { ex.InPlace = true })
	put(t, filepath.Join(b.outbox, "a.csv"), "content")
	result := b.do()
	if f := b.last(); result.Reason == nil || !strings.HasPrefix(result.Reason.Slug, "net.") || f.State != job.FileFailed {
		t.Errorf("result %+v, reason %v, state %s", result, result.Reason, f.State)
	}
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "content"})
}

// sending is a session that takes its time to send a rename.
type sending struct {
	before
	t *testing.T
}

func (c *sending) Rename(ctx context.Context, from, to string, means job.RenameMeans, sent ...func()) error {
	seen := c.looks.Load()
	for range 1000 {
		runtime.Gosched()
	}
	if c.looks.Load() > seen {
		c.t.Error("a name was looked at before the rename was sent")
	}
	return c.Carrier.Rename(ctx, from, to, means, sent...)
}

// What is looked at behind a rename is asked behind it, so that it is seen done: each name is looked at twice, and the final one before all.
func TestExportLooksBehindTheRename(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	slow := &sending{t: t}
	b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { slow.Carrier = c; return slow }})
	if f := b.last(); f.State != job.FileDelivered || slow.looks.Load() != 5 {
		t.Errorf("%d looks, row %+v", slow.looks.Load(), f)
	}
}

// pair is a session that answers the look at a temporary when the final name is looked at too, or a while later.
type pair struct {
	transfer.Carrier
	sent, both atomic.Bool
	others     atomic.Int32
}

func (c *pair) Put(ctx context.Context, path string, src io.Reader, size int64, ahead func()) (int64, error) {
	n, err := c.Carrier.Put(ctx, path, src, size, ahead)
	c.sent.Store(true)
	return n, err
}

func (c *pair) Stat(ctx context.Context, path string) (job.Entry, error) {
	switch {
	case !c.sent.Load():
	case !strings.HasSuffix(path, ".part"):
		c.others.Add(1)
	default:
		for range 10_000 {
			if c.others.Load() > 0 {
				c.both.Store(true)
				break
			}
			runtime.Gosched()
		}
		c.sent.Store(false)
	}
	return c.Carrier.Stat(ctx, path)
}

// Behind the CLOSE of a file that is not small both names are looked at together: on a long line that is a round trip less.
func TestExportLooksAtBothNamesTogether(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), strings.Repeat("content\n", 20_000))
	together := &pair{}
	b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { together.Carrier = c; return together }})
	if f := b.last(); f.State != job.FileDelivered || !together.both.Load() {
		t.Errorf("together: %v, row %+v", together.both.Load(), f)
	}
}
