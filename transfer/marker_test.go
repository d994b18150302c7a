package transfer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// stubborn is an export whose sources cannot be moved away after their delivery.
func stubborn(t *testing.T, marker string) *bundle {
	t.Helper()
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) {
		ex.Marker = marker
		ex.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: filepath.Join(t.TempDir(), "file")}
	})
	put(t, b.spec.Export.AfterSuccess.Dir, "in the way")
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	return b
}

// A customer's system takes the file when its marker comes, and both are gone: the next run must not leave another one.
func TestExportLeavesItsMarkerOnce(t *testing.T) {
	b := stubborn(t, "{name}.done")
	b.do()
	has(t, b.remote("in"), map[string]string{"a.csv": "one", "a.csv.done": ""})
	for _, taken := range []string{"a.csv", "a.csv.done"} {
		if err := os.Remove(b.remote("in", taken)); err != nil {
			t.Fatal(err)
		}
	}
	b.do()
	has(t, b.remote("in"), nil)
}

func TestExportNamesItsMarkerOnce(t *testing.T) {
	b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "close", Path: "a.csv.1.done", Times: 1, Do: sftptest.DropDone}}}).
		exporting(func(ex *job.Export) { ex.Marker = "{name}.{run}.done" })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	b.do()
	if b.last().Marked {
		t.Fatal("its answer was not lost")
	}
	marker := filepath.Base(b.last().Marker)
	has(t, b.remote("in"), map[string]string{"a.csv": "one", marker: ""})
	b.do()
	has(t, b.remote("in"), map[string]string{"a.csv": "one", marker: ""})
	if f := b.last(); f.Step != job.StepDone || !f.Marked {
		t.Errorf("row %+v", f)
	}
}

// A job that asks for a marker only by the time that a file is finished gets one.
func TestExportMarksWhatWasBegunWithout(t *testing.T) {
	b := stubborn(t, "")
	b.do()
	b.spec.Export.Marker = "{name}.done"
	b.do()
	has(t, b.remote("in"), map[string]string{"a.csv": "one", "a.csv.done": ""})
}

// A marker is a put, and reading a delivery back is a get: what was asked of the customer's server is counted.
func TestExportCountsEveryRequest(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) { ex.Marker, ex.Verify = "{name}.done", job.VerifyReadback })
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	result := b.want(1, 0, 0, 0)
	if result.Bytes != (job.Bytes{Up: 3, Down: 3}) {
		t.Errorf("bytes %+v", result.Bytes)
	}
	requests, err := b.store.Requests(t.Context(), b.run)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range requests {
		got = append(got, fmt.Sprintln(q.Direction, q.Marker, q.OK, q.Attempts, q.Bytes))
	}
	want := []string{"upload false true 1 3\n", "download false true 1 3\n", "upload true true 1 0\n"}
	if !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}
