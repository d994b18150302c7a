package pgp

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// Private is a key of ours with its private part.
type Private struct {
	Key job.Key
	// Material is the serialised, unlocked private key, as [Generate] and [InspectPrivate] give it.
	Material secret.Text
}

// keyID writes a key id as people see it elsewhere: 16 upper-case hex digits.
func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// keyName is NAME@VERSION, or the fingerprint of a key without a name.
func keyName(k job.Key) string {
	if k.Name == "" {
		return k.Fingerprint
	}
	return fmt.Sprintf("%s@%d", k.Name, k.Version)
}

// load reads the private part of a key.
func (p Private) load() (*openpgp.Entity, error) {
	if p.Material.Empty() {
		return nil, reasonKeyMissing(p.Key)
	}
	key, err := crypto.NewKey(p.Material.Reveal())
	if err != nil {
		return nil, reasonKeyUnreadable(keyName(p.Key), err)
	}
	if !key.IsPrivate() {
		return nil, reasonKeyMissing(p.Key)
	}
	if unlocked, err := key.IsUnlocked(); err != nil || !unlocked {
		return nil, reasonKeyLocked(p.Key)
	}
	return key.GetEntity(), nil
}

// loadPublic reads the public part of a key.
func loadPublic(k job.Key) (*openpgp.Entity, error) {
	key, err := crypto.NewKeyFromArmored(k.Public)
	if err != nil {
		return nil, reasonKeyUnreadable(keyName(k), err)
	}
	return key.GetEntity(), nil
}

// facts tells what may be known of a key.
func facts(e *openpgp.Entity, kind job.KeyKind, armoredPublic string) job.Key {
	k := job.Key{
		Kind:        kind,
		Algorithm:   algorithm(e),
		Public:      armoredPublic,
		Fingerprint: strings.ToUpper(hex.EncodeToString(e.PrimaryKey.Fingerprint)),
		KeyIDs:      []string{keyID(e.PrimaryKey.KeyId)},
		Created:     e.PrimaryKey.CreationTime.UTC(),
		Expires:     expiry(e),
	}
	for _, sub := range e.Subkeys {
		k.KeyIDs = append(k.KeyIDs, keyID(sub.PublicKey.KeyId))
	}
	return k
}

// expiry is the day from which nobody can encrypt to the key: the earlier of the primary key's and of the last
// encryption subkey's. Zero: never.
func expiry(e *openpgp.Entity) time.Time {
	self, _ := e.PrimarySelfSignature()
	primary := ends(e.PrimaryKey, self)
	var last time.Time
	found := false
	for _, sub := range e.Subkeys {
		if !encrypts(sub) || len(sub.Revocations) > 0 {
			continue
		}
		end := ends(sub.PublicKey, sub.Sig)
		if end.IsZero() {
			return primary
		}
		if found = true; end.After(last) {
			last = end
		}
	}
	if !found || !primary.IsZero() && primary.Before(last) {
		return primary
	}
	return last
}

func ends(key *packet.PublicKey, sig *packet.Signature) time.Time {
	if sig == nil || sig.KeyLifetimeSecs == nil || *sig.KeyLifetimeSecs == 0 {
		return time.Time{}
	}
	return key.CreationTime.Add(time.Duration(*sig.KeyLifetimeSecs) * time.Second).UTC()
}

func encrypts(sub openpgp.Subkey) bool {
	return sub.Sig != nil && sub.Sig.FlagsValid && (sub.Sig.FlagEncryptCommunications || sub.Sig.FlagEncryptStorage) &&
		sub.PublicKey.PubKeyAlgo.CanEncrypt()
}

// algorithm names the key that files are encrypted to, or the primary key of a key that only signs.
func algorithm(e *openpgp.Entity) string {
	for _, sub := range e.Subkeys {
		if encrypts(sub) {
			return algorithmOf(sub.PublicKey)
		}
	}
	return algorithmOf(e.PrimaryKey)
}

func algorithmOf(k *packet.PublicKey) string {
	switch k.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSAEncryptOnly, packet.PubKeyAlgoRSASignOnly:
		return fmt.Sprintf("rsa-%d", bits(k))
	case packet.PubKeyAlgoElGamal:
		return fmt.Sprintf("elgamal-%d", bits(k))
	case packet.PubKeyAlgoDSA:
		return fmt.Sprintf("dsa-%d", bits(k))
	case packet.PubKeyAlgoX25519:
		return "x25519"
	case packet.PubKeyAlgoX448:
		return "x448"
	case packet.PubKeyAlgoEd25519:
		return "ed25519"
	case packet.PubKeyAlgoEd448:
		return "ed448"
	}
	curve, err := k.Curve()
	if err != nil {
		return fmt.Sprintf("algorithm-%d", k.PubKeyAlgo)
	}
	if curve == packet.Curve25519 {
		if k.PubKeyAlgo == packet.PubKeyAlgoECDH {
			return "x25519"
		}
		return "ed25519"
	}
	switch curve {
	case packet.CurveNistP256, packet.CurveNistP384, packet.CurveNistP521:
		return "nist" + strings.ToLower(string(curve))
	}
	return strings.ToLower(string(curve))
}

// bits is the size of a key whose strength is told by it.
func bits(k *packet.PublicKey) int {
	n, err := k.BitLength()
	if err != nil {
		return 0
	}
	return int(n)
}
