package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/haulier/haulier/internal/secret"
)

// canaryText is sealed under each master key, to know the right one before a row is touched.
const canaryText = "haulier"

// ring holds the master keys that open the sealed rows: one, or two while the key is rotated.
type ring struct {
	seals string // id of the key that seals what is new
	keys  map[string]cipher.AEAD
}

// keyID tells keys apart without telling anything of them.
func keyID(key secret.Text) string {
	sum := sha256.Sum256(append([]byte("haulier master key id\x00"), key.Reveal()...))
	return hex.EncodeToString(sum[:8])
}

func aead(key secret.Text) (cipher.AEAD, error) {
	if len(key.Reveal()) != masterKeySize {
		return nil, errNotMasterKey("the master key")
	}
	block, err := aes.NewCipher(key.Reveal())
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// openRing checks a master key against what the store remembers of it.
func openRing(meta map[string]string, key secret.Text) (*ring, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	id := keyID(key)
	r := &ring{seals: meta[metaKey], keys: map[string]cipher.AEAD{id: a}}
	if next := meta[metaNext]; next != "" {
		r.seals = next
	}
	switch id {
	case meta[metaKey]:
		return r.check(a, meta[metaCanary], meta[metaNext], meta[metaNextUnder])
	case meta[metaNext]:
		return r.check(a, meta[metaNextCanary], meta[metaKey], meta[metaKeyUnder])
	}
	return nil, fmt.Errorf("%w: it is sealed under key %s, the one given is %s", ErrMasterKey, meta[metaKey], id)
}

// check opens the canary and, while the key is rotated, the other key.
func (r *ring) check(a cipher.AEAD, canary, other, sealedOther string) (*ring, error) {
	if text, err := unseal(a, canary, "canary"); err != nil || string(text) != canaryText {
		return nil, fmt.Errorf("%w: its canary does not open", ErrMasterKey)
	}
	if other == "" {
		return r, nil
	}
	key, err := unseal(a, sealedOther, "bridge")
	if err != nil {
		return nil, fmt.Errorf("%w: the other key of the rotation does not open", ErrMasterKey)
	}
	defer clear(key)
	b, err := aead(secret.New(key))
	r.keys[other] = b
	return r, err
}

// seal gives nonce and ciphertext as hex, for the table meta.
func seal(a cipher.AEAD, text []byte, aad string) string {
	nonce := make([]byte, a.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return hex.EncodeToString(a.Seal(nonce, nonce, text, []byte(aad)))
}

func unseal(a cipher.AEAD, sealed, aad string) ([]byte, error) {
	b, err := hex.DecodeString(sealed)
	if err != nil || len(b) < a.NonceSize() {
		return nil, ErrSealed
	}
	return a.Open(nil, b[:a.NonceSize()], b[a.NonceSize():], []byte(aad))
}
