package transfer_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// keyPair makes a PGP key for a test.
func keyPair(t *testing.T, name string) pgp.Private {
	t.Helper()
	key, material, err := pgp.Generate(pgp.X25519, name, "")
	if err != nil {
		t.Fatal(err)
	}
	key.Name, key.Version = name, 1
	return pgp.Private{Key: key, Material: material}
}

// sealTo gives text encrypted to a key.
func sealTo(t *testing.T, to pgp.Private, text string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := (&pgp.Sealer{To: []job.Key{to.Key}}).Seal(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// opening makes the job one that takes only files encrypted to ours.
func opening(b *bundle, ours ...pgp.Private) *bundle {
	b.importing(func(im *job.Import) {
		im.Match, im.Name, im.Opening = "*.pgp", "{stem}", &job.Opening{DecryptWith: []string{"ours"}}
	})
	b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) {
		return &pgp.Opener{Keys: ours}, nil
	}
	b.refetch = pgp.Refetch
	return b
}

func TestImportOpensPGP(t *testing.T) {
	ours := keyPair(t, "ours")
	b := opening(setup(t, sftptest.Knobs{}), ours)
	text := strings.Repeat("customer;mail\n", 20_000)
	sealed := sealTo(t, ours, text)
	put(t, b.remote("out", "a.csv.pgp"), sealed)
	result := b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": text})
	f := b.last()
	if result.Bytes.Down != int64(len(sealed)) || f.Received.Size != int64(len(sealed)) || f.Plain.Size != int64(len(text)) {
		t.Errorf("counted %d down, received %d, plain %d", result.Bytes.Down, f.Received.Size, f.Plain.Size)
	}
	if f.Envelope == nil || f.Envelope.KeyName != "ours@1" {
		t.Errorf("envelope %+v", f.Envelope)
	}
	// The same plaintext, encrypted anew: other bytes, the same content.
	put(t, b.remote("out", "a.csv.pgp"), sealTo(t, ours, text), time.Now().Add(-time.Hour))
	b.want(0, 0, 1, 0)
}

func TestImportRejectsWhatIsNotEncryptedToUs(t *testing.T) {
	ours, theirs := keyPair(t, "ours"), keyPair(t, "theirs")
	good := sealTo(t, ours, strings.Repeat("x", 100_000))
	for name, test := range map[string]struct {
		content, slug string
		fetches       int
	}{
		"clear":     {"customer_id;email\n1;a@b.example\n", "pgp.not_encrypted", 1},
		"other":     {sealTo(t, theirs, "secret"), "pgp.wrong_key", 2},
		"truncated": {good[:len(good)-50], "pgp.truncated", 2},
		"trailing":  {good + "more", "pgp.trailing_data", 1},
	} {
		b := opening(setup(t, sftptest.Knobs{}), ours)
		put(t, b.remote("out", "a.csv.pgp"), test.content)
		result := b.want(0, 1, 0, 0)
		if result.Reason.Slug != test.slug || !strings.HasPrefix(result.Reason.What, "a.csv.pgp ") {
			t.Errorf("%s: reason %+v", name, result.Reason)
		}
		opened := 0
		for _, operation := range b.server.Log() {
			if operation.Op == "open" {
				opened++
			}
		}
		if opened != test.fetches {
			t.Errorf("%s: fetched %d times, want %d", name, opened, test.fetches)
		}
		has(t, b.landing, nil)
		if _, err := os.Stat(b.remote("out", "a.csv.pgp")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		b.want(0, 0, 0, 0) // not fetched again until it changes
		put(t, b.remote("out", "a.csv.pgp"), sealTo(t, ours, "good at last"))
		b.want(1, 0, 0, 0)
		stage, err := os.ReadDir(filepath.Join(b.landing, ".haulier"))
		if err != nil || len(stage) != 1 { // the epoch
			t.Errorf("%s: the stage holds %v, %v", name, stage, err)
		}
	}
}

func TestExportGoesOnByItselfOnceTheCustomersKeyIsMended(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(func(ex *job.Export) {
		ex.Name, ex.Sealing = "{name}.pgp", &job.Sealing{EncryptTo: []string{"theirs"}}
	})
	var to []job.Key
	b.sealer = func(context.Context, job.Sealing) (transfer.Sealer, error) { return &pgp.Sealer{To: to}, nil }
	put(t, filepath.Join(b.outbox, "a.csv"), "segment")
	if result := b.want(0, 1, 0, 0); result.Reason.Slug != pgp.SlugRecipientKey {
		t.Errorf("reason %+v", result.Reason)
	}
	to = []job.Key{keyPair(t, "theirs").Key}
	b.want(1, 0, 0, 0)
}

func TestExportSealsAndSendsTheSameBytesAgain(t *testing.T) {
	theirs := keyPair(t, "theirs")
	b := setup(t, sftptest.Knobs{NoRename: true}).exporting(func(ex *job.Export) {
		ex.Name, ex.Sealing = "{name}.pgp", &job.Sealing{EncryptTo: []string{"theirs"}}
	})
	b.sealer = func(context.Context, job.Sealing) (transfer.Sealer, error) {
		return &pgp.Sealer{To: []job.Key{theirs.Key}}, nil
	}
	put(t, filepath.Join(b.outbox, "a.csv"), "segment")
	b.want(0, 1, 0, 0)
	before := b.last().Received
	b.server.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	b.want(1, 0, 0, 0)
	f := b.last()
	if f.Received != before {
		t.Errorf("sent %+v, then %+v", before, f.Received)
	}
	sealed, err := os.Open(b.remote("in", "a.csv.pgp"))
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Close()
	var plain bytes.Buffer
	if _, err := (&pgp.Opener{Keys: []pgp.Private{theirs}}).Open(t.Context(), &plain, sealed); err != nil || plain.String() != "segment" {
		t.Errorf("the customer reads %q, %v", plain.String(), err)
	}
	left, err := os.ReadDir(b.stage)
	if err != nil || len(left) != 1 { // the epoch
		t.Errorf("the stage holds %v, %v", left, err)
	}
}

// On a server that gives a file only once, what was received is all there is of a file that cannot be opened.
func TestImportKeepsTheOnlyCopyOfAFileThatItCannotOpen(t *testing.T) {
	ours, theirs := keyPair(t, "ours"), keyPair(t, "theirs")
	b := opening(setup(t, sftptest.Knobs{ReadOnce: true}), ours)
	b.conn.Profile = "read-once"
	put(t, b.remote("out", "a.csv.pgp"), sealTo(t, theirs, "one"))
	result := b.want(0, 0, 0, 1)
	if result.Reason.Slug != "pgp.wrong_key" || !strings.Contains(result.Reason.What, b.last().Kept) {
		t.Errorf("reason %+v", result.Reason)
	}
	has(t, b.remote("out"), nil)
	b.want(0, 0, 0, 0) // held: a listing without it changes nothing

	b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) {
		return &pgp.Opener{Keys: []pgp.Private{ours, theirs}}, nil
	}
	b.again(b.last())
	b.want(1, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	b.want(0, 0, 0, 0)
}
