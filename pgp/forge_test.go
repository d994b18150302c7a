package pgp_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto"
	"crypto/aes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/ocb"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/haulier/haulier/job"
)

// The forge makes messages that no honest program makes, with the library's writers and not with those under test.

var sessionKey = bytes.Repeat([]byte{0x5a}, 32)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func entity(t testing.TB, armored string) *openpgp.Entity {
	t.Helper()
	list, err := openpgp.ReadArmoredKeyRing(strings.NewReader(armored))
	check(t, err)
	return list[0]
}

// pkesk encrypts the session key to a key of ours.
func pkesk(t testing.TB, k job.Key) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, packet.SerializeEncryptedKey(&b, entity(t, k.Public).Subkeys[0].PublicKey, packet.CipherAES256, sessionKey, nil))
	return b.Bytes()
}

// raw wraps content in a packet of new format and definite length.
func raw(tag byte, content []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0xc0 | tag, 255}, uint32(len(content))), content...)
}

func literal(data []byte) []byte {
	return raw(11, append([]byte{'b', 0, 0, 0, 0, 0}, data...))
}

func named(name string, data []byte) []byte {
	return raw(11, append(append([]byte{'b', byte(len(name))}, name...), append([]byte{0, 0, 0, 0}, data...)...))
}

func zip(data []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write(data)
	w.Close()
	return raw(8, append([]byte{1}, b.Bytes()...))
}

func zlibbed(data []byte) []byte {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, 9)
	w.Write(data)
	w.Close()
	return raw(8, append([]byte{2}, b.Bytes()...))
}

// seipd encrypts packets with integrity protection of version 1.
func seipd(t testing.TB, inner ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := packet.SerializeSymmetricallyEncrypted(&b, packet.CipherAES256, false, packet.CipherSuite{}, sessionKey, nil)
	check(t, err)
	_, err = w.Write(bytes.Join(inner, nil))
	check(t, err)
	check(t, w.Close())
	return b.Bytes()
}

// message is a message for k with these packets inside.
func message(t testing.TB, k job.Key, inner ...[]byte) []byte {
	t.Helper()
	return append(pkesk(t, k), seipd(t, inner...)...)
}

// aead is a message of version 2 for k.
func aead(t testing.TB, k job.Key, inner ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	suite := packet.CipherSuite{Cipher: packet.CipherAES256, Mode: packet.AEADModeOCB}
	check(t, packet.SerializeEncryptedKeyAEAD(&b, entity(t, k.Public).Subkeys[0].PublicKey, packet.CipherAES256, true, sessionKey, nil))
	w, err := packet.SerializeSymmetricallyEncrypted(&b, 0, true, suite, sessionKey, &packet.Config{AEADConfig: &packet.AEADConfig{}})
	check(t, err)
	_, err = w.Write(bytes.Join(inner, nil))
	check(t, err)
	check(t, w.Close())
	return b.Bytes()
}

// ocb20 is encrypted data with tag 20, as GnuPG from 2.3 on makes it, in chunks of 2^(6+bits) bytes.
func ocb20(t testing.TB, bits byte, inner []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(sessionKey)
	check(t, err)
	mode, err := ocb.NewOCB(block)
	check(t, err)
	iv := bytes.Repeat([]byte{7}, 15)
	head := []byte{0xd4, 1, 9, 2, bits}
	body := append(append([]byte{}, head[1:]...), iv...)
	chunk, index, total := 1<<(6+bits), uint64(0), uint64(len(inner))
	nonce := func() []byte {
		n := bytes.Clone(iv)
		for i, b := range binary.BigEndian.AppendUint64(nil, index) {
			n[7+i] ^= b
		}
		return n
	}
	for len(inner) > 0 {
		n := min(chunk, len(inner))
		body = append(body, mode.Seal(nil, nonce(), inner[:n], binary.BigEndian.AppendUint64(bytes.Clone(head), index))...)
		inner = inner[n:]
		index++
	}
	last := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(bytes.Clone(head), index), total)
	return raw(20, append(body, mode.Seal(nil, nonce(), nil, last)...))
}

// signing describes a signature to forge.
type signing struct {
	key      *openpgp.Entity
	hash     crypto.Hash
	at       time.Time
	over     []byte // what is hashed; nil: the data itself
	lifetime uint32
}

// signed gives one-pass signature, literal and signature.
func signed(t testing.TB, s signing, data []byte) (ops, lit, sig []byte) {
	t.Helper()
	key := s.key.PrivateKey
	if s.over == nil {
		s.over = data
	}
	var o, g bytes.Buffer
	check(t, (&packet.OnePassSignature{Version: 3, Hash: s.hash, PubKeyAlgo: key.PubKeyAlgo, KeyId: key.KeyId, IsLast: true}).Serialize(&o))
	p := &packet.Signature{Version: 4, PubKeyAlgo: key.PubKeyAlgo, Hash: s.hash, CreationTime: s.at, IssuerKeyId: &key.KeyId}
	if s.lifetime > 0 {
		p.SigLifetimeSecs = &s.lifetime
	}
	h := s.hash.New()
	h.Write(s.over)
	check(t, p.Sign(h, key, &packet.Config{Time: func() time.Time { return s.at }, NonDeterministicSignaturesViaNotation: packet.BoolPointer(false)}))
	check(t, p.Serialize(&g))
	return o.Bytes(), literal(data), g.Bytes()
}

// signer makes a key pair that signs, made at a time and living for some seconds (0: for ever).
func signer(t testing.TB, made time.Time, seconds uint32) (*openpgp.Entity, job.Key) {
	t.Helper()
	e, err := openpgp.NewEntity("Signer", "", "signer@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, KeyLifetimeSecs: seconds, Time: func() time.Time { return made }})
	check(t, err)
	return e, publicKey(t, e)
}

// extend gives a later version of a key that does not end.
func extend(t testing.TB, e *openpgp.Entity, public job.Key) job.Key {
	t.Helper()
	later := entity(t, public.Public)
	for name, identity := range later.Identities {
		identity.SelfSignature.KeyLifetimeSecs = nil
		check(t, identity.SelfSignature.SignUserId(name, e.PrimaryKey, e.PrivateKey, &packet.Config{Time: func() time.Time { return epoch.Add(day) }}))
	}
	return publicKey(t, later)
}

func publicKey(t testing.TB, e *openpgp.Entity) job.Key {
	t.Helper()
	var b strings.Builder
	w, err := armorWriter(&b)
	check(t, err)
	check(t, e.Serialize(w))
	check(t, w.Close())
	return job.Key{Name: "theirs", Version: 1, Kind: job.KeyPGPPublic, Public: b.String()}
}

// zeros gives n zero bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// lock gives a key pair locked with the passphrase "secret".
func lock(t testing.TB, p pair) []byte {
	t.Helper()
	e, err := openpgp.ReadKeyRing(bytes.NewReader(bytes.Clone(p.Material.Reveal())))
	check(t, err)
	check(t, e[0].EncryptPrivateKeys([]byte("secret"), nil))
	var b bytes.Buffer
	check(t, e[0].SerializePrivateWithoutSigning(&b, nil))
	return b.Bytes()
}
