package sftp

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
)

// RFC 4252's names of methods.
const (
	methodKey         = "publickey"
	methodPassword    = "password"
	methodInteractive = "keyboard-interactive"
)

// mostBanners bounds the messages that a server may send before the login is through.
const mostBanners = 64

// A promptError is a question of the server that we do not answer.
type promptError struct {
	prompt string // printable
	second bool   // the password was asked for and given before
}

func (e *promptError) Error() string { return fmt.Sprintf("the server asks %q", e.prompt) }

// login is one login: each credential is offered once, in the order in which the methods are configured. A second password is offered
// when the first was refused.
type login struct {
	creds credentials

	mu       sync.Mutex
	offered  []string // methods that were tried
	spent    []string // those of them that are not tried again
	pass     int      // index in creds.passwords of the one whose turn it is
	answered bool     // it was given
	signed   int      // index+1 in creds.keys of the key that signed last: the server had said that it takes it
	last     ssh.ClientAuthContext
	banners  atomic.Int32
}

// next picks the next method; none ends the login.
func (l *login) next(state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = *state
	l.turn()
	for _, method := range l.creds.methods {
		if slices.Contains(l.spent, method) || !slices.Contains(state.AllowedMethods, method) {
			continue
		}
		if auth := l.method(method); auth != nil {
			l.offered, l.spent = append(l.offered, method), append(l.spent, method)
			return auth, nil
		}
	}
	return nil, nil
}

// turn goes on to the next password when the one before it was refused.
func (l *login) turn() {
	if !l.answered || l.pass+1 >= len(l.creds.passwords) || usesPassword(l.last.PartialSuccessMethods) || !usesPassword(l.offered[len(l.offered)-1:]) {
		return
	}
	l.pass, l.answered = l.pass+1, false
	l.spent = slices.DeleteFunc(l.spent, func(method string) bool { return usesPassword([]string{method}) })
}

// password is the index of the password that was given last, and all that there are; -1: none was given.
func (l *login) password() (given int, all []password) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.answered:
		return l.pass, l.creds.passwords
	case l.pass > 0:
		return l.pass - 1, l.creds.passwords
	}
	return -1, l.creds.passwords
}

// method gives a method if there is a credential for it that was not used yet.
func (l *login) method(name string) ssh.AuthMethod {
	switch {
	case name == methodKey && len(l.creds.keys) > 0:
		return ssh.PublicKeys(l.signers()...)
	case len(l.creds.passwords) == 0, l.answered:
	case name == methodPassword:
		return ssh.PasswordCallback(func() (string, error) { return l.use(), nil })
	case name == methodInteractive:
		return ssh.KeyboardInteractive(l.answer)
	}
	return nil
}

func (l *login) use() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered = true
	return string(l.creds.passwords[l.pass].text.Reveal())
}

// answer gives the password to one hidden question, once.
func (l *login) answer(_, _ string, questions []string, echos []bool) ([]string, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(questions) > 1 || echos[0] || l.answered {
		return nil, &promptError{prompt: printable(questions[len(questions)-1]), second: l.answered}
	}
	l.answered = true
	return []string{string(l.creds.passwords[l.pass].text.Reveal())}, nil
}

// errBanners ends a handshake in which the server only talks.
var errBanners = errors.New("the server sends messages without end instead of a login")

// banner counts what a server says before the login is through; its text is nobody's business. Where it is too much the
// line is cut, and the library left to find out: an error from here would leave its reader behind with what it holds.
func (h *hop) banner(string) error {
	if h.login.banners.Add(1) > mostBanners {
		_ = h.line.Close()
	}
	return nil
}

// key is the key that the server took, if the login used one.
func (l *login) key() (candidate, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.signed == 0 {
		return candidate{}, false
	}
	return l.creds.keys[l.signed-1], true
}

// methods are those that the login came through with, joined by "+".
func (l *login) methods() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	through := slices.Clone(l.last.PartialSuccessMethods)
	if n := len(l.offered); n > 0 {
		through = append(through, l.offered[n-1])
	} else {
		through = append(through, "none")
	}
	text := ""
	for i, m := range through {
		if i > 0 {
			text += "+"
		}
		text += m
	}
	return text
}

func (l *login) signers() []ssh.Signer {
	list := make([]ssh.Signer, len(l.creds.keys))
	for i, k := range l.creds.keys {
		list[i] = watch(k.signer, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.signed = i + 1
		})
	}
	return list
}

// watch tells when a key signs: at a login that happens only after the server has said that it takes the key.
func watch(signer ssh.Signer, signs func()) ssh.Signer {
	if able, ok := signer.(ssh.MultiAlgorithmSigner); ok {
		return &watchedSigner{able, signs}
	}
	return &plainSigner{signer, signs}
}

type watchedSigner struct {
	ssh.MultiAlgorithmSigner
	signs func()
}

func (s *watchedSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	s.signs()
	return s.MultiAlgorithmSigner.SignWithAlgorithm(rand, data, algorithm)
}

type plainSigner struct {
	ssh.Signer
	signs func()
}

func (s *plainSigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	s.signs()
	return s.Signer.Sign(rand, data)
}

// keyTaken is the stored key that the server took; false for a key file or another method.
func keyTaken(l *login) (job.Key, bool) {
	found, ok := l.key()
	return found.key, ok && found.key.Name != ""
}
