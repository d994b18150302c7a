package transfer_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// ops gives the operations that the server was asked for, without those of the folder and the handle.
func ops(b *bundle) []string {
	var names []string
	for _, operation := range b.server.Log() {
		names = append(names, operation.Op)
	}
	return names
}

func TestExportDeliversUnderATemporaryName(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	if result := b.want(1, 0, 0, 0); result.State != job.RunSucceeded || result.Bytes.Up != 3 {
		t.Errorf("result %+v", result)
	}
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
	has(t, b.outbox, map[string]string{"a.csv": "one"})
	f := b.last()
	r := f.Receipt
	if f.Proof != job.ProofVerified || r == nil || r.Proof != job.ProofVerified || r.Remote != "/in/a.csv" || r.Sent.SHA256 != f.Plain.SHA256 ||
		r.Session.HostKey == "" || r.Session.Method != "password" || r.Means != job.RenameV3 {
		t.Errorf("row %+v, receipt %+v", f, r)
	}
	opened := ""
	for _, operation := range b.server.Log() {
		if operation.Op == "open" {
			opened = operation.Path
		}
		if operation.Op == "setstat" || operation.Op == "fsetstat" {
			t.Errorf("the server was asked to %s", operation.Op)
		}
	}
	if !strings.HasPrefix(opened, "/in/a.csv.") || !strings.HasSuffix(opened, ".part") {
		t.Errorf("uploaded as %s", opened)
	}
	b.want(0, 0, 0, 0)
}

func TestExportResends(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.IfExists, ex.Name = job.ExistsReplace, "employees.csv" })
	path := filepath.Join(b.outbox, "a.csv")
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		text string
		ok   int
	}{{"one", 1}, {"one", 0}, {"two", 1}, {"one", 1}} {
		put(t, path, step.text, day.AddDate(0, 0, i))
		b.want(step.ok, 0, 1-step.ok, 0)
		want := step.text
		has(t, b.remote("in"), map[string]string{"employees.csv": want})
	}
	b.spec.Export.Resend = job.ResendAlways
	put(t, path, "one", day.AddDate(0, 1, 0))
	b.want(1, 0, 0, 0)
	b.spec.Export.Resend = job.ResendNever
	put(t, path, "three", day.AddDate(0, 2, 0))
	b.want(0, 0, 1, 0)
}

func TestExportMovesAndDeletesTheSource(t *testing.T) {
	sent := filepath.Join(t.TempDir(), "sent")
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) {
		ex.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: sent, KeepFor: time.Hour}
		ex.IfExists = job.ExistsReplace
	})
	path := filepath.Join(b.outbox, "a.csv")
	put(t, path, "one")
	b.want(1, 0, 0, 0)
	has(t, b.outbox, nil)
	has(t, sent, map[string]string{"a.csv": "one"})
	put(t, filepath.Join(sent, "foreign.txt"), "not ours", time.Now().Add(-48*time.Hour))
	b.spec.Export.AfterSuccess.KeepFor = time.Nanosecond
	b.want(0, 0, 0, 0)
	has(t, sent, map[string]string{"foreign.txt": "not ours"})
	b.spec.Export.AfterSuccess = job.Retire{Action: job.RetireDelete}
	put(t, path, "two")
	b.want(1, 0, 0, 0)
	has(t, b.outbox, nil)
	has(t, b.remote("in"), map[string]string{"a.csv": "two"})
}

func TestExportIfExists(t *testing.T) {
	for policy, slug := range map[job.IfExists]string{job.ExistsFail: "remote.name_taken", job.ExistsWait: "remote.name_taken"} {
		b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.IfExists = policy })
		put(t, b.remote("in", "a.csv"), "theirs")
		put(t, filepath.Join(b.outbox, "a.csv"), "ours")
		b.server.ClearLog()
		b.do()
		if f := b.last(); f.Reason == nil || f.Reason.Slug != slug {
			t.Errorf("%s: row %+v", policy, f)
		}
		for _, op := range ops(b) {
			if op == "write" {
				t.Errorf("%s: bytes were sent", policy)
			}
		}
		has(t, b.remote("in"), map[string]string{"a.csv": "theirs"})
		if err := os.Remove(b.remote("in", "a.csv")); err != nil {
			t.Fatal(err)
		}
		b.want(1, 0, 0, 0)
		has(t, b.remote("in"), map[string]string{"a.csv": "ours"})
	}
}

func TestExportReplacesWithAndWithoutPosixRename(t *testing.T) {
	for name, knobs := range map[string]sftptest.Knobs{"posix": {}, "v3": {NoPosixRename: true}, "v3 that overwrites": {NoPosixRename: true, RenameOverwrites: true}} {
		b := setup(t, knobs).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
		put(t, b.remote("in", "a.csv"), "theirs")
		put(t, filepath.Join(b.outbox, "a.csv"), "ours")
		b.want(1, 0, 0, 0)
		has(t, b.remote("in"), map[string]string{"a.csv": "ours"})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestExportLeavesTheCompleteTemporaryWhenRenameIsRefused(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	result := b.want(0, 1, 0, 0)
	if result.Reason.Slug != "remote.rename_refused" || !strings.Contains(result.Reason.Do, "put-only") {
		t.Errorf("reason %+v", result.Reason)
	}
	entries, err := os.ReadDir(b.remote("in"))
	if err != nil || len(entries) != 1 || !strings.HasSuffix(entries[0].Name(), ".part") {
		t.Fatalf("the folder holds %v, %v", entries, err)
	}
	b.server.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	b.server.ClearLog()
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
	for _, op := range ops(b) {
		if op == "write" {
			t.Error("the file was sent again, not only renamed")
		}
	}
}

func TestExportGoesOnDirectlyAfterARefusedRename(t *testing.T) {
	for name, change := range map[string]func(*bundle){
		"in_place": func(b *bundle) { b.spec.Export.InPlace = true },
		"put-only": func(b *bundle) { b.conn.Profile = "put-only" },
		"none":     func(b *bundle) { b.conn.Rename = job.RenameNone },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{NoRename: true}).exporting(nil)
			put(t, filepath.Join(b.outbox, "a.csv"), "one")
			b.want(0, 1, 0, 0)
			change(b)
			b.server.ClearLog()
			b.want(1, 0, 0, 0)
			entries, err := os.ReadDir(b.remote("in"))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, entry := range entries {
				names = append(names, entry.Name())
			}
			if !slices.Contains(names, "a.csv") || (len(names) != 1) != (name == "put-only") {
				t.Errorf("the folder holds %v", names)
			}
			if asked := slices.Contains(ops(b), "remove"); asked == (name == "put-only") {
				t.Errorf("remove was asked: %v", asked)
			}
			b.want(0, 0, 0, 0)
		})
	}
}

func TestExportToAPutOnlyServer(t *testing.T) {
	b := setup(t, sftptest.Knobs{PutOnly: true}).exporting(nil)
	b.conn.Profile = "put-only"
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.server.ClearLog()
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
	if f := b.last(); f.Proof != job.ProofAcknowledged {
		t.Errorf("proof %q", f.Proof)
	}
	for _, op := range ops(b) {
		switch op {
		case "auth", "open", "write", "close", "realpath", "limits":
		default:
			t.Errorf("a PUT-only server was asked to %s", op)
		}
	}
}

func TestExportToAServerThatSweeps(t *testing.T) {
	b := setup(t, sftptest.Knobs{Sweep: sftptest.SweepAtRename}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "remote.vanished" {
		t.Errorf("reason %+v", result.Reason)
	}
	b.want(0, 0, 0, 0) // never sent again by itself

	swept := setup(t, sftptest.Knobs{Sweep: sftptest.SweepAtRename}).exporting(nil)
	yes := true
	if err := swept.store.SaveProfile(t.Context(), "acme", job.Profile{SweepsAtOnce: &yes}); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(swept.outbox, "a.csv"), "one")
	swept.server.ClearLog()
	swept.want(1, 0, 0, 0)
	seen := ops(swept)
	if i := slices.Index(seen, "rename"); i < 0 || len(slices.DeleteFunc(seen[i:], func(op string) bool { return op != "lstat" })) != 2 {
		t.Errorf("both names are looked at once behind the rename, where it is known that files are taken; asked: %v", ops(swept))
	}
	if f := swept.last(); f.Proof != job.ProofSwept {
		t.Errorf("proof %q", f.Proof)
	}
}

func TestExportWhereNobodyMayLook(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoStat: true}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
	if f := b.last(); f.Proof != job.ProofPublished {
		t.Errorf("proof %q", f.Proof)
	}
}

func TestExportInPlaceIsLookedAt(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.InPlace = true })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(1, 0, 0, 0)
	if f := b.last(); f.Proof != job.ProofSizeChecked {
		t.Errorf("proof %q", f.Proof)
	}
}

func TestExportWithoutVerifyStillRespectsTakenNames(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoPosixRename: true, RenameOverwrites: true}).exporting(func(ex *job.Export) { ex.Verify = job.VerifyNone })
	put(t, b.remote("in", "a.csv"), "theirs")
	put(t, filepath.Join(b.outbox, "a.csv"), "ours")
	b.want(0, 1, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "theirs"})
	put(t, filepath.Join(b.outbox, "b.csv"), "another")
	b.want(1, 1, 0, 0)
	if f := b.last(); f.Proof != job.ProofPublished {
		t.Errorf("proof %q", f.Proof)
	}
}

func TestExportCountsAFileThatChangedAsItEnded(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(nil)
	path := filepath.Join(b.outbox, "a.csv")
	put(t, path, "one")
	b.want(0, 1, 0, 0) // uploaded, not renamed
	rows := b.rows()
	rows[0].Step = job.StepQueued // as a run leaves it that died before the upload
	if _, err := b.store.Advance(t.Context(), job.StepUploaded, rows[0], job.Beside{}); err != nil {
		t.Fatal(err)
	}
	put(t, path, "another version")
	b.server.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	result := b.want(1, 0, 0, 0)
	if result.State != job.RunSucceeded || result.Reason != nil {
		t.Errorf("result %+v", result)
	}
}

func TestExportReadsBack(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.Verify = job.VerifyReadback })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.server.ClearLog()
	b.want(1, 0, 0, 0)
	read := false
	for _, op := range ops(b) {
		read = read || op == "read"
	}
	if !read {
		t.Error("nothing was read back")
	}
}

func TestExportMarker(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.Marker = "{name}.done" })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one", "a.csv.done": ""})
}

func TestExportWhoseRenameReplyWasLost(t *testing.T) {
	for _, fault := range []sftptest.Action{sftptest.Drop, sftptest.DropDone} {
		b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "rename", Times: 1, Do: fault}}}).exporting(nil)
		put(t, filepath.Join(b.outbox, "a.csv"), "one")
		result := b.want(0, 1, 0, 0)
		if !result.Reason.Temporary {
			t.Errorf("reason %+v", result.Reason)
		}
		b.server.ClearLog()
		b.want(1, 0, 0, 0)
		has(t, b.remote("in"), map[string]string{"a.csv": "one"})
		for _, op := range ops(b) {
			if op == "write" {
				t.Error("the file was sent again")
			}
		}
	}
}

func TestExportCleansOnlyItsOwnTemporaries(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", Times: 1, Do: sftptest.DropDone}}}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	put(t, b.remote("in", "a.csv.999-1.part"), "somebody else's")
	put(t, b.remote("in", "b.csv.part"), "somebody else's")
	b.want(0, 1, 0, 0)
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one", "a.csv.999-1.part": "somebody else's", "b.csv.part": "somebody else's"})
}

func TestExportDirectWhoseCloseReplyWasLost(t *testing.T) {
	lost := sftptest.Knobs{PutOnly: true, Faults: []sftptest.Fault{{Op: "close", Times: 1, Do: sftptest.DropDone}}}
	for policy, want := range map[job.OnLostReply]job.Counts{
		job.LostHold: {Held: 1}, job.LostAssume: {OK: 1}, job.LostResend: {Failed: 1},
	} {
		b := setup(t, lost).exporting(func(ex *job.Export) { ex.OnLostReply = policy })
		b.conn.Profile = "put-only"
		put(t, filepath.Join(b.outbox, "a.csv"), "one")
		b.want(want.OK, want.Failed, want.Skipped, want.Held)
		switch f := b.last(); policy {
		case job.LostAssume:
			if f.Proof != job.ProofAssumed {
				t.Errorf("proof %q", f.Proof)
			}
		case job.LostResend:
			b.want(1, 0, 0, 0)
		case job.LostHold:
			b.want(0, 0, 0, 0)
		}
	}
}

func TestExportThatIsEndedTakesItsTemporaryAway(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), strings.Repeat("0123456789abcdef", 4<<20/16))
	ctx, end := context.WithCancelCause(t.Context())
	stopped := &job.Reason{Slug: "run.cancelled", What: "w", Cause: "c", Do: "d", Who: job.WhoUs}
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageUpload {
			end(stopped)
		}
	}
	run, err := b.store.BeginRun(t.Context(), job.Run{Job: b.spec.Name, Connection: "acme", Type: b.spec.Type, Trigger: job.TriggerManual, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	session, err := b.pool.Session(t.Context(), b.conn)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	result := b.exporter().Run(ctx, session, b.conn, b.spec, run)
	if result.Counts.OK != 0 || result.Reason == nil || result.Reason.Slug != "run.cancelled" {
		t.Errorf("result %+v, %v", result, result.Reason)
	}
	has(t, b.remote("in"), nil)
	if !slices.Contains(ops(b), "open") {
		t.Error("the upload had not begun")
	}
}

// A session that dies after the last byte and before CLOSE leaves a file of the right size, which proves nothing yet.
func TestExportDirectWhoseCloseWasNeverSent(t *testing.T) {
	cut := sftptest.Fault{Op: "fsync", Times: 1, Do: sftptest.DropDone}
	sweeps := true
	for name, test := range map[string]struct {
		hole  bool // a WRITE in the middle was refused, and nobody saw it
		sweep bool // the server takes files at CLOSE
		want  job.Counts
		sent  bool // again
	}{
		"whole":   {want: job.Counts{OK: 1}},
		"a hole":  {hole: true, want: job.Counts{OK: 1}, sent: true},
		"untaken": {sweep: true, want: job.Counts{Held: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{cut}}).exporting(func(ex *job.Export) { ex.InPlace = true })
			if test.sweep {
				b.server.Change(func(k *sftptest.Knobs) { k.Sweep = sftptest.SweepAtClose })
				if err := b.store.SaveProfile(t.Context(), "acme", job.Profile{SweepsAtOnce: &sweeps}); err != nil {
					t.Fatal(err)
				}
			}
			put(t, filepath.Join(b.outbox, "a.csv"), "one two three")
			b.want(0, 1, 0, 0)
			if test.hole {
				put(t, b.remote("in", "a.csv"), "one ... three")
			}
			b.server.ClearLog()
			b.want(test.want.OK, 0, 0, test.want.Held)
			if test.want.OK == 1 {
				has(t, b.remote("in"), map[string]string{"a.csv": "one two three"})
			}
			if sent := slices.Contains(ops(b), "write"); sent != test.sent {
				t.Errorf("sent again: %v", sent)
			}
		})
	}
}

func TestExportRendersItsNameOnce(t *testing.T) {
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(func(ex *job.Export) { ex.Name = "seg_{run}.csv" })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	first := b.last().Final
	b.server.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	b.want(1, 0, 0, 0)
	if f := b.last(); f.Final != first {
		t.Errorf("final name %q, then %q", first, f.Final)
	}
	if _, err := os.Stat(b.remote(first)); err != nil {
		t.Error(err)
	}
}

func TestExportWithoutAnOutbox(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.Outbox += "/none" })
	if result := b.do(); result.State != job.RunFailed || result.Reason.Slug != "local.outbox" || !errors.Is(result.Reason, fs.ErrNotExist) {
		t.Errorf("result %+v", result)
	}
}

func TestExportWithoutSpaceOnTheServer(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", Times: 1, Do: sftptest.Fail, Code: 4}}}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	has(t, b.remote("in"), nil)
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
}
