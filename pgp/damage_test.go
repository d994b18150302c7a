package pgp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// samples are messages of every shape around so many bytes.
func samples(t *testing.T, ours pair, size int) map[string][]byte {
	plain := table(size)
	_, theirs := signer(t, epoch, 0)
	return map[string][]byte{
		"plain":   seal(t, &pgp.Sealer{To: []job.Key{ours.Key}}, plain, 700),
		"signed":  seal(t, &pgp.Sealer{To: []job.Key{ours.Key, theirs}, SignWith: &ours.Private}, plain, 700),
		"armored": seal(t, &pgp.Sealer{To: []job.Key{ours.Key}, Armor: true}, plain, 700),
		"zlib":    message(t, ours.Key, zlibbed(literal(plain))),
		"aead":    aead(t, ours.Key, zip(literal(plain))),
		"tag 20":  append(pkesk(t, ours.Key), ocb20(t, 2, zip(literal(plain)))...),
	}
}

func TestACutMessageIsTruncatedAtEveryByte(t *testing.T) {
	ours := pairs[pgp.X25519]()
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
	for name, sealed := range samples(t, ours, 1500) {
		t.Run(name, func(t *testing.T) {
			whole := len(sealed)
			if name == "armored" {
				whole-- // the last line end is not part of the message
			}
			for n := 0; n < whole; n += step {
				_, _, err := open(o, sealed[:n])
				if slug(err) != "pgp.truncated" || !pgp.Refetch(err) {
					t.Fatalf("%d of %d bytes: %v", n, len(sealed), err)
				}
			}
		})
	}
}

func TestAFlippedBitNeverGivesOtherPlaintext(t *testing.T) {
	ours := pairs[pgp.X25519]()
	all := samples(t, ours, 300)
	all["plain"] = samples(t, ours, 1500)["plain"]
	for name, sealed := range all {
		t.Run(name, func(t *testing.T) {
			o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
			if name == "signed" {
				o.Verify = []job.Key{ours.Key}
			}
			want, _, err := open(o, sealed)
			check(t, err)
			taken := 0
			t.Parallel()
			for at := range sealed {
				for bit := range 8 {
					if (8*at+bit)%step != 0 {
						continue
					}
					sealed[at] ^= 1 << bit
					got, _, err := open(o, sealed)
					sealed[at] ^= 1 << bit
					if err == nil {
						taken++
						if !bytes.Equal(got, want) {
							t.Fatalf("byte %d bit %d: taken with other plaintext", at, bit)
						}
						continue
					}
					if reason := new(job.Reason); !errors.As(err, &reason) {
						t.Fatalf("byte %d bit %d: %v is not a reason", at, bit, err)
					}
				}
			}
			t.Logf("%d of %d flips are taken, all with the same plaintext", taken, 8*len(sealed))
			// The session key of the other recipient is 94 bytes that nobody reads.
			if taken > 8*100 {
				t.Errorf("%d of %d flips are taken", taken, 8*len(sealed))
			}
		})
	}
}

func TestEveryWayOfReadingGivesTheSame(t *testing.T) {
	ours := pairs[pgp.X25519]()
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
	for name, sealed := range samples(t, ours, 1500) {
		for way, wrap := range map[string]func(io.Reader) io.Reader{
			"a byte at a time":        iotest.OneByteReader,
			"halves":                  iotest.HalfReader,
			"bytes together with EOF": iotest.DataErrReader,
		} {
			var plain bytes.Buffer
			_, err := o.Open(context.Background(), &plain, wrap(bytes.NewReader(sealed)))
			if err != nil || !bytes.Equal(plain.Bytes(), table(1500)) {
				t.Errorf("%s, %s: %d bytes, %v", name, way, plain.Len(), err)
			}
		}
	}
}

var errLost = errors.New("connection lost")

func TestErrorsOfTheSourceComeBackAsTheyAre(t *testing.T) {
	ours := pairs[pgp.X25519]()
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
	for name, sealed := range samples(t, ours, 300) {
		t.Run(name, func(t *testing.T) {
			for _, lost := range []error{errLost, io.ErrUnexpectedEOF} {
				for n := 0; n <= len(sealed); n += step {
					src := io.MultiReader(bytes.NewReader(sealed[:n]), iotest.ErrReader(lost))
					_, err := o.Open(context.Background(), io.Discard, src)
					if err != lost { //nolint:errorlint // as it is
						t.Fatalf("after %d of %d bytes: %v", n, len(sealed), err)
					}
				}
			}
		})
	}
	t.Run("with bytes at once", func(t *testing.T) {
		src := iotest.DataErrReader(io.MultiReader(bytes.NewReader(samples(t, ours, 1500)["plain"][:300]), iotest.ErrReader(errLost)))
		if _, err := o.Open(context.Background(), io.Discard, src); err != errLost { //nolint:errorlint // as it is
			t.Error(err)
		}
	})
	t.Run("a reader that gives nothing", func(t *testing.T) {
		if _, err := o.Open(context.Background(), io.Discard, stuck{}); !errors.Is(err, io.ErrNoProgress) {
			t.Error(err)
		}
	})
	t.Run("clear text, then an error", func(t *testing.T) {
		src := io.MultiReader(bytes.NewReader(table(100000)), iotest.ErrReader(errLost))
		if _, err := o.Open(context.Background(), io.Discard, src); !errors.Is(err, errLost) && slug(err) != "pgp.not_encrypted" {
			t.Error(err)
		}
	})
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// full is a disk that takes n bytes.
type full struct {
	left int
	err  error
}

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.left {
		n := f.left
		f.left = 0
		return n, f.err
	}
	f.left -= len(p)
	return len(p), nil
}

func TestErrorsOfTheDestinationComeBackAsTheyAre(t *testing.T) {
	ours := pairs[pgp.X25519]()
	o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
	errDisk := errors.New("no space left")
	for name, sealed := range samples(t, ours, 1500) {
		for _, left := range []int{0, 1, 700, 1499} {
			if _, err := o.Open(context.Background(), &full{left, errDisk}, bytes.NewReader(sealed)); err != errDisk { //nolint:errorlint // as it is
				t.Errorf("%s, %d bytes: %v", name, left, err)
			}
			if _, err := o.Open(context.Background(), &full{left, nil}, bytes.NewReader(sealed)); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("%s, %d bytes taken without an error: %v", name, left, err)
			}
		}
	}
	s := &pgp.Sealer{To: []job.Key{ours.Key}}
	size := len(seal(t, s, table(200000), 5000))
	for _, left := range []int{0, 1, 100, 70000, size - 1} {
		w, err := s.Seal(context.Background(), &full{left, errDisk})
		if err == nil {
			_, err = w.Write(table(200000))
			if closed := w.Close(); err == nil {
				err = closed
			} else if !errors.Is(closed, errDisk) {
				t.Errorf("%d bytes: Close after a lost write says %v", left, closed)
			}
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("sealing into %d bytes: %v", left, err)
		}
	}
}

func TestCancelStops(t *testing.T) {
	ours := pairs[pgp.X25519]()
	sealed := seal(t, &pgp.Sealer{To: []job.Key{ours.Key}}, table(300000), 5000)
	cause := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(context.Background())
	src := &trigger{r: bytes.NewReader(sealed), after: 100000, do: func() { cancel(cause) }}
	_, err := (&pgp.Opener{Keys: []pgp.Private{ours.Private}}).Open(ctx, io.Discard, src)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Error(err)
	}

	ctx, cancel = context.WithCancelCause(context.Background())
	var out bytes.Buffer
	w, err := (&pgp.Sealer{To: []job.Key{ours.Key}}).Seal(ctx, &out)
	check(t, err)
	_, err = w.Write(table(200000))
	check(t, err)
	cancel(cause)
	if _, err := w.Write(table(1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := w.Close(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, _, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, out.Bytes()); slug(err) != "pgp.truncated" {
		t.Errorf("what a cancelled sealing left: %v", err)
	}
}

// trigger does something once so many bytes were read.
type trigger struct {
	r     io.Reader
	after int
	do    func()
}

func (g *trigger) Read(p []byte) (int, error) {
	n, err := g.r.Read(p[:min(len(p), 4096)])
	if g.after -= n; g.after <= 0 {
		g.do()
	}
	return n, err
}

func TestAbortLeavesATruncatedMessage(t *testing.T) {
	g := newGPG(t)
	ours := pairs[pgp.X25519]()
	g.run(ours.Material.Reveal(), "--import")
	for _, armored := range []bool{false, true} {
		for _, size := range []int{0, 10, 200000, 1 << 20} {
			var out bytes.Buffer
			w, err := (&pgp.Sealer{To: []job.Key{ours.Key}, SignWith: &ours.Private, Armor: armored}).Seal(context.Background(), &out)
			check(t, err)
			_, err = w.Write(content(size))
			check(t, err)
			w.(interface{ Abort() }).Abort()
			if err := w.Close(); !errors.Is(err, pgp.ErrAborted) {
				t.Errorf("Close after Abort: %v", err)
			}
			if _, err := w.Write([]byte("x")); !errors.Is(err, pgp.ErrAborted) {
				t.Errorf("Write after Abort: %v", err)
			}
			if _, _, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, out.Bytes()); slug(err) != "pgp.truncated" {
				t.Errorf("%d bytes: %v", size, err)
			}
			if _, report, err := g.try(out.Bytes(), "--decrypt"); err == nil {
				t.Errorf("%d bytes: gpg takes it: %s", size, report)
			}
		}
	}
}
