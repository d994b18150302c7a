package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"

	"github.com/haulier/haulier/internal/secret"
)

// Passwords are hashed with argon2id: three passes over 32 MiB, one thread, a salt of 16 bytes, 32 bytes of hash. That is
// above what RFC 9106 and OWASP ask of a login, and two at a time fit into the memory that is promised.
const (
	argonPasses  = 3
	argonMemory  = 32 << 10 // KiB
	argonThreads = 1
	saltLength   = 16
	hashLength   = 32

	// PasswordLeast and PasswordMost bound a password, in bytes.
	PasswordLeast = 12
	PasswordMost  = 1024

	hashesAtOnce = 2
	hashesQueued = 32
)

var base64Raw = base64.RawStdEncoding

// HashPassword gives the hash of a password as it is kept, with its parameters and salt.
func HashPassword(password secret.Text) (string, error) {
	if n := len(password.Reveal()); n < PasswordLeast || n > PasswordMost {
		return "", fmt.Errorf("a password has between %d and %d bytes", PasswordLeast, PasswordMost)
	}
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	return format(salt, argon2.IDKey(password.Reveal(), salt, argonPasses, argonMemory, argonThreads, hashLength)), nil
}

func format(salt, hash []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonThreads,
		base64Raw.EncodeToString(salt), base64Raw.EncodeToString(hash))
}

// errHash: a hash that is none of ours.
var errHash = errors.New("the hash of a password cannot be read")

// matches says whether a password is the one of a hash. Its cost is bounded, whatever the hash says.
func matches(hash string, password []byte) (bool, error) {
	var version int
	var memory, passes uint32
	var threads uint8
	var rest string
	n, err := fmt.Sscanf(hash, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &memory, &passes, &threads, &rest)
	if err != nil || n != 5 || version != argon2.Version || memory > 4*argonMemory || passes < 1 || passes > 4*argonPasses || threads < 1 {
		return false, errHash
	}
	salt, want, err := cutHash(rest)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey(password, salt, passes, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

func cutHash(text string) (salt, hash []byte, err error) {
	for i := range text {
		if text[i] != '$' {
			continue
		}
		salt, err = base64Raw.DecodeString(text[:i])
		if err == nil {
			hash, err = base64Raw.DecodeString(text[i+1:])
		}
		if err != nil || len(salt) < saltLength || len(hash) != hashLength {
			return nil, nil, errHash
		}
		return salt, hash, nil
	}
	return nil, nil, errHash
}

// noHash is the hash of no password: to look at it costs as much as at any other.
func noHash() string {
	random := make([]byte, saltLength+hashLength)
	_, _ = rand.Read(random)
	return format(random[:saltLength], random[saltLength:])
}

// errBusy: more logins wait than are worth waiting for.
var errBusy = errors.New("too many logins at once")

// hasher bounds how many passwords are looked at at once, and with it the memory and the time that logins may take from the rest.
type hasher struct {
	turns, queue chan struct{}
	nobody       string
	matches      func(hash string, password []byte) (bool, error)
}

func newHasher() *hasher {
	return &hasher{make(chan struct{}, hashesAtOnce), make(chan struct{}, hashesQueued), noHash(), matches}
}

// turn waits until a password may be looked at.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, errBusy
	}
	defer func() { <-h.queue }()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
