package sshkey

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/secret"
)

// The kinds of keys that Generate makes.
const (
	Ed25519 = "ed25519"
	RSA3072 = "rsa-3072"
	RSA4096 = "rsa-4096"
)

// Pair is a key pair of ours. The private part is in OpenSSH's format without a passphrase: it is kept sealed.
type Pair struct {
	Algorithm   string // as in job.Key: ed25519, rsa-3072 …
	Public      string // authorized_keys line, with its comment
	Fingerprint string // SHA256:…
	Private     secret.Text
}

// Generate makes a key pair of a kind: ed25519 (also for the empty string), rsa-3072 or rsa-4096.
func Generate(kind, comment string) (Pair, error) {
	switch kind {
	case Ed25519, "":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return Pair{}, fmt.Errorf("make an ed25519 key: %w", err)
		}
		return pairOf(private, comment)
	case RSA3072:
		return generateRSA(3072, comment)
	case RSA4096:
		return generateRSA(4096, comment)
	}
	return Pair{}, fmt.Errorf("make a key of type %q: there are %s, %s and %s", kind, Ed25519, RSA3072, RSA4096)
}

func generateRSA(bits int, comment string) (Pair, error) {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return Pair{}, fmt.Errorf("make an RSA key of %d bits: %w", bits, err)
	}
	return pairOf(private, comment)
}

// Import reads a private key that somebody made for us, in any format of ParsePrivate, and takes its passphrase off.
func Import(text, passphrase secret.Text, comment string) (Pair, error) {
	raw, err := parseRaw(text, passphrase)
	if err != nil {
		return Pair{}, err
	}
	if key, ok := raw.(*ed25519.PrivateKey); ok {
		raw = *key
	}
	private, ok := raw.(crypto.PrivateKey)
	if !ok {
		return Pair{}, unreadable(fmt.Errorf("a key of type %T is not known here", raw))
	}
	pair, err := pairOf(private, comment)
	if err != nil {
		return Pair{}, err
	}
	return pair, nil
}

func pairOf(private crypto.PrivateKey, comment string) (Pair, error) {
	signer, err := signerOf(private, nil)
	if err != nil {
		return Pair{}, err
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return Pair{}, unreadable(err)
	}
	defer clear(block.Bytes)
	encoded := pem.EncodeToMemory(block)
	defer clear(encoded)
	return Pair{
		Algorithm:   Algorithm(signer.PublicKey()),
		Public:      OpenSSH(signer.PublicKey(), comment),
		Fingerprint: ssh.FingerprintSHA256(signer.PublicKey()),
		Private:     secret.New(encoded),
	}, nil
}
