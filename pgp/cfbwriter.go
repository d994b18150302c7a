package pgp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the format prescribes it
	"crypto/subtle"
	"hash"
	"io"
)

// cfbWriter writes encrypted data of version 1 under AES, the counterpart of cfb.
//
// CFB encryption is serial: C[i] = P[i] xor E(C[i-1]). With Y[i] = E(C[i]) that is Y[i] = E(P[i] xor Y[i-1]), which is
// plain CBC, and C[i] = P[i] xor Y[i-1]. So the standard library's CBC does the work, many blocks at a call.
type cfbWriter struct {
	w     io.Writer
	hash  hash.Hash
	cbc   cipher.BlockMode
	prev  [aes.BlockSize]byte // the last Y
	plain [cfbChunk]byte
	n     int // bytes in plain
	y     [cfbChunk]byte
	c     [cfbChunk]byte
}

func newCFBWriter(w io.Writer, key []byte) (*cfbWriter, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte{1}); err != nil {
		return nil, err
	}
	c := &cfbWriter{w: w, hash: sha1.New()} //nolint:gosec // as above
	block.Encrypt(c.prev[:], make([]byte, aes.BlockSize))
	c.cbc = cipher.NewCBCEncrypter(block, c.prev[:])
	prefix := make([]byte, cfbPrefix)
	rand.Read(prefix[:aes.BlockSize]) //nolint:errcheck // does not fail
	copy(prefix[aes.BlockSize:], prefix[aes.BlockSize-2:])
	_, err = c.Write(prefix)
	return c, err
}

func (c *cfbWriter) Write(p []byte) (int, error) {
	c.hash.Write(p)
	done := 0
	for done < len(p) {
		n := copy(c.plain[c.n:], p[done:])
		c.n += n
		done += n
		if c.n == len(c.plain) {
			if err := c.flush(); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// flush encrypts and writes what is in plain.
func (c *cfbWriter) flush() error {
	n := c.n
	whole := n &^ (aes.BlockSize - 1)
	c.cbc.CryptBlocks(c.y[:whole], c.plain[:whole])
	first := min(n, aes.BlockSize)
	subtle.XORBytes(c.c[:first], c.plain[:first], c.prev[:first])
	if n > aes.BlockSize {
		subtle.XORBytes(c.c[aes.BlockSize:n], c.plain[aes.BlockSize:n], c.y[:n-aes.BlockSize])
	}
	if whole > 0 {
		copy(c.prev[:], c.y[whole-aes.BlockSize:whole])
	}
	c.n = 0
	_, err := c.w.Write(c.c[:n])
	return err
}

// Close writes the hash.
func (c *cfbWriter) Close() error {
	c.hash.Write([]byte{mdcTag, sha1.Size})
	mdc := append([]byte{mdcTag, sha1.Size}, c.hash.Sum(nil)...)
	for len(mdc) > 0 {
		n := copy(c.plain[c.n:], mdc)
		c.n += n
		mdc = mdc[n:]
		if err := c.flush(); err != nil {
			return err
		}
	}
	return nil
}

// chunked writes a packet whose length is not known, in chunks of 64 KiB.
type chunked struct {
	w   io.Writer
	buf []byte // head room of 5 bytes, then the chunk
	n   int
}

const chunkRoom = 5

func newChunked(w io.Writer, tag int) (*chunked, error) {
	_, err := w.Write([]byte{0xc0 | byte(tag)})
	return &chunked{w: w, buf: make([]byte, chunkRoom+1<<reframeBits)}, err
}

func (c *chunked) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if c.n == 1<<reframeBits {
			c.buf[chunkRoom-1] = 0xe0 | reframeBits
			if _, err := c.w.Write(c.buf[chunkRoom-1:]); err != nil {
				return done, err
			}
			c.n = 0
		}
		n := copy(c.buf[chunkRoom+c.n:], p[done:])
		c.n += n
		done += n
	}
	return done, nil
}

// Close writes the last chunk, which ends the packet.
func (c *chunked) Close() error {
	n := c.n
	if n < 192 {
		c.buf[chunkRoom-1] = byte(n)
		_, err := c.w.Write(c.buf[chunkRoom-1 : chunkRoom+n])
		return err
	}
	copy(c.buf, []byte{255, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	_, err := c.w.Write(c.buf[:chunkRoom+n])
	return err
}
