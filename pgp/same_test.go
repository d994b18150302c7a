package pgp_test

import (
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// TestSameTellsARenewedKeyFromAnIdenticalOne: of one fingerprint, as gpg exports it, with several names of its owner,
// which the library writes in another order each time.
func TestSameTellsARenewedKeyFromAnIdenticalOne(t *testing.T) {
	g := newGPG(t)
	g.run(nil, "--quick-generate-key", "a@example.org", "future-default", "default", "2w")
	for _, name := range []string{"b", "c", "d", "e"} {
		g.run(nil, "--quick-add-uid", "a@example.org", name+"@example.org")
	}
	taken := func(options ...string) job.Key {
		t.Helper()
		k, _, err := pgp.Inspect(g.run(nil, append(options, "--export", "a@example.org")...), time.Now())
		check(t, err)
		return k
	}
	first := taken()
	for range 20 {
		if !pgp.Same(first, taken("--armor")) {
			t.Fatal("the same key counts as another")
		}
	}
	g.run(nil, "--quick-set-expire", first.Fingerprint, "2y")
	if renewed := taken(); renewed.Fingerprint != first.Fingerprint || pgp.Same(first, renewed) {
		t.Errorf("a renewed key counts as the same: %s", renewed.Fingerprint)
	}
	if broken := (job.Key{Fingerprint: first.Fingerprint, Public: "x"}); pgp.Same(first, broken) {
		t.Error("a key that cannot be read counts as the same")
	}
}
