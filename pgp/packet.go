package pgp

import (
	"bufio"
	"bytes"
	"io"
	"math"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Packet tags of RFC 9580, section 5, and tag 20 of the GnuPG draft.
const (
	tagPKESK      = 1
	tagSignature  = 2
	tagSKESK      = 3
	tagOnePass    = 4
	tagSecretKey  = 5
	tagPublicKey  = 6
	tagCompressed = 8
	tagSED        = 9
	tagMarker     = 10
	tagLiteral    = 11
	tagSEIPD      = 18
	tagOCB        = 20
	tagPadding    = 21
)

// errFraming says that bytes do not form a packet.
const errFraming finding = "the bytes do not form an OpenPGP packet"

// framed is one packet: its tag and, by Read, its content. It knows whether the packet came to its end.
type framed struct {
	tag     int
	r       *bufio.Reader
	left    int64 // bytes left of the present chunk
	partial bool  // another chunk follows
	open    bool  // indeterminate length: ends where the enclosing stream ends
	cut     bool  // the stream ended inside the packet
	size    int64 // whole content where the header tells it, else -1
}

// nextPacket reads a packet header. io.EOF means that no packet follows, io.ErrUnexpectedEOF that the header is cut.
func nextPacket(r *bufio.Reader) (*framed, error) {
	first, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	if first&0x80 == 0 {
		return nil, errFraming
	}
	if first&0x40 == 0 {
		return oldPacket(r, first)
	}
	p := &framed{tag: int(first & 0x3f), r: r}
	if err := p.chunk(); err != nil {
		return nil, err
	}
	p.size = p.left
	if p.partial {
		p.size = -1
	}
	return p, nil
}

// oldPacket reads the rest of a header in the format before RFC 4880.
func oldPacket(r *bufio.Reader, first byte) (*framed, error) {
	p := &framed{tag: int(first>>2) & 0xf, r: r}
	if first&3 == 3 {
		p.open, p.left, p.size = true, math.MaxInt64, -1
		return p, nil
	}
	for range 1 << (first & 3) {
		b, err := must(r)
		if err != nil {
			return nil, err
		}
		p.left = p.left<<8 | int64(b)
	}
	p.size = p.left
	return p, nil
}

// chunk reads the next length.
func (p *framed) chunk() error {
	first, err := must(p.r)
	if err != nil {
		return err
	}
	more := 0
	p.partial = false
	switch {
	case first < 192:
		p.left = int64(first)
		return nil
	case first < 224:
		p.left, more = int64(first)-192, 1
	case first < 255:
		p.left, p.partial = 1<<(first&0x1f), true
		return nil
	default:
		p.left, more = 0, 4
	}
	for range more {
		b, err := must(p.r)
		if err != nil {
			return err
		}
		p.left = p.left<<8 | int64(b)
	}
	if more == 1 {
		p.left += 192
	}
	return nil
}

// must reads a byte that has to be there.
func must(r *bufio.Reader) (byte, error) {
	b, err := r.ReadByte()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// Read gives the content: io.EOF at the end of the packet, io.ErrUnexpectedEOF where the stream ends before it.
func (p *framed) Read(b []byte) (int, error) {
	for p.left == 0 {
		if !p.partial {
			return 0, io.EOF
		}
		if err := p.chunk(); err != nil {
			return 0, p.short(err)
		}
	}
	if int64(len(b)) > p.left {
		b = b[:p.left]
	}
	n, err := p.r.Read(b)
	p.left -= int64(n)
	if err == io.EOF && p.open {
		p.left = 0
		return n, io.EOF
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if n > 0 && err == io.ErrUnexpectedEOF {
		return n, nil // told again by the next Read
	}
	return n, p.short(err)
}

func (p *framed) short(err error) error {
	p.cut = p.cut || err == io.ErrUnexpectedEOF
	return err
}

// small reads a whole packet of at most limit bytes, whose length the header must tell.
func (p *framed) small(limit int64) ([]byte, error) {
	if p.size < 0 || p.size > limit {
		return nil, errFraming
	}
	b := make([]byte, p.size)
	_, err := io.ReadFull(p, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// skip reads past the rest of the packet.
func (p *framed) skip() error {
	_, err := io.Copy(io.Discard, p)
	return err
}

// parsed gives a small packet to the library.
func parsed(tag int, content []byte) (packet.Packet, error) {
	n := len(content)
	head := []byte{0xc0 | byte(tag), 255, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	return packet.Read(io.MultiReader(bytes.NewReader(head), bytes.NewReader(content)))
}

// reframed writes a packet anew as the library reads it, in chunks of 64 KiB, so that the framing on the wire is
// judged here only.
type reframed struct {
	p       *framed
	pending []byte
	buf     []byte
	ended   bool
	err     error
}

const reframeBits = 16

func reframe(p *framed) *reframed {
	return &reframed{p: p, pending: []byte{0xc0 | byte(p.tag)}, buf: make([]byte, 5+1<<reframeBits)}
}

func (f *reframed) Read(b []byte) (int, error) {
	for len(f.pending) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if f.ended {
			return 0, io.EOF
		}
		f.fill()
	}
	n := copy(b, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

func (f *reframed) fill() {
	n, err := io.ReadFull(f.p, f.buf[5:])
	if err == nil {
		f.buf[4] = 0xe0 | reframeBits
		f.pending = f.buf[4:]
		return
	}
	if f.p.cut || (err != io.EOF && err != io.ErrUnexpectedEOF) {
		f.err = err
		return
	}
	f.ended = true
	copy(f.buf, []byte{255, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	f.pending = f.buf[:5+n]
}
