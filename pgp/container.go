package pgp

import (
	"io"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// container is encrypted data: Read gives the packets inside, verify proves them.
type container interface {
	io.Reader
	// verify reads what is left and says whether the data is as the sender encrypted it. It means something only if the
	// packet around the data came to its end.
	verify() error
}

const (
	errIntegrity    finding = "the integrity check does not match"
	errNoSessionKey finding = "no session key stands before the encrypted data"
)

// openContainer starts to decrypt the body of a message.
func openContainer(e *envelope, s sessionKey) (container, error) {
	if e.container() == containerSEIPD1 && e.version == 1 && isAES(s) {
		return newCFB(e.body, s.key)
	}
	p, err := packet.Read(reframe(e.body))
	if err != nil {
		return nil, err
	}
	data, ok := p.(packet.EncryptedDataPacket)
	if !ok {
		return nil, errFraming
	}
	r, err := data.Decrypt(s.cipher, s.key)
	if err != nil {
		return nil, err
	}
	return &libraryContainer{r}, nil
}

func isAES(s sessionKey) bool {
	switch s.cipher {
	case packet.CipherAES128, packet.CipherAES192, packet.CipherAES256:
		return s.cipher.KeySize() == len(s.key)
	}
	return false
}

// libraryContainer is what the library decrypts: AEAD in both framings, and the ciphers older than AES.
type libraryContainer struct{ io.ReadCloser }

// verify drains before it closes: the library's AEAD reader checks the wrong tag otherwise.
func (c *libraryContainer) verify() error {
	if _, err := io.Copy(io.Discard, c.ReadCloser); err != nil {
		return err
	}
	return c.Close()
}
