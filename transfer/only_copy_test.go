package transfer_test

import (
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// consumed leaves monday's a.csv held: a server that gives each file once gave it, and no key fits.
func consumed(t *testing.T) *bundle {
	t.Helper()
	b := setup(t, sftptest.Knobs{ReadOnce: true}).importing(nil)
	b.conn.ReadOnce = true
	b.spec.Import.Opening = &job.Opening{DecryptWith: []string{"ours"}}
	b.opening(wrongKey())
	put(t, b.remote("out", "a.csv"), "monday")
	b.want(0, 0, 0, 1)
	return b
}

func wrongKey() error {
	return &job.Reason{Slug: "pgp.wrong_key", What: "the file did not land", Cause: "no key fits", Do: "import the key", Who: job.WhoUs}
}

func TestOnlyCopyOutlivesANewerVersion(t *testing.T) {
	for name, when := range map[string]func(b *bundle, monday job.File){
		"that comes when it is decided": func(b *bundle, monday job.File) {
			b.again(monday)
			b.opening(nil)
			put(t, b.remote("out", "a.csv"), "tuesday, longer")
		},
		"that was listed before": func(b *bundle, monday job.File) {
			b.opening(nil)
			put(t, b.remote("out", "a.csv"), "tuesday, longer")
			b.want(1, 0, 0, 0)
			b.again(monday)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := consumed(t)
			when(b, b.last())
			b.do()
			b.want(0, 0, 0, 0)
			if got := len(b.rows()); got != 2 {
				t.Errorf("%d rows", got)
			}
			for _, f := range b.rows() {
				if f.State != job.FileLanded || f.Step != job.StepDone {
					t.Errorf("generation %d is %s at %s: %v", f.Generation, f.State, f.Step, f.Reason)
				}
			}
			if got := contents(t, b.landing); len(got) != 2 {
				t.Errorf("landed: %q", got)
			}
			stageHolds(t, b.landing)
		})
	}
}

// The listing is cut off before it comes to the name, and the server may be anything by now: the row knows.
func TestOnlyCopyNeedsNoListing(t *testing.T) {
	b := consumed(t)
	b.conn.ReadOnce, b.conn.Name = false, "acme2" // of which nothing is known
	b.server.Change(func(k *sftptest.Knobs) { k.ReadOnce = false })
	b.again(b.last())
	if b.want(0, 0, 0, 1); b.last().Reason.Slug != "pgp.wrong_key" {
		t.Errorf("row %+v", b.last())
	}
	b.again(b.last())
	b.opening(nil)
	put(t, b.remote("out", "readme.txt"), "not ours")
	put(t, b.remote("out", "a.csv"), "tuesday, which nobody may mix up with it")
	b.spec.Limits.MaxEntries = 1
	b.do()
	if f := b.rows()[0]; f.State != job.FileLanded || f.Received.Size != int64(len("monday")) {
		t.Errorf("row %+v", f)
	}
}
