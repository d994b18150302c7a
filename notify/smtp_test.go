package notify

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// mailServer is an SMTP server on loopback that does as it is told.
type mailServer struct {
	listener net.Listener
	cert     *tls.Certificate  // STARTTLS is offered
	refuse   map[string]string // answers, by command
	dropData bool              // the connection ends in the middle of DATA
	dropQuit bool              // the connection ends behind the answer to DATA
	hang     bool              // nothing is said at all

	mu     sync.Mutex
	mails  []letterIn
	logins []string
	conns  sync.WaitGroup
}

type letterIn struct{ to, text string }

func newMailServer(t *testing.T, change func(*mailServer)) *mailServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailServer{listener: listener, refuse: map[string]string{}}
	if change != nil {
		change(m)
	}
	m.conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			m.conns.Go(func() { m.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); m.conns.Wait() })
	return m
}

// nobodys is a certificate that nobody vouches for.
func nobodys(t *testing.T) *tls.Certificate {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return &server.TLS.Certificates[0]
}

func (m *mailServer) port() int { return m.listener.Addr().(*net.TCPAddr).Port }

func (m *mailServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if m.hang {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	s := &mailSession{mailServer: m, conn: conn, in: bufio.NewReader(conn)}
	s.say("220 mail.test ESMTP")
	for {
		line, err := s.in.ReadString('\n')
		if err != nil || !s.command(strings.TrimSpace(line)) {
			return
		}
	}
}

// mailSession is one connection.
type mailSession struct {
	*mailServer
	conn net.Conn
	in   *bufio.Reader
	got  letterIn
}

func (s *mailSession) say(line string) { fmt.Fprint(s.conn, line+"\r\n") }

func (s *mailSession) command(line string) (goesOn bool) {
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	if answer := s.refuse[verb]; answer != "" {
		s.say(answer)
		return true
	}
	switch verb {
	case "EHLO":
		if s.cert != nil {
			s.say("250-STARTTLS")
		}
		s.say("250-mail.test\r\n250 AUTH PLAIN")
	case "STARTTLS":
		s.say("220 go")
		secure := tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{*s.cert}})
		s.conn, s.in = secure, bufio.NewReader(secure)
		return secure.Handshake() == nil
	case "AUTH":
		s.login(line)
		s.say("235 welcome")
	case "RCPT":
		s.got.to = line
		s.say("250 ok")
	case "DATA":
		s.say("354 go on")
		return s.data()
	case "QUIT":
		s.say("221 bye")
		return false
	default:
		s.say("250 ok")
	}
	return true
}

func (s *mailSession) data() (goesOn bool) {
	if s.dropData {
		_, _ = s.in.ReadString('\n')
		return false
	}
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		s.got.text += line
	}
	s.mu.Lock()
	s.mails = append(s.mails, s.got)
	s.mu.Unlock()
	s.say("250 taken")
	return !s.dropQuit
}

func (m *mailServer) login(line string) {
	raw, _ := base64.StdEncoding.DecodeString(line[strings.LastIndexByte(line, ' ')+1:])
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logins = append(m.logins, strings.ReplaceAll(string(raw), "\x00", "/"))
}

func (m *mailServer) got() []letterIn {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]letterIn(nil), m.mails...)
}
