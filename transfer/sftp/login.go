package sftp

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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
	again  bool   // and this one asks for it anew: it was refused
	change bool   // it may be the present password, of which a new one is to be made
	echoed bool   // it asks for the password, and shows what is answered
}

func (e *promptError) Error() string { return fmt.Sprintf("the server asks %q", e.prompt) }

// login is one login: each credential is offered once, in the order in which the methods are configured. Of several passwords it gives
// one; the next goes over a connection of its own.
type login struct {
	creds credentials
	user  string
	pass  int // index in creds.passwords of the one whose turn it is; those before it were refused

	mu       sync.Mutex
	offered  []string // methods that were tried
	answered bool     // the password was given
	said     string   // with what it was asked for
	cut      bool     // the line ended while there was more to offer
	asked    bool     // and something else was asked then: it was not refused
	signed   int      // index+1 in creds.keys of the key that signed last: the server had said that it takes it
	last     ssh.ClientAuthContext
	banners  atomic.Int32
}

// next picks the next method; none ends the login.
func (l *login) next(state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = *state
	for _, method := range l.creds.methods {
		if slices.Contains(l.offered, method) || !slices.Contains(state.AllowedMethods, method) {
			continue
		}
		if auth := l.method(method); auth != nil {
			l.offered = append(l.offered, method)
			return auth, nil
		}
	}
	return nil, nil
}

// decided keeps the state of a login on a line that has ended: nothing more can be offered.
func (l *login) decided(state *ssh.ClientAuthContext) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.cut = *state, true
}

// unheard is the method whose request was the last that the server was sent, if that held a credential of ours; empty: none was.
func (l *login) unheard() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.offered) == 0 {
		return ""
	}
	last := l.offered[len(l.offered)-1]
	if usesPassword([]string{last}) && !l.answered {
		return "" // the question was not asked yet
	}
	return last
}

// missed says whether the password of this login was given and not taken.
func (l *login) missed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered && !l.asked && !usesPassword(l.last.PartialSuccessMethods)
}

// took says whether the server that let us in took the password of this login: it may have refused it and taken a key.
func (l *login) took() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered && (usesPassword(l.offered[len(l.offered)-1:]) || usesPassword(l.last.PartialSuccessMethods))
}

// password is the index of the password that was given last, on this connection or one before it, and all that there are; -1: none was
// given.
func (l *login) password() (given int, all []password) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answered {
		return l.pass, l.creds.passwords
	}
	return l.pass - 1, l.creds.passwords
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

// answer gives the password to one hidden question that asks for it, once.
func (l *login) answer(name, instruction string, questions []string, echos []bool) ([]string, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	strange := slices.IndexFunc(questions, func(q string) bool { return !asksPassword(l.user, name+" "+instruction, q) })
	alone := len(questions) == 1 && !echos[0] && strange < 0
	if !alone || l.answered {
		change := alone && l.answered && asksForChange(l.user, l.said, name+" "+instruction, questions[0])
		again := alone && l.answered && !change
		l.asked = !again
		e := &promptError{second: l.answered, again: again, change: change, echoed: len(questions) == 1 && echos[0] && strange < 0}
		if strange < 0 {
			strange = len(questions) - 1
		}
		e.prompt = printable(questions[strange])
		if change {
			e.prompt = printable(strings.TrimSpace(name + " " + instruction + " " + questions[0]))
		}
		return nil, e
	}
	l.answered, l.said = true, name+" "+instruction+questions[0]
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
