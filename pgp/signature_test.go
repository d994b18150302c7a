package pgp_test

import (
	"bytes"
	"crypto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

const day = 24 * time.Hour

func TestSignaturesAreJudgedAsOfWhenTheyWereMade(t *testing.T) {
	ours := pairs[pgp.X25519]()
	data := table(5000)
	key, public := signer(t, epoch, 0)
	other, otherPublic := signer(t, epoch, 0)
	brief, briefPublic := signer(t, epoch, uint32(10*day/time.Second))
	extended := extend(t, brief, briefPublic)
	revoked, unrevoked := signer(t, epoch, 0)
	check(t, revoked.RevokeKey(packet.KeyCompromised, "stolen", &packet.Config{Time: func() time.Time { return epoch.Add(20 * day) }}))
	replaced, _ := signer(t, epoch, 0)
	check(t, replaced.RevokeKey(packet.KeySuperseded, "", &packet.Config{Time: func() time.Time { return epoch.Add(20 * day) }}))
	revokedPublic, replacedPublic := publicKey(t, revoked), publicKey(t, replaced)
	id := func(e *openpgp.Entity) string { return strings.ToUpper(e.PrimaryKey.KeyIdString()) }

	send := func(s signing) []byte {
		ops, lit, sig := signed(t, s, data)
		return message(t, ours.Key, ops, lit, sig)
	}
	at := epoch.Add(5 * day)
	ops1, lit, sig1 := signed(t, signing{key: key, hash: sha256, at: at}, data)
	ops2, _, sig2 := signed(t, signing{key: other, hash: sha256, at: at}, data)
	_, _, sigOld := signed(t, signing{key: key, hash: sha256, at: at}, data)

	for _, c := range []struct {
		name   string
		sent   []byte
		verify []job.Key
		slug   string // empty: taken
		by     string
	}{
		{"good", send(signing{key: key, hash: sha256, at: at}), []job.Key{public}, "", id(key)},
		{"good, SHA-512", send(signing{key: key, hash: crypto.SHA512, at: at}), []job.Key{public}, "", id(key)},
		{"good, one of two keys", send(signing{key: other, hash: sha256, at: at}), []job.Key{public, otherPublic}, "", id(other)},
		{"good, not asked for", send(signing{key: key, hash: sha256, at: at}), nil, "", ""},
		{"bad, not asked for", send(signing{key: key, hash: sha256, at: at, over: []byte("x")}), nil, "", ""},
		{"good, compressed", message(t, ours.Key, zip(slices.Concat(ops1, lit, sig1))), []job.Key{public}, "", id(key)},
		{"good, only the data compressed", message(t, ours.Key, ops1, zip(lit), sig1), []job.Key{public}, "", id(key)},
		{"good, in front of the data", message(t, ours.Key, sigOld, lit), []job.Key{public}, "", id(key)},
		{"two, the outer is ours", message(t, ours.Key, ops1, ops2, lit, sig2, sig1), []job.Key{public}, "", id(key)},
		{"two, the inner is ours", message(t, ours.Key, ops1, ops2, lit, sig2, sig1), []job.Key{otherPublic}, "", id(other)},
		{"two in the wrong order", message(t, ours.Key, ops1, ops2, lit, sig1, sig2), []job.Key{public}, "", id(key)},
		{"signed before the key expired", send(signing{key: brief, hash: sha256, at: at}), []job.Key{briefPublic}, "", id(brief)},
		{"signed before the key was replaced", send(signing{key: replaced, hash: sha256, at: at}), []job.Key{replacedPublic}, "", id(replaced)},

		{"revoked since, and a former version does not know", send(signing{key: revoked, hash: sha256, at: at}), []job.Key{revokedPublic, unrevoked}, "pgp.signature_bad", ""},
		{"extended, and a former version does not know", send(signing{key: brief, hash: sha256, at: epoch.Add(11 * day)}), []job.Key{extended, briefPublic}, "", id(brief)},

		{"shortened, and a former version does not know", send(signing{key: brief, hash: sha256, at: epoch.Add(11 * day)}), []job.Key{briefPublic, extended}, "pgp.signature_expired", ""},
		{"missing", message(t, ours.Key, lit), []job.Key{public}, "pgp.signature_missing", ""},
		{"announced and missing", message(t, ours.Key, ops1, lit), []job.Key{public}, "pgp.signature_missing", ""},
		{"not announced", message(t, ours.Key, lit, sig1), []job.Key{public}, "pgp.signature_missing", ""},
		{"unknown", send(signing{key: other, hash: sha256, at: at}), []job.Key{public}, "pgp.signature_unknown", ""},
		{"over other data", send(signing{key: key, hash: sha256, at: at, over: []byte("x")}), []job.Key{public}, "pgp.signature_bad", ""},
		{"announced by one, signed by another", message(t, ours.Key, ops1, lit, sig2), []job.Key{public, otherPublic}, "pgp.signature_missing", ""},
		{"SHA-1", send(signing{key: key, hash: crypto.SHA1, at: at}), []job.Key{public}, "pgp.signature_weak", ""},
		{"signed after the key expired", send(signing{key: brief, hash: sha256, at: epoch.Add(11 * day)}), []job.Key{briefPublic}, "pgp.signature_expired", ""},
		{"expired itself", send(signing{key: key, hash: sha256, at: at, lifetime: 3600}), []job.Key{public}, "pgp.signature_expired", ""},
		{"from the future", send(signing{key: key, hash: sha256, at: time.Now().Add(2 * day)}), []job.Key{public}, "pgp.signature_bad", ""},
		{"older than the key", send(signing{key: key, hash: sha256, at: epoch.Add(-day)}), []job.Key{public}, "pgp.signature_bad", ""},
		{"by a stolen key, before it was known", send(signing{key: revoked, hash: sha256, at: at}), []job.Key{revokedPublic}, "pgp.signature_bad", ""},
		{"after the key was replaced", send(signing{key: replaced, hash: sha256, at: epoch.Add(21 * day)}), []job.Key{replacedPublic}, "pgp.signature_bad", ""},
		{"unreadable", message(t, ours.Key, ops1, lit, raw(2, []byte{9, 9})), []job.Key{public}, "pgp.signature_bad", ""},
		{"too many", message(t, ours.Key, bytes.Repeat(ops2, 40), lit), []job.Key{public}, "pgp.malformed", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Verify: c.verify}
			if c.slug != "" {
				refused{sent: c.sent, slug: c.slug}.check(t, o)
				return
			}
			got, env, err := open(o, c.sent)
			if err != nil || !bytes.Equal(got, data) || env.SignedBy != c.by {
				t.Errorf("%d bytes, signed by %q, %v", len(got), env.SignedBy, err)
			}
		})
	}
	t.Run("damage is told before the signature", func(t *testing.T) {
		sent := send(signing{key: key, hash: sha256, at: at, over: []byte("x")})
		sent[len(sent)-1] ^= 1
		refused{sent: sent, slug: "pgp.tampered", refetch: true}.check(t, &pgp.Opener{Keys: []pgp.Private{ours.Private}, Verify: []job.Key{public}})
	})
	t.Run("a key that cannot be read", func(t *testing.T) {
		o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Verify: []job.Key{{Name: "theirs", Public: "x"}}}
		if _, _, err := open(o, send(signing{key: key, hash: sha256, at: at})); slug(err) != "pgp.key_unreadable" {
			t.Error(err)
		}
	})
}

func TestSignaturesOfGPG(t *testing.T) {
	g := newGPG(t)
	ours := pairs[pgp.X25519]()
	g.run(ours.public, "--import")
	keys := map[string]job.Key{}
	for name, algo := range map[string]string{"alice": "rsa2048", "bob": "ed25519"} {
		g.run(nil, "--quick-gen-key", name+"@example.com", algo, "sign", "never")
		k, _, err := pgp.InspectSigner(g.run(nil, "--armor", "--export", name+"@example.com"), time.Now())
		check(t, err)
		keys[name] = k
	}
	data := table(20000)
	sealed := func(options ...string) []byte {
		return g.run(data, append(options, "--sign", "--encrypt", "-r", ours.Key.Fingerprint)...)
	}
	for _, c := range []struct {
		name   string
		sent   []byte
		verify []job.Key
		slug   string
	}{
		{"RSA", sealed("-u", "alice@example.com"), []job.Key{keys["alice"]}, ""},
		{"Ed25519", sealed("-u", "bob@example.com"), []job.Key{keys["bob"]}, ""},
		{"text mode", sealed("-u", "bob@example.com", "--textmode"), []job.Key{keys["bob"]}, ""},
		{"two, first wanted", sealed("-u", "alice@example.com", "-u", "bob@example.com"), []job.Key{keys["alice"]}, ""},
		{"two, second wanted", sealed("-u", "alice@example.com", "-u", "bob@example.com"), []job.Key{keys["bob"]}, ""},
		{"other", sealed("-u", "alice@example.com"), []job.Key{keys["bob"]}, "pgp.signature_unknown"},
		{"SHA-1", sealed("-u", "alice@example.com", "--digest-algo", "SHA1"), []job.Key{keys["alice"]}, "pgp.signature_weak"},
		{"none", g.run(data, "--encrypt", "-r", ours.Key.Fingerprint), []job.Key{keys["alice"]}, "pgp.signature_missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, env, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}, Verify: c.verify}, c.sent)
			if slug(err) != c.slug {
				t.Fatalf("%v; want %q", err, c.slug)
			}
			if err == nil && env.SignedBy != c.verify[0].KeyIDs[0] {
				t.Errorf("signed by %q", env.SignedBy)
			}
		})
	}
}
