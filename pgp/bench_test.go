package pgp_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

const benchSize = 64 << 20

func BenchmarkSeal64MiB(b *testing.B) {
	ours := pairs[pgp.X25519]() // RSA takes as long for its key as for 10 MiB
	plain := content(1 << 20)
	s := &pgp.Sealer{To: []job.Key{ours.Key}}
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		w, err := s.Seal(context.Background(), io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		for range benchSize / len(plain) {
			if _, err := w.Write(plain); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen64MiB(b *testing.B) {
	ours := pairs[pgp.X25519]()
	sealed := seal(b, &pgp.Sealer{To: []job.Key{ours.Key}}, content(benchSize), 1<<20)
	benchmarkOpen(b, ours, sealed, benchSize)
}

func BenchmarkOpenSmall(b *testing.B) {
	for kind, pair := range pairs {
		b.Run(string(kind), func(b *testing.B) {
			ours := pair()
			benchmarkOpen(b, ours, seal(b, &pgp.Sealer{To: []job.Key{ours.Key}}, content(1000), 1000), 1000)
		})
	}
}

func benchmarkOpen(b *testing.B, ours pair, sealed []byte, size int64) {
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
	b.SetBytes(size)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if _, err := o.Open(context.Background(), io.Discard, bytes.NewReader(sealed)); err != nil {
			b.Fatal(err)
		}
	}
}
