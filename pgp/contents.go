package pgp

import (
	"bufio"
	"compress/bzip2"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/haulier/haulier/job"
)

const (
	innerBuffer     = 64 << 10
	innerLimit      = 64 << 10 // bytes of a packet that is not data
	innerPackets    = 256      // packets in all
	literalNameShow = 120
)

const (
	errTwoLiterals finding = "the message holds more than one file"
	errNoLiteral   finding = "the message holds no file"
	errNested      finding = "the message is compressed more than once"
	errPackets     finding = "the message holds too many packets"
	errBzip2       finding = "bzip2 compression is not taken here"
)

// contents walks the packets inside the encrypted data: signatures, one literal, at most one layer of compression.
type contents struct {
	policy     Policy
	sink       *sink
	signatures *signatures
	env        *job.Envelope
	compressed bool
	literal    bool
	packets    int
}

// walk reads packets to the end of r.
func (c *contents) walk(r *bufio.Reader) error {
	for {
		p, err := nextPacket(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if c.packets++; c.packets > innerPackets {
			return errPackets
		}
		if err := c.packet(p); err != nil {
			return err
		}
	}
}

func (c *contents) packet(p *framed) error {
	switch p.tag {
	case tagCompressed:
		return c.inflate(p)
	case tagLiteral:
		return c.file(p)
	case tagOnePass, tagSignature:
		b, err := p.small(innerLimit)
		if err != nil {
			return err
		}
		return c.signatures.take(p.tag, b, c.literal)
	case tagMarker, tagPadding:
		return p.skip()
	}
	return fmt.Errorf("a packet with tag %d stands inside the encrypted data: %w", p.tag, errFraming)
}

func (c *contents) inflate(p *framed) error {
	if c.literal {
		return errTwoLiterals
	}
	if c.compressed {
		return errNested
	}
	c.compressed = true
	r, err := c.decompressor(p)
	if err != nil {
		return err
	}
	if err := c.walk(bufio.NewReaderSize(&inflated{r: r, meter: c.sink.meter}, innerBuffer)); err != nil {
		return err
	}
	return p.skip()
}

// decompressor opens the body of a compressed packet. The buffer has to be on this side of it, so that the decompressor
// takes no more than it needs.
func (c *contents) decompressor(p *framed) (io.Reader, error) {
	r := bufio.NewReaderSize(p, innerBuffer)
	method, err := must(r)
	if err != nil {
		return nil, err
	}
	switch method {
	case 0:
		c.env.Compression = "none"
		return r, nil
	case 1:
		c.env.Compression = "zip"
		return flate.NewReader(r), nil
	case 2:
		c.env.Compression = "zlib"
		return zlib.NewReader(r)
	case 3:
		if c.policy.RefuseBzip2 {
			return nil, errBzip2
		}
		c.env.Compression = "bzip2"
		return bzip2.NewReader(r), nil
	}
	return nil, finding(fmt.Sprintf("compression method %d is not known", method))
}

// file writes the literal's content to the destination.
func (c *contents) file(p *framed) error {
	if c.literal {
		return errTwoLiterals
	}
	c.literal = true
	if err := c.literalHead(p); err != nil {
		return err
	}
	w := c.signatures.hashing(c.sink)
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{p}, make([]byte, innerBuffer))
	c.env.Plain = n
	return err
}

// literalHead reads format, name and date. The name is shown and never used.
func (c *contents) literalHead(p *framed) error {
	var head [2]byte
	if _, err := io.ReadFull(p, head[:]); err != nil {
		return cutShort(err)
	}
	rest := make([]byte, int(head[1])+4)
	if _, err := io.ReadFull(p, rest); err != nil {
		return cutShort(err)
	}
	if name := string(rest[:head[1]]); name != "" {
		c.env.LiteralName = plain(name, literalNameShow)
	}
	return nil
}

// cutShort keeps an end in the middle from looking like an end.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
