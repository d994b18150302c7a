package transfer_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// says checks what the last row says became of its file.
func (b *bundle) says(want string) {
	b.t.Helper()
	f := b.last()
	if f.Reason == nil || f.Reason.What != want {
		b.t.Errorf("the row is %s at %s: %+v\nwant %q", f.State, f.Step, f.Reason, want)
	}
}

// decided writes what a person decided about a held file.
func (b *bundle) decided(f job.File, step job.Step, state job.State) {
	b.t.Helper()
	from := f.Step
	f.Step, f.State, f.Reason = step, state, nil
	if _, err := b.store.Advance(b.t.Context(), from, f, job.Beside{}); err != nil {
		b.t.Fatal(err)
	}
}

func TestImportWithoutSpaceSaysWhereItsSourceLies(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Claim, im.AfterSuccess.Action = true, job.RetireDelete })
	b.spec.Limits.MinFreeSpace = 1 << 60
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.says("a.csv did not land; its source lies on the server as " + b.last().Aside)
	if _, err := os.Stat(b.remote(b.last().Aside)); err != nil {
		t.Error(err)
	}
}

var errWrongKey = &job.Reason{Slug: "pgp.wrong_key", What: "the file is encrypted to another key: nothing landed", Cause: "c", Do: "d", Who: job.WhoUs}

// What the customer took away after it was received is all there is of it: it is not thrown away because it cannot be opened.
func TestImportKeepsWhatTheServerHasNoMore(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: filepath.Join(t.TempDir(), "archive")} })
	b.spec.Import.Opening = &job.Opening{DecryptWith: []string{"ours"}}
	opening := func(err error) {
		b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) { return opens{err}, nil }
	}
	opening(errors.New("no key"))
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	if err := os.Remove(b.remote("out", "a.csv")); err != nil {
		t.Fatal(err)
	}
	opening(errWrongKey)
	b.want(0, 0, 0, 1)
	f := b.last()
	b.says("a.csv did not land; it is gone from the server, and what was received is kept in the stage as " + f.Kept)
	b.again(f)
	opening(nil)
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

// What is still there is rejected, and nobody needs to decide.
func TestImportRejectsWhatTheServerStillHas(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: filepath.Join(t.TempDir(), "archive")} })
	b.spec.Import.Opening = &job.Opening{DecryptWith: []string{"ours"}}
	b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) {
		return opens{errWrongKey}, nil
	}
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.says("a.csv is encrypted to another key: nothing landed; it was left on the server")
}

type fullArchive struct{ transfer.Landing }

func (fullArchive) Archive(string, string, string) (string, error) {
	return "", &os.PathError{Op: "write", Path: "/archive/x", Err: syscall.ENOSPC}
}

func TestImportWithAFullArchiveHasLanded(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Archive = &job.Archive{Dir: t.TempDir()} })
	put(t, b.remote("out", "a.csv"), "one")
	im := b.importer()
	open := im.Landing
	im.Landing = func(dir string) (transfer.Landing, error) {
		l, err := open(dir)
		return fullArchive{l}, err
	}
	run, err := b.store.BeginRun(t.Context(), job.Run{Job: b.spec.Name, Connection: "acme", Type: b.spec.Type, Trigger: job.TriggerManual, Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	session, err := b.pool.Session(t.Context(), b.conn)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	im.Run(t.Context(), session, b.conn, b.spec, run)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	b.says("a.csv has landed as " + filepath.Join(b.landing, "a.csv") + "; its source was not touched")
	if do := b.last().Reason.Do; strings.Contains(do, "landing") {
		t.Errorf("advice about another disk: %s", do)
	}
}

func TestImportSaysThatTheFolderForSourcesIsMissing(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/none"} })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	b.says("a.csv has landed as " + filepath.Join(b.landing, "a.csv") + "; its source lies on the server as " + f.Aside)
	if r := f.Reason; r.Slug != "remote.path_missing" || !strings.Contains(r.Cause, "no folder /none") || r.Who != job.WhoBoth {
		t.Errorf("reason %+v", r)
	}
}

// A source that was sealed before somebody took it out of the outbox is not in the outbox.
func TestExportSaysWhereItsSourceIs(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "open", Do: sftptest.Fail, Code: 4}}}).exporting(func(ex *job.Export) { ex.Sealing = &job.Sealing{} })
	b.sealer = func(context.Context, job.Sealing) (transfer.Sealer, error) { return seals{}, nil }
	path := filepath.Join(b.outbox, "a.csv")
	put(t, path, "one")
	b.want(0, 1, 0, 0)
	b.says("a.csv was not delivered; it is still in the outbox")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b.want(0, 1, 0, 0)
	b.says("a.csv was not delivered; its source is gone from the outbox, and what is sent lies in the stage as " + b.last().Stage)
}

func TestExportSaysWhatLiesOnTheServer(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.says("a.csv is complete on the server (3 bytes) under its temporary name " + b.last().Temp + "; it is still in the outbox")
}
