package storetest

import (
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// The last good run of an incident ended before it was opened: what succeeded later passed its cause by.
func lastGoodRunIsOneBefore(t *testing.T, b bundle) {
	run := func(state job.RunState, ended time.Time) int64 {
		begun := must2(t, b.BeginRun)(job.Run{Job: "acme-in", Started: ended})
		begun.State, begun.Ended = state, ended
		ok(t, b.EndRun(t.Context(), begun))
		return begun.ID
	}
	before := run(job.RunSucceeded, due(1))
	failed := run(job.RunPartial, due(2))
	b.raise(t, own, "acme-in", due(3))
	run(job.RunSucceeded, due(4))
	good, bad, err := b.LastRunsOf(t.Context(), b.open(t)[0])
	ok(t, err)
	same(t, "last good and last bad", []int64{good.ID, bad.ID}, []int64{before, failed})
}
