package sftptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// The methods of RFC 4252 that the server knows.
const (
	methodKey         = "publickey"
	methodPassword    = "password"
	methodInteractive = "keyboard-interactive"
)

var errDenied = errors.New("denied")

// config makes the SSH configuration of one connection.
func (s *Server) config(number int, raw *cutConn) (*ssh.ServerConfig, error) {
	k := s.current()
	config := &ssh.ServerConfig{Config: s.opts.Config, ServerVersion: s.opts.Version}
	if k.OldAlgorithms {
		config.Config = oldAlgorithms
	}
	config.PreAuthConnCallback = func(conn ssh.ServerPreAuthConn) {
		for n := range k.Banners {
			_ = conn.SendAuthBanner(fmt.Sprintf("\x1b[2J\x1b]0;message %d\a\u202e\r\n", n))
		}
	}
	config.MaxAuthTries = s.opts.AuthTries
	if s.opts.Banner != "" {
		config.BannerCallback = func(ssh.ConnMetadata) string { return s.opts.Banner }
	}
	config.AuthLogCallback = func(meta ssh.ConnMetadata, method string, err error) {
		code := uint32(packet.OK)
		var partial *ssh.PartialSuccessError
		if err != nil && !errors.As(err, &partial) {
			code = packet.PermissionDenied
		}
		s.log.add(Operation{At: time.Now(), Session: number, User: meta.User(), Op: "auth", Path: method, Code: code})
		if code != packet.OK && method != "none" {
			raw.refused(k.HangsUp)
		}
	}
	methods := s.opts.Methods
	if k.Methods != nil {
		methods = k.Methods
	}
	first := s.callbacks(methods)
	config.PublicKeyCallback = first.PublicKeyCallback
	config.PasswordCallback = first.PasswordCallback
	config.KeyboardInteractiveCallback = first.KeyboardInteractiveCallback
	keys := s.keys()
	if k.FreshHostKey {
		key, err := NewKey()
		if err != nil {
			return nil, err
		}
		keys = []ssh.Signer{key}
	}
	for _, key := range keys {
		if s.opts.Config.RekeyThreshold > 0 {
			key = &counted{Signer: key, struck: &s.struck}
		}
		config.AddHostKey(key)
	}
	return config, nil
}

// counted is a host key of one connection that counts the exchanges of keys after the first: each is signed once.
type counted struct {
	ssh.Signer
	struck *atomic.Int64
	signed atomic.Bool
}

// Sign signs an exchange of keys.
func (c *counted) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	if c.signed.Swap(true) {
		c.struck.Add(1)
	}
	return c.Signer.Sign(rand, data)
}

// oldAlgorithms are those of a server that nobody has touched for many years.
var oldAlgorithms = ssh.Config{
	KeyExchanges: []string{ssh.InsecureKeyExchangeDH14SHA1, ssh.InsecureKeyExchangeDH1SHA1},
	Ciphers:      []string{ssh.InsecureCipherAES128CBC, ssh.InsecureCipherTripleDESCBC},
	MACs:         []string{ssh.HMACSHA1},
}

// callbacks asks for the first methods of the sequences that are still to be gone through.
func (s *Server) callbacks(sequences [][]string) ssh.ServerAuthCallbacks {
	var callbacks ssh.ServerAuthCallbacks
	for _, sequence := range sequences {
		switch sequence[0] {
		case methodKey:
			callbacks.PublicKeyCallback = func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
				return s.passed(s.hasKey(meta.User(), key), sequences, methodKey)
			}
		case methodPassword:
			callbacks.PasswordCallback = func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
				return s.passed(s.hasPassword(meta.User(), string(password)), sequences, methodPassword)
			}
		case methodInteractive:
			callbacks.KeyboardInteractiveCallback = func(meta ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
				questions := s.questions()
				answers, err := ask("", "", questions, make([]bool, len(questions)))
				ok := err == nil && len(answers) == 1 && s.hasPassword(meta.User(), answers[0])
				return s.passed(ok, sequences, methodInteractive)
			}
		}
	}
	return callbacks
}

// questions are what keyboard-interactive asks.
func (s *Server) questions() []string {
	questions := []string{"Password: "}
	for n := 2; n <= s.current().Prompts; n++ {
		questions = append(questions, fmt.Sprintf("\x1b[1mQuestion %d: ", n))
	}
	return questions
}

// passed says what follows a method: nothing, the next one, or a refusal.
func (s *Server) passed(ok bool, sequences [][]string, method string) (*ssh.Permissions, error) {
	if !ok || s.current().RefuseLogin || s.crowded() {
		return nil, errDenied
	}
	if s.current().PartialForEver {
		return nil, &ssh.PartialSuccessError{Next: s.callbacks(sequences)}
	}
	var rest [][]string
	for _, sequence := range sequences {
		if sequence[0] != method {
			continue
		}
		if len(sequence) == 1 {
			return &ssh.Permissions{}, nil
		}
		rest = append(rest, sequence[1:])
	}
	return nil, &ssh.PartialSuccessError{Next: s.callbacks(rest)}
}

// crowded says whether as many are logged in as may be.
func (s *Server) crowded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.knobs.MaxLogins == 0 || s.loggedIn < s.knobs.MaxLogins {
		return false
	}
	s.struck.Add(1)
	return true
}

func (s *Server) user(name string) User {
	for _, u := range s.opts.Users {
		if u.Name == name {
			return u
		}
	}
	return User{}
}

func (s *Server) hasKey(user string, key ssh.PublicKey) bool {
	for _, known := range s.user(user).Keys {
		if bytes.Equal(known.Marshal(), key.Marshal()) {
			return true
		}
	}
	return false
}

func (s *Server) hasPassword(user, password string) bool {
	known := s.user(user).Password
	return known != "" && known == password
}
