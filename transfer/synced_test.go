package transfer_test

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// notes is what a run did, in its order.
type notes struct {
	mu   sync.Mutex
	acts []string
}

func (n *notes) note(act string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.acts = append(n.acts, act)
}

// inOrder sees that acts are there, one behind the other.
func (n *notes) inOrder(t *testing.T, acts ...string) {
	t.Helper()
	rest := n.acts
	for _, act := range acts {
		i := slices.Index(rest, act)
		if i < 0 {
			t.Fatalf("no %q where it should be: %q", act, n.acts)
		}
		rest = rest[i+1:]
	}
}

// notedStage is a real stage that notes what makes files and names durable.
type notedStage struct {
	transfer.Stage
	*notes
}

func (s notedStage) Create(name string) (io.WriteCloser, error) {
	file, err := s.Stage.Create(name)
	return notedFile{file, s.notes, "close " + name}, err
}

func (s notedStage) Sync() error { s.note("sync"); return s.Stage.Sync() }

type notedFile struct {
	io.WriteCloser
	*notes
	act string
}

func (f notedFile) Close() error { f.note(f.act); return f.WriteCloser.Close() }

// notedLanding is the same for a landing.
type notedLanding struct {
	transfer.Landing
	stage notedStage
}

func (l notedLanding) Create(name string) (io.WriteCloser, error) { return l.stage.Create(name) }
func (l notedLanding) Sync() error                                { return l.stage.Sync() }

// notedLedger notes the steps.
type notedLedger struct {
	*store.Store
	*notes
}

func (l notedLedger) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	l.note(string(f.Step))
	return l.Store.Advance(ctx, from, f, beside)
}

func TestWhatIsReceivedIsSyncedBeforeTheLedgerSaysSo(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: filepath.Join(t.TempDir(), "archive")} })
	put(t, b.remote("out", "a.csv"), "one")
	n := &notes{}
	b.doBetween(between{ledger: notedLedger{b.store, n}, landing: func(l transfer.Landing) transfer.Landing { return notedLanding{l, notedStage{l, n}} }})
	n.inOrder(t, "close 1.1.received", "sync", string(job.StepDownloaded), "close 1.1.dec.part", string(job.StepLanding))
}

func TestWhatIsSealedIsSyncedBeforeTheLedgerSaysSo(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.InPlace = true })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	n := &notes{}
	b.doBetween(between{ledger: notedLedger{b.store, n}, stage: func(s transfer.Stage) transfer.Stage { return notedStage{s, n} }})
	n.inOrder(t, "close 1.1.sealed", "sync", string(job.StepSealed), string(job.StepSending))
}
