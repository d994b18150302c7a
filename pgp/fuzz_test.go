package pgp_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/gopenpgp/v2/crypto"

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
		return
	}
	want, err := library(ours, sealed)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("taken with %d bytes; the library gives %d, %v", len(got), len(want), err)
	}
}

func FuzzOpen(f *testing.F) {
	ours := pairs[pgp.X25519]()
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
	ours := pairs[pgp.X25519]()
	key, _ := signer(f, epoch, 0)
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
	ours := pairs[pgp.X25519]()
	key, public := signer(f, epoch, 0)
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

func FuzzInspect(f *testing.F) {
	ours := pairs[pgp.X25519]()
	f.Add(ours.public)
	f.Add(unarmored(f, ours.Key))
	f.Add(ours.Material.Reveal())
	f.Fuzz(func(t *testing.T, data []byte) {
		k, _, err := pgp.Inspect(data, epoch.AddDate(5, 0, 0))
		if err != nil {
			if reason := new(job.Reason); !errors.As(err, &reason) {
				t.Fatalf("%v is not a reason", err)
			}
			return
		}
		if strings.Contains(k.Public, "PRIVATE") || k.Fingerprint == "" {
			t.Fatalf("%+v", k)
		}
	})
}
