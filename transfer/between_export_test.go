package transfer_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// uploading is a session in which something happens when the last byte of an upload has been read.
type uploading struct {
	transfer.Carrier
	then func()
}

func (u uploading) Put(ctx context.Context, path string, src io.Reader, size int64, ahead func()) (int64, error) {
	return u.Carrier.Put(ctx, path, &untilEnd{src, u.then}, size, ahead)
}

type untilEnd struct {
	io.Reader
	then func()
}

func (u *untilEnd) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err == io.EOF {
		u.then()
	}
	return n, err
}

// Somebody else's file comes under the final name when the upload is through, on a server whose RENAME replaces. The name of a small
// file is looked at right behind its CLOSE, that of a large one when CLOSE is answered.
func TestExportLooksBeforeItRenames(t *testing.T) {
	for _, size := range []int{4, 200_000} {
		b := setup(t, sftptest.Knobs{RenameOverwrites: true}).exporting(nil)
		putBytes(t, filepath.Join(b.outbox, "a.csv"), noise(size))
		b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier {
			return uploading{c, func() { put(t, b.remote("in", "a.csv"), "somebody's") }}
		}})
		keepsSomebodys(t, b)
	}
}

// A large file may take its time to be closed, and somebody's file comes meanwhile.
func TestExportOfALargeFileLooksWhenItIsClosed(t *testing.T) {
	b := setup(t, sftptest.Knobs{RenameOverwrites: true}).exporting(nil)
	putBytes(t, filepath.Join(b.outbox, "a.csv"), noise(200_000))
	b.doGuarded(&guard{watch: func(act string) {
		if strings.HasPrefix(act, "put ") {
			put(t, b.remote("in", "a.csv"), "somebody's")
		}
	}})
	keepsSomebodys(t, b)
}

func keepsSomebodys(t *testing.T, b *bundle) {
	t.Helper()
	if got, err := os.ReadFile(b.remote("in", "a.csv")); string(got) != "somebody's" || err != nil {
		t.Errorf("a.csv holds %q, %v", got, err)
	}
	if f := b.last(); f.Reason == nil || f.Reason.Slug != "remote.name_taken" {
		t.Errorf("row %+v", f)
	}
}

// movedAfter is an outbox in which something happens before a file is moved for the first time.
type movedAfter struct {
	transfer.Outbox
	before func()
}

func (o movedAfter) Move(name, dir, newName string) error {
	o.before()
	return o.Outbox.Move(name, dir, newName)
}

// The platform writes a file again between our last look at it and the moment it goes aside.
func TestExportPutsANewerVersionBack(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.AfterSuccess.Action, ex.IfExists = job.RetireDelete, job.ExistsReplace })
	path := filepath.Join(b.outbox, "a.csv")
	put(t, path, "one")
	var once sync.Once
	b.doBetween(between{outbox: func(o transfer.Outbox) transfer.Outbox {
		return movedAfter{o, func() { once.Do(func() { put(t, path, "another version") }) }}
	}})
	has(t, b.outbox, map[string]string{"a.csv": "another version"})
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "another version"})
	has(t, b.outbox, nil)
}

// noting is a ledger in which something happens before it is written that a file stands at a step.
type noting struct {
	*store.Store
	at   job.Step
	then func()
}

func (n noting) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	if f.Step == n.at {
		n.then()
	}
	return n.Store.Advance(ctx, from, f, beside)
}

// The OPEN of an attempt that died takes effect after all, when the next attempt has uploaded the file: OPEN truncates.
func TestExportGivesEachAttemptItsName(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "whole")
	b.doBetween(between{ledger: &dying{Store: b.store, at: job.StepRenaming}})
	earlier := b.last().Temp
	if earlier == "" {
		t.Fatalf("the first attempt sent nothing: %+v", b.last())
	}
	b.endClaims()
	renames := 0
	b.doBetween(between{ledger: noting{b.store, job.StepRenaming, func() { renames++; put(t, b.remote(earlier), "") }}})
	if renames == 0 {
		t.Error("the second attempt renamed nothing")
	}
	if got, err := os.ReadFile(b.remote("in", "a.csv")); string(got) != "whole" || err != nil {
		t.Errorf("a.csv holds %q, %v", got, err)
	}
}

// lostRename is a session that dies before the server hears of a rename.
type lostRename struct{ transfer.Carrier }

func (lostRename) Rename(context.Context, string, string, job.RenameMeans, ...func()) error {
	return errLost
}

func losesRename(c transfer.Carrier) transfer.Carrier { return lostRename{c} }

// The answer to a rename was lost. The temporary is gone, but what lies under the final name is yesterday's file, of the
// same length.
func TestExportKnowsYesterdaysFileOfTheSameLength(t *testing.T) {
	t.Cleanup(transfer.Hasten())
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
	put(t, b.remote("in", "a.csv"), "sunday", time.Now().Add(-24*time.Hour))
	put(t, filepath.Join(b.outbox, "a.csv"), "monday")
	b.doBetween(between{remote: losesRename})
	if err := os.Remove(b.remote(b.last().Temp)); err != nil {
		t.Fatal(err)
	}
	b.endClaims()
	b.want(0, 0, 0, 1)
	if f := b.last(); f.Reason.Slug != "remote.final_differs" {
		t.Errorf("reason %+v", f.Reason)
	}
}

// lookedAt is a session in which something happens before the second look at a file.
type lookedAt struct {
	transfer.Carrier
	path string
	then func()
	n    int
}

func (l *lookedAt) Stat(ctx context.Context, path string) (job.Entry, error) {
	if path == l.path {
		if l.n++; l.n == 2 {
			l.then()
		}
	}
	return l.Carrier.Stat(ctx, path)
}

// A server that renames by copying has the final name already, and not yet let go of the temporary, when a run comes that
// knows that a rename was asked for. It waits.
func TestExportWaitsForARenameThatIsUnderWay(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.doBetween(between{remote: losesRename})
	temp := b.last().Temp
	info, err := os.Stat(b.remote(temp))
	if err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("in", "a.csv"), "one", info.ModTime())
	b.endClaims()
	result := b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier {
		return &lookedAt{Carrier: c, path: temp, then: func() {
			if err := os.Remove(b.remote(temp)); err != nil {
				t.Error(err)
			}
		}}
	}})
	if result.Counts != (job.Counts{OK: 1}) || b.last().State != job.FileDelivered {
		t.Errorf("result %+v, reason %v", result, result.Reason)
	}
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
}

// The source changes while it is sent, and goes out in the next run, under the name that it had.
func TestExportKeepsItsNameThroughAChange(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.Name = "seg_{run}.csv" })
	path := filepath.Join(b.outbox, "a.csv")
	put(t, path, "half")
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageUpload {
			b.watch = nil
			put(t, path, "half and whole")
		}
	}
	b.want(0, 0, 0, 1)
	first := b.last().Final
	b.want(1, 0, 0, 0)
	if f := b.last(); first == "" || f.Final != first {
		t.Errorf("final name %q, then %q", first, f.Final)
	}
	if got, err := os.ReadFile(b.remote(first)); string(got) != "half and whole" || err != nil {
		t.Errorf("%s holds %q, %v", first, got, err)
	}
}

// overwriting is a stage in which something happens when the first bytes of a file are written.
type overwriting struct {
	transfer.Stage
	then func()
}

func (o overwriting) Create(name string) (io.WriteCloser, error) {
	file, err := o.Stage.Create(name)
	return &firstWrite{file, o.then}, err
}

type firstWrite struct {
	io.WriteCloser
	then func()
}

func (f *firstWrite) Write(p []byte) (int, error) {
	if f.then != nil {
		f.then()
		f.then = nil
	}
	return f.WriteCloser.Write(p)
}

// A source is written over, in its own size, while it is sealed: half of it is of one version, and half of the other.
func TestExportSealsOneVersion(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.InPlace = true })
	path, old, now := filepath.Join(b.outbox, "a.csv"), noise(1<<20), noise(1<<20 + 1)[:1<<20]
	putBytes(t, path, old)
	b.doBetween(between{stage: func(s transfer.Stage) transfer.Stage {
		return overwriting{s, func() { writeOver(t, path, now) }}
	}})
	b.do()
	if n := onlyWhole(t, b.remote("in"), old, now); n != 1 {
		t.Errorf("%d versions were delivered", n)
	}
}

// A WRITE that is acknowledged and not done leaves a hole: size and time are right, and what is read back is not.
func TestExportThatReadsBackFindsAHole(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", Times: 1, Do: sftptest.Pretend}}}).exporting(func(ex *job.Export) { ex.Verify = job.VerifyReadback })
	putBytes(t, filepath.Join(b.outbox, "a.csv"), noise(1<<20))
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "remote.content_differs" {
		t.Errorf("reason %+v", result.Reason)
	}
}
