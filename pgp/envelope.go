package pgp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/haulier/haulier/job"
)

const (
	wireBuffer      = 256 << 10
	keyPacketLimit  = 16 << 10
	sniffed         = 64 // bytes looked at to guess what a file is
	containerSEIPD1 = "SEIPDv1"
	containerSEIPD2 = "SEIPDv2"
	containerOCB20  = "OCB20"
)

// wire is the message as it comes in, armor taken off.
type wire struct {
	raw   *bufio.Reader // bytes as received
	armor *armored      // nil: binary
	r     *bufio.Reader // binary packets
	first []byte        // the first bytes received
}

// keyPacket is one session key, encrypted to one recipient.
type keyPacket struct {
	content []byte
	id      uint64 // 0: hidden
}

// envelope is everything before the encrypted data.
type envelope struct {
	keys      []keyPacket
	passwords int
	body      *framed
	version   byte // first byte of the body, not consumed
}

// openWire tells armor from binary and clear text from both.
func openWire(src *source) (*wire, error) {
	w := &wire{raw: bufio.NewReaderSize(src, wireBuffer)}
	w.first, _ = w.raw.Peek(sniffed)
	w.first = bytes.Clone(w.first)
	if src.err != nil {
		return nil, src.err
	}
	if len(w.first) == 0 {
		return nil, reasonEmpty()
	}
	if w.first[0]&0x80 != 0 && !looksLikeText(w.first) {
		w.r = w.raw
		return w, nil
	}
	a, err := startArmor(w.raw)
	switch {
	case err == nil:
		w.armor, w.r = a, bufio.NewReaderSize(a, wireBuffer/8)
		return w, nil
	case src.err != nil:
		return nil, src.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, reasonTruncated(src.read)
	case errors.Is(err, errNotArmor):
		return nil, w.notEncrypted()
	}
	return nil, reasonMalformed(err)
}

// notEncrypted describes what was received instead of a message.
func (w *wire) notEncrypted() *job.Reason {
	start, _ := w.raw.Peek(preambleLimit)
	for _, block := range []struct{ begin, is string }{
		{"-----BEGIN PGP SIGNED MESSAGE-----", "a clear text with a PGP signature"},
		{"-----BEGIN PGP SIGNATURE-----", "a PGP signature without its data"},
		{"-----BEGIN PGP PUBLIC KEY BLOCK-----", "a PGP public key"},
		{"-----BEGIN PGP PRIVATE KEY BLOCK-----", "a PGP private key"},
	} {
		if lineWith(start, block.begin) >= 0 {
			return reasonNotEncrypted("is "+block.is, nil)
		}
	}
	return reasonNotEncrypted(guess(w.first), nil)
}

// scan reads the packets before the encrypted data and stops in front of its first byte.
func (w *wire) scan(maxKeys int) (*envelope, error) {
	e := &envelope{}
	for packets := 0; ; packets++ {
		p, err := nextPacket(w.r)
		if err == io.EOF {
			return e, io.ErrUnexpectedEOF
		}
		if err != nil {
			return e, err
		}
		done, err := w.outer(e, p, packets == 0)
		if done || err != nil {
			return e, err
		}
		if len(e.keys)+e.passwords > maxKeys || packets > 2*maxKeys {
			return e, reasonTooManyKeys(maxKeys)
		}
	}
}

// outer takes one packet of the envelope; done says that it is the encrypted data.
func (w *wire) outer(e *envelope, p *framed, first bool) (done bool, err error) {
	switch p.tag {
	case tagPKESK:
		return false, e.addKey(p)
	case tagSKESK:
		e.passwords++
		return false, checkVersion(p, 4, 5, 6)
	case tagMarker, tagPadding:
		_, err := p.small(keyPacketLimit)
		return false, err
	case tagSEIPD, tagOCB:
		e.body = p
		b, err := w.r.Peek(1)
		if len(b) == 1 {
			e.version = b[0]
			return true, nil
		}
		p.cut = err == io.EOF
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return true, err
	case tagSED:
		return false, reasonNoIntegrity()
	}
	if is, ok := clearPackets[p.tag]; ok {
		return false, reasonNotEncrypted("is "+is, nil)
	}
	if first {
		return false, reasonNotEncrypted(guess(w.first), nil)
	}
	return false, fmt.Errorf("a packet with tag %d stands before the encrypted data: %w", p.tag, errFraming)
}

// clearPackets are OpenPGP, and not encrypted.
var clearPackets = map[int]string{
	tagSignature:  "signed and not encrypted",
	tagOnePass:    "signed and not encrypted",
	tagCompressed: "an OpenPGP file that is compressed and not encrypted",
	tagLiteral:    "an OpenPGP file that is wrapped and not encrypted",
	tagSecretKey:  "a PGP private key",
	tagPublicKey:  "a PGP public key",
}

func (e *envelope) addKey(p *framed) error {
	b, err := p.small(keyPacketLimit)
	if err != nil {
		return err
	}
	id, ok := recipientID(b)
	if !ok {
		return errFraming
	}
	e.keys = append(e.keys, keyPacket{content: b, id: id})
	return nil
}

// recipientID reads the key id that a session key packet is for; 0 is a hidden recipient.
func recipientID(b []byte) (uint64, bool) {
	if len(b) >= 10 && b[0] == 3 {
		return binary.BigEndian.Uint64(b[1:9]), true
	}
	if len(b) < 3 || b[0] != 6 {
		return 0, false
	}
	size := int(b[1])
	switch {
	case size == 0:
		return 0, true
	case size == 21 && len(b) > 23 && b[2] == 4:
		return binary.BigEndian.Uint64(b[15:23]), true
	case size == 33 && len(b) > 35 && b[2] == 6:
		return binary.BigEndian.Uint64(b[3:11]), true
	}
	return 0, false
}

func checkVersion(p *framed, versions ...byte) error {
	b, err := p.small(keyPacketLimit)
	if err != nil {
		return err
	}
	if len(b) == 0 || !bytes.Contains(versions, b[:1]) {
		return errFraming
	}
	return nil
}

// container names the kind of encrypted data.
func (e *envelope) container() string {
	switch {
	case e.body == nil:
		return ""
	case e.body.tag == tagOCB:
		return containerOCB20
	case e.version == 2:
		return containerSEIPD2
	}
	return containerSEIPD1
}

// describe writes what the envelope says of itself.
func (e *envelope) describe(env *job.Envelope) {
	for _, k := range e.keys {
		if k.id == 0 {
			env.Hidden++
		} else {
			env.Recipients = append(env.Recipients, keyID(k.id))
		}
	}
	env.Container = e.container()
}

// envelopeError puts an error of the scan into words.
func (w *wire) envelopeError(src *source, err error) error {
	var reason *job.Reason
	switch {
	case src.err != nil:
		return src.err
	case err == nil:
		return nil
	case errors.As(err, &reason):
		return reason
	case w.armor != nil && w.armor.damaged:
		return reasonTampered(err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return reasonTruncated(src.read)
	}
	return reasonMalformed(err)
}
