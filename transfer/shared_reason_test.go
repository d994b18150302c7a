package transfer_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// refusing puts files and says of each that the server has refused it, with one reason for all.
type refusing struct {
	transfer.Carrier
	reason *job.Reason
}

func (r refusing) Put(ctx context.Context, path string, src io.Reader, size int64, ahead func()) (int64, error) {
	if _, err := r.Carrier.Put(ctx, path, src, size, ahead); err != nil {
		return 0, err
	}
	return 0, r.reason
}

// A reason that several files have in common stays as it is: what is said of one is not said of the others.
func TestAReasonThatFilesShareIsNotWrittenInto(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.AllowEmpty = true })
	for _, name := range []string{"a.csv", "b.csv", "c.csv"} {
		put(t, filepath.Join(b.outbox, name), "")
	}
	session, err := b.pool.Session(t.Context(), b.conn)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	run, err := b.store.BeginRun(t.Context(), b.asked())
	if err != nil {
		t.Fatal(err)
	}
	shared := &job.Reason{Slug: "remote.refused", What: "the file was not delivered", Cause: "the server says no", Who: job.WhoCustomer}
	b.exporter().Run(t.Context(), refusing{session, shared}, b.conn, b.spec, run)
	if shared.Cause != "the server says no" {
		t.Errorf("the reason of all says %q", shared.Cause)
	}
	for _, f := range b.rows() {
		if f.Reason == nil || strings.Count(f.Reason.Cause, "what was there of it was removed") != 1 {
			t.Errorf("%s: %v", f.Path, f.Reason)
		}
	}
	if len(b.rows()) != 3 {
		t.Errorf("%d files, want 3", len(b.rows()))
	}
}
