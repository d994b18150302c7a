package transfer_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A version that is adopted while another one of its path is ready has its own quiet time all the same; the other one is there, and says so.
func TestImportAdoptsBeforeWhatIsReady(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.StableFor, im.AfterSuccess.Action = 60*time.Millisecond, job.RetireDelete
	})
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f, at := b.last(), time.Unix(1_700_000_000, 0)
	b.spec.Import.DoneFile = "{name}.done"
	put(t, b.remote("out", "a.csv"), "the second", at)
	b.want(0, 0, 0, 0) // which looked at it for longer than it has to be quiet
	put(t, b.remote("out", "a.csv"), "half")
	b.goesAside(f, f.Fence)
	put(t, b.remote("out", "a.csv"), "the second", at)
	put(t, b.remote("out", "a.csv.done"), "", time.Now().Add(time.Hour)) // of whatever comes
	looks := 0
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait {
			if looks++; looks == 1 {
				put(t, b.remote("out", naming.Aside(f.ID, f.Fence, "a.csv")), "half and whole")
			}
		}
	}
	b.want(1, 0, 1, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "half and whole"})
	if said := b.rows()[1].Reason.Error(); strings.Contains(said, "gone") {
		t.Errorf("of a file that is there it says: %s", said)
	}
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "half and whole", "a.3.csv": "the second"})
}

// A row that a read-once server's next listing would judge is not left behind by a version that is adopted before it.
func TestImportHoldsWhatWasUsedUpBeforeAnAdoption(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	b.conn.Profile = "read-once"
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	b.cutOff()
	put(t, b.remote("out", "a.csv"), "the second")
	b.want(0, 1, 0, 0)
	put(t, b.remote("out", "a.csv"), "and the third")
	b.goesAside(f, f.Fence)
	b.want(1, 0, 0, 1)
	b.consumed(b.rows()[1])
}

// What lies under a name of ours, and what is given that name by claim: rename, can be used up like any other.
func TestImportHoldsWhatWasUsedUpAside(t *testing.T) {
	for name, claim := range map[string]bool{"adopted": false, "claimed": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action, im.Claim = job.RetireDelete, claim })
			b.conn.Profile = "read-once"
			put(t, b.remote("out", "a.csv"), "one")
			b.want(1, 0, 0, 0)
			f := b.last()
			b.cutOff()
			put(t, b.remote("out", "a.csv"), "the second")
			if !claim {
				b.goesAside(f, f.Fence)
			}
			b.want(0, 1, 0, 0)
			b.usesUp(b.last())
			b.want(0, 0, 0, 1)
			b.consumed(b.last())
			b.want(0, 0, 0, 0)
			put(t, b.remote("out", "a.csv"), "the second", time.Unix(b.last().ModTime, 0)) // put out again
			b.want(1, 0, 0, 0)
			has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
		})
	}
}

// A read-once server may have used up a file of which it gave another size than it had listed: that is no file which was withdrawn.
func TestImportHoldsWhatWasUsedUpInAnotherSize(t *testing.T) {
	for name, again := range map[string]bool{"gone": false, "another version in its place": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{ReadOnce: true, EndEarly: 2}).importing(nil)
			b.conn.Profile = "read-once"
			source := b.remote("out", "a.csv")
			put(t, source, "one")
			b.want(0, 1, 0, 0)
			if err := os.Remove(source); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			b.server.Change(func(k *sftptest.Knobs) { k.EndEarly = 0 })
			landed := 0
			if again {
				put(t, source, "the second")
				landed = 1
			}
			b.want(landed, 0, 0, 1)
			b.consumed(b.rows()[0])
			b.want(0, 0, 0, 0)
		})
	}
}

// One that the server still has is fetched again.
func TestImportFetchesAgainWhatAReadOnceServerKept(t *testing.T) {
	b := setup(t, sftptest.Knobs{EndEarly: 2}).importing(nil)
	b.conn.Profile = "read-once"
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.server.Change(func(k *sftptest.Knobs) { k.EndEarly = 0 })
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

// Somebody takes away what claim: rename has moved aside: its row does not fail for ever.
func TestImportOfAClaimThatIsGone(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action, im.Claim = job.RetireDelete, true })
	b.cutOff()
	put(t, b.remote("out", "a.csv"), "one")
	b.want(0, 1, 0, 0)
	b.usesUp(b.last())
	b.want(0, 0, 1, 0)
	b.want(0, 0, 0, 0)
	put(t, b.remote("out", "a.csv"), "one", time.Unix(b.last().ModTime, 0))
	b.want(1, 0, 0, 0)
}

// cutOff cuts the next fetch off.
func (b *bundle) cutOff() {
	b.server.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: "read", Do: sftptest.DropDone, Times: 1}} })
}

// usesUp does what a server does that counts a fetch that was cut off.
func (b *bundle) usesUp(f job.File) {
	b.t.Helper()
	if err := os.Remove(b.remote(f.Aside)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) consumed(f job.File) {
	b.t.Helper()
	if f.State != job.FileHeld || f.Reason.Slug != "remote.source_consumed" {
		b.t.Errorf("the version that was used up stands at %s, %s: %v", f.Step, f.State, f.Reason)
	}
}

// Two versions lie aside, and the customer takes both away before they are quiet: no row waits for ever.
func TestImportWithdrawsEachVersionThatLayAside(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.StableFor, im.AfterSuccess.Action = 60*time.Millisecond, job.RetireDelete
	})
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	for i, text := range []string{"the second", "and the third"} {
		put(t, b.remote("out", "a.csv"), text)
		b.goesAside(f, f.Fence+int64(i))
	}
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageWait {
			b.usesUp(b.rows()[1])
			b.usesUp(b.rows()[2])
			b.watch = nil
		}
	}
	b.want(0, 0, 2, 0)
	for _, row := range b.rows()[1:] {
		if row.Step != job.StepDone || row.State != job.FileSkipped {
			t.Errorf("generation %d, which lay aside, stands at %s, %s", row.Generation, row.Step, row.State)
		}
	}
	has(t, b.landing, map[string]string{"a.csv": "one"})
}

// Of two versions aside the older one's fetch fails; then the customer takes both away. The one that failed waits no more than the other.
func TestImportWithdrawsWhatFailedAside(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	f := b.last()
	for i, text := range []string{"the second", "and the third"} {
		put(t, b.remote("out", "a.csv"), text)
		b.goesAside(f, f.Fence+int64(i))
	}
	b.cutOff()
	b.do()
	for _, row := range b.rows()[1:] {
		if err := os.Remove(b.remote(row.Aside)); err != nil {
			t.Fatal(err)
		}
	}
	b.do()
	b.do()
	for _, row := range b.rows()[1:] {
		if row.Step != job.StepDone {
			t.Errorf("generation %d, which lay aside, stands at %s, %s", row.Generation, row.Step, row.State)
		}
	}
}
