package sftp

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	lineBuffer   = 64 << 10 // two packets of a transfer, for SSH reads a packet in two pieces
	prefaceBytes = 8 << 10  // before the version line
	prefaceLine  = 250      // bytes of one line; RFC 4253 allows 255
	prefaceLines = 64       // sshd sends none; some companies put a legal text there
)

// A notSSHError is what another protocol's greeting becomes.
type notSSHError struct {
	greeting string // printable
	protocol string // its name; empty: not recognised
}

func (e *notSSHError) Error() string { return fmt.Sprintf("the server greets with %q", e.greeting) }

// line is a net.Conn that watches what comes in: the greeting, so that another protocol is told at once from a silent
// server, and when the last byte came.
type line struct {
	net.Conn
	in    *bufio.Reader
	start time.Time
	heard atomic.Int64 // when the last byte came, since start
	ended atomic.Bool  // nothing more comes in

	mu      sync.Mutex
	head    []byte // what came before the version line
	ready   bool   // the version line has begun
	version []byte // the version line as far as it has come
}

func newLine(conn net.Conn) *line {
	return &line{Conn: conn, in: bufio.NewReaderSize(conn, lineBuffer), start: time.Now()}
}

// Read reads, and refuses a greeting that is not SSH.
func (l *line) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if n > 0 {
		l.heard.Store(int64(time.Since(l.start)))
		if bad := l.judge(p[:n]); bad != nil {
			return 0, bad
		}
	}
	if err != nil {
		l.ended.Store(true)
	}
	return n, err
}

// idle is how long nothing has come in.
func (l *line) idle() time.Duration { return time.Since(l.start) - time.Duration(l.heard.Load()) }

// greeted says whether the peer has begun to speak SSH; said is what it said before.
func (l *line) greeted() (ready bool, said string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready, printable(string(l.head))
}

func (l *line) judge(p []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready {
		l.gather(p)
		return nil
	}
	l.head = append(l.head, p[:min(len(p), prefaceBytes+1-len(l.head))]...)
	last := l.head
	for {
		if bytes.HasPrefix(last, []byte("SSH-")) {
			l.gather(last)
			l.ready, l.head = true, l.head[:len(l.head)-len(last)]
			return nil
		}
		_, rest, more := bytes.Cut(last, []byte("\n"))
		if !more {
			break
		}
		last = rest
	}
	whole := len(last) > prefaceLine || bytes.Contains(l.head, []byte("\n")) || l.head[0] < ' '
	protocol, known := recognise(l.head)
	if whole && known || len(last) > prefaceLine || len(l.head) > prefaceBytes || bytes.Count(l.head, []byte("\n")) > prefaceLines {
		return &notSSHError{greeting: printable(string(l.head)), protocol: protocol}
	}
	return nil
}

// gather keeps the version line, which comes in pieces.
func (l *line) gather(p []byte) {
	if bytes.HasSuffix(l.version, []byte("\n")) || len(l.version) > mostText {
		return
	}
	head, _, whole := bytes.Cut(p, []byte("\n"))
	if l.version = append(l.version, head...); whole {
		l.version = append(l.version, '\n')
	}
}

// serverVersion is the version line, printable.
func (l *line) serverVersion() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return printable(string(l.version))
}

// recognise names the protocols that are most often found where SSH should be.
func recognise(head []byte) (protocol string, known bool) {
	switch {
	case bytes.HasPrefix(head, []byte("220")):
		return "FTP or FTPS", true
	case len(head) >= 2 && (head[0] == 0x15 || head[0] == 0x16) && head[1] == 0x03:
		return "TLS (HTTPS or FTPS)", true
	case bytes.HasPrefix(head, []byte("HTTP/")), bytes.HasPrefix(head, []byte("<")):
		return "HTTP", true
	case bytes.HasPrefix(head, []byte("+OK")), bytes.HasPrefix(head, []byte("* OK")):
		return "mail", true
	}
	return "", false
}
