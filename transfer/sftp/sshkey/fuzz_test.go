package sshkey_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// told holds an error to what people read: a reason that can be shown.
func told(t *testing.T, err error) {
	t.Helper()
	reason := new(job.Reason)
	if !errors.As(err, &reason) || !strings.HasPrefix(reason.Slug, "key.") {
		t.Fatalf("%v is not a reason", err)
	}
	if i := strings.IndexFunc(reason.Cause+reason.Do+reason.Technical, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }); i >= 0 {
		t.Errorf("%q can't be shown", reason)
	}
}

// FuzzParsePrivate: a private key that is taken signs, is the same key when we keep it, and has no passphrase then.
func FuzzParsePrivate(f *testing.F) {
	pair, err := sshkey.Generate("", "seed")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pair.Private.Reveal())
	raw, err := ssh.ParseRawPrivateKey(pair.Private.Reveal())
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := ssh.MarshalPrivateKeyWithPassphrase(raw, "", []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pem.EncodeToMemory(sealed))
	for _, text := range []string{
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n", "PuTTY-User-Key-File-3: x", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n", "\xef\xbb\xbf", "-----BEGIN \x1b[2J-----\n-----END \x1b[2J-----\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		x := secret.New([]byte("x"))
		signer, err := sshkey.ParsePrivate(secret.New(content), x)
		if (signer == nil) == (err == nil) {
			t.Fatalf("signer %v, error %v", signer, err)
		}
		if err != nil {
			told(t, err)
			return
		}
		kept, err := sshkey.Import(secret.New(content), x, "comment")
		if err != nil {
			told(t, err)
			return
		}
		again, err := sshkey.ParsePrivate(kept.Private, secret.Text{})
		if err != nil || !bytes.Equal(again.PublicKey().Marshal(), signer.PublicKey().Marshal()) || kept.Fingerprint != ssh.FingerprintSHA256(signer.PublicKey()) {
			t.Errorf("what is kept is not the key that came: %v", err)
		}
	})
}

// FuzzParsePublic: a key comes back from both forms in which we write it, each of which acts upon no terminal.
func FuzzParsePublic(f *testing.F) {
	pair, err := sshkey.Generate("", "seed")
	if err != nil {
		f.Fatal(err)
	}
	converted, err := sshkey.Convert([]byte(pair.Public))
	if err != nil {
		f.Fatal(err)
	}
	key := strings.Join(strings.Fields(pair.Public)[:2], " ")
	f.Add([]byte(pair.Public))
	f.Add([]byte(converted))
	f.Add([]byte(key + " a\u202eb\x1b[2J " + strings.Repeat("é", 300)))
	f.Add([]byte(`command="rm -rf /",no-pty ` + key))
	f.Add([]byte(strings.Replace(converted, "Comment: ", "Subject: x\\\nComment: ", 1)))
	f.Add([]byte(key + ` "quoted\`))
	f.Add([]byte("#\n\n" + key + "\n" + key))
	f.Fuzz(func(t *testing.T, content []byte) {
		key, comment, err := sshkey.ParsePublic(content)
		if err != nil {
			told(t, err)
			return
		}
		for _, text := range []string{sshkey.SSH2(key, comment), sshkey.OpenSSH(key, comment)} {
			back, said, err := sshkey.ParsePublic([]byte(text))
			if err != nil || !bytes.Equal(back.Marshal(), key.Marshal()) {
				t.Errorf("a key does not come back from %q: %v", text, err)
			}
			if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }) || len(said) > len(comment) {
				t.Errorf("%q, comment %q", text, said)
			}
			for line := range strings.Lines(text) {
				if strings.HasPrefix(text, "----") && len(line) > 73 {
					t.Errorf("RFC 4716 wants lines of 72 bytes: %q", line)
				}
			}
		}
		if strings.Contains(sshkey.OpenSSH(key, comment), "\n") {
			t.Errorf("a line of authorized_keys is more than one: %q", comment)
		}
	})
}
