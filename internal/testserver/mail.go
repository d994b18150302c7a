package testserver

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Mail is an SMTP server that does as it is told. The zero value takes every mail that Serve is spoken to; NewMail listens.
type Mail struct {
	Cert     *tls.Certificate  // STARTTLS is offered
	Secure   bool              // by Cert from the first byte, instead
	Refuse   map[string]string // answers, by command
	DropData bool              // the connection ends in the middle of DATA
	DropDone bool              // the connection ends behind a whole mail, instead of the answer to it
	DropQuit bool              // the connection ends behind the answer to DATA
	Hang     bool              // nothing is said at all
	Took     func(Letter)      // told of each mail before it is answered; nil: nobody is

	mu      sync.Mutex
	letters []Letter
	logins  []string
	addr    *net.TCPAddr
}

// Letter is a mail that was taken.
type Letter struct {
	To   string // an address
	Text string
}

// NewMail gives one that listens on loopback until its test ends; change may tell it how to behave.
func NewMail(t *testing.T, change func(*Mail)) *Mail {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &Mail{Refuse: map[string]string{}, addr: listener.Addr().(*net.TCPAddr)}
	if change != nil {
		change(m)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { m.Serve(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); conns.Wait() })
	return m
}

// Port is where it listens.
func (m *Mail) Port() int { return m.addr.Port }

// Letters are the mails that it took.
func (m *Mail) Letters() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters)
}

// Logins are who logged in, /USER/PASSWORD each.
func (m *Mail) Logins() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.logins)
}

// Serve speaks to one client until that ends.
func (m *Mail) Serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if m.Hang {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	if m.Secure {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*m.Cert}})
	}
	s := &mailSession{Mail: m, conn: conn, in: bufio.NewReader(conn)}
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
	*Mail
	conn net.Conn
	in   *bufio.Reader
	got  Letter
}

func (s *mailSession) say(line string) { fmt.Fprint(s.conn, line+"\r\n") }

func (s *mailSession) command(line string) (goesOn bool) {
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	if answer := s.Refuse[verb]; answer != "" {
		s.say(answer)
		return true
	}
	switch verb {
	case "EHLO":
		if s.Cert != nil && !s.Secure {
			s.say("250-STARTTLS")
		}
		s.say("250-mail.test\r\n250 AUTH PLAIN")
	case "STARTTLS":
		s.say("220 go")
		secure := tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{*s.Cert}})
		s.conn, s.in = secure, bufio.NewReader(secure)
		return secure.Handshake() == nil
	case "AUTH":
		s.login(line)
		s.say("235 welcome")
	case "RCPT":
		s.got.To = strings.Trim(line[strings.IndexByte(line, '<')+1:], "<> ")
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
	if s.DropData {
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
		s.got.Text += line
	}
	if s.DropDone {
		return false
	}
	s.mu.Lock()
	s.letters = append(s.letters, s.got)
	s.mu.Unlock()
	if s.Took != nil {
		s.Took(s.got)
	}
	s.got = Letter{}
	s.say("250 taken")
	return !s.DropQuit
}

func (m *Mail) login(line string) {
	raw, _ := base64.StdEncoding.DecodeString(line[strings.LastIndexByte(line, ' ')+1:])
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logins = append(m.logins, strings.ReplaceAll(string(raw), "\x00", "/"))
}
