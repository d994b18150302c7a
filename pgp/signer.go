package pgp

import (
	"crypto"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// signer signs one message.
type signer struct {
	key  *packet.PrivateKey
	sig  *packet.Signature
	hash hash.Hash
	now  time.Time
}

func newSigner(p Private, now time.Time) (*signer, error) {
	e, err := p.load()
	if err != nil {
		return nil, err
	}
	key, ok := e.SigningKey(now)
	if !ok || key.PrivateKey == nil || key.PrivateKey.Dummy() {
		return nil, reasonKeyUnreadable(keyName(p.Key), errors.New("it has no part that may sign now"))
	}
	s := &signer{key: key.PrivateKey, now: now}
	s.sig = &packet.Signature{
		Version:      key.PublicKey.Version,
		SigType:      packet.SigTypeBinary,
		PubKeyAlgo:   key.PublicKey.PubKeyAlgo,
		Hash:         hashFor(key.PublicKey),
		CreationTime: now,
		IssuerKeyId:  &key.PublicKey.KeyId,
	}
	if s.hash, err = s.sig.PrepareSign(nil); err != nil {
		return nil, fmt.Errorf("sign with %s: %w", keyName(p.Key), err)
	}
	return s, nil
}

// hashFor is SHA-256, which all programs know, except where the key is stronger than it.
func hashFor(k *packet.PublicKey) crypto.Hash {
	switch k.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly, packet.PubKeyAlgoDSA, packet.PubKeyAlgoEd25519:
		return crypto.SHA256
	}
	if curve, err := k.Curve(); err == nil && (curve == packet.Curve25519 || curve == packet.CurveNistP256) {
		return crypto.SHA256
	}
	return crypto.SHA512
}

// announce writes what has to stand before the data.
func (s *signer) announce(w io.Writer) error {
	ops := &packet.OnePassSignature{
		Version:    3,
		SigType:    s.sig.SigType,
		Hash:       s.sig.Hash,
		PubKeyAlgo: s.sig.PubKeyAlgo,
		KeyId:      *s.sig.IssuerKeyId,
		IsLast:     true,
	}
	if s.sig.Version == 6 {
		ops.Version, ops.Salt, ops.KeyFingerprint = 6, s.sig.Salt(), s.key.Fingerprint
	}
	return ops.Serialize(w)
}

// sign writes the signature over what hash was given.
func (s *signer) sign(w io.Writer) error {
	config := &packet.Config{Time: func() time.Time { return s.now }}
	if err := s.sig.Sign(s.hash, s.key, config); err != nil {
		return fmt.Errorf("sign with %s: %w", keyID(*s.sig.IssuerKeyId), err)
	}
	return s.sig.Serialize(w)
}
