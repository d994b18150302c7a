package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftptest"
)

// decide writes a decision about a row as it stands, as control does.
func (b *bundle) decide(f job.File, as func(*job.File)) job.File {
	b.t.Helper()
	from := f.State
	as(&f)
	f, err := b.store.Decide(context.Background(), from, f, store.AuditLine{Who: "ann", Act: "held.resolve"})
	if err != nil {
		b.t.Error(err)
	}
	return f
}

// More files are ready than are asked of the ledger at once. What a person drops while the first of them move is left
// alone, and does not count against max_files.
func TestImportLeavesWhatAPersonDecidedSinceTheListing(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	b.spec.Limits.MaxFiles = batch + 1
	at := time.Unix(1_700_000_000, 0)
	for i := range batch {
		put(t, b.remote("out", fmt.Sprintf("%03d.csv", i)), "x", at)
	}
	put(t, b.remote("out", "dropped.csv"), "d", at)
	put(t, b.remote("out", "last.csv"), "l", at)
	row, err := b.store.See(t.Context(), job.File{Job: b.spec.Name, Connection: "acme", Type: job.TypeImport, Path: "/out/dropped.csv", Size: 1, ModTime: at.Unix()})
	if err != nil {
		t.Fatal(err)
	}
	row.State, row.Reason = job.FileHeld, &job.Reason{Slug: "remote.size_changed", Who: job.WhoCustomer}
	if row, err = b.store.Advance(t.Context(), job.StepSeen, row, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	var drop sync.Once
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageDownload {
			drop.Do(func() { b.decide(row, func(f *job.File) { f.Step, f.State = job.StepDone, job.FileSkipped }) })
		}
	}
	b.want(batch+1, 0, 0, 0)
	if f, err := b.store.File(t.Context(), row.ID); err != nil || f.State != job.FileSkipped {
		t.Errorf("a person dropped it, and it is %s at %s, %v", f.State, f.Step, err)
	}
}

// batch is how many names a run asks of the ledger at once.
const batch = 500

// What was received from a server that gives a file only once is gone from the stage. The customer puts the file out again, and
// somebody says so: it is fetched like any file that is listed.
func TestImportFetchesWhatTheStageLostOnceItIsOutAgain(t *testing.T) {
	b := setup(t, sftptest.Knobs{ReadOnce: true}).importing(func(im *job.Import) { im.Opening = &job.Opening{DecryptWith: []string{"ours"}} })
	b.conn.ReadOnce = true
	opener := opens{errors.New("no key")}
	b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) { return opener, nil }
	path, at := b.remote("out", "a.csv"), time.Unix(1_700_000_000, 0)
	put(t, path, "monday", at)
	b.want(0, 1, 0, 0)
	if err := os.Remove(filepath.Join(b.landing, local.StageDir, b.last().Kept)); err != nil {
		t.Fatal(err)
	}
	opener.err = nil
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "local.stage_lost" {
		t.Errorf("reason %+v", result.Reason)
	}
	put(t, path, "monday", at)
	b.want(0, 0, 0, 0) // a person decides
	b.decide(b.last(), func(f *job.File) { f.State, f.Reason, f.Step, f.Kept = job.FileWaiting, nil, job.StepSeen, "" })
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "monday"})
}

func waitsAgain(f *job.File) { f.State, f.Reason, f.Step = job.FileWaiting, nil, job.StepSeen }

// After a restore the schedule goes on while somebody decides file by file: what is to be moved is moved, and is not held
// again for the rest to be settled with it.
func TestADecisionAfterARestoreCountsAtOnce(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "before.csv"), "0")
	b.want(1, 0, 0, 0)
	if _, err := b.store.NewEpoch(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "never.csv"), "1")
	b.want(0, 0, 0, 1)
	b.decide(b.last(), waitsAgain)
	put(t, b.remote("out", "went.csv"), "2")
	b.want(1, 0, 0, 1)
	has(t, b.landing, map[string]string{"before.csv": "0", "never.csv": "1"})
	b.decide(b.last(), waitsAgain)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"before.csv": "0", "never.csv": "1", "went.csv": "2"})
}

// What somebody decided before the restore may have been carried out by the life that is lost.
func TestADecisionOfBeforeARestoreCountsNoMore(t *testing.T) {
	for name, putBack := range map[string]func(b *bundle, stage *local.Landing){
		"restore": func(b *bundle, _ *local.Landing) {
			if _, err := b.store.NewEpoch(b.t.Context(), 1000); err != nil {
				b.t.Fatal(err)
			}
		},
		"by hand": func(b *bundle, stage *local.Landing) {
			epoch, err := b.store.Epoch(b.t.Context())
			if err == nil {
				err = stage.SetEpoch(b.spec.Name, epoch+" 1000000")
			}
			if err != nil {
				b.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.DoneFile = "{name}.done" })
			put(t, b.remote("out", "a.csv"), "one")
			b.want(0, 0, 0, 0)
			row := b.last()
			row.State = job.FileHeld
			row, err := b.store.Advance(t.Context(), job.StepSeen, row, job.Beside{})
			if err != nil {
				t.Fatal(err)
			}
			b.decide(row, waitsAgain)
			stage, err := local.OpenLanding(b.landing)
			if err != nil {
				t.Fatal(err)
			}
			putBack(b, stage)
			put(t, b.remote("out", "a.csv.done"), "")
			if result := b.want(0, 0, 0, 1); result.Reason.Slug != "ledger.restored" {
				t.Errorf("reason %+v", result.Reason)
			}
			b.want(0, 0, 0, 0)
			b.decide(b.last(), waitsAgain)
			b.want(1, 0, 0, 0)
		})
	}
}

// The job is reconciled while a run of it holds what looks new: the run's end does not take that back.
func TestReconcilingDuringARunStands(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	epoch, err := b.store.NewEpoch(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	b.want(0, 0, 0, 0) // it looks
	stage, err := local.OpenLanding(b.landing)
	if err != nil {
		t.Fatal(err)
	}
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageList {
			if err := stage.SetEpoch(b.spec.Name, epoch); err != nil {
				t.Error(err)
			}
		}
	}
	b.want(0, 0, 0, 0)
	b.watch = nil
	put(t, b.remote("out", "b.csv"), "two")
	b.want(1, 0, 0, 0)
}

// A file that a restored ledger holds does not end the run: the rest is looked at too. A look that was cut short is none.
func TestOnlyAWholeLookIsOne(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.DoneFile = "{name}.done" })
	for _, name := range []string{"a.csv", "b.csv"} {
		put(t, b.remote("out", name), "one")
	}
	b.want(0, 0, 0, 0) // they wait for their markers
	epoch, err := b.store.NewEpoch(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	stage, err := local.OpenLanding(b.landing)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.csv.done", "b.csv.done"} {
		put(t, b.remote("out", name), "")
	}
	b.spec.Limits.MaxEntries = 3
	b.do()
	if life, err := stage.Epoch(b.spec.Name); err != nil || strings.HasPrefix(life, transfer.Looked(epoch)) {
		t.Errorf("after a listing that was capped the stage remembers %q, %v", life, err)
	}
	b.spec.Limits.MaxEntries = 1000
	b.do()
	for _, f := range b.rows() {
		if f.State != job.FileHeld {
			t.Errorf("%s is %s", f.Path, f.State)
		}
	}
	if life, err := stage.Epoch(b.spec.Name); err != nil || !strings.HasPrefix(life, transfer.Looked(epoch)) {
		t.Errorf("the stage remembers %q, %v", life, err)
	}
}

// A job that was renamed knows its stage under the former name: the stage is not new, and its witness counts.
func TestARenamedJobRemembersItsStage(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	row := b.last()
	row.Step, row.State = job.StepLanding, job.FileMoving // as a run leaves it that died between C11 and C12
	if _, err := b.store.Advance(t.Context(), job.StepDone, row, job.Beside{}); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Rename(t.Context(), b.spec.Name, "renamed"); err != nil {
		t.Fatal(err)
	}
	b.spec.Name, b.spec.Formerly = "renamed", b.spec.Name
	b.want(1, 0, 0, 0)
	if f := b.last(); f.State != job.FileLanded {
		t.Errorf("it has landed, and is %s: %v", f.State, f.Reason)
	}
	has(t, b.landing, map[string]string{"a.csv": "one"})

	stage, err := local.OpenLanding(b.landing)
	if err == nil { // put back by hand to before the rename
		err = errors.Join(stage.SetEpoch(b.spec.Name, ""), stage.SetEpoch(b.spec.Formerly, "another life"))
	}
	if err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "b.csv"), "two")
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "ledger.restored" {
		t.Errorf("reason %+v", result.Reason)
	}
}
