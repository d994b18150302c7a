package transfer_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftptest"
)

// What these tests show was found by reading, in the program as it was: what may happen late, and whose file it is that lies there.

// replacesByHand is an export to a server whose RENAME replaces nothing, where an older file has the final name; fault hits the rename of that one.
func replacesByHand(t *testing.T, fault sftptest.Action) *bundle {
	t.Helper()
	b := setup(t, sftptest.Knobs{NoPosixRename: true}).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
	if fault != sftptest.Slow {
		b.server.Change(func(k *sftptest.Knobs) {
			k.Faults = []sftptest.Fault{{Op: "rename", Path: "a.csv", Times: 1, Do: fault}}
		})
	}
	put(t, b.remote("in", "a.csv"), "old", time.Unix(1_700_000_000, 0))
	put(t, filepath.Join(b.outbox, "a.csv"), "the new one")
	return b
}

// olderAside is the name that the row's last attempt gives to an older file.
func (b *bundle) olderAside() string {
	f := b.last()
	return b.remote("in", naming.Aside(f.ID, f.Fence, filepath.Base(f.Temp)))
}

// Nothing of ours that is done late, or never answered, may be about the final name when it is our file's: a REMOVE is not sent there.
func TestExportMovesTheOlderFileAside(t *testing.T) {
	b := replacesByHand(t, sftptest.Slow)
	b.server.ClearLog()
	b.want(1, 0, 0, 0)
	for _, op := range b.server.Log() {
		if op.Op == "remove" && filepath.Base(op.Path) == "a.csv" {
			t.Error("the final name was removed")
		}
	}
	has(t, b.remote("in"), map[string]string{"a.csv": "the new one"})
}

// The older file went aside and nobody heard it: the customer has neither by now, so the next run goes on at once.
func TestExportGoesOnWhereTheOlderFileWentAside(t *testing.T) {
	b := replacesByHand(t, sftptest.DropDone)
	b.want(0, 1, 0, 0)
	has(t, b.remote("in"), map[string]string{filepath.Base(b.olderAside()): "old", filepath.Base(b.last().Temp): "the new one"})
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "the new one"})
	if f := b.last(); f.Proof != job.ProofVerified || len(f.Leftovers) > 0 {
		t.Errorf("proof %s, left %q", f.Proof, f.Leftovers)
	}
}

// The rename of the older file was not answered, and is not to be seen. It may be done any time, on whatever has the final name then:
// when the delivery is said to be one, it cannot be.
func TestExportGuardsItsDeliveryFromALateRename(t *testing.T) {
	for name, taken := range map[string]bool{"the older one is there": false, "the customer took it": true} {
		t.Run(name, func(t *testing.T) {
			b := replacesByHand(t, sftptest.Drop)
			b.want(0, 1, 0, 0)
			aside := b.olderAside()
			if taken {
				if err := os.Remove(b.remote("in", "a.csv")); err != nil {
					t.Fatal(err)
				}
			}
			if r := b.want(1, 0, 0, 0); !strings.Contains(r.Note, filepath.Base(aside)) {
				t.Errorf("note %q", r.Note)
			}
			b.want(0, 0, 0, 0)
			has(t, b.remote("in"), map[string]string{"a.csv": "the new one", filepath.Base(aside): ""})
			session, err := b.pool.Session(t.Context(), b.conn)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			if err := session.Rename(t.Context(), "/in/a.csv", "/in/"+filepath.Base(aside), job.RenameV3); err == nil {
				t.Error("the late rename took the delivery away")
			}
			if f := b.last(); len(f.Leftovers) > 0 {
				t.Errorf("left %q", f.Leftovers)
			}
		})
	}
}

// A guard whose own answer was lost is put there again, and is not taken for the older file.
func TestExportGuardsAgain(t *testing.T) {
	b := replacesByHand(t, sftptest.Drop)
	b.want(0, 1, 0, 0)
	aside := filepath.Base(b.olderAside())
	b.server.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "close", Path: aside, Times: 1, Do: sftptest.DropDone}}
	})
	b.want(0, 1, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "old", aside: "", filepath.Base(b.last().Temp): "the new one"})
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "the new one", aside: ""})
}

// A run that could not look what became of the older file keeps its name for the next one: it is no leftover before that is known.
func TestExportKeepsTheNameOfTheOlderFile(t *testing.T) {
	b := replacesByHand(t, sftptest.Drop)
	b.want(0, 1, 0, 0)
	aside := filepath.Base(b.olderAside())
	b.server.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Path: aside, Times: 1, Do: sftptest.Fail, Code: 4}}
	})
	b.want(0, 1, 0, 0)
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "the new one", aside: ""})
}

// The rename never came about and a janitor took the temporary. That an older file lay under the final name at one look and not at
// the next does not say that ours was taken.
func TestExportKnowsWhoseFileWasTaken(t *testing.T) {
	t.Cleanup(transfer.Hasten())
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
	put(t, b.remote("in", "a.csv"), "old", time.Unix(1_700_000_000, 0))
	put(t, filepath.Join(b.outbox, "a.csv"), "the new one")
	b.doBetween(between{remote: losesRename})
	if err := os.Remove(b.remote(b.last().Temp)); err != nil {
		t.Fatal(err)
	}
	b.endClaims()
	r := b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier {
		return &lookedAt{Carrier: c, path: "/in/a.csv", then: func() {
			if err := os.Remove(b.remote("in", "a.csv")); err != nil {
				t.Error(err)
			}
		}}
	}})
	if f := b.last(); f.State != job.FileHeld || f.Reason.Slug != "remote.indeterminate" {
		t.Errorf("%s, %s: %v", f.State, f.Proof, r.Reason)
	}
}

// A read-once server takes our own look at what was written directly for the customer's download.
func TestExportFetchesNothingBackFromAReadOnceServer(t *testing.T) {
	b := setup(t, sftptest.Knobs{ReadOnce: true, Faults: []sftptest.Fault{{Op: "write", Do: sftptest.DropDone, Times: 1}}}).exporting(func(ex *job.Export) { ex.InPlace = true })
	b.conn.Profile = "read-once"
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	if r := b.want(0, 0, 0, 1); r.Reason.Slug != "remote.indeterminate" {
		t.Errorf("reason %v", r.Reason)
	}
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
}

// The configuration refuses verify: readback there; if it comes to it all the same, size and time have to do.
func TestExportReadsNothingBackFromAReadOnceServer(t *testing.T) {
	b := setup(t, sftptest.Knobs{ReadOnce: true}).exporting(func(ex *job.Export) { ex.Verify = job.VerifyReadback })
	b.conn.Profile = "read-once"
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
	if f := b.last(); f.Proof != job.ProofVerified {
		t.Errorf("proof %s", f.Proof)
	}
}

// takenBeforeGet is a session in which the customer takes a file between the look at it and its OPEN.
type takenBeforeGet struct {
	transfer.Carrier
	take func()
}

func (c takenBeforeGet) Get(ctx context.Context, path string, size int64, dst io.Writer, before func(job.Entry) error) (int64, error) {
	c.take()
	return c.Carrier.Get(ctx, path, size, dst, before)
}

// What the customer takes between the look that knew it and the reading back was delivered: it is neither held nor sent again.
func TestExportWhoseFileIsTakenBeforeItIsReadBack(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.Verify, ex.OnLostReply = job.VerifyReadback, job.LostResend })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	r := b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier {
		return takenBeforeGet{c, func() {
			if err := os.Remove(b.remote("in", "a.csv")); err != nil {
				t.Error(err)
			}
		}}
	}})
	if f := b.last(); r.Counts != (job.Counts{OK: 1}) || f.Proof != job.ProofVerified {
		t.Errorf("%v, proof %s, reason %v", r.Counts, f.Proof, r.Reason)
	}
	b.want(0, 0, 0, 0)
	has(t, b.remote("in"), nil)
}

// A source that leaves the outbox before anything of it was sent is not waited for: one that is held because it changed, and one that
// is not quiet yet.
func TestExportEndsWhatWasTakenOutOfTheOutbox(t *testing.T) {
	for name, waits := range map[string]bool{"held": false, "waiting": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.InPlace = true })
			source := filepath.Join(b.outbox, "a.csv")
			put(t, source, "one")
			if waits {
				b.spec.Export.DoneFile = "{name}.done"
				b.want(0, 0, 0, 0)
			} else {
				b.watch = func(p job.Progress) {
					if p.Stage == job.StageEncrypt {
						put(t, source, "the second")
					}
				}
				b.want(0, 0, 0, 1)
				b.watch = nil
			}
			if err := os.Remove(source); err != nil {
				t.Fatal(err)
			}
			b.want(0, 0, 1, 0)
			if f := b.last(); f.Step != job.StepDone || f.Reason.Slug != "local.withdrawn" {
				t.Errorf("it is %s at %s: %v", f.State, f.Step, f.Reason)
			}
			b.want(0, 0, 0, 0)
			b.spec.Export.DoneFile = ""
			put(t, source, "and back")
			b.want(1, 0, 0, 0)
			has(t, b.remote("in"), map[string]string{"a.csv": "and back"})
		})
	}
}

// An upload that died before OPEN wrote nothing: what is longer than ours under the final name is somebody else's.
func TestExportDirectKnowsALongerFileOfAnother(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "open", Do: sftptest.Drop, Times: 1}}}).exporting(func(ex *job.Export) { ex.InPlace = true })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.want(0, 1, 0, 0)
	put(t, b.remote("in", "a.csv"), "somebody else's, longer than ours")
	if r := b.want(0, 1, 0, 0); r.Reason.Slug != "remote.name_taken" {
		t.Errorf("reason %v", r.Reason)
	}
	has(t, b.remote("in"), map[string]string{"a.csv": "somebody else's, longer than ours"})
	if slices.Contains(ops(b), "write") {
		t.Error("something was written")
	}
	b.spec.Export.IfExists = job.ExistsReplace
	b.want(1, 0, 0, 0)
	has(t, b.remote("in"), map[string]string{"a.csv": "one"})
}

// early is a session whose server tells of a temporary that CLOSE has not reached yet: its time is that of the last WRITE.
type early struct{ transfer.Carrier }

func (c early) Stat(ctx context.Context, path string) (job.Entry, error) {
	entry, err := c.Carrier.Stat(ctx, path)
	if strings.HasSuffix(path, ".part") {
		entry.ModTime -= 2
	}
	return entry, err
}

// The answer to a rename is lost, and what lies under the final name is of another time than the temporary was seen to have. It is known by
// its bytes: not where they are others, nor where it was there before.
func TestExportKnowsItsFileByItsBytes(t *testing.T) {
	t.Cleanup(transfer.Hasten())
	dropped := sftptest.Knobs{Faults: []sftptest.Fault{{Op: "rename", Times: 1, Do: sftptest.DropDone}}}
	ignored := sftptest.Knobs{Faults: []sftptest.Fault{{Op: "rename", Times: 1, Do: sftptest.Drop}}}
	yesterdays := func(b *bundle, final, temp string) {
		b.gone(temp)
		put(b.t, final, "one", time.Now().Add(-24*time.Hour))
	}
	for name, tc := range map[string]struct {
		knobs   sftptest.Knobs
		profile string
		verify  job.Verify
		then    func(b *bundle, final, temp string)
		want    job.State
	}{
		"renamed": {knobs: dropped, want: job.FileDelivered},
		"somebody's, of our size": {knobs: ignored, want: job.FileHeld, then: func(b *bundle, final, temp string) {
			b.gone(temp)
			put(b.t, final, "two")
		}},
		"yesterday's, with our bytes":    {knobs: ignored, want: job.FileHeld, then: yesterdays},
		"yesterday's, and nobody looked": {knobs: ignored, verify: job.VerifyNone, want: job.FileHeld, then: yesterdays},
		"not renamed":                    {knobs: ignored, want: job.FileHeld, then: func(b *bundle, final, temp string) { put(b.t, final, "one") }},
		"fetching uses it up":            {knobs: sftptest.Knobs{ReadOnce: true, Faults: dropped.Faults}, profile: "read-once", want: job.FileHeld},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, tc.knobs).exporting(func(ex *job.Export) { ex.Verify = tc.verify })
			b.conn.Profile = tc.profile
			put(t, filepath.Join(b.outbox, "a.csv"), "one")
			b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { return early{c} }})
			if f := b.last(); f.Step != job.StepRenaming {
				t.Fatalf("row %+v", f)
			}
			if tc.then != nil {
				tc.then(b, b.remote("in", "a.csv"), b.remote(b.last().Temp))
			}
			b.endClaims()
			b.server.ClearLog()
			b.do()
			if f := b.last(); f.State != tc.want || f.State == job.FileDelivered && f.Proof != job.ProofVerified {
				t.Errorf("%s, %s: %v", f.State, f.Proof, f.Reason)
			}
			if tc.profile != "" && slices.Contains(ops(b), "read") {
				t.Error("it was fetched")
			}
		})
	}
}

// gone takes a file away.
func (b *bundle) gone(path string) {
	b.t.Helper()
	if err := os.Remove(path); err != nil {
		b.t.Fatal(err)
	}
}
