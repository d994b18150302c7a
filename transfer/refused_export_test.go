package transfer_test

import (
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// What a server that takes files at once has refused, or what was taken away again because it was not whole, was not taken by it:
// neither a person nor on_lost_reply has anything to decide.
func TestExportToASweeperThatRefused(t *testing.T) {
	for name, fault := range map[string]sftptest.Fault{
		"OPEN is refused":       {Op: "open", Do: sftptest.Fail, Code: 4, Times: 1},
		"what is there is less": {Op: "close", Do: sftptest.Shrink, Times: 1},
	} {
		for _, policy := range []job.OnLostReply{job.LostHold, job.LostAssume} {
			t.Run(name+", "+string(policy), func(t *testing.T) {
				b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{fault}}).exporting(func(ex *job.Export) { ex.OnLostReply = policy })
				sweeps := true
				if err := b.store.SaveProfile(t.Context(), "acme", job.Profile{SweepsAtOnce: &sweeps}); err != nil {
					t.Fatal(err)
				}
				put(t, filepath.Join(b.outbox, "a.csv"), "one")
				b.want(0, 1, 0, 0)
				b.want(1, 0, 0, 0)
				has(t, b.remote("in"), map[string]string{"a.csv": "one"})
				if f := b.last(); f.Proof != job.ProofVerified {
					t.Errorf("proof %s", f.Proof)
				}
			})
		}
	}
}
