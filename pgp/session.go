package pgp

import (
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/haulier/haulier/job"
)

// sessionKey is what the data is encrypted with.
type sessionKey struct {
	cipher packet.CipherFunction // 0: the encrypted data says it
	key    []byte
}

// decrypter is one private key, primary or subkey, that may open a session key.
type decrypter struct {
	priv *packet.PrivateKey
	key  job.Key
}

// decrypters loads one of our keys. It is made anew for each message: a ring that several goroutines share is not safe in
// the library.
func (p Private) decrypters() ([]decrypter, error) {
	e, err := p.load()
	if err != nil {
		return nil, err
	}
	var all []decrypter
	for _, priv := range privateParts(e) {
		all = append(all, decrypter{priv, p.Key})
	}
	return all, nil
}

// privateParts are the keys of an entity that can decrypt, subkeys first.
func privateParts(e *openpgp.Entity) []*packet.PrivateKey {
	var parts []*packet.PrivateKey
	for _, sub := range e.Subkeys {
		parts = append(parts, sub.PrivateKey)
	}
	parts = append(parts, e.PrivateKey)
	return slices.DeleteFunc(parts, func(p *packet.PrivateKey) bool {
		return p == nil || p.Encrypted || p.Dummy() || !p.PubKeyAlgo.CanEncrypt()
	})
}

// openSession finds a session key that is for one of our keys: named recipients first, then hidden ones.
func (o *Opener) openSession(e *envelope, env *job.Envelope) (sessionKey, error) {
	if len(e.keys) == 0 {
		if e.passwords > 0 {
			return sessionKey{}, reasonPasswordOnly()
		}
		return sessionKey{}, reasonMalformed(errNoSessionKey)
	}
	if len(o.Keys) == 0 {
		return sessionKey{}, reasonNoKey()
	}
	var failed error
	for _, hidden := range []bool{false, true} {
		for _, p := range o.Keys {
			candidates := e.forKey(p.Key, hidden)
			if len(candidates) == 0 {
				continue
			}
			s, ok, err := p.openAny(candidates, env)
			if ok {
				return s, nil
			}
			if failed == nil {
				failed = err
			}
		}
	}
	if failed != nil {
		return sessionKey{}, failed
	}
	return sessionKey{}, o.wrongKey(e)
}

// forKey gives the session keys that may be for a key. Loading a private key costs as much as decrypting, so only those are
// loaded that the message names, and all for hidden recipients.
func (e *envelope) forKey(k job.Key, hidden bool) []keyPacket {
	var found []keyPacket
	for _, p := range e.keys {
		if hidden && p.id == 0 || !hidden && p.id != 0 && (len(k.KeyIDs) == 0 || slices.Contains(k.KeyIDs, keyID(p.id))) {
			found = append(found, p)
		}
	}
	return found
}

// openAny opens the first session key that is for p. That a hidden one does not open says nothing, so it is no error.
func (p Private) openAny(candidates []keyPacket, env *job.Envelope) (s sessionKey, ok bool, failed error) {
	ours, err := p.decrypters()
	if err != nil {
		return s, false, err
	}
	for _, d := range ours {
		for _, k := range candidates {
			if k.id != 0 && k.id != d.priv.KeyId {
				continue
			}
			s, err := d.open(k)
			if err == nil {
				d.describe(env)
				return s, true, nil
			}
			if k.id != 0 {
				failed = reasonSessionKey(k.id, d.key, err)
			}
		}
	}
	return s, false, failed
}

// open decrypts a session key.
func (d decrypter) open(k keyPacket) (sessionKey, error) {
	p, err := parsed(tagPKESK, k.content)
	if err != nil {
		return sessionKey{}, err
	}
	encrypted, ok := p.(*packet.EncryptedKey)
	if !ok {
		return sessionKey{}, errFraming
	}
	if err := encrypted.Decrypt(d.priv, nil); err != nil {
		return sessionKey{}, err
	}
	return sessionKey{encrypted.CipherFunc, encrypted.Key}, nil
}

func (d decrypter) describe(env *job.Envelope) {
	env.DecryptedWith = keyID(d.priv.KeyId)
	if d.key.Name != "" {
		env.KeyName = keyName(d.key)
	}
	env.GraceKey = d.key.Slot == job.SlotGrace
}

// wrongKey says for whom the message is, and names those of Known.
func (o *Opener) wrongKey(e *envelope) *job.Reason {
	var ids []string
	hidden := 0
	for _, k := range e.keys {
		if k.id == 0 {
			hidden++
		} else {
			ids = append(ids, keyID(k.id))
		}
	}
	var known *job.Key
	for i := range o.Known {
		if slices.ContainsFunc(o.Known[i].KeyIDs, func(id string) bool { return slices.Contains(ids, id) }) {
			known = &o.Known[i]
			break
		}
	}
	ours := make([]job.Key, len(o.Keys))
	for i, p := range o.Keys {
		ours[i] = p.Key
	}
	return reasonWrongKey(ids, hidden, known, ours)
}
