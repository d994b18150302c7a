package transfer_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftptest"
)

// approve is what control.Approve writes.
func (b *bundle) approve(id int64) job.File {
	b.t.Helper()
	f, err := b.store.File(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	if f.State != job.FileHeld || f.Reason == nil || f.Reason.Slug != job.SlugSupervised {
		b.t.Fatalf("row %d is %s: %v", id, f.State, f.Reason)
	}
	f.State, f.Reason = job.FileWaiting, nil
	f, err = b.store.Approve(context.Background(), f, job.Approval{
		File: id, Job: f.Job, Day: f.Seen.Format(time.DateOnly), SHA256: f.Plain.SHA256, Who: "ann", At: time.Now(),
	}, store.AuditLine{Who: "ann", Act: "file.approve"})
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

// approveAll approves everything that waits, the oldest first.
func (b *bundle) approveAll() (n int) {
	b.t.Helper()
	for _, f := range b.rows() {
		if f.State == job.FileHeld && f.Reason != nil && f.Reason.Slug == job.SlugSupervised {
			b.approve(f.ID)
			n++
		}
	}
	return n
}

// supervision lets a person look at every file of a job.
func supervision(people bool) job.Supervised {
	if people {
		return job.Supervised{Files: 1000}
	}
	return job.Supervised{}
}

// night is a run, and where a person looks at each file, their word and the run after it; one that is hit ends there.
func (b *bundle) night(g *guard, people bool) {
	b.t.Helper()
	b.doGuarded(g)
	if people && (g.hit == "" || g.blow == happen) {
		b.approveAll()
		b.doGuarded(g)
	}
}

func supervisedImport(t *testing.T, change func(*job.Import)) *bundle {
	b := setup(t, sftptest.Knobs{}).importing(change)
	b.spec.Supervised = job.Supervised{Files: 2}
	return b
}

func TestSupervisedImportWaitsAndBecomesAutomatic(t *testing.T) {
	b := supervisedImport(t, func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "b.csv"), "two, which is longer")
	b.want(0, 0, 0, 2)
	has(t, b.landing, nil)
	has(t, b.remote("out"), map[string]string{"a.csv": "one", "b.csv": "two, which is longer"})
	b.want(0, 0, 0, 0) // a run that finds them waiting does nothing
	rows := b.rows()
	if f := rows[0]; f.Step != job.StepChecked || f.Plain.SHA256 != digestOf("one") || f.Final != "a.csv" || !strings.Contains(f.Reason.Cause, "0 of 2 files") {
		t.Errorf("row %+v, reason %v", f, f.Reason)
	}
	b.approve(rows[0].ID)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	has(t, b.remote("out"), map[string]string{"b.csv": "two, which is longer"})
	b.approve(rows[1].ID)
	put(t, b.remote("out", "c.csv"), "three")
	b.want(2, 0, 0, 0) // two were approved: the third needs no look
	has(t, b.landing, map[string]string{"a.csv": "one", "b.csv": "two, which is longer", "c.csv": "three"})
	has(t, b.remote("out"), nil)
	stage, _ := os.ReadDir(filepath.Join(b.landing, local.StageDir))
	for _, entry := range stage {
		if !strings.HasPrefix(entry.Name(), "epoch.") {
			t.Errorf("the stage still holds %s", entry.Name())
		}
	}
	if n := b.events("file.landed"); n != 3 {
		t.Errorf("%d events of 3 landings", n)
	}
}

// What lands is what was looked at: another content in the stage is fetched anew, and asked about again if it is another one.
func TestSupervisedImportLandsOnlyWhatWasLookedAt(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(b *bundle, stage string)
		lands string // empty: held again
	}{
		"taken out of the stage": {func(b *bundle, stage string) { _ = os.Remove(stage) }, "one"},
		"altered in the stage":   {func(b *bundle, stage string) { put(b.t, stage, "eno") }, "one"},
		"the whole stage is gone": {func(b *bundle, stage string) {
			_ = os.RemoveAll(filepath.Dir(stage))
			_ = os.Mkdir(filepath.Dir(stage), 0o700)
		}, "one"},
		"taken out, and the source is another by now": {func(b *bundle, stage string) { _ = os.Remove(stage); put(b.t, b.remote("out", "a.csv"), "another") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := supervisedImport(t, nil)
			put(t, b.remote("out", "a.csv"), "one")
			b.want(0, 0, 0, 1)
			f := b.approve(b.rows()[0].ID)
			test.spoil(b, filepath.Join(b.landing, local.StageDir, f.Stage))
			b.do()
			if test.lands != "" {
				has(t, b.landing, map[string]string{"a.csv": test.lands})
				return
			}
			has(t, b.landing, nil)
			last := b.rows()[len(b.rows())-1]
			if last.State != job.FileHeld || last.Plain.SHA256 != digestOf("another") || !strings.Contains(last.Reason.Cause, "what was approved has the SHA-256 "+digestOf("one")) {
				t.Errorf("row %+v, reason %v", last, last.Reason)
			}
			b.approve(last.ID)
			b.want(1, 0, 0, 0)
			has(t, b.landing, map[string]string{"a.csv": "another"})
		})
	}
}

// A version that comes while an older one waits is a file of its own; both land, in their order.
func TestSupervisedImportOfTwoVersions(t *testing.T) {
	b := supervisedImport(t, func(im *job.Import) { im.IfExists = job.ExistsReplace; im.AfterSuccess.Action = job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 0, 0, 1)
	put(t, b.remote("out", "a.csv"), "the second version")
	b.want(0, 0, 0, 1)
	b.approve(b.rows()[0].ID)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	has(t, b.remote("out"), map[string]string{"a.csv": "the second version"}) // the newer one was not deleted with it
	b.approve(b.rows()[1].ID)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "the second version"})
	has(t, b.remote("out"), nil)
}

// Nobody would look for an older version whose copy is lost: a person is told.
func TestSupervisedImportOfAVersionThatIsLost(t *testing.T) {
	b := supervisedImport(t, nil)
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 0, 0, 1)
	put(t, b.remote("out", "a.csv"), "the second version")
	b.want(0, 0, 0, 1)
	f := b.approve(b.rows()[0].ID)
	if err := os.Remove(filepath.Join(b.landing, local.StageDir, f.Stage)); err != nil {
		t.Fatal(err)
	}
	b.want(0, 0, 0, 1)
	if f = b.rows()[0]; f.State != job.FileHeld || f.Reason.Slug != "local.stage_lost" {
		t.Errorf("row %+v, reason %v", f, f.Reason)
	}
	b.approve(b.rows()[1].ID)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "the second version"})
}

// A source that was claimed lies under a name of ours while a person looks at it, and is fetched again from there.
func TestSupervisedImportOfAClaimedSource(t *testing.T) {
	b := supervisedImport(t, func(im *job.Import) { im.Claim, im.AfterSuccess.Action = true, job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 0, 0, 1)
	b.want(0, 0, 0, 0) // its name aside is looked at, and left alone
	f := b.approve(b.rows()[0].ID)
	if !f.Moved || f.Step != job.StepChecked {
		t.Fatalf("row %+v", f)
	}
	if err := os.Remove(filepath.Join(b.landing, local.StageDir, f.Stage)); err != nil {
		t.Fatal(err)
	}
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	has(t, b.remote("out"), nil)
}

// What was received and is kept is opened once more, whatever lies under the source's name by then.
func TestSupervisedImportIsMadeAnewFromWhatWasReceived(t *testing.T) {
	b := supervisedImport(t, nil)
	b.spec.Import.Archive = &job.Archive{Dir: filepath.Join(b.stage, "archive")}
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 0, 0, 1)
	f := b.approve(b.rows()[0].ID)
	if err := os.Remove(filepath.Join(b.landing, local.StageDir, f.Stage)); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "a.csv"), "the second version")
	b.want(1, 0, 0, 1)
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

// A version that a late rename put under a name of the row's is taken although the row was rejected (S6).
func TestSupervisedImportAdoptsWhatLiesAsideOfARejectedRow(t *testing.T) {
	b := supervisedImport(t, func(im *job.Import) { im.Claim, im.AfterSuccess.Action = true, job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 0, 0, 1)
	f := b.rows()[0]
	put(t, b.remote("out", fmt.Sprintf(".haulier-%d.%d.a.csv", f.ID, f.Fence+1)), "another version")
	b.decide(f, func(f *job.File) {
		f.State, f.Step, f.Reason = job.FileRejected, job.StepDone, &job.Reason{Slug: "content.disapproved"}
	})
	b.want(0, 0, 0, 1)
	b.approveAll()
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "another version"})
}

// Two versions of one content wait; both are approved, and it lands once, as duplicates: skip asks for.
func TestSupervisedImportOfTheSameContentTwice(t *testing.T) {
	b := supervisedImport(t, nil)
	put(t, b.remote("out", "a.csv"), "one", time.Unix(1_700_000_000, 0))
	b.want(0, 0, 0, 1)
	put(t, b.remote("out", "a.csv"), "one", time.Unix(1_700_000_100, 0))
	b.want(0, 0, 0, 1)
	b.approveAll()
	b.want(1, 0, 1, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

func TestSupervisedDaysAreCounted(t *testing.T) {
	b := supervisedImport(t, nil)
	b.spec.Supervised = job.Supervised{Days: 2}
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "b.csv"), "two, which is longer")
	b.want(0, 0, 0, 2)
	b.approveAll()
	put(t, b.remote("out", "c.csv"), "three")
	b.want(2, 0, 0, 1) // two files, of one day
	b.spec.Supervised = job.Supervised{}
	put(t, b.remote("out", "d.csv"), "the fourth")
	b.want(1, 0, 0, 0) // taken out of the configuration: new files are automatic, and what waits waits on
	has(t, b.landing, map[string]string{"a.csv": "one", "b.csv": "two, which is longer", "d.csv": "the fourth"})
	b.approveAll()
	b.want(1, 0, 0, 0)
}

func TestSupervisedExportWaitsAndBecomesAutomatic(t *testing.T) {
	for name, change := range map[string]func(*job.Export){"under a temporary name": nil, "in place": func(ex *job.Export) { ex.InPlace = true }} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).exporting(change)
			b.spec.Supervised = job.Supervised{Files: 1}
			put(t, filepath.Join(b.outbox, "a.csv"), "one")
			b.want(0, 0, 0, 1)
			b.want(0, 0, 0, 0)
			has(t, b.remote("in"), nil)
			f := b.rows()[0]
			if f.Step != job.StepSealed || f.Stage == "" || f.Plain.SHA256 != digestOf("one") {
				t.Fatalf("row %+v", f)
			}
			put(t, filepath.Join(b.outbox, "a.csv"), "a second version") // what was looked at is sent
			b.approve(f.ID)
			b.do()
			delivered := b.rows()[0]
			if delivered.State != job.FileDelivered || delivered.Received.SHA256 != digestOf("one") {
				t.Errorf("row %+v, reason %v", delivered, delivered.Reason)
			}
			put(t, filepath.Join(b.outbox, "b.csv"), "two")
			b.do()
			if text, err := os.ReadFile(b.remote("in", "b.csv")); err != nil || string(text) != "two" {
				t.Errorf("the second file: %q, %v", text, err)
			}
		})
	}
}

// What is staged of an approved export and altered there is sealed anew, and never sent.
func TestSupervisedExportSendsOnlyWhatWasLookedAt(t *testing.T) {
	for name, spoil := range map[string]func(b *bundle, stage string){
		"taken out of the stage": func(b *bundle, stage string) { _ = os.Remove(stage) },
		"altered in the stage":   func(b *bundle, stage string) { put(b.t, stage, "eno") },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.InPlace = true })
			b.spec.Supervised = job.Supervised{Files: 2}
			put(t, filepath.Join(b.outbox, "a.csv"), "one")
			b.want(0, 0, 0, 1)
			spoil(b, filepath.Join(b.stage, b.approve(b.rows()[0].ID).Stage))
			b.want(1, 0, 0, 0)
			has(t, b.remote("in"), map[string]string{"a.csv": "one"})
		})
	}
}

func TestSupervisedPlanSaysSo(t *testing.T) {
	b := supervisedImport(t, nil)
	put(t, b.remote("out", "a.csv"), "one")
	session, err := b.pool.Session(t.Context(), b.conn)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	intents, err := b.importer().Plan(t.Context(), session, b.spec, b.asked())
	if err != nil || len(intents) != 1 || !strings.Contains(fmt.Sprint(intents[0].Detail), "supervised: 0 of 2 files approved, automatic afterwards") {
		t.Errorf("%+v, %v", intents, err)
	}
}
