package rows_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// parrot is a customer's server that repeats whatever password it was sent, wherever SSH lets it.
type parrot struct {
	t        testing.TB
	listener net.Listener
	key      ssh.Signer
	serving  sync.WaitGroup

	mu   sync.Mutex
	said string
	how  string // what it does with the next connection
}

func newParrot(t testing.TB, key ssh.Signer) *parrot {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &parrot{t: t, listener: listener, key: key}
	t.Cleanup(func() { _ = listener.Close(); p.serving.Wait() })
	p.serving.Go(p.accept)
	return p
}

func (p *parrot) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *parrot) set(how string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.how = how
}

func (p *parrot) hears(password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = password
}

func (p *parrot) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// echo is what it was sent, as it is and in base64.
func (p *parrot) echo() (text, how string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("you said %s, or %q, or %x, or %s", p.said, p.said, p.said, base64.StdEncoding.EncodeToString([]byte("pw="+p.said))), p.how
}

func (p *parrot) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.serving.Go(func() {
			defer conn.Close()
			p.serve(conn)
		})
	}
}

func (p *parrot) serve(conn net.Conn) {
	text, how := p.echo()
	switch how {
	case "greeting":
		_, _ = fmt.Fprintf(conn, "220 welcome, %s\r\n", text)
		return
	case "preface":
		_, _ = fmt.Fprintf(conn, "%s\r\n", text)
	case "disconnect":
		_, _ = conn.Write(append([]byte("SSH-2.0-parrot\r\n"), disconnect(text)...))
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	p.ssh(conn, text, how)
}

// disconnect is SSH_MSG_DISCONNECT, before there are keys.
func disconnect(text string) []byte {
	payload := binary.BigEndian.AppendUint32([]byte{1}, 2)
	payload = binary.BigEndian.AppendUint32(payload, uint32(len(text)))
	payload = append(payload, text...)
	payload = binary.BigEndian.AppendUint32(payload, 0)
	padding := 8 - (5+len(payload))%8 + 8
	packet := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+padding))
	packet = append(packet, byte(padding))
	return append(append(packet, payload...), make([]byte, padding)...)
}

func (p *parrot) ssh(conn net.Conn, text, how string) {
	config := &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			p.hears(string(password))
			if again, _ := p.echo(); how != "reject" {
				return nil, &ssh.BannerError{Err: errors.New(again), Message: again + "\r\n"}
			}
			return nil, nil
		},
		KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			question := "Password: " // anything else would be sent none
			if how == "echo" {
				question = text + "; your password again? "
			}
			answers, err := ask(text, text, []string{question}, []bool{how == "echo"})
			if err == nil && len(answers) == 1 {
				p.hears(answers[0])
			}
			again, _ := p.echo()
			_, _ = ask(again, again, []string{again + "; and now? "}, []bool{false})
			return nil, errors.New("no")
		},
	}
	if how == "version" {
		config.ServerVersion = fmt.Sprintf("SSH-2.0-%x", p.said)
	}
	config.AddHostKey(p.key)
	server, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	defer server.Close()
	p.serving.Go(func() { ssh.DiscardRequests(requests) })
	again, _ := p.echo()
	for c := range channels {
		_ = c.Reject(ssh.ConnectionFailed, again)
	}
}

// rudeProxy answers a CONNECT with what it was sent.
func rudeProxy(t testing.TB) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 4096)
			n, _ := conn.Read(request)
			line := []byte("HTTP/1.1 403 ")
			for _, b := range request[:n] {
				if b != '\r' && b != '\n' {
					line = append(line, b)
				}
			}
			_, _ = conn.Write(append(line, "\r\n\r\n"...))
			_ = conn.Close()
		}
	})
	return listener.Addr().String()
}
