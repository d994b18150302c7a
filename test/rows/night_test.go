package rows_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// night is a daemon's night on one connection, and another beside it: every request of it is known.
//
//	staff      down  1 ok                         50 bytes
//	customers  down  1 ok, at the second attempt  200 bytes
//	broken     down  1 failed, at both attempts
//	mixed      down  1 ok                         70 bytes
//	                 1 failed: may not be read
//	invoices   up    1 ok, at the second attempt  300 bytes
//	refused    up    1 failed, when all was sent  30 bytes
func night(t *testing.T) *world {
	t.Helper()
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	for name, size := range map[string]int{"staff/a": 50, "customers/b": 200, "broken/c": 10, "mixed/d": 70, "mixed/locked": 60, "in/.keep": 0} {
		c.put(name, strings.Repeat("x", size))
	}
	w.write("invoices/e", strings.Repeat("y", 300))
	w.write("refused/f", strings.Repeat("z", 30))
	retry := "retry: {attempts: 2, backoff: 1s}"
	w.config("connections:\n",
		c.connection("acme", "locations: {staff: /staff, customers: /customers, broken: /broken, mixed: /mixed, in: /in}"),
		c.connection("other", "locations: {staff: /staff}"),
		"jobs:\n", importJob("staff", "acme", "staff"), importJob("customers", "acme", "customers", "after: staff", retry),
		importJob("broken", "acme", "broken", "after: customers", retry), importJob("mixed", "acme", "mixed"),
		exportJob("invoices", "acme", "in", "after: customers", retry), exportJob("refused", "acme", "in", "outbound: {in_place: true}"),
		importJob("elsewhere", "other", "staff"))
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{
			{Op: "open", Path: "b", Times: 1, Do: sftptest.Drop},
			{Op: "open", Path: "c", Do: sftptest.Drop},
			{Op: "open", Path: "locked", Do: sftptest.Fail, Code: packet.PermissionDenied},
			{Op: "close", Path: "f", Do: sftptest.FailDone, Code: packet.PermissionDenied},
		}
	})
	s := w.serve()
	w.haulier(0, "run", "elsewhere")
	w.haulier(0, "run", "staff")
	w.ended("customers", "failed", "succeeded")
	w.ended("broken", "failed", "failed")
	w.ended("invoices", "succeeded")
	w.haulier(4, "run", "mixed")
	w.haulier(15, "run", "refused")
	s.end()
	return w
}

// ended waits until the runs of a job have ended like this, the first one first.
func (w *world) ended(name string, states ...string) {
	w.t.Helper()
	var got []string
	until(w.t, name+": "+strings.Join(states, ", "), func() bool {
		got = nil
		for _, run := range w.history(name) {
			got = append([]string{run.State}, got...)
		}
		return strings.Join(got, " ") == strings.Join(states, " ")
	})
}

// A14 to A20: what connections stats says of a known night is that night, request by request and byte by byte; again
// after a restart of the daemon, and after every row of a request was pruned.
func TestStatsAreThoseOfTheNight(t *testing.T) {
	w := night(t)
	rate := 4.0 / 7
	want := store.Stats{SuccessRate: &rate, Bytes: store.ByteStats{Down: 320, Up: 330}}
	want.Requests.Total, want.Requests.OK, want.Requests.Failed = 7, 4, 3
	want.Requests.Download = store.OutcomeStat{OK: 3, Failed: 2}
	want.Requests.Upload = store.OutcomeStat{OK: 1, Failed: 1}
	w.sameStats("after the night", want)

	w.serve().end()
	w.sameStats("after a restart", want)

	s := w.openStore()
	pruned, err := s.Prune(t.Context(), time.Now().Add(365*24*time.Hour))
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if pruned.Requests != 8 {
		t.Errorf("%d requests pruned, want 8", pruned.Requests)
	}
	w.sameStats("after pruning", want)
	w.serve().end()
	w.sameStats("after pruning and a restart", want)
}

// sameStats compares the figures that the program prints; the series must add up to them.
func (w *world) sameStats(when string, want store.Stats) {
	w.t.Helper()
	var got, sum store.Stats
	if err := json.Unmarshal([]byte(w.haulier(0, "connections", "stats", "acme", "--json").out), &got); err != nil {
		w.t.Fatal(err)
	}
	if got.Requests != want.Requests || got.Bytes != want.Bytes || got.SuccessRate == nil || *got.SuccessRate != *want.SuccessRate {
		w.t.Errorf("%s: %+v %+v, want %+v %+v", when, got.Requests, got.Bytes, want.Requests, want.Bytes)
	}
	if len(got.Days) != 30 {
		w.t.Fatalf("%s: %d days, want 30", when, len(got.Days))
	}
	quiet := 0
	for i, d := range got.Days {
		if d == (store.Day{Date: d.Date}) {
			quiet++
		}
		if i > 0 && d.Date <= got.Days[i-1].Date {
			w.t.Errorf("%s: %s follows %s", when, d.Date, got.Days[i-1].Date)
		}
		sum.Requests.Download.OK += d.DownloadOK
		sum.Requests.Download.Failed += d.DownloadFailed
		sum.Requests.Upload.OK += d.UploadOK
		sum.Requests.Upload.Failed += d.UploadFailed
		sum.Bytes.Down += d.BytesDown
		sum.Bytes.Up += d.BytesUp
	}
	if sum.Requests.Download != want.Requests.Download || sum.Requests.Upload != want.Requests.Upload || sum.Bytes != want.Bytes {
		w.t.Errorf("%s: the days add up to %+v %+v", when, sum.Requests, sum.Bytes)
	}
	if quiet < 28 { // a night may have a midnight
		w.t.Errorf("%s: only %d days are quiet", when, quiet)
	}
}
