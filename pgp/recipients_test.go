package pgp_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

func TestMessagesForOtherKeysSayForWhom(t *testing.T) {
	g := newGPG(t)
	ours, foreign, former := pairs[pgp.X25519](), generate(pgp.X25519), generate(pgp.X25519)
	former.Key.Version, former.Key.Slot = 1, job.SlotRetired
	theirs := foreign.Key
	theirs.Name, theirs.Version, theirs.Kind = "acme-out", 3, job.KeyPGPPublic
	for _, p := range []pair{ours, foreign, former} {
		g.run(p.public, "--import")
	}
	sealed := func(options ...string) []byte { return g.run(table(3000), append(options, "--encrypt")...) }
	forForeign := sealed("-r", foreign.Key.Fingerprint)
	forFormer := sealed("-r", former.Key.Fingerprint)
	hidden := sealed("-R", foreign.Key.Fingerprint)
	for _, c := range []struct {
		refused
		known []job.Key
	}{
		{refused{"unknown key", forForeign, "pgp.wrong_key", true, foreign.Key.KeyIDs[1]}, nil},
		{refused{"unknown key, ours named", forForeign, "pgp.wrong_key", true, ours.Key.KeyIDs[1] + " (ours@2, since "}, nil},
		{refused{"the customer's own", forForeign, "pgp.wrong_key", false, "the customer's own key acme-out@3"}, []job.Key{theirs}},
		{refused{"our retired key", forFormer, "pgp.wrong_key", false, "our former key ours@1"}, []job.Key{theirs, former.Key}},
		{refused{"hidden", hidden, "pgp.wrong_key", true, "without a key id"}, nil},
		{refused{"password", g.run(table(3000), "--symmetric", "--passphrase", "x"), "pgp.password_only", false, "password"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.check(t, &pgp.Opener{Keys: []pgp.Private{ours.Private}, Known: c.known})
		})
	}
	for name, c := range map[string]struct {
		sent []byte
		with pair
	}{
		"several recipients":        {sealed("-r", foreign.Key.Fingerprint, "-r", ours.Key.Fingerprint), ours},
		"several hidden recipients": {sealed("-R", foreign.Key.Fingerprint, "-R", ours.Key.Fingerprint), ours},
		"key in grace":              {forFormer, former},
		"password and key":          {g.run(table(3000), "--symmetric", "--passphrase", "x", "--encrypt", "-r", ours.Key.Fingerprint), ours},
	} {
		t.Run(name, func(t *testing.T) {
			grace := former.Private
			grace.Key.Slot = job.SlotGrace
			got, env, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private, grace}}, c.sent)
			if err != nil || !bytes.Equal(got, table(3000)) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if env.DecryptedWith != c.with.Key.KeyIDs[1] || env.GraceKey != (c.with.Key.Version == 1) {
				t.Errorf("envelope %+v", env)
			}
		})
	}
}

func TestOurKeysAtFault(t *testing.T) {
	ours := pairs[pgp.X25519]()
	sealed := seal(t, &pgp.Sealer{To: []job.Key{ours.Key}}, table(100), 100)
	g := newGPG(t)
	g.run(ours.Material.Reveal(), "--import")
	locked := pgp.Private{Key: ours.Key, Material: secret.New(lock(t, ours))}
	for name, c := range map[string]struct {
		keys []pgp.Private
		slug string
	}{
		"no key":              {nil, "pgp.key_missing"},
		"no private part":     {[]pgp.Private{{Key: ours.Key}}, "pgp.key_missing"},
		"only the public key": {[]pgp.Private{{Key: ours.Key, Material: secret.New(unarmored(t, ours.Key))}}, "pgp.key_missing"},
		"locked":              {[]pgp.Private{locked}, "pgp.key_locked"},
		"not a key":           {[]pgp.Private{{Key: ours.Key, Material: secret.New([]byte("x"))}}, "pgp.key_unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := open(&pgp.Opener{Keys: c.keys}, sealed)
			if slug(err) != c.slug || pgp.Refetch(err) {
				t.Errorf("%v; want %s", err, c.slug)
			}
		})
	}
	t.Run("one at fault does not hide another", func(t *testing.T) {
		if _, _, err := open(&pgp.Opener{Keys: []pgp.Private{locked, ours.Private}}, sealed); err != nil {
			t.Error(err)
		}
	})
	t.Run("signing with a locked key", func(t *testing.T) {
		_, err := (&pgp.Sealer{To: []job.Key{ours.Key}, SignWith: &locked}).Seal(context.Background(), &bytes.Buffer{})
		if slug(err) != "pgp.key_locked" {
			t.Error(err)
		}
	})
}

func unarmored(t testing.TB, k job.Key) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, entity(t, k.Public).Serialize(&b))
	return b.Bytes()
}

func TestTheNameInsideIsOnlyShown(t *testing.T) {
	ours := pairs[pgp.X25519]()
	for name, want := range map[string]string{
		"":              "",
		"customers.csv": "customers.csv",
		"../../../etc/cron.d/x\x00\nevil\x1b[31m": `../../../etc/cron.d/x\x00\nevil\x1b[31m`,
		"bidi\u202egnp.exe":                       `bidi\u202egnp.exe`,
		strings.Repeat("n", 255):                  strings.Repeat("n", 120) + "…",
	} {
		_, env, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, message(t, ours.Key, named(name, table(10))))
		if err != nil || env.LiteralName != want {
			t.Errorf("%q is shown as %q, %v", name, env.LiteralName, err)
		}
	}
}
