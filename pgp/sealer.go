package pgp

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/haulier/haulier/job"
)

// Sealer encrypts to customers' keys. It may be used by several goroutines at once as long as nobody changes its fields.
type Sealer struct {
	// To are the recipients' keys; there must be one.
	To []job.Key
	// SignWith is our key that signs; nil: unsigned.
	SignWith *Private
	// Armor writes ASCII armor instead of binary: a third larger and slower on both sides.
	Armor bool
	// Now gives the present time; nil: time.Now.
	Now func() time.Time
}

// ErrAborted is what a writer of [Sealer.Seal] says after its Abort.
var ErrAborted = errors.New("the encryption was given up")

const sealBuffer = 64 << 10

// Seal begins a message: binary, not compressed, AES-256 with integrity protection of version 1, which every OpenPGP
// program reads. The plaintext is written to what it returns; Close ends the message, and only a nil error from Close
// means that dst holds all of it. dst is not closed.
//
// The writer also has a method Abort(), after which it writes nothing more: what dst holds then is a message that every
// program sees to be cut off. So is one that was not closed.
//
// A recipient's key that cannot be encrypted to is a *job.Reason with the slug pgp.recipient_key. Errors of dst and ctx
// come back as they are.
func (s *Sealer) Seal(ctx context.Context, dst io.Writer) (io.WriteCloser, error) {
	now := time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	recipients, err := s.recipients(now)
	if err != nil {
		return nil, err
	}
	w := &sealing{ctx: ctx, out: bufio.NewWriterSize(dst, sealBuffer)}
	if s.SignWith != nil {
		if w.signer, err = newSigner(*s.SignWith, now); err != nil {
			return nil, err
		}
	}
	if err := w.begin(recipients, s.Armor, now); err != nil {
		return nil, err
	}
	return w, nil
}

// recipients gives the subkey of each recipient that files are encrypted to.
func (s *Sealer) recipients(now time.Time) ([]*packet.PublicKey, error) {
	if len(s.To) == 0 {
		return nil, reason(SlugRecipientKey, "the file was not encrypted and nothing was sent",
			"no recipient is named", "name the customer's key in `encrypt_to`", job.WhoUs, nil)
	}
	var keys []*packet.PublicKey
	for _, k := range s.To {
		e, err := loadPublic(k)
		if err != nil {
			return nil, err
		}
		key, refused := encryptionKey(e, now)
		if refused != nil {
			return nil, reasonRecipient(k, refused)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sealing is a message being written.
type sealing struct {
	ctx     context.Context //nolint:containedctx // lives for one message
	signer  *signer         // nil: unsigned
	literal *chunked
	data    *cfbWriter
	packet  *chunked
	armor   io.WriteCloser // nil: binary
	out     *bufio.Writer
	err     error
	ended   bool
}

// begin writes everything before the first byte of plaintext.
func (w *sealing) begin(recipients []*packet.PublicKey, armored bool, now time.Time) error {
	var to io.Writer = w.out
	if armored {
		var err error
		if w.armor, err = armor.Encode(w.out, "PGP MESSAGE", nil); err != nil {
			return err
		}
		to = w.armor
	}
	session := make([]byte, packet.CipherAES256.KeySize())
	defer clear(session)
	rand.Read(session) //nolint:errcheck // does not fail
	for _, key := range recipients {
		if err := packet.SerializeEncryptedKey(to, key, packet.CipherAES256, session, nil); err != nil {
			return fmt.Errorf("encrypt the session key to %s: %w", keyID(key.KeyId), err)
		}
	}
	var err error
	if w.packet, err = newChunked(to, tagSEIPD); err != nil {
		return err
	}
	if w.data, err = newCFBWriter(w.packet, session); err != nil {
		return err
	}
	if w.signer != nil {
		if err := w.signer.announce(w.data); err != nil {
			return err
		}
	}
	if w.literal, err = newChunked(w.data, tagLiteral); err != nil {
		return err
	}
	date := uint32(now.Unix()) //nolint:gosec // the format has 32 bits
	_, err = w.literal.Write([]byte{'b', 0, byte(date >> 24), byte(date >> 16), byte(date >> 8), byte(date)})
	return err
}

func (w *sealing) Write(p []byte) (int, error) {
	if w.ended {
		return 0, w.refusal()
	}
	if w.err == nil {
		w.err = contextError(w.ctx)
	}
	if w.err != nil {
		return 0, w.err
	}
	if w.signer != nil {
		w.signer.hash.Write(p)
	}
	var n int
	n, w.err = w.literal.Write(p)
	return n, w.err
}

// Close ends the message. A message that met an error before stays cut off.
func (w *sealing) Close() error {
	if w.ended {
		return w.err
	}
	w.ended = true
	if w.err == nil {
		w.err = contextError(w.ctx)
	}
	if w.err == nil {
		w.err = w.end()
	}
	return w.err
}

// Abort gives the message up.
func (w *sealing) Abort() {
	if !w.ended {
		w.ended, w.err = true, ErrAborted
	}
}

func (w *sealing) refusal() error {
	if w.err != nil {
		return w.err
	}
	return errors.New("write to a message that is closed")
}

func (w *sealing) end() error {
	if err := w.literal.Close(); err != nil {
		return err
	}
	if w.signer != nil {
		if err := w.signer.sign(w.data); err != nil {
			return err
		}
	}
	if err := w.data.Close(); err != nil {
		return err
	}
	if err := w.packet.Close(); err != nil {
		return err
	}
	if w.armor != nil {
		if err := w.armor.Close(); err != nil {
			return err
		}
		if err := w.out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return w.out.Flush()
}
