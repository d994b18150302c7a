package pgp

import (
	"crypto"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/haulier/haulier/job"
)

const signatureLimit = 16 // signatures of a message that are looked at

// clockSkew is how far a signer's clock may be ahead of ours.
const clockSkew = 15 * time.Minute

const errSignatures finding = "the message has too many signatures"

// signatures judges the signatures of one message against the customers' keys.
type signatures struct {
	ring    openpgp.EntityList // empty: nothing is looked at
	now     time.Time
	pending []*pendingSignature
	unknown []string // ids of signers that are not in ring
	best    *job.Reason
	good    string
}

// pendingSignature is a signature announced before the data.
type pendingSignature struct {
	id    uint64
	kind  packet.SignatureType
	hash  crypto.Hash
	state hash.Hash
	sig   *packet.Signature // nil: follows the data
	w     io.Writer
}

func newSignatures(keys []job.Key, now time.Time) (*signatures, error) {
	s := &signatures{now: now}
	for _, k := range keys {
		e, err := loadPublic(k)
		if err != nil {
			return nil, err
		}
		s.ring = append(s.ring, e)
	}
	return s, nil
}

// take reads a one-pass signature or a signature packet.
func (s *signatures) take(tag int, content []byte, afterData bool) error {
	if len(s.ring) == 0 {
		return nil
	}
	if len(s.pending)+len(s.unknown) >= signatureLimit {
		return errSignatures
	}
	p, err := parsed(tag, content)
	if err != nil {
		s.refuse(reasonSignatureBad("", err))
		return nil
	}
	switch p := p.(type) {
	case *packet.OnePassSignature:
		s.announce(p.KeyId, p.Hash, p.SigType, p.Salt, nil)
	case *packet.Signature:
		if afterData {
			s.judge(p)
		} else if p.IssuerKeyId != nil {
			s.announce(*p.IssuerKeyId, p.Hash, p.SigType, p.Salt(), p)
		}
	}
	return nil
}

// announce prepares the hash of a signature, if the signer is known.
func (s *signatures) announce(id uint64, h crypto.Hash, kind packet.SignatureType, salt []byte, sig *packet.Signature) {
	if len(s.ring.KeysById(id)) == 0 {
		s.unknown = append(s.unknown, keyID(id))
		return
	}
	if !h.Available() {
		s.refuse(reasonSignatureWeak(keyID(id), h.String()))
		return
	}
	p := &pendingSignature{id: id, kind: kind, hash: h, state: h.New(), sig: sig}
	p.state.Write(salt)
	switch kind {
	case packet.SigTypeBinary:
		p.w = p.state
	case packet.SigTypeText:
		p.w = openpgp.NewCanonicalTextHash(p.state)
	default:
		s.refuse(reasonSignatureBad(keyID(id), finding("it is not one over data")))
		return
	}
	s.pending = append(s.pending, p)
}

// hashing gives a writer that passes data on to w and to every signature that was announced.
func (s *signatures) hashing(w io.Writer) io.Writer {
	writers := []io.Writer{w}
	for _, p := range s.pending {
		writers = append(writers, p.w)
	}
	if len(writers) == 1 {
		return w
	}
	return io.MultiWriter(writers...)
}

// judge finds the announcement of a signature and checks it.
func (s *signatures) judge(sig *packet.Signature) {
	if sig.IssuerKeyId == nil {
		return
	}
	at := slices.IndexFunc(s.pending, func(p *pendingSignature) bool {
		return p.sig == nil && p.id == *sig.IssuerKeyId && p.hash == sig.Hash && p.kind == sig.SigType
	})
	if at < 0 {
		return
	}
	s.check(s.pending[at], sig)
	s.pending = slices.Delete(s.pending, at, at+1)
}

// verdict gives the id of the key that signed, or why the message does not count as signed.
func (s *signatures) verdict() (string, error) {
	if len(s.ring) == 0 {
		return "", nil
	}
	for _, p := range s.pending {
		if p.sig != nil {
			s.check(p, p.sig)
		}
	}
	switch {
	case s.good != "":
		return s.good, nil
	case s.best != nil:
		return "", s.best
	case len(s.unknown) > 0:
		return "", reasonSignatureUnknown(s.unknown, s.ring)
	}
	return "", reasonSignatureMissing()
}

// refuse remembers why a signature does not count: the first reason is told.
func (s *signatures) refuse(r *job.Reason) {
	if s.best == nil {
		s.best = r
	}
}

// check verifies a signature by a known key, as of the time when it was made: a key that has expired since has not
// made the signature worse.
func (s *signatures) check(p *pendingSignature, sig *packet.Signature) {
	id := keyID(p.id)
	switch sig.Hash {
	case crypto.MD5, crypto.SHA1, crypto.RIPEMD160:
		s.refuse(reasonSignatureWeak(id, sig.Hash.String()))
		return
	}
	var reason *job.Reason
	for _, key := range s.ring.KeysById(p.id) {
		if err := key.PublicKey.VerifySignature(p.state, sig); err != nil {
			reason = reasonSignatureBad(id, err)
			continue
		}
		// The first version of a key that made it decides: an older one may not know that the key was revoked since.
		if reason = s.standing(key, sig, id); reason == nil {
			s.good = id
			return
		}
		break
	}
	s.refuse(reason)
}

// standing says whether the key was allowed to sign when it did.
func (s *signatures) standing(key openpgp.Key, sig *packet.Signature, id string) *job.Reason {
	at := sig.CreationTime
	self, identity := key.Entity.PrimarySelfSignature()
	switch {
	case self == nil || key.SelfSignature == nil || key.SelfSignature.FlagsValid && !key.SelfSignature.FlagSign:
		return reasonSignatureBad(id, finding("its key is not one that signs data"))
	case at.After(s.now.Add(clockSkew)):
		return reasonSignatureBad(id, finding("it is dated in the future"))
	case at.Before(key.PublicKey.CreationTime):
		return reasonSignatureBad(id, finding("it is older than its key"))
	case revokedAt(key.Entity.Revocations, at), revokedAt(key.Revocations, at), identity != nil && revokedAt(identity.Revocations, at):
		return reasonSignatureRevoked(id)
	case key.Entity.PrimaryKey.KeyExpired(self, at), key.PublicKey.KeyExpired(key.SelfSignature, at):
		return reasonSignatureExpired(id, at)
	case sig.SigLifetimeSecs != nil && *sig.SigLifetimeSecs > 0 && sig.SigExpired(s.now) && !at.After(s.now):
		return reasonSignatureExpired(id, at)
	}
	return nil
}

// revokedAt says whether a revocation counts at a time. A key that was replaced or retired keeps what it signed before;
// any other reason, or none, takes everything back.
func revokedAt(revocations []*packet.Signature, at time.Time) bool {
	return slices.ContainsFunc(revocations, func(r *packet.Signature) bool {
		soft := r.RevocationReason != nil && (*r.RevocationReason == packet.KeySuperseded || *r.RevocationReason == packet.KeyRetired)
		return !soft || !r.CreationTime.After(at)
	})
}
