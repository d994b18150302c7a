package pgp_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// memoryLimit is what one Open may allocate in all, whatever the message is: buffers, keys and an inflater. Chunks of
// AEAD come on top.
const memoryLimit = 8 << 20

// allocated runs f and gives the bytes that it took from the heap, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// swollen is a compressed packet around head and n zero bytes.
func swollen(t *testing.T, method byte, head []byte, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	if method == 1 {
		w, _ = flate.NewWriter(&b, 9)
	} else {
		w, _ = zlib.NewWriterLevel(&b, 9)
	}
	_, err := w.Write(head)
	check(t, err)
	_, err = io.Copy(w, zeros(n))
	check(t, err)
	check(t, w.Close())
	return raw(8, append([]byte{method}, b.Bytes()...))
}

// claim is a packet header that promises n bytes.
func claim(tag byte, n uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{0xc0 | tag, 255}, n)
}

func TestBombsStopAtTheirLimitInBoundedMemory(t *testing.T) {
	const huge = bombSize
	ours := pairs[pgp.X25519]()
	literalHead := append(claim(11, huge+6), 'b', 0, 0, 0, 0, 0)
	bomb := swollen(t, 2, literalHead, huge)
	for _, c := range []struct {
		name   string
		sent   []byte
		policy pgp.Policy
		slug   string
		most   int // bytes that may come out
	}{
		{"zlib, default ratio", message(t, ours.Key, bomb), pgp.Policy{}, "pgp.too_large", pgp.DefaultRatioFrom},
		{"zip, default ratio", message(t, ours.Key, swollen(t, 1, literalHead, huge)), pgp.Policy{}, "pgp.too_large", pgp.DefaultRatioFrom},
		{"ratio from 1 MiB", message(t, ours.Key, bomb), pgp.Policy{RatioFrom: 1 << 20}, "pgp.too_large", 20 << 20},
		{"size", message(t, ours.Key, bomb), pgp.Policy{MaxPlain: 1 << 20}, "pgp.too_large", 1 << 20},
		{"size, not compressed", message(t, ours.Key, literal(content(3<<20))), pgp.Policy{MaxPlain: 2 << 20}, "pgp.too_large", 2 << 20},
		{"two layers", message(t, ours.Key, zlibbed(bomb)), pgp.Policy{}, "pgp.malformed", 0},
		{"three layers", message(t, ours.Key, zlibbed(zlibbed(bomb))), pgp.Policy{}, "pgp.malformed", 0},
		{"user id", message(t, ours.Key, swollen(t, 2, claim(13, huge), huge)), pgp.Policy{}, "pgp.malformed", 0},
		{"signature", message(t, ours.Key, swollen(t, 2, claim(2, huge), huge)), pgp.Policy{}, "pgp.malformed", 0},
		{"padding", message(t, ours.Key, swollen(t, 2, claim(21, huge), huge)), pgp.Policy{}, "pgp.too_large", 0},
		{"marker", message(t, ours.Key, swollen(t, 2, claim(10, huge), huge)), pgp.Policy{MaxPlain: 1 << 20}, "pgp.too_large", 0},
		{"behind the literal", message(t, ours.Key, swollen(t, 2, append(literal([]byte("x")), claim(21, huge)...), huge)), pgp.Policy{}, "pgp.too_large", 1},
		{"junk like a key", append(claim(6, huge), content(1<<20)...), pgp.Policy{}, "pgp.not_encrypted", 0},
		{"junk like a user id", append(claim(13, huge), content(1<<20)...), pgp.Policy{}, "pgp.not_encrypted", 0},
		{"junk like a session key", append(claim(1, huge), content(1<<20)...), pgp.Policy{}, "pgp.malformed", 0},
		{"junk like padding", append(claim(21, huge), content(1<<20)...), pgp.Policy{}, "pgp.malformed", 0},
		{"a preamble without end", bytes.Repeat([]byte("x"), 4<<20), pgp.Policy{}, "pgp.not_encrypted", 0},
	} {
		if raceDetector && c.slug == "pgp.too_large" && c.policy.MaxPlain+c.policy.RatioFrom == 0 {
			continue // its limit lies above this size
		}
		t.Run(c.name, func(t *testing.T) {
			o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Policy: c.policy}
			out := &counter{}
			var err error
			used := allocated(func() { _, err = o.Open(context.Background(), out, bytes.NewReader(c.sent)) })
			if slug(err) != c.slug {
				t.Errorf("%v; want %s", err, c.slug)
			}
			if out.n > c.most {
				t.Errorf("%d bytes came out, %d may", out.n, c.most)
			}
			if used > memoryLimit {
				t.Errorf("took %d bytes of memory, %d are allowed", used, memoryLimit)
			}
		})
	}
	t.Run("no limit when there is none", func(t *testing.T) {
		o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Policy: pgp.Policy{MaxRatio: -1}}
		out := &counter{}
		var err error
		used := allocated(func() { _, err = o.Open(context.Background(), out, bytes.NewReader(message(t, ours.Key, bomb))) })
		if err != nil || out.n != huge {
			t.Errorf("%d bytes, %v", out.n, err)
		}
		if used > memoryLimit {
			t.Errorf("took %d bytes of memory", used)
		}
	})
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

// TestMemoryDoesNotGrowWithTheFile seals and opens 512 MiB that never exist as a whole.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const size = 512 << 20
	if testing.Short() || raceDetector {
		t.Skip("needs time: moves 512 MiB")
	}
	ours := pairs[pgp.X25519]()
	r, w := io.Pipe()
	sealed := make(chan error, 1)
	out := &counter{}
	var err error
	used := allocated(func() {
		go func() {
			err := sealZeros(ours, w, size)
			sealed <- errors.Join(err, w.CloseWithError(err))
		}()
		_, err = (&pgp.Opener{Keys: []pgp.Private{ours.Private}}).Open(context.Background(), out, r)
		err = errors.Join(err, r.Close(), <-sealed)
	})
	if err != nil || out.n != size {
		t.Fatalf("%d bytes, %v", out.n, err)
	}
	if used > memoryLimit {
		t.Errorf("took %d bytes of memory for %d", used, size)
	}
}

func sealZeros(ours pair, dst io.Writer, size int64) error {
	w, err := (&pgp.Sealer{To: []job.Key{ours.Key}}).Seal(context.Background(), dst)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{w}, zeros(size), make([]byte, 1<<16)); err != nil {
		return err
	}
	return w.Close()
}
