package pgp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" //nolint:gosec // the format prescribes it
	"crypto/subtle"
	"hash"
	"io"
)

const (
	cfbChunk  = 32 << 10
	cfbPrefix = aes.BlockSize + 2 // random bytes, the last two of them twice
	mdcSize   = 2 + sha1.Size     // tag, length, hash
	mdcTag    = 0xc0 | 19
)

// cfb reads encrypted data of version 1 (RFC 9580, section 5.13.1) under AES: CFB over all of it with a zero vector, a
// random prefix, the packets, and last a SHA-1 of everything before it.
//
// The library's reader goes byte by byte and takes three quarters of the processor time of a decryption. This one
// makes the key stream of a whole chunk at once, which CFB allows when it decrypts.
type cfb struct {
	r      io.Reader
	block  cipher.Block
	hash   hash.Hash
	cipher [aes.BlockSize + cfbChunk]byte // the block before the chunk, then the chunk
	stream [cfbChunk]byte
	plain  [mdcSize + cfbChunk]byte // bytes held back, then the chunk
	given  int                      // bytes at the start of plain that were given out
	held   int                      // bytes after them that may be the hash
	out    []byte                   // plaintext to give out
	skip   int                      // bytes of the prefix still to come
	err    error                    // what ended the body; io.EOF: its end
}

func newCFB(body io.Reader, key []byte) (*cfb, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	var version [1]byte
	if _, err := io.ReadFull(body, version[:]); err != nil {
		return nil, err
	}
	return &cfb{r: body, block: block, hash: sha1.New(), skip: cfbPrefix}, nil //nolint:gosec // as above
}

func (c *cfb) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		c.fill()
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// fill decrypts a chunk and holds back its last bytes, which may be the hash.
func (c *cfb) fill() {
	copy(c.plain[:], c.plain[c.given:c.given+c.held])
	chunk := c.cipher[aes.BlockSize:]
	n := 0
	for n < len(chunk) && c.err == nil {
		var m int
		m, c.err = c.r.Read(chunk[n:])
		n += m
	}
	c.decrypt(n)
	total := c.held + n
	c.given = max(total-mdcSize, 0)
	c.held = total - c.given
	c.out = c.plain[:c.given]
	c.hash.Write(c.out)
	cut := min(c.skip, c.given)
	c.skip -= cut
	c.out = c.out[cut:]
}

// decrypt turns the chunk of n bytes into plaintext behind the held bytes. Only the last chunk is not whole blocks.
func (c *cfb) decrypt(n int) {
	for at := 0; at < n; at += aes.BlockSize {
		c.block.Encrypt(c.stream[at:], c.cipher[at:])
	}
	subtle.XORBytes(c.plain[c.held:], c.cipher[aes.BlockSize:aes.BlockSize+n], c.stream[:n])
	copy(c.cipher[:aes.BlockSize], c.cipher[n:n+aes.BlockSize])
}

// verify reads to the end and compares the hash.
func (c *cfb) verify() error {
	if _, err := io.Copy(io.Discard, c); err != nil {
		return err
	}
	mdc := c.plain[c.given : c.given+c.held]
	if len(mdc) != mdcSize {
		return errIntegrity
	}
	c.hash.Write(mdc[:2])
	if !bytes.Equal(mdc[:2], []byte{mdcTag, sha1.Size}) || subtle.ConstantTimeCompare(mdc[2:], c.hash.Sum(nil)) != 1 {
		return errIntegrity
	}
	return nil
}
