package pgp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

func TestGenerateTellsFactsAndHidesTheRest(t *testing.T) {
	g := newGPG(t)
	for kind, pair := range pairs {
		p := pair()
		k := p.Key
		if k.Kind != job.KeyPGP || k.Algorithm != string(kind) || k.Origin != "generated" || !k.Expires.IsZero() || time.Since(k.Created) > time.Hour {
			t.Errorf("%+v", k)
		}
		if len(k.Fingerprint) != 40 || len(k.KeyIDs) != 2 || k.KeyIDs[0] != k.Fingerprint[24:] || k.KeyIDs[1] == k.KeyIDs[0] {
			t.Errorf("fingerprint %s, ids %v", k.Fingerprint, k.KeyIDs)
		}
		if !strings.HasPrefix(k.Public, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n") {
			t.Error(k.Public)
		}
		out, err := json.Marshal(p)
		check(t, err)
		for _, printed := range []string{fmt.Sprintf("%v %+v %#v %s %x", p, p, p, p.Material, p.Material), string(out)} {
			if strings.Contains(printed, string(p.Material.Reveal()[20:40])) || strings.Contains(printed, fmt.Sprintf("%x", p.Material.Reveal()[20:40])) {
				t.Error("prints the private key")
			}
		}
		g.run(unarmored(t, k), "--import")
		listed := string(g.run(nil, "--with-colons", "--list-keys", k.Fingerprint))
		for _, id := range k.KeyIDs {
			if !strings.Contains(listed, id) {
				t.Errorf("gpg does not list %s:\n%s", id, listed)
			}
		}
	}
	for _, c := range [][3]string{{"dsa", "x", "x@example.com"}, {"x25519", "", " "}, {"x25519", "a<b>", "x@example.com"}} {
		if _, material, err := pgp.Generate(pgp.Kind(c[0]), c[1], c[2]); err == nil || !material.Empty() {
			t.Errorf("Generate(%q) gives a key", c)
		}
	}
}

func TestSpaced(t *testing.T) {
	for in, want := range map[string]string{
		"5C482A6D92FE83895C482A6D92FE83895C482A6D": "5C48 2A6D 92FE 8389 5C48  2A6D 92FE 8389 5C48 2A6D",
		"5C482A6D92FE8389":                         "5C48 2A6D 92FE 8389",
		"5C":                                       "5C",
		"":                                         "",
	} {
		if got := pgp.Spaced(in); got != want {
			t.Errorf("Spaced(%s) = %s", in, got)
		}
	}
}

func TestInspectTakesGoodKeysOnly(t *testing.T) {
	g := newGPG(t)
	make := func(name, algo, usage, expire string, options ...string) string {
		g.run(nil, append(options, "--quick-gen-key", name, algo, usage, expire)...)
		return name
	}
	export := func(names ...string) []byte { return g.run(nil, append([]string{"--armor", "--export"}, names...)...) }
	subkey := func(name, algo, expire string, options ...string) string {
		fields := strings.Split(string(g.run(nil, "--with-colons", "--list-keys", name)), "\n")
		for _, line := range fields {
			if strings.HasPrefix(line, "fpr:") {
				g.run(nil, append(options, "--quick-add-key", strings.Split(line, ":")[9], algo, "encr", expire)...)
				return name
			}
		}
		t.Fatal("no fingerprint")
		return ""
	}
	past := []string{"--faked-system-time", "20240101T000000"}
	good := make("good", "default", "default", "2y")
	subkey(make("sub-expired", "ed25519", "sign", "never", past...), "cv25519", "10d", past...)
	make("stale", "default", "default", "10d", past...)
	make("sign-only", "ed25519", "sign", "never")
	subkey(make("soon", "ed25519", "sign", "never"), "cv25519", "20d")
	subkey(make("small", "rsa2048", "sign", "never"), "rsa2048", "never")
	subkey(make("tiny", "rsa1024", "sign", "never"), "rsa1024", "never")
	subkey(make("weak-primary", "rsa1024", "sign", "never"), "rsa3072", "never")
	subkey(make("nist", "nistp256", "sign", "never"), "nistp521", "never")
	subkey(make("brainpool", "brainpoolP256r1", "sign", "never"), "brainpoolP256r1", "never")
	make("revoked", "default", "default", "never")
	revoke(t, g, "revoked")
	gpgPrivate := g.run(nil, "--armor", "--export-secret-keys", good)
	ours := pairs[pgp.X25519]()

	for _, c := range []struct {
		name     string
		data     []byte
		slug     string // empty: taken
		algo     string
		warnings []string
	}{
		{"good, armored", export(good), "", "rsa-3072", nil},
		{"good, binary", g.run(nil, "--export", good), "", "rsa-3072", nil},
		{"ours", ours.public, "", "x25519", nil},
		{"text around", slices.Concat([]byte("our key:\n\n"), export(good), []byte("\nregards\n")), "", "rsa-3072", nil},
		{"CRLF", bytes.ReplaceAll(export(good), []byte("\n"), []byte("\r\n")), "", "rsa-3072", nil},
		{"NIST", export("nist"), "", "nistp521", nil},
		{"brainpool", export("brainpool"), "", "brainpoolp256", nil},
		{"expires soon", export("soon"), "", "x25519", []string{"in 19 days"}},
		{"2048 bits", export("small"), "", "rsa-2048", []string{"lower end"}},
		{"weak primary", export("weak-primary"), "", "rsa-3072", []string{"rsa-1024"}},
		{"expired", export("stale"), "pgp.key_expired", "", nil},
		{"subkey expired", export("sub-expired"), "pgp.key_expired", "", nil},
		{"sign only", export("sign-only"), "pgp.key_cannot_encrypt", "", nil},
		{"weak", export("tiny"), "pgp.key_weak", "", nil},
		{"revoked", export("revoked"), "pgp.key_revoked", "", nil},
		{"two keys", export(good, "soon"), "pgp.key_many", "", nil},
		{"two blocks", append(export(good), export("soon")...), "pgp.key_many", "", nil},
		{"two keys, binary", g.run(nil, "--export", good, "soon"), "pgp.key_many", "", nil},
		{"private", gpgPrivate, "pgp.key_is_private", "", nil},
		{"private, binary", ours.Material.Reveal(), "pgp.key_is_private", "", nil},
		{"public, then private", append(export(good), gpgPrivate...), "pgp.key_many", "", nil},
		{"empty", nil, "pgp.key_unreadable", "", nil},
		{"text", []byte("ssh-ed25519 AAAA x"), "pgp.key_unreadable", "", nil},
		{"a message", seal(t, &pgp.Sealer{To: []job.Key{ours.Key}, Armor: true}, table(10), 10), "pgp.key_unreadable", "", nil},
		{"cut", export(good)[:700], "pgp.key_unreadable", "", nil},
		{"noise", append([]byte{0x99, 1, 2}, content(500)...), "pgp.key_unreadable", "", nil},
		{"huge", content(2 << 20), "pgp.key_unreadable", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, warnings, err := pgp.Inspect(c.data, time.Now())
			if slug(err) != c.slug {
				t.Fatalf("%v; want %q", err, c.slug)
			}
			if err != nil {
				return
			}
			if k.Algorithm != c.algo || k.Kind != job.KeyPGPPublic || k.Origin != "imported" {
				t.Errorf("%+v", k)
			}
			if len(warnings) != len(c.warnings) {
				t.Fatalf("warnings %v", warnings)
			}
			for i, w := range warnings {
				if !strings.Contains(w.Text, c.warnings[i]) {
					t.Errorf("warns %q", w.Text)
				}
			}
			if again, _, err := pgp.Inspect([]byte(k.Public), time.Now()); err != nil || again.Fingerprint != k.Fingerprint {
				t.Errorf("what it tells is not taken again: %v", err)
			}
		})
	}
	t.Run("for signatures", func(t *testing.T) {
		for name, want := range map[string]string{"sign-only": "", good: "", "small": "", "tiny": "pgp.key_weak", "stale": "pgp.key_expired", "revoked": "pgp.key_revoked"} {
			if _, _, err := pgp.InspectSigner(export(name), time.Now()); slug(err) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("expiry is read", func(t *testing.T) {
		k, _, err := pgp.Inspect(export("soon"), time.Now())
		if left := time.Until(k.Expires); err != nil || left > 20*day || left < 19*day {
			t.Errorf("expires in %v, %v", left, err)
		}
	})
	t.Run("sealing", func(t *testing.T) {
		soon, _, err := pgp.Inspect(export("soon"), time.Now())
		check(t, err)
		soon.Name, soon.Version = "acme-out", 4
		later := func() time.Time { return time.Now().Add(21 * day) }
		_, err = (&pgp.Sealer{To: []job.Key{ours.Key, soon}, Now: later}).Seal(context.Background(), &bytes.Buffer{})
		if slug(err) != "pgp.recipient_key" || !strings.Contains(err.Error(), "acme-out@4") {
			t.Error(err)
		}
		if err := pgp.Check(soon, later()); slug(err) != "pgp.recipient_key" {
			t.Error(err)
		}
		if err := pgp.Check(soon, time.Now()); err != nil {
			t.Error(err)
		}
		if _, err := (&pgp.Sealer{}).Seal(context.Background(), &bytes.Buffer{}); slug(err) != "pgp.recipient_key" {
			t.Error(err)
		}
		for _, name := range []string{good, "soon", "nist", "brainpool", "weak-primary"} {
			k, _, err := pgp.Inspect(export(name), time.Now())
			check(t, err)
			sealed := seal(t, &pgp.Sealer{To: []job.Key{k}}, table(9000), 999)
			if got := g.run(sealed, "--decrypt"); !bytes.Equal(got, table(9000)) {
				t.Errorf("%s: gpg gives %d bytes", name, len(got))
			}
		}
	})
}

// revoke imports the revocation that gpg made together with the key.
func revoke(t *testing.T, g *gpg, name string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(g.home, "openpgp-revocs.d", "*.rev"))
	check(t, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		check(t, err)
		if bytes.Contains(b, []byte(name)) {
			g.run(bytes.Replace(b, []byte(":-----BEGIN"), []byte("-----BEGIN"), 1), "--import")
			return
		}
	}
	t.Fatal("no revocation")
}

func TestInspectPrivateUnlocks(t *testing.T) {
	ours := pairs[pgp.X25519]()
	locked := lock(t, ours)
	for name, c := range map[string]struct {
		data       []byte
		passphrase string
		slug       string
	}{
		"locked":           {locked, "secret", ""},
		"not locked":       {ours.Material.Reveal(), "", ""},
		"needless":         {ours.Material.Reveal(), "secret", ""},
		"wrong passphrase": {locked, "Secret", "pgp.key_locked"},
		"no passphrase":    {locked, "", "pgp.key_locked"},
		"public":           {ours.public, "", "pgp.key_unreadable"},
		"not a key":        {[]byte("x"), "", "pgp.key_unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			k, material, err := pgp.InspectPrivate(c.data, secret.New([]byte(c.passphrase)))
			if slug(err) != c.slug {
				t.Fatalf("%v; want %q", err, c.slug)
			}
			if err != nil {
				if !material.Empty() {
					t.Error("a private key comes with the error")
				}
				for e := err; e != nil; e = errors.Unwrap(e) {
					if strings.Contains(e.Error(), "ecret") {
						t.Errorf("tells the passphrase: %v", e)
					}
				}
				return
			}
			if k.Fingerprint != ours.Key.Fingerprint || k.Origin != "imported" || k.Kind != job.KeyPGP {
				t.Errorf("%+v", k)
			}
			sealed := seal(t, &pgp.Sealer{To: []job.Key{k}}, table(100), 10)
			if got, _, err := open(&pgp.Opener{Keys: []pgp.Private{{Key: k, Material: material}}}, sealed); err != nil || !bytes.Equal(got, table(100)) {
				t.Error(err)
			}
		})
	}
	t.Run("from gpg", func(t *testing.T) {
		g := newGPG(t)
		g.run(nil, "--passphrase", "hunter2", "--quick-gen-key", "old", "default", "default", "never")
		exported := g.run(nil, "--passphrase", "hunter2", "--armor", "--export-secret-keys", "old")
		k, material, err := pgp.InspectPrivate(exported, secret.New([]byte("hunter2")))
		check(t, err)
		sealed := g.run(table(100), "--encrypt", "-r", "old")
		if got, _, err := open(&pgp.Opener{Keys: []pgp.Private{{Key: k, Material: material}}}, sealed); err != nil || !bytes.Equal(got, table(100)) {
			t.Error(err)
		}
	})
}
