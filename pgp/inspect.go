package pgp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

const (
	keyFileLimit = 1 << 20 // bytes of a key file
	leastBits    = 2048    // of RSA, ElGamal and DSA
	goodBits     = 3072
	expiryNotice = 60 * 24 * time.Hour
)

// Warning is something a person should know of a key that was taken.
type Warning struct {
	Slug string
	Text string
}

// Inspect judges a customer's public key, armored or binary: exactly one key, no private parts, one that can be encrypted
// to at now. The errors are *job.Reason with the slugs pgp.key_….
func Inspect(data []byte, now time.Time) (job.Key, []Warning, error) {
	e, err := onePublic(data)
	if err != nil {
		return job.Key{}, nil, err
	}
	key, refused := encryptionKey(e, now)
	if refused != nil {
		return job.Key{}, nil, refused
	}
	return described(e, now, key)
}

// InspectSigner judges a customer's public key that is only to verify signatures.
func InspectSigner(data []byte, now time.Time) (job.Key, []Warning, error) {
	e, err := onePublic(data)
	if err != nil {
		return job.Key{}, nil, err
	}
	if refused := valid(e, now); refused != nil {
		return job.Key{}, nil, refused
	}
	key, ok := e.SigningKey(now)
	if !ok {
		return job.Key{}, nil, reasonKeyCannot(fingerprint(e), "sign")
	}
	if refused := strong(key.PublicKey); refused != nil {
		return job.Key{}, nil, refused
	}
	return described(e, now, key.PublicKey)
}

// InspectPrivate takes a key pair of ours from elsewhere, armored or binary, and unlocks it; an empty passphrase is for
// a key that is not locked. The secret is as [Generate] gives it. An expired key is taken: it still decrypts.
func InspectPrivate(data []byte, passphrase secret.Text) (job.Key, secret.Text, error) {
	key, err := oneKey(data)
	if err != nil {
		return job.Key{}, secret.Text{}, err
	}
	if !key.IsPrivate() {
		return job.Key{}, secret.Text{}, reasonKeyUnreadable("", errors.New("it is a public key and the private one is wanted"))
	}
	locked, err := key.IsLocked()
	if err != nil {
		return job.Key{}, secret.Text{}, reasonKeyUnreadable("", err)
	}
	if locked {
		if err := unlockable(key.GetEntity()); err != nil {
			return job.Key{}, secret.Text{}, reasonKeyUnreadable("", err)
		}
		if key, err = key.Unlock(passphrase.Reveal()); err != nil {
			return job.Key{}, secret.Text{}, reason(SlugKeyLocked, "the key was not taken and nothing of it was kept",
				"the passphrase does not open it", "give the passphrase with which the key was exported", job.WhoUs, nil)
		}
	}
	defer key.ClearPrivateParams()
	if len(privateParts(key.GetEntity())) == 0 {
		return job.Key{}, secret.Text{}, reasonKeyCannot(fingerprint(key.GetEntity()), "decrypt")
	}
	return private(key, OriginImported)
}

// Check judges a key that was taken before, at now: its error is what [Sealer.Seal] would say of it as a recipient.
func Check(k job.Key, now time.Time) error {
	e, err := loadPublic(k)
	if err != nil {
		return err
	}
	if _, refused := encryptionKey(e, now); refused != nil {
		return reasonRecipient(k, refused)
	}
	return nil
}

func onePublic(data []byte) (*openpgp.Entity, error) {
	key, err := oneKey(data)
	if err != nil {
		return nil, err
	}
	if key.IsPrivate() {
		return nil, reasonKeyIsPrivate()
	}
	return key.GetEntity(), nil
}

// oneKey reads the only key there is. A private key is found even if it is of a kind that cannot be read.
func oneKey(data []byte) (*crypto.Key, error) {
	if len(data) > keyFileLimit {
		return nil, reasonKeyUnreadable("", fmt.Errorf("it has %d bytes and a key has at most %d", len(data), keyFileLimit))
	}
	list, err := readKeys(data)
	if err != nil {
		return nil, reasonKeyUnreadable("", err)
	}
	if len(list) != 1 {
		return nil, reasonKeyMany(len(list))
	}
	return crypto.NewKeyFromEntity(list[0])
}

func readKeys(data []byte) (openpgp.EntityList, error) {
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return nil, errors.New("it is empty")
	}
	if trimmed[0]&0x80 != 0 && !looksLikeText(trimmed[:min(len(trimmed), sniffed)]) {
		return openpgp.ReadKeyRing(bytes.NewReader(data))
	}
	if !bytes.Contains(data, []byte("-----BEGIN PGP ")) {
		return nil, errors.New("it " + guess(trimmed[:min(len(trimmed), sniffed)]))
	}
	var all openpgp.EntityList
	for _, block := range blocks(data) {
		list, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(block))
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// blocks cuts a text into its armored blocks: a file may hold several, and none may be overlooked.
func blocks(data []byte) [][]byte {
	var found [][]byte
	rest := data
	for {
		at := lineWith(rest, "-----BEGIN PGP ")
		if at < 0 {
			return found
		}
		rest = rest[at:]
		end := lineWith(rest[1:], "-----BEGIN PGP ")
		if end < 0 {
			return append(found, rest)
		}
		found = append(found, rest[:end+1])
		rest = rest[end+1:]
	}
}

// encryptionKey gives the part of a key that files are encrypted to, or why there is none.
func encryptionKey(e *openpgp.Entity, now time.Time) (*packet.PublicKey, *job.Reason) {
	if refused := valid(e, now); refused != nil {
		return nil, refused
	}
	key, ok := e.EncryptionKey(now)
	if ok {
		return key.PublicKey, strong(key.PublicKey)
	}
	for _, sub := range e.Subkeys {
		if end := ends(sub.PublicKey, sub.Sig); encrypts(sub) && !end.IsZero() && now.After(end) {
			return nil, reasonKeyExpired(fingerprint(e), end)
		}
	}
	return nil, reasonKeyCannot(fingerprint(e), "be encrypted to")
}

// valid says whether the key as a whole stands at now.
func valid(e *openpgp.Entity, now time.Time) *job.Reason {
	self, identity := e.PrimarySelfSignature()
	switch {
	case self == nil:
		return reasonKeyUnreadable("", errors.New("its owner has not signed it"))
	case e.Revoked(now), identity != nil && identity.Revoked(now):
		return reasonKeyRevoked(fingerprint(e))
	case e.PrimaryKey.CreationTime.After(now.Add(clockSkew)):
		return reasonKeyUnreadable("", fmt.Errorf("it was made on %s, which is in the future", e.PrimaryKey.CreationTime.UTC().Format(time.DateOnly)))
	case !ends(e.PrimaryKey, self).IsZero() && now.After(ends(e.PrimaryKey, self)):
		return reasonKeyExpired(fingerprint(e), ends(e.PrimaryKey, self))
	}
	return nil
}

// strong refuses a key that can be broken.
func strong(k *packet.PublicKey) *job.Reason {
	if counted(k) && bits(k) < leastBits {
		return reasonKeyWeak(keyID(k.KeyId), algorithmOf(k))
	}
	return nil
}

// counted says whether the strength of a key is told by its size.
func counted(k *packet.PublicKey) bool {
	switch k.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSAEncryptOnly, packet.PubKeyAlgoRSASignOnly, packet.PubKeyAlgoElGamal, packet.PubKeyAlgoDSA:
		return true
	}
	return false
}

func fingerprint(e *openpgp.Entity) string {
	return strings.ToUpper(fmt.Sprintf("%x", e.PrimaryKey.Fingerprint))
}

// described gives the facts and the warnings of a public key.
func described(e *openpgp.Entity, now time.Time, used *packet.PublicKey) (job.Key, []Warning, error) {
	key, err := crypto.NewKeyFromEntity(e)
	if err != nil {
		return job.Key{}, nil, reasonKeyUnreadable("", err)
	}
	text, err := key.GetArmoredPublicKeyWithCustomHeaders("", "")
	if err != nil {
		return job.Key{}, nil, reasonKeyUnreadable("", err)
	}
	k := facts(e, job.KeyPGPPublic, text)
	k.Origin = OriginImported
	return k, warnings(e, k, now, used), nil
}

func warnings(e *openpgp.Entity, k job.Key, now time.Time, used *packet.PublicKey) []Warning {
	var all []Warning
	if !k.Expires.IsZero() && k.Expires.Before(now.Add(expiryNotice)) {
		days := int(k.Expires.Sub(now) / (24 * time.Hour))
		all = append(all, Warning{SlugKeyExpired, fmt.Sprintf("the key expires on %s, in %d days; ask for a new one now", k.Expires.Format(time.DateOnly), days)})
	}
	if counted(used) && bits(used) < goodBits {
		all = append(all, Warning{SlugKeyWeak, fmt.Sprintf("%s is at the lower end of what is safe; ask for 3072 bits or more when the key is renewed", algorithmOf(used))})
	}
	if used != e.PrimaryKey && counted(e.PrimaryKey) && bits(e.PrimaryKey) < leastBits {
		all = append(all, Warning{SlugKeyWeak, fmt.Sprintf("its primary key is only %s, so somebody could forge a new version of it: compare the fingerprint with the customer when it changes", algorithmOf(e.PrimaryKey))})
	}
	if e.PrimaryKey.Version > 4 {
		all = append(all, Warning{SlugKeyWeak, fmt.Sprintf("the key has version %d, which GnuPG cannot read", e.PrimaryKey.Version)})
	}
	return all
}
