package expect

import (
	"testing"

	"github.com/haulier/haulier/job"
)

// What is late is told while nobody is told of the failure of its server, and with that one once they are.
func TestLateDoesNotWaitForWhatNobodyIsTold(t *testing.T) {
	w := newWorld(t, "2026-11-23 17:00", nightly())
	w.wants("2026-11-23 17:00")
	if _, err := w.store.Loaded(t.Context(), "acme-in", "acme", w.now); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"2026-11-24 01:00", "2026-11-24 02:00"} {
		w.now = at(t, when)
		_, err := w.store.Strike(t.Context(), job.Strike{Cause: "connection/acme/net.dns", Job: "acme-in", Connection: "acme", Reason: job.Reason{Slug: "net.dns", Temporary: true}, At: w.now, After: 5})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.wants("2026-11-24 03:01", "late 2026-11-24")
	w.tells("2026-11-24 03:02", "opened expect.late")
	w.tells("2026-11-24 04:59")
	w.wants("2026-11-24 05:01", "missing 2026-11-24")
	w.tells("2026-11-24 05:03", "opened net.dns")
	if missed := w.missed(); len(missed) != 1 || missed[0] != "acme-in" {
		t.Errorf("the alert says that %q miss something", missed)
	}
	w.tells("2026-11-24 16:00")
}
