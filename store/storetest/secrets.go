package storetest

import (
	"testing"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

func hidden(text string) secret.Text { return secret.New([]byte(text)) }

func revealed(t *testing.T) func(secret.Text, error) string {
	return func(s secret.Text, err error) string {
		t.Helper()
		ok(t, err)
		return string(s.Reveal())
	}
}

func keysHaveVersionsAndSlots(t *testing.T, b bundle) {
	add := func(k job.Key, private string) job.Key {
		t.Helper()
		return must[job.Key](t)(b.AddKey(t.Context(), k, hidden(private)))
	}
	current := add(job.Key{Kind: job.KeySSH, Name: "acme", Algorithm: "ed25519", Public: "ssh-ed25519 AAAA", Fingerprint: "SHA256:x",
		Origin: "generated", KeyIDs: []string{"1"}, Created: due(1), Expires: due(9)}, "first")
	next := add(job.Key{Kind: job.KeySSH, Name: "acme", Slot: job.SlotNext, Created: due(2)}, "second")
	add(job.Key{Kind: job.KeyPGP, Name: "acme", Created: due(1)}, "pgp")
	add(job.Key{Kind: job.KeySSH, Name: "bank", Created: due(1)}, "bank")
	same(t, "versions and slots", []any{current.Version, current.Slot, next.Version}, []any{1, job.SlotCurrent, 2})
	_, err := b.AddKey(t.Context(), job.Key{Kind: job.KeySSH, Name: "acme", Version: 2}, hidden("other"))
	wants(t, err, job.ErrExists)
	same(t, "private", revealed(t)(b.Private(t.Context(), next)), "second")

	ok(t, b.PromoteKey(t.Context(), next))
	ok(t, b.PromoteKey(t.Context(), next))
	wants(t, b.PromoteKey(t.Context(), current), job.ErrStale)
	wants(t, b.PromoteKey(t.Context(), job.Key{Kind: job.KeySSH, Name: "none", Version: 1}), job.ErrNotFound)
	ok(t, b.KeyUsed(t.Context(), next, due(5)))
	ok(t, b.KeyUsed(t.Context(), next, due(4)))
	current.Slot, next.Slot, next.LastUsed = job.SlotGrace, job.SlotCurrent, due(5)
	same(t, "keys", must[[]job.Key](t)(b.Keys(t.Context(), job.KeySSH, "acme")), []job.Key{current, next})
	same(t, "all ssh keys", len(must[[]job.Key](t)(b.Keys(t.Context(), job.KeySSH, ""))), 3)

	third := add(job.Key{Kind: job.KeySSH, Name: "acme", Created: due(3)}, "third")
	next.Slot = job.SlotGrace
	same(t, "after a new current key", must[[]job.Key](t)(b.Keys(t.Context(), job.KeySSH, "acme")), []job.Key{current, next, third})
	same(t, "the other names", must[[]job.Key](t)(b.Keys(t.Context(), job.KeySSH, "bank"))[0].Slot, job.SlotCurrent)

	ok(t, b.SetKeySlot(t.Context(), current, job.SlotRetired))
	ok(t, b.DropPrivate(t.Context(), current))
	_, err = b.Private(t.Context(), current)
	wants(t, err, job.ErrNotFound)
	ok(t, b.DeleteKeys(t.Context(), job.KeySSH, "acme"))
	same(t, "keys after deletion", len(must[[]job.Key](t)(b.Keys(t.Context(), job.KeySSH, "acme"))), 0)
	_, err = b.Private(t.Context(), next)
	wants(t, err, job.ErrNotFound)
	same(t, "others", revealed(t)(b.Private(t.Context(), job.Key{Kind: job.KeyPGP, Name: "acme", Version: 1})), "pgp")
}

func secretsAreKeptByName(t *testing.T, b bundle) {
	_, err := b.Secret(t.Context(), "bank")
	wants(t, err, job.ErrNotFound)
	ok(t, b.SetSecret(t.Context(), "bank", hidden("one")))
	ok(t, b.SetSecret(t.Context(), "bank", hidden("two")))
	ok(t, b.SetSecret(t.Context(), "acme", hidden("")))
	same(t, "secret", revealed(t)(b.Secret(t.Context(), "bank")), "two")
	same(t, "empty secret", revealed(t)(b.Secret(t.Context(), "acme")), "")
	must[job.Key](t)(b.AddKey(t.Context(), job.Key{Kind: job.KeySSH, Name: "bank"}, hidden("private")))
	same(t, "names", must[[]string](t)(b.SecretNames(t.Context())), []string{"acme", "bank"})
	same(t, "sealed rows that do not open", len(must[[]string](t)(b.CheckSecrets(t.Context()))), 0)
	ok(t, b.RemoveSecret(t.Context(), "bank"))
	wants(t, b.RemoveSecret(t.Context(), "bank"), job.ErrNotFound)
}

func epochsChange(t *testing.T, b bundle) {
	one := must[string](t)(b.Epoch(t.Context()))
	same(t, "same epoch", must[string](t)(b.Epoch(t.Context())), one)
	two := must[string](t)(b.NewEpoch(t.Context(), 0))
	if one == "" || two == one {
		t.Fatalf("epochs %q and %q", one, two)
	}
	same(t, "new epoch", must[string](t)(b.Epoch(t.Context())), two)
}

func numbersAreJumpedOver(t *testing.T, b bundle) {
	run := func() int64 { return must2(t, b.BeginRun)(job.Run{Job: "acme-customers"}).ID }
	last := func() int64 { return must[int64](t)(b.LastNumber(t.Context())) }
	same(t, "numbers before", []int64{run(), run(), last()}, []int64{1, 2, 2})
	must[string](t)(b.NewEpoch(t.Context(), 5000))
	same(t, "last number", last(), 5000)
	file := b.see(t, found("/in/first.csv")) // files had no number yet
	same(t, "numbers after", []int64{run(), file.ID, last()}, []int64{5001, 5001, 5001})
	events := must[[]job.Event](t)(b.Events(t.Context(), 5000, 10))
	same(t, "events", []int64{int64(len(events)), events[0].ID}, []int64{1, 5001})
	same(t, "fence of a claim", must[job.File](t)(b.Claim(t.Context(), b.see(t, found("/in/new.csv")), 1)).Fence, 1)
	begun, done := b.claimed(t, "/in/begun.csv"), b.advance(t, b.claimed(t, "/in/done.csv"), job.StepDone, job.FileLanded)
	rejected := b.advance(t, b.claimed(t, "/in/rejected.csv"), job.StepDone, job.FileRejected)
	must[string](t)(b.NewEpoch(t.Context(), 7000))
	for f, fence := range map[*job.File]int64{&begun: 7000, &rejected: 7000, &done: done.Fence} {
		same(t, "fence of "+f.Path, must[job.File](t)(b.File(t.Context(), f.ID)).Fence, fence)
	}
	must[string](t)(b.NewEpoch(t.Context(), 10))
	same(t, "fence, never lower", must[job.File](t)(b.File(t.Context(), begun.ID)).Fence, 7000)
	same(t, "never lower", []int64{run(), b.see(t, found("/in/second.csv")).ID}, []int64{7001, 7001})
}

func logsAreBounded(t *testing.T, b bundle) {
	run := must2(t, b.BeginRun)(job.Run{Job: "acme-customers"})
	wants(t, b.AddLogLines(t.Context(), 99, []logLine{{Line: "x"}}), job.ErrNotFound)
	ok(t, b.AddLogLines(t.Context(), run.ID, []logLine{{Level: "INFO", Line: "one", At: due(1)}, {Level: "DEBUG", Line: "two\xff"}}))
	lines := must[[]logLine](t)(b.LogLines(t.Context(), run.ID, 0, 0))
	same(t, "lines", []any{len(lines), lines[0].Line, lines[0].At, lines[1].Line}, []any{2, "one", due(1), "two\uFFFD"})
	same(t, "lines after the first", len(must[[]logLine](t)(b.LogLines(t.Context(), run.ID, lines[0].ID, 0))), 1)

	long := string(make([]byte, 1<<20))
	for range 70 {
		batch := make([]logLine, 10)
		for i := range batch {
			batch[i].Line = long
		}
		ok(t, b.AddLogLines(t.Context(), run.ID, batch))
	}
	total, last, after := 0, "", int64(0)
	for {
		lines := must[[]logLine](t)(b.LogLines(t.Context(), run.ID, after, 0))
		if len(lines) == 0 {
			break
		}
		for _, l := range lines {
			total, last, after = total+len(l.Line), l.Line, l.ID
		}
	}
	if total > 10<<20 || total < 9<<20 {
		t.Fatalf("the log holds %d bytes", total)
	}
	same(t, "last line", last, "the log of this run has reached 10 MiB; what follows is not kept")
	b.clock.Add(40 * 24 * time.Hour)
	pruned := must[pruned](t)(b.Prune(t.Context(), b.clock.Now()))
	same(t, "lines left", len(must[[]logLine](t)(b.LogLines(t.Context(), run.ID, 0, 0))), 0)
	same(t, "events pruned", pruned.Events, 1)
}
