package main

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"

	"github.com/haulier/haulier/internal/secret"
)

// A sealed file is a header, a check of the passphrase, and chunks of up to sealChunk bytes, each sealed with AES-256-GCM.
// The nonce of a chunk is its number and whether it is the last, so that none can be left out, doubled or moved, and
// the end cannot be cut off. Key and check come from the passphrase by Argon2id, with a salt of the file's own.
const (
	sealMagic  = "haulier-backup\x00"
	sealFormat = 1
	sealChunk  = 64 << 10
)

// sealHeader is how the key is made from the passphrase, as the file has it.
type sealHeader struct {
	Magic   [len(sealMagic)]byte
	Format  uint8
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
	Salt    [16]byte
}

// What may be wrong with a sealed file.
var (
	errNoBackup   = errors.New("the file is no backup of haulier")
	errNewer      = errors.New("the backup has a newer format than this program knows")
	errPassphrase = errors.New("the passphrase is another")
	errAltered    = errors.New("the backup was altered or cut off")
)

// newSealHeader asks for 64 MiB and three passes: a fraction of a second for us, a long time for who guesses.
func newSealHeader() sealHeader {
	h := sealHeader{Format: sealFormat, Time: 3, Memory: 64 << 10, Threads: 4}
	copy(h.Magic[:], sealMagic)
	_, _ = rand.Read(h.Salt[:]) // never fails
	return h
}

func (h sealHeader) bytes() []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, h) // never fails
	return b.Bytes()
}

// judge refuses what is no backup, or would cost unreasonable time or memory to open.
func (h sealHeader) judge() error {
	switch {
	case string(h.Magic[:]) != sealMagic:
		return errNoBackup
	case h.Format > sealFormat:
		return errNewer
	case h.Format == 0, h.Time < 1, h.Time > 16, h.Memory < 8<<10, h.Memory > 1<<20, h.Threads < 1, h.Threads > 16:
		return fmt.Errorf("%w: its header", errAltered)
	}
	return nil
}

// keys derives what seals, and the check that tells a wrong passphrase from damage.
func (h sealHeader) keys(passphrase secret.Text) (cipher.AEAD, []byte, error) {
	derived := argon2.IDKey(passphrase.Reveal(), h.Salt[:], h.Time, h.Memory, h.Threads, 64)
	defer clear(derived)
	mac := hmac.New(sha256.New, derived[32:])
	mac.Write(h.bytes())
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, mac.Sum(nil), err
}

// sealNonce is that of one chunk.
func sealNonce(number uint64, last bool) []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[3:], number)
	if last {
		nonce[11] = 1
	}
	return nonce
}

// sealWriter seals what is written to it; Close ends the file.
type sealWriter struct {
	dst    io.Writer
	aead   cipher.AEAD
	header []byte
	number uint64
	chunk  []byte
}

func newSealWriter(dst io.Writer, passphrase secret.Text, h sealHeader) (*sealWriter, error) {
	aead, check, err := h.keys(passphrase)
	if err != nil {
		return nil, err
	}
	header := h.bytes()
	_, err = dst.Write(append(bytes.Clone(header), check...))
	return &sealWriter{dst: dst, aead: aead, header: header, chunk: make([]byte, 0, sealChunk)}, err
}

func (w *sealWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if len(w.chunk) == sealChunk {
			if err := w.flush(false); err != nil {
				return written, err
			}
		}
		n := min(sealChunk-len(w.chunk), len(p))
		w.chunk = append(w.chunk, p[:n]...)
		p, written = p[n:], written+n
	}
	return written, nil
}

func (w *sealWriter) flush(last bool) error {
	_, err := w.dst.Write(w.aead.Seal(nil, sealNonce(w.number, last), w.chunk, w.header))
	clear(w.chunk)
	w.chunk, w.number = w.chunk[:0], w.number+1
	return err
}

// Close writes the last chunk.
func (w *sealWriter) Close() error { return w.flush(true) }

// sealReader opens a sealed file. Its end is io.EOF only where the last chunk ends.
type sealReader struct {
	src    *bufio.Reader
	aead   cipher.AEAD
	header []byte
	number uint64
	plain  []byte // opened and not read yet
	ended  bool
}

func newSealReader(src io.Reader, passphrase secret.Text) (*sealReader, error) {
	r := &sealReader{src: bufio.NewReaderSize(src, 2*sealChunk)}
	var h sealHeader
	if err := binary.Read(r.src, binary.BigEndian, &h); err != nil {
		return nil, endless(err, errNoBackup)
	}
	if err := h.judge(); err != nil {
		return nil, err
	}
	want := make([]byte, sha256.Size)
	if _, err := io.ReadFull(r.src, want); err != nil {
		return nil, endless(err, errAltered)
	}
	aead, check, err := h.keys(passphrase)
	if err == nil && !hmac.Equal(check, want) {
		err = errPassphrase
	}
	r.aead, r.header = aead, h.bytes()
	return r, err
}

// endless says what an early end means; other errors pass.
func endless(err, means error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return means
	}
	return err
}

func (r *sealReader) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.ended {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

func (r *sealReader) next() error {
	sealed := make([]byte, sealChunk+r.aead.Overhead())
	n, err := io.ReadFull(r.src, sealed)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return endless(err, errAltered)
	}
	_, err = r.src.Peek(1)
	r.ended = errors.Is(err, io.EOF)
	if err != nil && !r.ended {
		return err
	}
	r.plain, err = r.aead.Open(sealed[:0], sealNonce(r.number, r.ended), sealed[:n], r.header)
	if err != nil {
		return fmt.Errorf("%w: after %d bytes of its content", errAltered, r.number*sealChunk)
	}
	r.number++
	return nil
}
