package pgp_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// library gives what the OpenPGP library makes of a binary message. It takes more than Open does, so whatever Open takes
// it must take as well, with the same plaintext.
func library(ours pair, sealed []byte) ([]byte, error) {
	key, err := crypto.NewKey(ours.Material.Reveal())
	if err != nil {
		return nil, err
	}
	ring, err := crypto.NewKeyRing(key)
	if err != nil {
		return nil, err
	}
	r, err := ring.DecryptStream(bytes.NewReader(sealed), nil, 0)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// constant gives a pair that is the same in every process: fuzzing runs in several, and what is kept must open again.
func constant(t testing.TB, seed uint64) pair {
	t.Helper()
	var material bytes.Buffer
	check(t, constantEntity(t, seed).SerializePrivateWithoutSigning(&material, nil))
	key, private, err := pgp.InspectPrivate(material.Bytes(), secret.Text{})
	check(t, err)
	key.Name, key.Version, key.Slot = "ours", 2, job.SlotCurrent
	return pair{pgp.Private{Key: key, Material: private}, []byte(key.Public)}
}

func constantSigner(t testing.TB) (*openpgp.Entity, job.Key) {
	t.Helper()
	e := constantEntity(t, 2)
	return e, publicKey(t, e)
}

func constantEntity(t testing.TB, seed uint64) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("Constant", "", "constant@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return epoch }, Rand: rand.NewChaCha8([32]byte{byte(seed)}),
	})
	check(t, err)
	return e
}

func TestConstantKeysAreConstant(t *testing.T) {
	const want = "A4036AEFD1EF8FA1 B17636BA5135FA34"
	if got := strings.Join(constant(t, 1).Key.KeyIDs, " "); got != want {
		t.Errorf("keys %s, want %s: what is kept in testdata/fuzz/FuzzOpen no longer opens", got, want)
	}
}

// agree opens a message and compares.
func agree(t *testing.T, ours pair, sealed []byte) {
	t.Helper()
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Policy: pgp.Policy{MaxPlain: 1 << 20}}
	got, env, err := open(o, sealed)
	if err != nil {
		if reason := new(job.Reason); !errors.As(err, &reason) || !strings.HasPrefix(reason.Slug, "pgp.") {
			t.Fatalf("%v is not a reason", err)
		}
		return
	}
	if env.Armored {
		block, err := armor.Decode(bytes.NewReader(sealed))
		if err != nil {
			return // the library takes less of what surrounds a block
		}
		if sealed, err = io.ReadAll(block.Body); err != nil {
			return // it looks at the checksum
		}
	}
	want, err := library(ours, sealed)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("taken with %d bytes; the library gives %d, %v", len(got), len(want), err)
	}
}

func FuzzOpen(f *testing.F) {
	ours := constant(f, 1)
	s := &pgp.Sealer{To: []job.Key{ours.Key}}
	f.Add(seal(f, s, table(300), 100))
	f.Add(message(f, ours.Key, zlibbed(literal(table(300)))))
	f.Add(append(pkesk(f, ours.Key), ocb20(f, 0, literal(table(300)))...))
	f.Add(aead(f, ours.Key, literal(table(300)), raw(21, table(30))))
	s.Armor = true
	f.Add(seal(f, s, table(300), 100))
	f.Fuzz(func(t *testing.T, sealed []byte) { agree(t, ours, sealed) })
}

// FuzzContents puts the fuzzer's packets inside a message that is whole.
func FuzzContents(f *testing.F) {
	ours := constant(f, 1)
	key, _ := constantSigner(f)
	ops, lit, sig := signed(f, signing{key: key, hash: sha256, at: epoch}, table(100))
	f.Add(lit)
	f.Add(slices.Concat(ops, lit, sig))
	f.Add(zip(slices.Concat(ops, lit, sig)))
	f.Add(zlibbed(lit))
	f.Add(slices.Concat(lit, lit))
	f.Fuzz(func(t *testing.T, inner []byte) { agree(t, ours, message(t, ours.Key, inner)) })
}

// FuzzSignatures holds that nothing but the right signature makes a message signed.
func FuzzSignatures(f *testing.F) {
	ours := constant(f, 1)
	key, public := constantSigner(f)
	data := table(100)
	ops, lit, sig := signed(f, signing{key: key, hash: sha256, at: epoch}, data)
	f.Add(slices.Concat(ops, lit, sig))
	f.Add(slices.Concat(sig, lit))
	f.Add(zip(slices.Concat(ops, ops, lit, sig)))
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Verify: []job.Key{public}}
	f.Fuzz(func(t *testing.T, inner []byte) {
		got, _, err := open(o, message(t, ours.Key, inner))
		if err == nil && !bytes.Equal(got, data) {
			t.Fatalf("%q counts as signed", got)
		}
	})
}

// FuzzArmor: armor around one message, in whatever form, gives that message or a reason; never another.
func FuzzArmor(f *testing.F) {
	ours := constant(f, 1)
	plain := table(2000)
	text := string(seal(f, &pgp.Sealer{To: []job.Key{ours.Key}, Armor: true}, plain, 500))
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Policy: pgp.Policy{MaxPlain: 1 << 20}}
	for _, change := range []struct {
		at, cut uint16
		insert  string
	}{
		{0, 0, ""}, {0, 0, "\xef\xbb\xbfDear all,\n"}, {27, 0, "\nComment: x"}, {27, 0, "\nno colon"}, {200, 1, "!"}, {200, 0, "\n\n \t\r\n"}, {200, 65, ""}, {200, 0, "\n=AAAA\n"},
		{200, 0, "="}, {200, 0, "\n-----END PGP MESSAGE-----\n"}, {200, 60000, ""}, {0, 5, ""}, {200, 0, "\x00"}, {27, 1, ""},
	} {
		f.Add(change.at, change.cut, change.insert)
	}
	f.Fuzz(func(t *testing.T, at, cut uint16, insert string) {
		start := int(at) % (len(text) + 1)
		end := start + int(cut)%(len(text)-start+1)
		altered := []byte(text[:start] + insert + text[end:])
		got, _, err := open(o, altered)
		if err == nil && !bytes.Equal(got, plain) {
			t.Errorf("%d other bytes came out", len(got))
		}
		if reason := new(job.Reason); err != nil && (!errors.As(err, &reason) || !strings.HasPrefix(reason.Slug, "pgp.") || !showable(reason.Error()+reason.Cause+reason.Technical)) {
			t.Errorf("%q is not a reason", err)
		}
	})
}

func showable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) && r != '\n' })
}

// FuzzInspect: of a key that is taken only its public part is kept, as a text that is taken again as the same key.
func FuzzInspect(f *testing.F) {
	ours := constant(f, 1)
	f.Add(ours.public)
	f.Add(unarmored(f, ours.Key))
	f.Add(ours.Material.Reveal())
	_, public := constantSigner(f)
	f.Add([]byte(public.Public))
	f.Add(append(bytes.Clone(ours.public), public.Public...))
	f.Fuzz(func(t *testing.T, data []byte) {
		now := epoch.AddDate(5, 0, 0)
		for _, inspect := range []func([]byte, time.Time) (job.Key, []pgp.Warning, error){pgp.Inspect, pgp.InspectSigner} {
			k, warnings, err := inspect(data, now)
			if err != nil {
				if reason := new(job.Reason); !errors.As(err, &reason) || !showable(reason.Error()+reason.Cause+reason.Technical) {
					t.Fatalf("%q is not a reason", err)
				}
				continue
			}
			if strings.Contains(k.Public, "PRIVATE") || k.Fingerprint == "" || len(k.KeyIDs) == 0 {
				t.Fatalf("%+v", k)
			}
			for _, w := range warnings {
				if !showable(w.Text) {
					t.Errorf("%q", w.Text)
				}
			}
			again, _, err := inspect([]byte(k.Public), now)
			if err != nil || again.Fingerprint != k.Fingerprint || !pgp.Same(k, again) {
				t.Errorf("what is kept of the key is not taken again: %v\n%s", err, k.Public)
			}
		}
	})
}

// FuzzInspectPrivate: a private key that is taken opens what its public part seals, or says why not.
func FuzzInspectPrivate(f *testing.F) {
	ours := constant(f, 1)
	f.Add(ours.Material.Reveal(), "")
	f.Add(ours.public, "x")
	f.Add(locked(f, ours, 8), "x")
	f.Add(locked(f, ours, 31), "x")
	f.Add([]byte("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n-----END PGP PRIVATE KEY BLOCK-----\n"), "x")
	f.Fuzz(func(t *testing.T, data []byte, passphrase string) {
		k, material, err := pgp.InspectPrivate(data, secret.New([]byte(passphrase)))
		if err != nil {
			if reason := new(job.Reason); !errors.As(err, &reason) || !showable(reason.Error()+reason.Cause+reason.Technical) {
				t.Fatalf("%q is not a reason", err)
			}
			return
		}
		if strings.Contains(k.Public, "PRIVATE") || k.Fingerprint == "" || material.Empty() {
			t.Fatalf("%+v", k)
		}
		again, _, err := pgp.InspectPrivate(material.Reveal(), secret.Text{})
		if err != nil || again.Fingerprint != k.Fingerprint {
			t.Errorf("what is kept of the key is not taken again: %v", err)
		}
	})
}
