package pgp

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/haulier/haulier/job"
)

// Opener opens messages that are encrypted to our keys. It may be used by several goroutines at once as long as nobody
// changes its fields.
type Opener struct {
	// Keys are ours that may open a message: the current one first, then those in grace.
	Keys []Private
	// Verify are customers' keys, one of which must have signed; of several versions of a key the newest comes first and
	// decides. Empty: signatures are not looked at.
	Verify []job.Key
	// Known are keys that only help to explain: retired ones of ours, the customers' own.
	Known  []job.Key
	Policy Policy
}

// Open reads one message from src to its end and writes its plaintext to dst. nil says that the message was encrypted to
// one of Keys, came whole and unchanged, was signed if that is asked for, and that nothing follows it. On an error, what
// dst was given is not data and has to be thrown away; the envelope tells what was learned up to there.
//
// Errors of src, dst and ctx come back as they are, for errors.Is. Everything else is a *job.Reason in the area pgp;
// [Refetch] says whether fetching the file once more may help.
func (o *Opener) Open(ctx context.Context, dst io.Writer, src io.Reader) (job.Envelope, error) {
	policy := o.Policy.withDefaults()
	s := &source{ctx: ctx, r: src}
	m := &message{opener: o, src: s}
	m.sink = &sink{ctx: ctx, w: dst, meter: &meter{policy: policy, src: s}}
	err := m.open(policy)
	m.env.Cipher = s.read
	err = o.namedKey(err)
	if s.err != nil {
		err = s.err // whatever was made of what came before it
	}
	return m.env, err
}

// namedKey adds to the advice on a clear file which key it should have been encrypted to.
func (o *Opener) namedKey(err error) error {
	var reason *job.Reason
	if errors.As(err, &reason) && reason.Slug == SlugNotEncrypted && len(o.Keys) > 0 {
		reason.Do = doEncrypt(ourKeys([]job.Key{o.Keys[0].Key}))
	}
	return err
}

// message is one message being opened.
type message struct {
	opener     *Opener
	src        *source
	sink       *sink
	wire       *wire
	envelope   *envelope
	signatures *signatures
	env        job.Envelope
}

func (m *message) open(policy Policy) error {
	var err error
	if m.wire, err = openWire(m.src); err != nil {
		return err
	}
	m.env.Armored = m.wire.armor != nil
	m.envelope, err = m.wire.scan(policy.MaxKeyPackets)
	m.envelope.describe(&m.env)
	if err := m.wire.envelopeError(m.src, err); err != nil {
		return err
	}
	if m.signatures, err = newSignatures(m.opener.Verify, policy.Now()); err != nil {
		return err
	}
	session, err := m.opener.openSession(m.envelope, &m.env)
	if err != nil {
		return err
	}
	data, err := openContainer(m.envelope, session)
	if err != nil {
		return m.bodyError(err, nil)
	}
	if err := m.body(policy, data); err != nil {
		return err
	}
	if err := m.trailing(policy); err != nil {
		return err
	}
	m.env.SignedBy, err = m.signatures.verdict()
	return err
}

// body copies the plaintext out and proves it.
func (m *message) body(policy Policy, data container) error {
	c := &contents{policy: policy, sink: m.sink, signatures: m.signatures, env: &m.env}
	err := c.walk(bufio.NewReaderSize(data, innerBuffer))
	if err == nil && !c.literal {
		err = errNoLiteral
	}
	var limit *job.Reason
	switch {
	case m.sink.err != nil:
		return m.sink.err
	case errors.As(err, &limit):
		return limit
	}
	return m.bodyError(err, data.verify())
}

// bodyError puts into words why the encrypted data cannot be used. A cut message says so by its framing, a changed one by its
// integrity check; only a message that is whole and unchanged can be at fault itself.
func (m *message) bodyError(walked, verified error) error {
	technical := walked
	if verified != nil {
		technical = verified
	}
	switch {
	case technical == nil:
		return nil
	case m.wire.armor != nil && m.wire.armor.damaged:
		return reasonTampered(errArmor)
	case m.envelope.body.cut:
		return reasonTruncated(m.src.read)
	case verified != nil:
		return reasonTampered(verified)
	}
	return reasonMalformed(walked)
}

// trailing makes sure that nothing follows the message.
func (m *message) trailing(policy Policy) error {
	n, err := remains(m.wire.r, m.wire.armor == nil && policy.AllowTrailingWhitespace)
	if m.wire.armor != nil && n == 0 && err == nil {
		n, err = remains(m.wire.raw, true)
	}
	switch {
	case m.wire.armor != nil && m.wire.armor.cut:
		return reasonTruncated(m.src.read)
	case err != nil:
		return reasonTampered(err)
	case n > 0:
		return reasonTrailing(n)
	}
	return nil
}

// remains counts what is left of r, without white space if that is allowed.
func remains(r io.Reader, whitespace bool) (int64, error) {
	var n int64
	buf := make([]byte, 4<<10)
	for {
		got, err := r.Read(buf)
		for _, c := range buf[:got] {
			if !whitespace || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
				n++
			}
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
