package sshkey_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

const passphrase = "open sesame"

func text(s string) secret.Text { return secret.New([]byte(s)) }

func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s: install Debian package %s", name, debianPackage)
	}
	return path
}

func run(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Stdin = strings.NewReader(stdin)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(out)
}

// make lets OpenSSH make a key and gives its file.
func makeKey(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	run(t, "", tool(t, "ssh-keygen", "openssh-client"), append([]string{"-q", "-C", "test key", "-f", file}, args...)...)
	return file
}

func want(t *testing.T, err error, slug string) *job.Reason {
	t.Helper()
	var r *job.Reason
	if !errors.As(err, &r) || r.Slug != slug {
		t.Fatalf("error %v, want %s", err, slug)
	}
	if r.What == "" || r.Cause == "" || r.Do == "" || r.Who == "" {
		t.Errorf("%+v says too little", r)
	}
	if strings.Contains(r.Error()+r.Technical, passphrase) {
		t.Error("the reason holds the passphrase")
	}
	return r
}

func public(t *testing.T, file string) string {
	t.Helper()
	line, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(line))
}

func TestFormatsThatOpenSSHWrites(t *testing.T) {
	for name, args := range map[string][]string{
		"ed25519":       {"-t", "ed25519"},
		"rsa OpenSSH":   {"-t", "rsa", "-b", "2048"},
		"rsa PEM":       {"-t", "rsa", "-b", "2048", "-m", "PEM"},
		"rsa PKCS8":     {"-t", "rsa", "-b", "2048", "-m", "PKCS8"},
		"ecdsa OpenSSH": {"-t", "ecdsa"},
		"ecdsa PEM":     {"-t", "ecdsa", "-b", "384", "-m", "PEM"},
		"ecdsa PKCS8":   {"-t", "ecdsa", "-m", "PKCS8"},
	} {
		t.Run(name, func(t *testing.T) {
			open := makeKey(t, append(args, "-N", "")...)
			signer, err := sshkey.Read(open, secret.Text{})
			if err != nil {
				t.Fatal(err)
			}
			if got := sshkey.OpenSSH(signer.PublicKey(), "test key"); got != public(t, open) {
				t.Errorf("public half %s\nwant %s", got, public(t, open))
			}
			locked := makeKey(t, append(args, "-N", passphrase)...)
			if signer, err = sshkey.Read(locked, text(passphrase)); err != nil {
				t.Fatal(err)
			}
			if got := sshkey.OpenSSH(signer.PublicKey(), "test key"); got != public(t, locked) {
				t.Errorf("public half %s\nwant %s", got, public(t, locked))
			}
			_, err = sshkey.Read(locked, secret.Text{})
			want(t, err, "key.passphrase_missing")
			_, err = sshkey.Read(locked, text("wrong"))
			want(t, err, "key.passphrase_wrong")
		})
	}
}

// One wrong passphrase in 256 unlocks a block of the old form, to what is no key.
func TestWrongPassphrasesOfPEM(t *testing.T) {
	for _, kind := range [][]string{{"-t", "ecdsa"}, {"-t", "rsa", "-b", "2048"}} {
		locked := makeKey(t, append(kind, "-m", "PEM", "-N", passphrase)...)
		for n := range 1500 {
			_, err := sshkey.Read(locked, text(fmt.Sprint("wrong", n)))
			want(t, err, "key.passphrase_wrong")
		}
	}
}

func TestLockedPKCS8OfOpenSSL(t *testing.T) {
	openssl := tool(t, "openssl", "openssl")
	plain := run(t, "", openssl, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
	for _, args := range [][]string{
		{"-v2", "aes-128-cbc"}, {"-v2", "aes-192-cbc"}, {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"}, {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384"},
		{"-v2", "des3", "-v2prf", "hmacWithSHA1"}, {"-v2", "aes-256-cbc", "-iter", "100000"},
	} {
		locked := run(t, plain, openssl, append([]string{"pkcs8", "-topk8", "-passout", "pass:" + passphrase}, args...)...)
		signer, err := sshkey.ParsePrivate(text(locked), text(passphrase))
		if err != nil {
			t.Errorf("%v: %v", args, err)
			continue
		}
		expected, err := sshkey.ParsePrivate(text(plain), secret.Text{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(signer.PublicKey().Marshal(), expected.PublicKey().Marshal()) {
			t.Errorf("%v: another key came out", args)
		}
		_, err = sshkey.ParsePrivate(text(locked), text("wrong"))
		want(t, err, "key.passphrase_wrong")
		_, err = sshkey.ParsePrivate(text(locked), secret.Text{})
		want(t, err, "key.passphrase_missing")
		cut := strings.Replace(locked, strings.Split(locked, "\n")[20], "", 1)
		if _, err = sshkey.ParsePrivate(text(cut), text(passphrase)); err == nil {
			t.Errorf("%v: a damaged file was read", args)
		}
	}
	old := run(t, plain, openssl, "pkcs8", "-topk8", "-scrypt", "-passout", "pass:"+passphrase)
	_, err := sshkey.ParsePrivate(text(old), text(passphrase))
	want(t, err, "key.unreadable")
}

func TestForeignFormatsAreNamed(t *testing.T) {
	file := makeKey(t, "-t", "ed25519", "-N", "")
	ssh2 := run(t, "", "ssh-keygen", "-e", "-m", "RFC4716", "-f", file+".pub")
	pem := run(t, "", "ssh-keygen", "-e", "-m", "PKCS8", "-f", makeKey(t, "-t", "rsa", "-b", "2048", "-N", "")+".pub")
	for content, slug := range map[string]string{
		ssh2:                                     "key.format_ssh2",
		"PuTTY-User-Key-File-3: ssh-ed25519\r\n": "key.format_ppk",
		public(t, file):                          "key.is_public",
		pem:                                      "key.is_public",
		"":                                       "key.unreadable",
		"customer_id;email\n":                    "key.unreadable",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n":     "key.unreadable",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n": "key.unreadable",
	} {
		_, err := sshkey.ParsePrivate(text(content), text(passphrase))
		want(t, err, slug)
	}
}

func TestFileThatOthersMayReadIsRefused(t *testing.T) {
	file := makeKey(t, "-t", "ed25519", "-N", "")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := sshkey.Read(file, secret.Text{})
	if r := want(t, err, "key.world_readable"); !strings.Contains(r.Do, "chmod 600 "+file) {
		t.Errorf("do: %s", r.Do)
	}
	_, err = sshkey.Read(file+".absent", secret.Text{})
	want(t, err, "key.unreadable")
	_, err = sshkey.Read(filepath.Dir(file), secret.Text{})
	want(t, err, "key.unreadable")
}

func TestWeakKeysAreRefused(t *testing.T) {
	_, err := sshkey.Read(makeKey(t, "-t", "rsa", "-b", "1024", "-N", ""), secret.Text{})
	if r := want(t, err, "key.weak"); !strings.Contains(r.Cause, "1024 bits") {
		t.Errorf("cause: %s", r.Cause)
	}
	if _, err := sshkey.Read(makeKey(t, "-t", "rsa", "-b", "2048", "-N", ""), secret.Text{}); err != nil {
		t.Error(err)
	}
}

func TestRSASignatures(t *testing.T) {
	file := makeKey(t, "-t", "rsa", "-b", "2048", "-N", "")
	for allow, expected := range map[string][]string{
		"":        {"rsa-sha2-512", "rsa-sha2-256"},
		"ssh-rsa": {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"},
	} {
		signer, err := sshkey.Read(file, secret.Text{}, allow)
		if err != nil {
			t.Fatal(err)
		}
		able, ok := signer.(ssh.MultiAlgorithmSigner)
		if !ok || strings.Join(able.Algorithms(), " ") != strings.Join(expected, " ") {
			t.Errorf("allow %q: %v", allow, able.Algorithms())
		}
	}
}

func TestGeneratedKeysAreTakenByOpenSSH(t *testing.T) {
	keygen := tool(t, "ssh-keygen", "openssh-client")
	for kind, bits := range map[string]string{sshkey.Ed25519: "256", sshkey.RSA3072: "3072", sshkey.RSA4096: "4096"} {
		pair, err := sshkey.Generate(kind, "haulier acme\n\x1b[2J")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, pair.Private.Reveal(), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(run(t, "", keygen, "-y", "-f", file)); !strings.HasPrefix(pair.Public, strings.Join(strings.Fields(got)[:2], " ")) {
			t.Errorf("%s: ssh-keygen says %s, we say %s", kind, got, pair.Public)
		}
		listed := run(t, "", keygen, "-l", "-f", file)
		if !strings.Contains(listed, bits+" "+pair.Fingerprint) || pair.Algorithm != kind {
			t.Errorf("%s: ssh-keygen says %s, we say %s %s", kind, listed, pair.Algorithm, pair.Fingerprint)
		}
		if strings.ContainsAny(pair.Public, "\n\x1b") || !strings.HasSuffix(pair.Public, " haulier acme[2J") {
			t.Errorf("public line %q", pair.Public)
		}
	}
	if _, err := sshkey.Generate("dsa", ""); err == nil {
		t.Error("made a DSA key")
	}
}

func TestImportTakesThePassphraseOff(t *testing.T) {
	file := makeKey(t, "-t", "ed25519", "-N", passphrase)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := sshkey.Import(secret.New(content), text(passphrase), "emersion")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := sshkey.ParsePrivate(pair.Private, secret.Text{})
	if err != nil {
		t.Fatal(err)
	}
	if got := sshkey.OpenSSH(signer.PublicKey(), "test key"); got != public(t, file) || pair.Algorithm != "ed25519" {
		t.Errorf("%s %s", pair.Algorithm, got)
	}
}

func TestConvertMatchesOpenSSH(t *testing.T) {
	keygen := tool(t, "ssh-keygen", "openssh-client")
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		file := makeKey(t, "-t", kind, "-N", "")
		line := public(t, file)
		theirs := run(t, "", keygen, "-e", "-m", "RFC4716", "-f", file+".pub")
		back, err := sshkey.Convert([]byte(theirs))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(strings.Fields(back)[:2], " ") != strings.Join(strings.Fields(line)[:2], " ") {
			t.Errorf("%s: %s", kind, back)
		}
		ours, err := sshkey.Convert([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		converted := filepath.Join(t.TempDir(), "ssh2")
		if err := os.WriteFile(converted, []byte(ours), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := run(t, "", keygen, "-i", "-f", converted); strings.Fields(got)[1] != strings.Fields(line)[1] {
			t.Errorf("%s: ssh-keygen reads %s", kind, got)
		}
		again, err := sshkey.Convert([]byte(ours))
		if err != nil || strings.TrimSpace(again) != line {
			t.Errorf("%s: there and back: %q, %v", kind, again, err)
		}
	}
}

func TestSSH2WithLongComment(t *testing.T) {
	pair, err := sshkey.Generate("", "")
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := sshkey.ParsePublic([]byte(pair.Public))
	if err != nil {
		t.Fatal(err)
	}
	for _, comment := range []string{"", strings.Repeat("long ", 40) + "end", strings.Repeat("é", 400), `with "quotes"`, "a:b"} {
		form := sshkey.SSH2(key, comment)
		for _, line := range strings.Split(form, "\n") {
			if len(line) > 72 {
				t.Errorf("line of %d bytes: %q", len(line), line)
			}
		}
		back, got, err := sshkey.ParsePublic([]byte(strings.ReplaceAll(form, "\n", "\r\n")))
		if err != nil || !bytes.Equal(back.Marshal(), key.Marshal()) {
			t.Errorf("comment %.20q: %v", comment, err)
		}
		if len(comment) < 200 && comment != `with "quotes"` && got != comment {
			t.Errorf("comment %q came back as %q", comment, got)
		}
	}
}

func TestPrivateKeyIsNotTakenForPublic(t *testing.T) {
	pair, err := sshkey.Generate("", "")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = sshkey.ParsePublic(pair.Private.Reveal())
	want(t, err, "key.is_private")
	_, _, err = sshkey.ParsePublic([]byte("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA"))
	want(t, err, "key.unreadable")
	_, _, err = sshkey.ParsePublic([]byte("hello"))
	want(t, err, "key.unreadable")
}

func TestFingerprintsMatchOpenSSH(t *testing.T) {
	keygen := tool(t, "ssh-keygen", "openssh-client")
	file := makeKey(t, "-t", "ecdsa", "-b", "521", "-N", "")
	key, _, err := sshkey.ParsePublic([]byte(public(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	sha, md5 := sshkey.Fingerprints(key)
	if got := run(t, "", keygen, "-l", "-f", file); !strings.Contains(got, sha) {
		t.Errorf("%s, OpenSSH: %s", sha, got)
	}
	if got := run(t, "", keygen, "-l", "-E", "md5", "-f", file); !strings.Contains(got, "MD5:"+md5) {
		t.Errorf("%s, OpenSSH: %s", md5, got)
	}
	if got := sshkey.Algorithm(key); got != "ecdsa-521" {
		t.Errorf("algorithm %s", got)
	}
}
