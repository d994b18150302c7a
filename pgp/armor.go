package pgp

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
)

const (
	armorBegin = "-----BEGIN PGP MESSAGE-----"
	armorEnd   = "-----END PGP MESSAGE-----"

	// preambleLimit bounds text before the armor, and the armor's own header lines.
	preambleLimit = 64 << 10
)

const (
	errArmor     finding = "the ASCII armor is damaged"
	errNotArmor  finding = "there is no OpenPGP message in ASCII armor"
	errArmorHead finding = "the header of the ASCII armor is damaged"
)

// armored decodes ASCII armor. The checksum is not looked at: the message inside has its own, and RFC 9580 forbids to
// rely on it.
type armored struct {
	r       *bufio.Reader
	text    []byte // base64 waiting for the rest of its group of four
	out     []byte // decoded and not yet read
	buf     []byte
	inLine  bool // the next bytes continue a line
	padded  bool // base64 has ended
	ended   bool // the END line was there
	cut     bool // the stream ended before it
	damaged bool
}

// startArmor reads up to the first line of base64. io.ErrUnexpectedEOF means that the head is cut.
func startArmor(r *bufio.Reader) (*armored, error) {
	start, _ := r.Peek(preambleLimit)
	at := lineWith(start, armorBegin)
	if at < 0 {
		if cutBegin(start) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, errNotArmor
	}
	if _, err := r.Discard(at); err != nil {
		return nil, err
	}
	if _, err := headLine(r); err != nil {
		return nil, err
	}
	for seen := 0; seen < preambleLimit; {
		line, err := headLine(r)
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return &armored{r: r}, nil
		}
		if !bytes.Contains(line, []byte(":")) {
			return nil, errArmorHead
		}
		seen += len(line)
	}
	return nil, errArmorHead
}

func headLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err == bufio.ErrBufferFull {
		err = errArmorHead
	}
	return line, err
}

// lineWith finds a line that begins with text and gives its offset, or -1.
func lineWith(b []byte, text string) int {
	for at := 0; at < len(b); {
		if bytes.HasPrefix(b[at:], []byte(text)) {
			return at
		}
		next := bytes.IndexByte(b[at:], '\n')
		if next < 0 {
			break
		}
		at += next + 1
	}
	return -1
}

// cutBegin says whether b ends inside the BEGIN line.
func cutBegin(b []byte) bool {
	if len(b) == preambleLimit {
		return false
	}
	last := b[bytes.LastIndexByte(b, '\n')+1:]
	whole := len(last) == len(b)
	return (len(last) > 5 || whole && len(last) > 0) && bytes.HasPrefix([]byte(armorBegin), last)
}

func (a *armored) Read(p []byte) (int, error) {
	for len(a.out) == 0 {
		if a.ended {
			return 0, io.EOF
		}
		if err := a.line(); err != nil {
			return 0, err
		}
	}
	n := copy(p, a.out)
	a.out = a.out[n:]
	return n, nil
}

// line takes a line, or the part of it that fits the buffer.
func (a *armored) line() error {
	line, err := a.r.ReadSlice('\n')
	if len(line) == 0 && err == io.EOF {
		a.cut = true
		return io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return err
	}
	starts := !a.inLine
	a.inLine = err == bufio.ErrBufferFull
	text := bytes.TrimSpace(line)
	switch {
	case starts && bytes.HasPrefix(text, []byte("-")):
		return a.last(text, err == io.EOF)
	case starts && len(text) > 0 && text[0] == '=' && len(a.text) == 0:
		return nil // checksum
	}
	return a.decode(text)
}

// last takes the line that ends the armor.
func (a *armored) last(text []byte, eof bool) error {
	if string(text) == armorEnd {
		a.ended = true
		if len(a.text) > 0 {
			return a.damage()
		}
		return nil
	}
	if eof && bytes.HasPrefix([]byte(armorEnd), text) {
		a.cut = true
		return io.ErrUnexpectedEOF
	}
	return a.damage()
}

func (a *armored) decode(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if a.padded {
		return a.damage()
	}
	a.text = append(a.text, text...)
	whole := len(a.text) &^ 3
	if whole == 0 {
		return nil
	}
	if need := base64.StdEncoding.DecodedLen(whole); cap(a.buf) < need {
		a.buf = make([]byte, need)
	}
	n, err := base64.StdEncoding.Decode(a.buf[:cap(a.buf)], a.text[:whole])
	if err != nil {
		return a.damage()
	}
	a.padded = a.text[whole-1] == '='
	a.out = a.buf[:n]
	a.text = append(a.text[:0], a.text[whole:]...)
	return nil
}

func (a *armored) damage() error {
	a.damaged = true
	return errArmor
}
