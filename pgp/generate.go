package pgp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ProtonMail/gopenpgp/v2/crypto"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// Kind is a kind of key that can be generated.
type Kind string

// The kinds of keys. RSA4096 is read by everything, also by old programs on customers' sides; X25519 is smaller and
// faster.
const (
	RSA4096 Kind = "rsa-4096"
	X25519  Kind = "x25519"
)

// Origins of a key.
const (
	OriginGenerated = "generated"
	OriginImported  = "imported"
)

// Generate makes a key pair of ours: a primary key that signs and a subkey that decrypts, without an end. The secret is the
// serialised private key, not locked: it is meant to be sealed by whoever keeps it. An RSA key takes some seconds.
func Generate(kind Kind, name, email string) (job.Key, secret.Text, error) {
	algorithm, size, err := kind.parameters()
	if err != nil {
		return job.Key{}, secret.Text{}, err
	}
	if strings.TrimSpace(name+email) == "" {
		return job.Key{}, secret.Text{}, errors.New("generate a PGP key: it needs a name or an address")
	}
	key, err := crypto.GenerateKey(name, email, algorithm, size)
	if err != nil {
		return job.Key{}, secret.Text{}, fmt.Errorf("generate a PGP key for %s: %w", printable(name, 100), err)
	}
	return private(key, OriginGenerated)
}

func (k Kind) parameters() (algorithm string, size int, err error) {
	switch k {
	case RSA4096:
		return "rsa", 4096, nil
	case X25519:
		return "x25519", 0, nil
	}
	return "", 0, fmt.Errorf("generate a PGP key: %s is not a kind of key; there are %s and %s", printable(string(k), 40), RSA4096, X25519)
}

// private splits a key of ours into what may be known and what may not.
func private(key *crypto.Key, origin string) (job.Key, secret.Text, error) {
	public, err := key.GetArmoredPublicKeyWithCustomHeaders("", "")
	if err != nil {
		return job.Key{}, secret.Text{}, fmt.Errorf("write the public part of a PGP key: %w", err)
	}
	material, err := key.Serialize()
	if err != nil {
		return job.Key{}, secret.Text{}, fmt.Errorf("write the private part of a PGP key: %w", err)
	}
	defer clear(material)
	facts := facts(key.GetEntity(), job.KeyPGP, public)
	facts.Origin = origin
	return facts, secret.New(material), nil
}
