package transfer_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// asking is a session that notes whether a name may be written in several places, and closed before all is acknowledged.
type asking struct {
	transfer.Carrier
	private *bool
}

func (a asking) Put(ctx context.Context, path string, src io.Reader, size int64, ahead func()) (int64, error) {
	*a.private = ahead != nil
	return a.Carrier.Put(ctx, path, src, size, ahead)
}

// A name that the customer knows is never written in several places at once: it would have its whole length, and holes, while it grows.
func TestOnlyATemporaryNameIsWrittenInSeveralPlaces(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*job.Export)
		private bool
	}{
		"under a temporary name": {nil, true},
		"in place":               {func(ex *job.Export) { ex.InPlace = true }, false},
		"without a rename":       {func(ex *job.Export) { ex.Rename = job.RenameNone }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).exporting(test.change)
			put(t, filepath.Join(b.outbox, "a.csv"), "one")
			var private bool
			b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { return asking{c, &private} }})
			has(t, b.remote("in"), map[string]string{"a.csv": "one"})
			if private != test.private {
				t.Errorf("the name is taken for one that nobody else knows: %v", private)
			}
		})
	}
}
