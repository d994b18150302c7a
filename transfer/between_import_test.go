package transfer_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// listedThen is a session in which something happens between a listing and what is made of it.
type listedThen struct {
	transfer.Carrier
	then func()
}

func (l listedThen) List(ctx context.Context, dir string, limit int, each func(job.Entry) error) error {
	err := l.Carrier.List(ctx, dir, limit, each)
	l.then()
	return err
}

// While one run looks at its listing, another one takes the file and moves it away. A listing that is older than the row
// says nothing about it.
func TestAListingJudgesOnlyWhatHasNotChangedSince(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/done"} })
	put(t, b.remote("out", "a.csv"), "one")
	var once sync.Once
	result := b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier {
		return listedThen{c, func() { once.Do(func() { b.want(1, 0, 0, 0) }) }}
	}})
	if result.State != job.RunSucceeded || result.Counts != (job.Counts{}) {
		t.Errorf("result %+v, reason %v", result, result.Reason)
	}
	if rows := b.rows(); len(rows) != 1 {
		t.Errorf("a version that there never was: %+v", rows)
	}
}

// A listing did not have a file that came since and that another look has found. It does not take it for gone again.
func TestAListingMissesOnlyWhatWasThereBefore(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	result := b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier {
		return listedThen{c, func() {
			if _, err := b.store.See(t.Context(), job.File{Job: b.spec.Name, Connection: "acme", Type: job.TypeImport, Path: "/out/a.csv", Dir: "/out", Size: 3}); err != nil {
				t.Error(err)
			}
		}}
	}})
	if f := b.last(); result.Counts != (job.Counts{}) || f.State != job.FileWaiting {
		t.Errorf("result %+v, row %+v", result, f)
	}
}

// One file is ready long before another, so the run looks at that one twice before its time is over. In between it did not
// change; then it did.
func TestImportWaitsTheWholeTimeWhateverItSees(t *testing.T) {
	const quiet = 3 * time.Second
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.StableFor = quiet })
	at := time.Unix(1_700_000_000, 0)
	put(t, b.remote("out", "early.csv"), "e", at)
	put(t, b.remote("out", "late.csv"), "half", at)
	_, err := b.store.See(t.Context(), job.File{
		Job: b.spec.Name, Connection: "acme", Type: job.TypeImport, Path: "/out/early.csv", Dir: "/out", Size: 1, ModTime: at.Unix(), StableSince: time.Now().Add(-quiet / 2),
	})
	if err != nil {
		t.Fatal(err)
	}
	waits := 0
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait {
			if waits++; waits == 2 {
				put(t, b.remote("out", "late.csv"), "half and whole")
			}
		}
	}
	b.do()
	has(t, b.landing, map[string]string{"early.csv": "e"})
}

// pausing is a landing in which a run stops when it asks for space, before it makes its first file.
type pausing struct {
	transfer.Landing
	pause func()
}

func (p pausing) Free() (int64, error) { p.pause(); return p.Landing.Free() }

// A run is paused, counts as dead, and its file is taken by the next one, which dies between the landing and its word
// to the ledger. Then the first one wakes up. Nothing that it makes may be taken for what the second was to land.
func TestARunThatWakesUpLandsNothing(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	paused, wake, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once
	go func() {
		defer close(over)
		b.doBetween(between{landing: func(l transfer.Landing) transfer.Landing {
			return pausing{l, func() { once.Do(func() { close(paused); <-wake }) }}
		}})
	}()
	<-paused
	b.endClaims()
	b.doBetween(between{ledger: &dying{Store: b.store, at: job.StepDone}})
	has(t, b.landing, map[string]string{"a.csv": "one"})
	if err := os.Remove(filepath.Join(b.landing, "a.csv")); err != nil { // the platform takes it
		t.Fatal(err)
	}
	close(wake)
	<-over
	b.endClaims()
	b.do()
	has(t, b.landing, nil)
}

// The run that fetched a file died before its last look at the source, which was overwritten while it was read. The next
// run makes up for that look.
func TestImportLooksAtTheSourceAfterACrash(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: filepath.Join(t.TempDir(), "archive")} })
	put(t, b.remote("out", "a.csv"), "half")
	b.doBetween(between{ledger: &dying{Store: b.store, at: job.StepLanding}})
	if f := b.last(); f.Step != job.StepDownloaded {
		t.Fatalf("the row stands at %s", f.Step)
	}
	put(t, b.remote("out", "a.csv"), "half and whole")
	b.endClaims()
	b.do()
	b.do()
	has(t, b.landing, map[string]string{"a.csv": "half and whole"})
}

// On a server without rename the customer overwrites a file that just landed. Only what landed is removed.
func TestImportRemovesInPlaceOnlyWhatLanded(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	path := b.remote("out", "a.csv")
	put(t, path, "one")
	b.doGuarded(&guard{landed: func() { put(t, path, "another version") }})
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "another version"})
	has(t, b.remote("out"), nil)
}

// small is a landing on a disk of ten bytes, which stops whoever makes a file there.
type small struct {
	transfer.Landing
	making func()
}

func (s small) Free() (int64, error) { return 10, nil }

func (s small) Create(name string) (io.WriteCloser, error) { s.making(); return s.Landing.Create(name) }

// Each of two files fits on the disk, and both do not. One of them is under way while the other is to be begun.
func TestSpaceIsSetAsideForFilesThatAreUnderWay(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "six by")
	put(t, b.remote("out", "b.csv"), "te file")
	decided := make(chan struct{}) // by a refusal, or by two that are both under way
	var once, first sync.Once
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageEnd && p.State == job.FileFailed {
			once.Do(func() { close(decided) })
		}
	}
	making := func() {
		waits := false
		first.Do(func() { waits = true })
		if !waits {
			once.Do(func() { close(decided) })
		}
		<-decided
	}
	result := b.doBetween(between{landing: func(l transfer.Landing) transfer.Landing { return small{l, making} }})
	if result.Counts != (job.Counts{OK: 1, Failed: 1}) || result.Reason.Slug != "local.no_space" {
		t.Errorf("result %+v, reason %v", result, result.Reason)
	}
}
