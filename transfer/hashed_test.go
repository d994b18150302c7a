package transfer_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

func ofContent(content []byte) job.Digest {
	return job.Digest{Size: int64(len(content)), SHA256: digestOf(string(content))}
}

// Whenever the content is hashed, the row of what was delivered says what it was.
func TestExportSaysWhatItSent(t *testing.T) {
	for name, change := range map[string]func(*job.Export){
		"under a temporary name": nil,
		"directly":               func(ex *job.Export) { ex.InPlace = true },
		"always":                 func(ex *job.Export) { ex.Resend = job.ResendAlways },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) {
				if ex.IfExists = job.ExistsReplace; change != nil {
					change(ex)
				}
			})
			for _, version := range [][]byte{noise(1 << 20), noise(1<<20 + 1)} { // the second is compared with the first
				putBytes(t, filepath.Join(b.outbox, "a.csv"), version)
				b.want(1, 0, 0, 0)
				if f := b.last(); f.Plain != ofContent(version) || f.Received != f.Plain {
					t.Errorf("plain %+v, sent %+v, want %+v", f.Plain, f.Received, ofContent(version))
				}
			}
		})
	}
}

// A source that is compared with what was delivered before is hashed before it is sent: then one that is written over and given its old
// time meanwhile is found out too.
func TestExportOfAFileThatChangesUnseenWhileItIsSent(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
	path, old := filepath.Join(b.outbox, "a.csv"), noise(3<<20)
	putBytes(t, path, []byte("the one before"))
	b.want(1, 0, 0, 0)
	putBytes(t, path, old)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageUpload {
			b.watch = nil
			writeOver(t, path, noise(3<<20 + 1)[:3<<20])
			if err := os.Chtimes(path, time.Time{}, before.ModTime()); err != nil {
				t.Error(err)
			}
		}
	}
	if result := b.want(0, 0, 0, 1); result.Reason.Slug != "remote.size_changed" {
		t.Errorf("reason %+v", result.Reason)
	}
	has(t, b.remote("in"), map[string]string{"a.csv": "the one before"})
}

// A server takes a file at CLOSE and its answer is lost: what may have been delivered is known by its hash.
func TestExportAssumesWhatItKnows(t *testing.T) {
	sweeps := true
	b := setup(t, sftptest.Knobs{Sweep: sftptest.SweepAtClose, Faults: []sftptest.Fault{{Op: "close", Times: 1, Do: sftptest.DropDone}}}).
		exporting(func(ex *job.Export) { ex.OnLostReply = job.LostAssume })
	if err := b.store.SaveProfile(t.Context(), "acme", job.Profile{SweepsAtOnce: &sweeps}); err != nil {
		t.Fatal(err)
	}
	putBytes(t, filepath.Join(b.outbox, "a.csv"), []byte("one"))
	b.want(0, 1, 0, 0)
	b.want(1, 0, 0, 0)
	if f := b.last(); f.Proof != job.ProofAssumed || f.Received != ofContent([]byte("one")) {
		t.Errorf("proof %s, sent %+v", f.Proof, f.Received)
	}
}

// It is learned only afterwards that the server takes files at CLOSE: the hash is taken late, from the version that was sent, and without
// that a person decides.
func TestExportAssumesNothingThatItCannotHash(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(t *testing.T, path string)
		ok, held  int
	}{
		"as it was":  {func(*testing.T, string) {}, 1, 0},
		"written to": {func(t *testing.T, path string) { writeOver(t, path, []byte("other")) }, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{Sweep: sftptest.SweepAtClose, Faults: []sftptest.Fault{{Op: "close", Times: 1, Do: sftptest.DropDone}}}).
				exporting(func(ex *job.Export) { ex.OnLostReply = job.LostAssume })
			path := filepath.Join(b.outbox, "a.csv")
			putBytes(t, path, []byte("one"))
			b.want(0, 1, 0, 0)
			id := b.last().ID
			test.meanwhile(t, path)
			sweeps := true
			if err := b.store.SaveProfile(t.Context(), "acme", job.Profile{SweepsAtOnce: &sweeps}); err != nil {
				t.Fatal(err)
			}
			b.do()
			f, err := b.store.File(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case test.held > 0 && (f.State != job.FileHeld || f.Reason.Slug != "remote.indeterminate"):
				t.Errorf("it is %s, %+v", f.State, f.Reason)
			case test.ok > 0 && (f.Proof != job.ProofAssumed || f.Received != ofContent([]byte("one"))):
				t.Errorf("it is %s, proof %s, sent %+v", f.State, f.Proof, f.Received)
			}
		})
	}
}
