package sshkey

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/secret"
)

// maxKeyFile bounds a key file, in bytes; an RSA key of 16,384 bits needs 13 KiB.
const maxKeyFile = 64 << 10

// ParsePrivate reads a private key in OpenSSH's format, PEM or PKCS#8. An empty passphrase means none. The signer of an RSA
// key makes SHA-2 signatures only, and SHA-1 as well where alsoAllow names "ssh-rsa" for a server that can do no better.
//
// Errors: key.format_ssh2, key.format_ppk, key.is_public, key.passphrase_missing, key.passphrase_wrong, key.unreadable,
// key.weak.
func ParsePrivate(text, passphrase secret.Text, alsoAllow ...string) (ssh.Signer, error) {
	raw, err := parseRaw(text, passphrase)
	if err != nil {
		return nil, err
	}
	return signerOf(raw, alsoAllow)
}

// Read reads a private key file. Further errors: key.unreadable when it can't be read, key.world_readable when everybody
// on the machine may.
func Read(path string, passphrase secret.Text, alsoAllow ...string) (ssh.Signer, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	defer text.Wipe()
	signer, err := ParsePrivate(text, passphrase, alsoAllow...)
	if err != nil {
		return nil, inFile(path, err)
	}
	return signer, nil
}

func readFile(path string) (secret.Text, error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret.Text{}, noFile(path, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return secret.Text{}, noFile(path, fmt.Errorf("it is not a file of at most %d bytes", maxKeyFile))
	}
	if info.Mode().Perm()&0o007 != 0 {
		return secret.Text{}, worldReadable(path, info.Mode().Perm())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return secret.Text{}, noFile(path, err)
	}
	defer clear(content)
	return secret.New(content), nil
}

// CheckRights gives key.world_readable for a file with a private key, of SSH or PGP, that everybody on the machine may read.
func CheckRights(path string, content secret.Text) error {
	info, err := os.Stat(path)
	if err != nil {
		return noFile(path, err)
	}
	if info.Mode().Perm()&0o007 == 0 || !looksPrivate(content.Reveal()) {
		return nil
	}
	return worldReadable(path, info.Mode().Perm())
}

// looksPrivate goes by what such files begin with; those of OpenPGP may be binary, with a tag for secret keys.
func looksPrivate(content []byte) bool {
	const oldSecret, newSecret = 0x94, 0xC5 // RFC 9580: packet type 5, of which the old format keeps two bits for a length
	return bytes.Contains(content, []byte("PRIVATE KEY")) || len(content) > 0 && (content[0]&^3 == oldSecret || content[0] == newSecret)
}

// parseRaw gives the key as crypto/... types.
func parseRaw(text, passphrase secret.Text) (any, error) {
	content := bytes.TrimSpace(bytes.TrimPrefix(text.Reveal(), []byte("\xef\xbb\xbf")))
	if err := foreign(content); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, unreadable(errors.New("it has no block that begins with -----BEGIN"))
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return parsePKCS8(block.Bytes, passphrase)
	}
	key, err := ssh.ParseRawPrivateKey(content)
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) {
		if err != nil {
			return nil, unreadable(err)
		}
		return key, nil
	}
	if passphrase.Empty() {
		return nil, passphraseMissing()
	}
	key, err = ssh.ParseRawPrivateKeyWithPassphrase(content, passphrase.Reveal())
	if errors.Is(err, x509.IncorrectPasswordError) || err != nil && block.Headers["DEK-Info"] != "" && opensToNoKey(err) {
		return nil, passphraseWrong(err)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	return key, nil
}

// opensToNoKey says whether an old PEM block could be unlocked, to what is no key. It has no checksum: one wrong passphrase in 256 does
// that.
func opensToNoKey(err error) bool {
	return strings.Contains(err.Error(), "asn1") || strings.Contains(err.Error(), "failed to parse")
}

// foreign names the formats that are not those of a private key.
func foreign(content []byte) error {
	switch {
	case bytes.HasPrefix(content, []byte("---- BEGIN SSH2 ")):
		return formatSSH2()
	case bytes.HasPrefix(content, []byte("PuTTY-User-Key-File-")):
		return formatPPK()
	case bytes.HasPrefix(content, []byte("-----BEGIN PUBLIC KEY-----")), bytes.HasPrefix(content, []byte("-----BEGIN RSA PUBLIC KEY-----")):
		return isPublic()
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey(content); err == nil {
		return isPublic()
	}
	return nil
}

// signerOf makes a signer that keeps to modern signatures, but for what is allowed beyond.
func signerOf(raw any, alsoAllow []string) (ssh.Signer, error) {
	signer, err := ssh.NewSignerFromKey(raw)
	if err != nil {
		return nil, unreadable(err)
	}
	if err := Check(signer.PublicKey()); err != nil {
		return nil, err
	}
	able, ok := signer.(ssh.AlgorithmSigner)
	if !ok || signer.PublicKey().Type() != ssh.KeyAlgoRSA {
		return signer, nil
	}
	algorithms := []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	if slices.Contains(alsoAllow, ssh.KeyAlgoRSA) {
		algorithms = append(algorithms, ssh.KeyAlgoRSA)
	}
	return ssh.NewSignerWithAlgorithms(able, algorithms)
}
