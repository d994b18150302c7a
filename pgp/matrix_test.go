package pgp_test

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// refused is a message that must not be taken, and why.
type refused struct {
	name    string
	sent    []byte
	slug    string
	refetch bool
	says    string // part of the message to people
}

func (r refused) check(t *testing.T, o *pgp.Opener) {
	t.Helper()
	_, env, err := open(o, r.sent)
	if slug(err) != r.slug {
		t.Fatalf("%v; want %s", err, r.slug)
	}
	if got := pgp.Refetch(err); got != r.refetch {
		t.Errorf("Refetch = %v", got)
	}
	reason := err.(*job.Reason)
	for what, text := range map[string]string{"what": reason.What, "cause": reason.Cause, "do": reason.Do, "who": string(reason.Who)} {
		if text == "" || strings.Contains(text, "failed to") || strings.Contains(text, "invalid") {
			t.Errorf("%s reads %q", what, text)
		}
	}
	if !strings.HasPrefix(reason.What, "the file") {
		t.Errorf("what reads %q: there is no place for the name", reason.What)
	}
	if !strings.Contains(reason.What+reason.Cause+reason.Do, r.says) {
		t.Errorf("%q is not said in %q", r.says, reason)
	}
	if reason.Temporary || reason.Unknown {
		t.Error("takes the retry ladder")
	}
	if env.Cipher == 0 && len(r.sent) > 0 {
		t.Error("the envelope does not count what was read")
	}
}

func TestClearTextIsRefusedHoweverItIsWrapped(t *testing.T) {
	ours, foreign := pairs[pgp.X25519](), generate(pgp.X25519)
	key, _ := signer(t, epoch, 0)
	ops, lit, sig := signed(t, signing{key: key, hash: sha256, at: epoch}, table(300))
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write(table(100))
	check(t, w.Close())
	message1 := message(t, ours.Key, literal(table(300)))

	for _, r := range []refused{
		{name: "CSV", sent: []byte("customer_id;email\n1;a@example.com\n"), says: `starts with "customer_id;email"`},
		{name: "CSV with byte-order mark", sent: []byte("\xef\xbb\xbfcustomer_id;email\n"), says: `"customer_id;email"`},
		{name: "CSV that begins like a packet", sent: []byte("\xc9tablissement;ville\nParis;Paris\n"), says: "text in clear"},
		{name: "CSV without a heading", sent: []byte("Ann Example;1971-02-03;4242\n"), says: "it is text in clear;"},
		{name: "CSV of names", sent: []byte("Ann;Example\nBob;Example\n"), says: "it is text in clear;"},
		{name: "UTF-16", sent: []byte("\xff\xfec\x00u\x00s\x00t\x00"), says: "UTF-16"},
		{name: "gzip", sent: gz.Bytes(), says: "gzip"},
		{name: "zip", sent: []byte("PK\x03\x04\x14\x00\x00\x00"), says: "zip"},
		{name: "xz", sent: []byte("\xfd7zXZ\x00\x00\x04"), says: "xz"},
		{name: "noise", sent: append([]byte{0xff, 0x00, 0x01}, content(300)...), says: "ff 00 01"},
		{name: "one byte", sent: []byte("x")},
		{name: "bare literal", sent: literal(table(300)), says: "wrapped"},
		{name: "bare compressed", sent: zip(literal(table(300))), says: "compressed"},
		{name: "signed only", sent: slices.Concat(ops, lit, sig), says: "signed"},
		{name: "signed only, compressed", sent: zip(slices.Concat(ops, lit, sig)), says: "compressed"},
		{name: "detached signature", sent: sig, says: "signed"},
		{name: "marker, then literal", sent: append(raw(10, []byte("PGP")), literal(table(300))...)},
		{name: "foreign session key, then literal", sent: append(pkesk(t, foreign.Key), literal(table(300))...)},
		{name: "our session key, then literal", sent: append(pkesk(t, ours.Key), literal(table(300))...)},
		{name: "our session key, then signed", sent: slices.Concat(pkesk(t, ours.Key), ops, lit, sig)},
		{name: "our session key, then compressed", sent: append(pkesk(t, ours.Key), zip(literal(table(300)))...)},
		{name: "literal, then message", sent: append(literal(table(30)), message1...)},
		{name: "public key", sent: ours.public, says: "public key"},
		{name: "private key", sent: ours.Material.Reveal(), says: "private key"},
		{name: "clear-signed", sent: []byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nid\n-----BEGIN PGP SIGNATURE-----\n\nxx\n-----END PGP SIGNATURE-----\n"), says: "clear text"},
		{name: "text before binary", sent: append([]byte("hello\n"), message1...)},
		{name: "byte-order mark before binary", sent: append([]byte("\xef\xbb\xbf"), message1...)},
	} {
		t.Run(r.name, func(t *testing.T) {
			r.slug = "pgp.not_encrypted"
			r.check(t, &pgp.Opener{Keys: []pgp.Private{ours.Private}})
			if got, _, _ := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, r.sent); len(got) > 0 {
				t.Errorf("%d bytes came out", len(got))
			}
		})
	}
}

func TestBrokenMessagesAreRefusedByName(t *testing.T) {
	ours := pairs[pgp.X25519]()
	data := table(2000)
	lit := literal(data)
	whole := message(t, ours.Key, lit)
	flipped := bytes.Clone(whole)
	flipped[len(whole)/2] ^= 1
	noMDC := append(pkesk(t, ours.Key), shortened(t, seipd(t, lit), 22)...)
	damagedSession := bytes.Clone(whole)
	damagedSession[60] ^= 1
	key, _ := signer(t, epoch, 0)
	_, _, sig := signed(t, signing{key: key, hash: sha256, at: epoch}, nil)
	badZip := zip(lit)
	badZip[100] ^= 0xff

	for _, r := range []refused{
		{name: "empty", slug: "pgp.truncated", refetch: true, says: "0 bytes"},
		{name: "session keys only", sent: pkesk(t, ours.Key), slug: "pgp.truncated", refetch: true},
		{name: "cut", sent: whole[:len(whole)-500], slug: "pgp.truncated", refetch: true, says: "after"},
		{name: "last byte lost", sent: whole[:len(whole)-1], slug: "pgp.truncated", refetch: true},
		{name: "flipped", sent: flipped, slug: "pgp.tampered", refetch: true},
		{name: "no integrity packet", sent: noMDC, slug: "pgp.tampered", refetch: true},
		{name: "session key damaged", sent: damagedSession, slug: "pgp.session_key", refetch: true, says: "ours@2"},
		{name: "SED", sent: append(pkesk(t, ours.Key), raw(9, content(100))...), slug: "pgp.no_integrity", says: "integrity"},
		{name: "SED alone", sent: raw(9, content(100)), slug: "pgp.no_integrity"},
		{name: "garbage after", sent: append(bytes.Clone(whole), "garbage"...), slug: "pgp.trailing_data", says: "7 bytes"},
		{name: "NUL after", sent: append(bytes.Clone(whole), 0), slug: "pgp.trailing_data"},
		{name: "line end after", sent: append(bytes.Clone(whole), '\n'), slug: "pgp.trailing_data"},
		{name: "literal after", sent: append(bytes.Clone(whole), lit...), slug: "pgp.trailing_data"},
		{name: "two messages", sent: append(bytes.Clone(whole), whole...), slug: "pgp.trailing_data"},
		{name: "two literals", sent: message(t, ours.Key, lit, lit), slug: "pgp.malformed", says: "more than one file"},
		{name: "two literals, compressed", sent: message(t, ours.Key, zip(slices.Concat(lit, lit))), slug: "pgp.malformed", says: "more than one file"},
		{name: "literal after compressed", sent: message(t, ours.Key, zip(lit), lit), slug: "pgp.malformed"},
		{name: "literal, then compressed padding", sent: message(t, ours.Key, lit, zip(raw(21, data))), slug: "pgp.malformed"},
		{name: "two compressed", sent: message(t, ours.Key, zip(lit), zip(lit)), slug: "pgp.malformed"},
		{name: "nested compression", sent: message(t, ours.Key, zip(zip(lit))), slug: "pgp.malformed", says: "compressed more than once"},
		{name: "nothing inside", sent: message(t, ours.Key), slug: "pgp.malformed", says: "no file"},
		{name: "only a signature inside", sent: message(t, ours.Key, sig), slug: "pgp.malformed"},
		{name: "encrypted inside", sent: message(t, ours.Key, whole), slug: "pgp.malformed"},
		{name: "user id inside", sent: message(t, ours.Key, raw(13, []byte("x")), lit), slug: "pgp.malformed"},
		{name: "cut inside", sent: message(t, ours.Key, lit[:500]), slug: "pgp.malformed"},
		{name: "cut inside the head", sent: message(t, ours.Key, lit[:8]), slug: "pgp.malformed"},
		{name: "bytes after the literal", sent: message(t, ours.Key, lit, []byte("xx")), slug: "pgp.malformed"},
		{name: "damaged by the sender's zip", sent: message(t, ours.Key, badZip), slug: "pgp.malformed"},
		{name: "unknown compression", sent: message(t, ours.Key, raw(8, append([]byte{9}, lit...))), slug: "pgp.malformed", says: "method 9"},
		{name: "unknown version", sent: append(pkesk(t, ours.Key), raw(18, content(100))...), slug: "pgp.malformed"},
		{name: "no session key", sent: seipd(t, lit), slug: "pgp.malformed", says: "no session key"},
		{name: "packets inside without end", sent: message(t, ours.Key, bytes.Repeat(raw(10, []byte("PGP")), 300), lit), slug: "pgp.malformed", says: "too many packets"},
		{name: "65 session keys", sent: append(bytes.Repeat(pkesk(t, ours.Key), 65), seipd(t, lit)...), slug: "pgp.too_many_keys", says: "64"},
		{name: "20000 session keys", sent: append(bytes.Repeat(pkesk(t, ours.Key), 20000), seipd(t, lit)...), slug: "pgp.too_many_keys"},
		{name: "markers without end", sent: append(bytes.Repeat(raw(10, []byte("PGP")), 500), whole...), slug: "pgp.too_many_keys"},
		{name: "huge session key", sent: append(raw(1, append([]byte{3}, content(20<<10)...)), whole...), slug: "pgp.malformed"},
		{name: "session key of partial length", sent: append([]byte{0xc1, 0xe9}, content(600)...), slug: "pgp.malformed"},
	} {
		t.Run(r.name, func(t *testing.T) { r.check(t, &pgp.Opener{Keys: []pgp.Private{ours.Private}}) })
	}
	t.Run("64 session keys are taken", func(t *testing.T) {
		got, _, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, append(bytes.Repeat(pkesk(t, ours.Key), 64), seipd(t, lit)...))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatal(err)
		}
	})
	t.Run("white space after is taken when allowed", func(t *testing.T) {
		o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Policy: pgp.Policy{AllowTrailingWhitespace: true}}
		if _, _, err := open(o, append(bytes.Clone(whole), " \r\n"...)); err != nil {
			t.Error(err)
		}
		if _, _, err := open(o, append(bytes.Clone(whole), " \r\nx"...)); slug(err) != "pgp.trailing_data" {
			t.Error(err)
		}
	})
	t.Run("bzip2 is refused when asked", func(t *testing.T) {
		o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Policy: pgp.Policy{RefuseBzip2: true}}
		if _, _, err := open(o, message(t, ours.Key, raw(8, append([]byte{3}, "BZh9"...)))); slug(err) != "pgp.malformed" || !strings.Contains(err.Error(), "bzip2") {
			t.Error(err)
		}
	})
}

// shortened takes n bytes from the end of a packet and frames it anew.
func shortened(t *testing.T, sealed []byte, n int) []byte {
	t.Helper()
	if sealed[0] != 0xd2 {
		t.Fatal("not the packet that was expected")
	}
	return raw(18, unframed(sealed[1:])[:len(unframed(sealed[1:]))-n])
}

// unframed joins the chunks of a packet of new format.
func unframed(b []byte) []byte {
	var out []byte
	for {
		size, more := 0, false
		switch first := int(b[0]); {
		case first < 192:
			size, b = first, b[1:]
		case first < 224:
			size, b = (first-192)<<8+int(b[1])+192, b[2:]
		case first < 255:
			size, b, more = 1<<(first&31), b[1:], true
		default:
			size, b = int(b[1])<<24|int(b[2])<<16|int(b[3])<<8|int(b[4]), b[5:]
		}
		out, b = append(out, b[:size]...), b[size:]
		if !more {
			return out
		}
	}
}

func TestContainersOfVersion2AndOfGnuPG(t *testing.T) {
	ours := pairs[pgp.X25519]()
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
	data := content(70000)
	lit := literal(data)
	cut := func(b []byte, n int) []byte { return b[:len(b)-n] }
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 1; return b }
	for name, c := range map[string]struct {
		sealed    []byte
		container string
	}{
		"version 2":               {aead(t, ours.Key, lit), "SEIPDv2"},
		"version 2 with padding":  {aead(t, ours.Key, lit, raw(21, content(5000))), "SEIPDv2"},
		"tag 20":                  {append(pkesk(t, ours.Key), ocb20(t, 6, lit)...), "OCB20"},
		"tag 20, chunks of 4 MiB": {append(pkesk(t, ours.Key), ocb20(t, 16, lit)...), "OCB20"},
		"tag 20, whole chunks":    {append(pkesk(t, ours.Key), ocb20(t, 0, literal(data[:64*9-11]))...), "OCB20"},
	} {
		t.Run(name, func(t *testing.T) {
			got, env, err := open(o, c.sealed)
			if err != nil || !bytes.Equal(got, data[:len(got)]) || len(got) < 500 {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if env.Container != c.container {
				t.Errorf("container %s", env.Container)
			}
			for bad, want := range map[string]string{
				string(cut(c.sealed, 1)): "pgp.truncated", string(cut(c.sealed, 16)): "pgp.truncated", string(cut(c.sealed, 40)): "pgp.truncated",
				string(cut(c.sealed, len(c.sealed)/2)):  "pgp.truncated",
				string(flip(c.sealed, len(c.sealed)-1)): "pgp.tampered", string(flip(c.sealed, len(c.sealed)/2)): "pgp.tampered",
				string(c.sealed) + "x": "pgp.trailing_data",
			} {
				if _, _, err := open(o, []byte(bad)); slug(err) != want {
					t.Errorf("%v; want %s", err, want)
				}
			}
		})
	}
	t.Run("whole and with two files inside", func(t *testing.T) {
		for _, sealed := range [][]byte{aead(t, ours.Key, lit, lit, lit), append(pkesk(t, ours.Key), ocb20(t, 2, slices.Concat(lit, lit, lit))...)} {
			if _, _, err := open(o, sealed); slug(err) != "pgp.malformed" {
				t.Error(err)
			}
			if _, _, err := open(o, sealed[:len(sealed)-20]); slug(err) != "pgp.truncated" {
				t.Error(err)
			}
		}
	})
	t.Run("gpg reads the forged tag 20 as well", func(t *testing.T) {
		g := newGPG(t)
		g.run(ours.Material.Reveal(), "--import")
		if got := g.run(append(pkesk(t, ours.Key), ocb20(t, 6, lit)...), "--decrypt"); !bytes.Equal(got, data) {
			t.Errorf("gpg gives %d bytes", len(got))
		}
	})
}
