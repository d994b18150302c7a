package rows_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftptest"
)

// silent takes connections and never says a word. It gives its port.
func silent(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // and with it what it did not accept
	return listener.Addr().(*net.TCPAddr).Port
}

// A start that fails ends what it began, however long that would have gone on: a test of a draft, and a run that was
// cut off and begins again.
func TestAStartThatFailsWaitsForNobody(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	mute := placeOf("127.0.0.1", silent(t), c.HostKeys()...)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	patient := "timeouts: {handshake: 1h}"
	w.config(fmt.Sprintf("metrics: {listen: %q}\n", taken.Addr()), "connections:\n",
		connection("draft", mute, "username: draft", login, patient, "locations: {out: /out}"),
		connection("acme", mute, "username: customer", login, patient, "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	s := w.openStore()
	_, err = s.BeginRun(t.Context(), job.Run{Job: "in", Connection: "acme", Type: job.TypeImport, Trigger: job.TriggerSchedule})
	if err := errors.Join(err, s.Activate(t.Context(), "acme"), s.Close()); err != nil { // here the process was killed
		t.Fatal(err)
	}
	has(t, w.haulier(1, "serve").all(), "serve metrics on "+taken.Addr().String())
	for _, run := range w.history("in") { // the second one, if the daemon came to it
		same(t, "run", []string{run.State}, []string{"interrupted"})
	}
}

// A daemon that never lives for six hours deletes what is too old nevertheless.
func TestWhatIsTooOldIsDeletedSoonAfterTheStart(t *testing.T) {
	w := newWorld(t)
	w.config()
	s := w.openStore()
	run, err := s.BeginRun(t.Context(), job.Run{Job: "in", Connection: "acme", Type: job.TypeImport})
	run.State = job.RunSucceeded
	now := time.Now()
	err = errors.Join(err, s.EndRun(t.Context(), run), s.AddLogLines(t.Context(), run.ID, []store.LogLine{
		{At: now.Add(-31 * 24 * time.Hour), Level: "INFO", Line: "too old"}, {At: now.Add(-24 * time.Hour), Level: "INFO", Line: "young"}}))
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	has(t, w.haulier(0, "logs", "1").out, "too old", "young")
	w.serve()
	until(t, "the old line to go", func() bool { return !strings.Contains(w.haulier(0, "logs", "1").out, "too old") })
	has(t, w.haulier(0, "logs", "1").out, "young")
}
