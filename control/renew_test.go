package control_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/store"
)

// gpg is a customer's GnuPG: it runs on an input and gives what it wrote.
type gpg func(in string, args ...string) string

func newGPG(t *testing.T) gpg {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("needs gpg: install Debian package gnupg")
	}
	home, err := os.MkdirTemp("", "g") // the socket of its agent wants a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	return func(in string, args ...string) string {
		t.Helper()
		command := exec.Command("gpg", append([]string{"--homedir", home, "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback",
			"--passphrase", "", "--trust-model", "always"}, args...)...)
		var out, said bytes.Buffer
		command.Stdin, command.Stdout, command.Stderr = strings.NewReader(in), &out, &said
		if err := command.Run(); err != nil {
			t.Fatalf("gpg %s: %v\n%s", strings.Join(args, " "), err, said.String())
		}
		return out.String()
	}
}

// expired keeps a customer's key as it was taken in 2020, which has expired since.
func expired(t *testing.T, s *store.Store, customer gpg, name string) job.Key {
	t.Helper()
	customer("", "--faked-system-time", "20200101T000000", "--quick-generate-key", name, "future-default", "default", "1y")
	key, _, err := pgp.Inspect([]byte(customer("", "--export", name)), time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	key.Name = name
	if key, err = s.AddKey(t.Context(), key, secret.Text{}); err != nil {
		t.Fatal(err)
	}
	return key
}

// seal encrypts a text to a customer's key.
func seal(t *testing.T, s *store.Store, name, text string) (string, error) {
	t.Helper()
	sealer, err := control.Keyring{Store: s}.Sealer(t.Context(), job.Sealing{EncryptTo: []string{name}})
	if err != nil {
		return "", err
	}
	var sealed bytes.Buffer
	w, err := sealer.Seal(t.Context(), &sealed)
	if err != nil {
		return "", err
	}
	_, err = w.Write([]byte(text))
	err = errors.Join(err, w.Close())
	return sealed.String(), err
}

// TestExpiredKeyIsRenewed: the commonest renewal, the same key with another end. Uploads go on, and what the customer signs
// with the key after its former end counts.
func TestExpiredKeyIsRenewed(t *testing.T) {
	s, customer := openStore(t), newGPG(t)
	keys := control.Keys{Store: s, By: "ops"}
	old := expired(t, s, customer, "acme")
	var reason *job.Reason
	if _, err := seal(t, s, "acme", "x"); !errors.As(err, &reason) || reason.Slug != pgp.SlugRecipientKey ||
		!strings.Contains(reason.Do, "`haulier pgp import acme FILE --replace`") {
		t.Fatalf("sealed to an expired key: %v", err)
	}
	if _, err := keys.RenewPGP(t.Context(), "acme", secret.New([]byte(customer("", "--export", "acme")))); !errors.As(err, &reason) || reason.Slug != pgp.SlugKeyExpired {
		t.Fatalf("the expired key again: %v", err)
	}

	customer("", "--quick-set-expire", old.Fingerprint, "2y")
	customer("", "--quick-set-expire", old.Fingerprint, "2y", "*")
	renewal, err := keys.RenewPGP(t.Context(), "acme", secret.New([]byte(customer("", "--armor", "--export", "acme"))))
	if err != nil {
		t.Fatal(err)
	}
	if renewal.Old.Version != 1 || renewal.New.Version != 2 || renewal.New.Fingerprint != old.Fingerprint || !renewal.New.Expires.After(time.Now()) {
		t.Errorf("%+v", renewal)
	}
	wantSlots(t, s, job.SlotGrace, job.SlotCurrent)
	sealed, err := seal(t, s, "acme", "segment")
	if err != nil || customer(sealed, "--decrypt") != "segment" {
		t.Errorf("sealed to the renewed key: %v", err)
	}
	wantSigner(t, s, keys, customer)
	wantAudit(t, s, "pgp.renew", "pgp-public acme@2", old.Fingerprint)
}

// wantAudit checks that "ops" did an act once.
func wantAudit(t *testing.T, s *store.Store, act, object, detail string) {
	t.Helper()
	all, err := s.Audit(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(slices.Clone(all), func(l store.AuditLine) bool { return l.Act != act })
	if len(lines) != 1 || lines[0].Who != "ops" || lines[0].Object != object || lines[0].Detail != detail {
		t.Errorf("audit of %s: %+v in %+v", act, lines, all)
	}
}

// wantSigner checks that a message counts which "acme" signs now.
func wantSigner(t *testing.T, s *store.Store, keys control.Keys, customer gpg) {
	t.Helper()
	ours, err := keys.GeneratePGP(t.Context(), "ours", "x25519")
	if err != nil {
		t.Fatal(err)
	}
	customer(ours.Public, "--import")
	signed := customer("signed", "--encrypt", "--sign", "--local-user", "acme", "--recipient", ours.Fingerprint)
	opener, err := control.Keyring{Store: s}.Opener(t.Context(), job.Opening{DecryptWith: []string{"ours"}, SignedBy: []string{"acme"}}, job.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := opener.Open(t.Context(), &plain, strings.NewReader(signed)); err != nil || plain.String() != "signed" {
		t.Errorf("opened %q: %v", plain.String(), err)
	}
}

func wantSlots(t *testing.T, s *store.Store, want ...job.KeySlot) {
	t.Helper()
	versions, err := s.Keys(t.Context(), job.KeyPGPPublic, "acme")
	if err != nil || len(versions) != len(want) {
		t.Fatalf("versions %v, %v", versions, err)
	}
	for i, key := range versions {
		if key.Slot != want[i] {
			t.Errorf("%s@%d is %s, want %s", key.Name, key.Version, key.Slot, want[i])
		}
	}
}

// TestKeyThatOnlySignsDoesNotReplaceARecipient, even when that one has expired; a signer's key it does replace.
func TestKeyThatOnlySignsDoesNotReplaceARecipient(t *testing.T) {
	s, customer := openStore(t), newGPG(t)
	keys := control.Keys{Store: s, By: "ops"}
	expired(t, s, customer, "acme")
	for _, name := range []string{"sign-one", "sign-two"} {
		customer("", "--quick-generate-key", name, "ed25519", "sign", "2y")
	}
	one, two := secret.New([]byte(customer("", "--export", "sign-one"))), secret.New([]byte(customer("", "--export", "sign-two")))
	var reason *job.Reason
	if _, err := keys.RenewPGP(t.Context(), "acme", one); !errors.As(err, &reason) || reason.Slug != pgp.SlugKeyNoEncrypt {
		t.Errorf("a key that only signs in the place of a recipient's: %v", err)
	}
	wantSlots(t, s, job.SlotCurrent)
	if _, _, err := keys.ImportPGP(t.Context(), "signer", one, secret.Text{}); err != nil {
		t.Fatal(err)
	}
	if renewal, err := keys.RenewPGP(t.Context(), "signer", two); err != nil || renewal.New.Version != 2 || len(renewal.Warnings) == 0 {
		t.Errorf("%+v, %v", renewal, err)
	}
}
