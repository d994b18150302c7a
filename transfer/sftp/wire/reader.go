package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

const readBuffer = 64 << 10

func (c *Client) readLoop() { c.fail(c.readPackets()) }

// listener notes when the server was last heard.
type listener struct{ c *Client }

// Heard is when the server last sent a byte, since the session began.
func (c *Client) Heard() time.Duration { return time.Duration(c.heard.Load()) }

func (l listener) Read(p []byte) (int, error) {
	n, err := l.c.stream.Read(p)
	if n > 0 {
		l.c.heard.Store(int64(time.Since(l.c.start)))
	}
	return n, err
}

// readPackets reads answers until it meets an error, which it returns.
func (c *Client) readPackets() error {
	in := bufio.NewReaderSize(listener{c}, readBuffer)
	if err := c.readVersion(in); err != nil {
		return err
	}
	for {
		if err := c.readAnswer(in); err != nil {
			return err
		}
	}
}

// readVersion reads the first packet. Text there is what a login script printed; its bytes are told.
func (c *Client) readVersion(in *bufio.Reader) error {
	var head [5]byte
	if n, err := io.ReadFull(in, head[:]); err != nil {
		if n > 0 {
			return notSFTP(in, head[:n])
		}
		return cut(err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > packet.MaxLength || head[4] != packet.VersionReply {
		return notSFTP(in, head[:])
	}
	if length < 5 {
		return protocol("VERSION of %d bytes", length)
	}
	body := make([]byte, length-1)
	if _, err := io.ReadFull(in, body); err != nil {
		return cut(err)
	}
	c.version <- body
	return nil
}

func notSFTP(in *bufio.Reader, head []byte) error {
	more, _ := in.Peek(in.Buffered())
	text := clean(append(head, more...))
	return fmt.Errorf("%w: it began with %q", ErrNotSFTP, text)
}

// cut is the cause when the stream ends.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the server ended the SFTP session: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read from the server: %w", err)
}

// readAnswer reads one packet and delivers it to the request that it answers.
func (c *Client) readAnswer(in *bufio.Reader) error {
	var head [packet.HeaderLength]byte
	if _, err := io.ReadFull(in, head[:4]); err != nil {
		return cut(err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < packet.HeaderLength-4 { // told before more is waited for, which may never come
		return protocol("a packet of %d bytes", length)
	}
	if _, err := io.ReadFull(in, head[4:]); err != nil {
		return cut(err)
	}
	kind, id := head[4], binary.BigEndian.Uint32(head[5:])
	r := c.take(id)
	if r == nil {
		return protocol("an answer (kind %d) with id %d, which was not asked", kind, id)
	}
	r.kind = kind
	if err := c.readBody(in, r, int(min(length, math.MaxInt32))-5); err != nil {
		return fmt.Errorf("%s %s: %w", r.op, quote(r.path), err)
	}
	r.arrived()
	return nil
}

// take removes the request with an id from those that wait; nil if none does.
func (c *Client) take(id uint32) *request {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.pending[id]
	if r == nil || !r.begun {
		return nil
	}
	delete(c.pending, id)
	return r
}

// readBody reads the n bytes after the id.
func (c *Client) readBody(in *bufio.Reader, r *request, n int) error {
	most := packet.MaxLength - 5
	if r.op == OpReaddir && r.kind == packet.Name {
		if most = c.opts.MaxListingPacket; n > most {
			return fmt.Errorf("%w: %d bytes, the limit is %d", ErrListingPacket, n, most)
		}
	}
	if n > most {
		return protocol("a packet of %d bytes, the limit is %d", int64(n)+5, packet.MaxLength)
	}
	if r.kind == packet.Data && r.op == OpRead {
		return readData(in, r, n)
	}
	var err error
	if r.body, err = readBytes(in, n); err != nil {
		return err
	}
	return checkKind(r)
}

// readData reads file data straight to where it is wanted.
func readData(in *bufio.Reader, r *request, n int) error {
	var head [4]byte
	if n < len(head) {
		return protocol("DATA: %v", packet.ErrTruncated)
	}
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return cut(err)
	}
	count := binary.BigEndian.Uint32(head[:])
	switch {
	case int64(count) != int64(n-len(head)):
		return protocol("DATA says %d bytes and carries %d", count, n-len(head))
	case int(count) > len(r.into):
		return protocol("DATA of %d bytes where %d were asked", count, len(r.into))
	case count == 0:
		return protocol("DATA without a byte")
	}
	r.n = int(count)
	for got := 0; got < r.n; {
		n, err := in.Read(r.into[got:r.n])
		got += n
		if r.came != nil {
			r.came(n)
		}
		if err != nil && got < r.n {
			return cut(err)
		}
	}
	return nil
}

// readBytes reads n bytes; the memory grows with what really comes, not with what is announced.
func readBytes(in *bufio.Reader, n int) ([]byte, error) {
	body := make([]byte, min(n, readBuffer))
	for have := 0; ; {
		if _, err := io.ReadFull(in, body[have:]); err != nil {
			return nil, cut(err)
		}
		if have = len(body); have == n {
			return body, nil
		}
		body = append(body, make([]byte, min(n-have, have))...)
	}
}

// answers gives the kind of packet, besides Status, that answers an operation; 0: Status alone.
var answers = map[Op]byte{
	OpOpen: packet.Handle, OpOpendir: packet.Handle, OpRead: packet.Data, OpReaddir: packet.Name,
	OpRealpath: packet.Name, OpStat: packet.Attributes, OpLstat: packet.Attributes, OpFstat: packet.Attributes,
	OpStatvfs: packet.ExtendedReply, OpLimits: packet.ExtendedReply,
}

// checkKind refuses answers that do not fit what was asked.
func checkKind(r *request) error {
	want := answers[r.op]
	switch {
	case r.kind == packet.Status && len(r.body) < 4:
		return protocol("STATUS: %v", packet.ErrTruncated)
	case r.kind == packet.Status && r.code() == packet.OK && want != 0:
		return protocol("OK without the answer that was asked")
	case r.kind != packet.Status && (r.kind != want || want == 0):
		return protocol("an answer of kind %d", r.kind)
	}
	return nil
}
