package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftptest"
)

// moving is an import whose landing is changed from old to new while a file is on its way; the job knows both stages.
func moving(t *testing.T, change func(*job.Import)) (b *bundle, old, now string) {
	t.Helper()
	b = setup(t, sftptest.Knobs{}).importing(change)
	old, now = b.landing, filepath.Join(t.TempDir(), "now")
	b.spec.Import.Landing = now
	put(t, b.remote("out", "before.csv"), "before")
	b.want(1, 0, 0, 0)
	b.spec.Import.Landing = old
	return b, old, now
}

func failing(im *job.Import) { im.IfExists = job.ExistsFail }

// stuck leaves a.csv complete in the old stage, at StepLanding: its name is taken.
func stuck(t *testing.T, b *bundle, old string) {
	t.Helper()
	if err := os.MkdirAll(old, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(old, "a.csv"), "in the way")
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	if err := os.Remove(filepath.Join(old, "a.csv")); err != nil {
		t.Fatal(err)
	}
}

func TestImportFinishesWhereItBegan(t *testing.T) {
	for name, age := range map[string]func(*job.File){
		"of now":                 func(*job.File) {},
		"of an earlier version":  func(f *job.File) { f.Landing = "" },
		"held stays to a person": func(f *job.File) { f.State = job.FileHeld },
	} {
		t.Run(name, func(t *testing.T) {
			b, old, now := moving(t, failing)
			stuck(t, b, old)
			row := b.last()
			age(&row)
			if _, err := b.store.Advance(t.Context(), row.Step, row, job.Beside{}); err != nil {
				t.Fatal(err)
			}
			b.spec.Import.Landing = now
			if row.State == job.FileHeld {
				b.want(0, 0, 0, 0)
				has(t, old, nil)
				return
			}
			b.want(1, 0, 0, 0)
			has(t, old, map[string]string{"a.csv": "one"})
			has(t, now, map[string]string{"before.csv": "before"})
			if f := b.last(); f.State != job.FileLanded || f.Local != filepath.Join(old, "a.csv") {
				t.Errorf("row %+v", f)
			}
			b.want(0, 0, 0, 0)
		})
	}
}

// A disk that is not mounted leaves an empty folder, or none. Nothing lands there until somebody says so.
func TestImportMakesALandingForTheFirstFileOnly(t *testing.T) {
	for name, instead := range map[string]func(dir string) error{
		"nothing":         func(string) error { return nil },
		"an empty folder": func(dir string) error { return os.Mkdir(dir, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(nil)
			put(t, b.remote("out", "a.csv"), "one")
			b.want(1, 0, 0, 0)
			away := b.landing + "-away"
			if err := errors.Join(os.Rename(b.landing, away), instead(b.landing)); err != nil {
				t.Fatal(err)
			}
			put(t, b.remote("out", "b.csv"), "two")
			var reason *job.Reason
			if _, err := b.intents(); !errors.As(err, &reason) || reason.Slug != "local.landing_gone" {
				t.Errorf("the plan ended with %v", err)
			}
			for range 2 {
				if got := b.do(); got.Reason == nil || got.Reason.Slug != "local.landing_gone" {
					t.Fatalf("the run ended with %v", got.Reason)
				}
			}
			if _, err := os.Stat(filepath.Join(b.landing, local.StageDir)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a stage was made: %v", err)
			}
			if err := errors.Join(os.RemoveAll(b.landing), os.Rename(away, b.landing)); err != nil {
				t.Fatal(err)
			}
			b.want(1, 0, 0, 0)
			has(t, b.landing, map[string]string{"a.csv": "one", "b.csv": "two"})
		})
	}
}

func TestImportHoldsWhatAFormerLandingCouldTell(t *testing.T) {
	b, old, now := moving(t, failing)
	stuck(t, b, old)
	if err := os.RemoveAll(old); err != nil {
		t.Fatal(err)
	}
	b.spec.Import.Landing = now
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "local.stage_lost" {
		t.Errorf("reason %+v", result.Reason)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the former landing was made again: %v", err)
	}
}

func TestImportOpensAndArchivesFromTheFormerStage(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "archive")
	b, old, now := moving(t, func(im *job.Import) { im.Archive = &job.Archive{Dir: archive} })
	b.unopened(t)
	if f := b.last(); f.Step != job.StepDownloaded {
		t.Fatalf("row %+v", f)
	}
	if err := os.Remove(b.remote("out", "a.csv")); err != nil { // nobody can fetch it again
		t.Fatal(err)
	}
	b.spec.Import.Landing = now
	b.want(1, 0, 0, 0)
	has(t, old, map[string]string{"a.csv": "one"})
	if f := b.last(); f.Archived == "" {
		t.Errorf("row %+v", f)
	} else if text, err := os.ReadFile(f.Archived); err != nil || string(text) != "one" {
		t.Errorf("archived %q, %v", text, err)
	}
}

// opens passes bytes on, or refuses them.
type opens struct{ err error }

func (o opens) Open(_ context.Context, dst io.Writer, src io.Reader) (job.Envelope, error) {
	_, err := io.Copy(dst, src)
	return job.Envelope{}, errors.Join(err, o.err)
}

// seals passes bytes on, or refuses to begin.
type seals struct{ err error }

func (s seals) Seal(_ context.Context, dst io.Writer) (io.WriteCloser, error) {
	return asIs{dst}, s.err
}

type asIs struct{ io.Writer }

func (asIs) Close() error { return nil }

func TestExportFinishesFromTheOutboxWhereItBegan(t *testing.T) {
	for name, gone := range map[string]bool{"the former outbox is there": false, "it is gone": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) {
				ex.Sealing, ex.AfterSuccess = &job.Sealing{}, job.Retire{Action: job.RetireDelete}
			})
			b.sealer = func(context.Context, job.Sealing) (transfer.Sealer, error) { return seals{errors.New("no key")}, nil }
			put(t, filepath.Join(b.outbox, "a.csv"), "one")
			b.want(0, 1, 0, 0)
			b.sealer = func(context.Context, job.Sealing) (transfer.Sealer, error) { return seals{}, nil }
			b.spec.Export.Outbox = t.TempDir()
			if gone {
				if err := os.RemoveAll(b.outbox); err != nil {
					t.Fatal(err)
				}
				b.want(0, 0, 1, 0)
				if f := b.last(); f.Reason.Slug != "local.withdrawn" {
					t.Errorf("row %+v", f)
				}
				return
			}
			b.want(1, 0, 0, 0)
			has(t, b.remote("in"), map[string]string{"a.csv": "one"})
			has(t, b.outbox, nil)
		})
	}
}

// A run in a landing that the job only visits asks the landing of now how far the ledger has come, and tells it.
func TestImportIntoAnotherLandingHasItsWitness(t *testing.T) {
	b, old, now := moving(t, nil)
	epoch, err := b.store.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stage, err := local.FindLanding(now)
	if err != nil {
		t.Fatal(err)
	}
	before, err := stage.Epoch(b.spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	b.spec.Import.Witness = now
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, old, map[string]string{"a.csv": "one"})
	if after, err := stage.Epoch(b.spec.Name); err != nil || after == before {
		t.Errorf("the witness knows %q, as before, %v", after, err)
	}
	visited, err := local.FindLanding(old)
	if err != nil {
		t.Fatal(err)
	}
	if life, err := visited.Epoch(b.spec.Name); err != nil || life != epoch {
		t.Errorf("the stage that was visited knows %q, %v", life, err)
	}

	if err := stage.SetEpoch(b.spec.Name, epoch+" 1000000"); err != nil { // the ledger is an older copy
		t.Fatal(err)
	}
	put(t, b.remote("out", "b.csv"), "two")
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "ledger.restored" {
		t.Errorf("reason %+v", result.Reason)
	}
	has(t, old, map[string]string{"a.csv": "one"})
}

// unopened makes the job open what it fetches, and leaves a.csv received and not opened: its key is not there.
func (b *bundle) unopened(t *testing.T) {
	t.Helper()
	b.spec.Import.Opening = &job.Opening{DecryptWith: []string{"ours"}}
	b.opening(errors.New("no key"))
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.opening(nil)
}

// opening decides what becomes of the files that are opened.
func (b *bundle) opening(err error) {
	b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) { return opens{err}, nil }
}

// stageHolds checks that nothing is in a stage but what a job remembers there.
func stageHolds(t *testing.T, landing string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(landing, local.StageDir))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "epoch.") {
			got = append(got, entry.Name())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the stage of %s holds %q, want %q", landing, got, want)
	}
}

func TestImportLeavesNothingInTheFormerStage(t *testing.T) {
	b, old, now := moving(t, nil)
	b.conn.ReadOnce = true
	b.unopened(t)
	put(t, filepath.Join(old, local.StageDir, fmt.Sprintf("%d.1.ready", b.rows()[0].ID)), "of a row that is done", time.Now().Add(-72*time.Hour))
	b.spec.Import.Landing = now
	b.want(1, 0, 0, 0)
	has(t, old, map[string]string{"a.csv": "one"})
	stageHolds(t, old)
}

// The landing of now is asked whether the ledger was put back, and no other: what a person has settled there is settled.
func TestImportGoesOnInAFormerLandingAfterARestore(t *testing.T) {
	b, old, now := moving(t, nil)
	b.conn.ReadOnce = true
	b.unopened(t)
	b.spec.Import.Landing = now
	epoch, err := b.store.NewEpoch(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	b.want(0, 0, 0, 1)
	stage, err := local.OpenLanding(now)
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.SetEpoch(b.spec.Name, epoch); err != nil { // as reconcile does
		t.Fatal(err)
	}
	b.again(b.last())
	b.want(1, 0, 0, 0)
	has(t, old, map[string]string{"a.csv": "one"})
}

// The disk that counts is that of the landing where the file is made.
func TestImportOpensOnlyWhatTheDiskHolds(t *testing.T) {
	b, old, now := moving(t, nil)
	b.conn.ReadOnce = true
	b.unopened(t)
	b.spec.Import.Landing = now
	b.spec.Limits.MinFreeSpace = 1 << 60
	if result := b.want(0, 1, 0, 0); result.Reason.Slug != "local.no_space" || !strings.Contains(result.Reason.Cause, old) {
		t.Errorf("reason %+v", result.Reason)
	}
	b.spec.Limits.MinFreeSpace = 0
	b.want(1, 0, 0, 0)
	has(t, old, map[string]string{"a.csv": "one"})
}

// A stage that was made anew remembers nothing. Until a run has looked after every row that was begun before, what is not in it proves
// no landing: not in the next run either, when the first one ends early.
func TestImportBelievesANewStageOnlyAfterAWholeRecovery(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.IfExists, im.AfterSuccess = job.ExistsFail, job.Retire{Action: job.RetireMove, Dir: "/nowhere"}
	})
	if err := os.MkdirAll(b.landing, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(b.landing, "b.csv"), "of before")
	put(t, b.remote("out", "a.csv"), "one")
	b.do() // a.csv landed, and there is no folder to move its source to
	put(t, b.remote("out", "b.csv"), "two")
	b.do() // b.csv is about to land, and its name is taken
	if err := errors.Join(os.RemoveAll(b.landing), os.MkdirAll(filepath.Join(b.landing, local.StageDir), 0o700)); err != nil {
		t.Fatal(err)
	}
	b.server.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: "rename", Do: sftptest.Drop, Times: 1}} })
	b.do() // ends at a.csv
	if err := os.Mkdir(b.remote("nowhere"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.do()
	if f := b.last(); f.State != job.FileHeld || f.Reason.Slug != "local.stage_lost" {
		t.Errorf("b.csv is %s at %s, and nothing is in the landing: %v", f.State, f.Step, f.Reason)
	}
	has(t, b.landing, nil)
	has(t, b.remote("out"), map[string]string{"b.csv": "two"})
}

// A ledger that loses what it wrote last, by a log that somebody removed, is known to be older: files move only once the stage remembers
// that they were seen.
func TestImportNotesHowFarTheLedgerIsBeforeFilesMove(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	put(t, b.remote("out", "b.csv"), "two")
	noted := false
	b.watch = func(p job.Progress) {
		if p.Stage != job.StageDownload {
			return
		}
		stage, err := local.FindLanding(b.landing)
		if err != nil {
			t.Error(err)
			return
		}
		life, err := stage.Epoch(b.spec.Name)
		var stamp int64
		if _, after, found := strings.Cut(life, " "); found && err == nil {
			_, err = fmt.Sscan(after, &stamp)
		}
		row := b.last()
		if noted = true; err != nil || row.Generation != 1 || stamp < row.Touched-1 {
			t.Errorf("the stage remembers %q, and the file that moves was seen and claimed at %d: %v", life, row.Touched, err)
		}
	}
	b.want(1, 0, 0, 0)
	if !noted {
		t.Error("nobody looked")
	}
}
