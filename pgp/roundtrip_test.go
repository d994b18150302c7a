package pgp_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// pair is a key pair of ours for the tests.
type pair struct {
	pgp.Private
	public []byte // armored
}

var pairs = map[pgp.Kind]func() pair{
	pgp.RSA4096: sync.OnceValue(func() pair { return generate(pgp.RSA4096) }),
	pgp.X25519:  sync.OnceValue(func() pair { return generate(pgp.X25519) }),
}

func generate(kind pgp.Kind) pair {
	key, material, err := pgp.Generate(kind, "Haulier Test", "test@example.com")
	if err != nil {
		panic(err)
	}
	key.Name, key.Version, key.Slot = "ours", 2, job.SlotCurrent
	return pair{pgp.Private{Key: key, Material: material}, []byte(key.Public)}
}

// content is repeatable data that does not compress.
func content(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// table is repeatable data that compresses well.
func table(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%08d;customer_%d@example.com;Brussels;BE\n", i, i*7919%100003)
	}
	return b.Bytes()[:n]
}

func seal(t testing.TB, s *pgp.Sealer, plain []byte, chunk int) []byte {
	t.Helper()
	var sealed bytes.Buffer
	w, err := s.Seal(context.Background(), &sealed)
	if err != nil {
		t.Fatal(err)
	}
	for c := range slices.Chunk(plain, chunk) {
		if _, err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return sealed.Bytes()
}

func open(o *pgp.Opener, sealed []byte) ([]byte, job.Envelope, error) {
	var plain bytes.Buffer
	env, err := o.Open(context.Background(), &plain, bytes.NewReader(sealed))
	return plain.Bytes(), env, err
}

var sizes = []int{0, 1, 15, 16, 17, 21, 22, 23, 511, 512, 513, 8191, 8192, 8193, 32767, 32768, 32769,
	65529, 65530, 65531, 65535, 65536, 65537, 1<<20 - 1, 1 << 20, 1<<20 + 1}

func TestOpenGivesWhatSealTook(t *testing.T) {
	for kind, pair := range pairs {
		for _, armored := range []bool{false, true} {
			for _, signed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s armor=%v signed=%v", kind, armored, signed), func(t *testing.T) {
					ours := pair()
					s := &pgp.Sealer{To: []job.Key{ours.Key}, Armor: armored}
					o := &pgp.Opener{Keys: []pgp.Private{ours.Private}}
					if signed {
						s.SignWith, o.Verify = &ours.Private, []job.Key{ours.Key}
					}
					for _, size := range sizes {
						plain := content(size)
						got, env, err := open(o, seal(t, s, plain, 10007))
						if err != nil {
							t.Fatalf("%d bytes: %v", size, err)
						}
						if !bytes.Equal(got, plain) || env.Plain != int64(size) {
							t.Fatalf("%d bytes: came out as %d, reported as %d", size, len(got), env.Plain)
						}
						if env.Armored != armored || (env.SignedBy != "") != signed || env.Container != "SEIPDv1" || env.KeyName != "ours@2" {
							t.Fatalf("envelope %+v", env)
						}
					}
				})
			}
		}
	}
}

func TestGPGReadsWhatSealMade(t *testing.T) {
	g := newGPG(t)
	for kind, pair := range pairs {
		ours := pair()
		g.run(ours.Material.Reveal(), "--import")
		for _, size := range []int{0, 1, 22, 511, 65530, 65536, 1<<20 + 1} {
			for _, armored := range []bool{false, true} {
				plain := content(size)
				s := &pgp.Sealer{To: []job.Key{ours.Key}, SignWith: &ours.Private, Armor: armored}
				got, report, err := g.try(seal(t, s, plain, 9999), "--decrypt", "--status-fd", "2")
				if err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("%s, %d bytes, armor=%v: %v\n%s", kind, size, armored, err, report)
				}
				for _, want := range []string{"GOODMDC", "GOODSIG", "DECRYPTION_OKAY"} {
					if !bytes.Contains([]byte(report), []byte(want)) {
						t.Errorf("%s, %d bytes: gpg does not say %s:\n%s", kind, size, want, report)
					}
				}
			}
		}
	}
}

func TestOpenReadsWhatGPGMade(t *testing.T) {
	g := newGPG(t)
	for kind, pair := range pairs {
		ours := pair()
		g.run(ours.public, "--import")
		for _, options := range [][]string{
			{}, {"--armor"}, {"--compress-algo", "none"}, {"--compress-algo", "zip"}, {"--compress-algo", "zlib"},
			{"--compress-algo", "bzip2"}, {"--cipher-algo", "AES128"}, {"--cipher-algo", "AES192"}, {"--cipher-algo", "3DES"}, {"--cipher-algo", "CAST5"},
			{"--throw-keyids"}, {"--textmode"}, {"--for-your-eyes-only"}, {"--comment", "Größe: 1"},
		} {
			for _, size := range []int{0, 1, 512, 8192, 70000} {
				plain := table(size)
				sealed := g.run(plain, append(options, "--encrypt", "-r", ours.Key.Fingerprint)...)
				got, env, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, sealed)
				if err != nil {
					t.Fatalf("%s %v %d bytes: %v\n%+v", kind, options, size, err, err)
				}
				if slices.Contains(options, "--textmode") {
					plain = bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n"))
				}
				if !bytes.Equal(got, plain) {
					t.Fatalf("%s %v %d bytes: came out as %d", kind, options, size, len(got))
				}
				if env.DecryptedWith != ours.Key.KeyIDs[1] || env.Cipher != int64(len(sealed)) {
					t.Errorf("%s %v: envelope %+v", kind, options, env)
				}
			}
		}
	}
}
