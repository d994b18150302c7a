package transfer_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// slowClaim is the real store; the first claim of a run is not through before as many others were asked for.
type slowClaim struct {
	steppedLedger
	claims atomic.Int32
	others int32
	came   chan struct{}
}

func (l *slowClaim) Claim(ctx context.Context, f job.File, run int64) (job.File, error) {
	switch n := l.claims.Add(1); n {
	case 1:
		<-l.came
	case l.others:
		close(l.came)
	}
	return l.Store.Claim(ctx, f, run)
}

// One file that is slow holds up none of those behind it, however many they are.
func TestASlowFileHoldsNobodyUp(t *testing.T) {
	const files = 520 // rows are read for 500 at once
	b := setup(t, sftptest.Knobs{}).importing(nil)
	for i := range files {
		put(t, filepath.Join(b.remote("out"), fmt.Sprintf("%03d.csv", i)), "content")
	}
	ledger := &slowClaim{steppedLedger: steppedLedger{b.store, new([]string)}, others: files, came: make(chan struct{})}
	if result := b.doBetween(between{ledger: ledger}); result.Counts.OK != files {
		t.Errorf("%+v", result)
	}
}
