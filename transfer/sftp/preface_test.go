package sftp

import (
	"io"
	"net"
	"testing"
)

// counted is a connection that has all it is asked for, and counts how often it is asked.
type counted struct {
	net.Conn
	left, reads int
}

func (c *counted) Read(p []byte) (int, error) {
	c.reads++
	n := min(len(p), c.left)
	if c.left -= n; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// SSH reads the length of a packet, and then the packet: two system calls for each, were there no buffer below.
func TestLineReadsSeveralPacketsAtOnce(t *testing.T) {
	const packet, packets = 16 << 10, 64
	c := &counted{left: packets * (4 + packet)}
	l := newLine(c)
	l.ready = true
	buf := make([]byte, packet)
	for range packets {
		for _, part := range [][]byte{buf[:4], buf} {
			if _, err := io.ReadFull(l, part); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := l.Read(buf); err != io.EOF || !l.ended.Load() {
		t.Errorf("at the end: %v", err)
	}
	if most := packets*(4+packet)/lineBuffer + 2; c.reads > most {
		t.Errorf("%d reads, and %d would do", c.reads, most)
	}
}
