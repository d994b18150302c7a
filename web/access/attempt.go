package access

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// attempt is one login on its way: what is to be known when the browser is back from the provider.
type attempt struct {
	nonce    string
	verifier string // of PKCE
	to       string
	until    time.Time
}

const (
	attemptFor = 10 * time.Minute
	toMost     = 600 // bytes of where to go on; a longer one becomes the first page
)

// sealer makes an attempt the state that goes to the provider and back with the browser, so that none is kept here: whoever begins
// logins without end takes nobody's away. Only this process opens it, and only together with the cookie of the browser that it was made for.
type sealer struct{ box cipher.AEAD }

func newSealer() *sealer {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has its length
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return &sealer{box}
}

func (s *sealer) state(a attempt, browser string) string {
	if len(a.to) > toMost {
		a.to = "/"
	}
	text := binary.BigEndian.AppendUint64(nil, uint64(a.until.UnixMilli()))
	text = append(append(append(text, a.nonce...), a.verifier...), a.to...)
	return base64.RawURLEncoding.EncodeToString(s.box.Seal(nil, nil, text, []byte(browser)))
}

// attempt opens a state that a browser is back with; false: it is no state of ours, of another browser, or too old.
func (s *sealer) attempt(state, browser string, now time.Time) (a attempt, good bool) {
	nonce, verifier := letters.EncodedLen(keyBytes), base64.RawURLEncoding.EncodedLen(verifierBytes)
	sealed, err := base64.RawURLEncoding.DecodeString(state)
	if err != nil {
		return a, false
	}
	text, err := s.box.Open(nil, nil, sealed, []byte(browser))
	if err != nil || len(text) < 8+nonce+verifier {
		return a, false
	}
	a.until = time.UnixMilli(int64(binary.BigEndian.Uint64(text)))
	text = text[8:]
	a.nonce, a.verifier, a.to = string(text[:nonce]), string(text[nonce:nonce+verifier]), string(text[nonce+verifier:])
	return a, now.Before(a.until)
}

// verifierBytes is the length that oauth2.GenerateVerifier has.
const verifierBytes = 32
