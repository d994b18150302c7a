package pgp_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// pieces gives its bytes in portions of chance lengths, the last one together with the end.
type pieces struct {
	b []byte
	r *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	n := copy(b, p.b[:min(len(p.b), 1+p.r.IntN(80_000))])
	if p.b = p.b[n:]; len(p.b) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// FuzzLong: messages longer than any buffer on their way, ours and the library's, whole, cut off or with a bit changed. However
// they come in, what is taken is what was sealed, and the library agrees.
func FuzzLong(f *testing.F) {
	ours := constant(f, 1)
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}, Policy: pgp.Policy{MaxPlain: 1 << 20}}
	for _, size := range []uint32{0, 1, 32<<10 - 22, 32 << 10, 64<<10 - 6, 100_000, 256 << 10, 300_001} {
		for _, by := range []byte{0, 1} {
			f.Add(size, by, uint64(1), uint32(0), byte(0))
			f.Add(size, by, uint64(2), size/2, byte(0x80))
			f.Add(size, by, uint64(3), size, byte(0))
		}
	}
	f.Fuzz(func(t *testing.T, size uint32, by byte, seed uint64, at uint32, flip byte) {
		plain := content(int(size % 400_000))
		r := rand.New(rand.NewPCG(seed, 1))
		var sealed []byte
		if by%2 == 0 {
			sealed = seal(t, &pgp.Sealer{To: []job.Key{ours.Key}}, plain, 1+r.IntN(100_000))
		} else {
			sealed = message(t, ours.Key, literal(plain))
		}
		whole := at == 0
		switch at := int(at) % len(sealed); {
		case whole:
		case flip != 0:
			sealed[at] ^= flip
		default:
			sealed = sealed[:at]
		}
		var got bytes.Buffer
		_, err := o.Open(context.Background(), &got, &pieces{sealed, r})
		if whole && err != nil {
			t.Fatal(err)
		}
		if err == nil && !bytes.Equal(got.Bytes(), plain) {
			t.Fatalf("%d bytes came out of %d, and are others", got.Len(), len(plain))
		}
		agree(t, ours, sealed)
	})
}
