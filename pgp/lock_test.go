package pgp_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// locked gives a key locked by Argon2 with the passphrase x, whose first part says that it takes 2^exponent KiB.
func locked(t testing.TB, p pair, exponent byte) []byte {
	t.Helper()
	list, err := openpgp.ReadKeyRing(bytes.NewReader(p.Material.Reveal()))
	check(t, err)
	config := &packet.Config{
		AEADConfig: &packet.AEADConfig{},
		S2KConfig:  &s2k.Config{S2KMode: s2k.Argon2S2K, Argon2Config: &s2k.Argon2Config{NumberOfPasses: 3, DegreeOfParallelism: 1, Memory: 256}},
	}
	check(t, list[0].EncryptPrivateKeys([]byte("x"), config))
	var out bytes.Buffer
	check(t, list[0].SerializePrivateWithoutSigning(&out, nil))
	text := out.Bytes()
	for at := range len(text) - 20 {
		if text[at] == 4 && text[at+17] == 3 && text[at+18] == 1 && text[at+19] == 8 {
			text[at+19] = exponent
			return text
		}
	}
	t.Fatal("the key has no lock by Argon2")
	return nil
}

func TestALockThatAsksForTooMuchIsNotTried(t *testing.T) {
	ours := pairs[pgp.X25519]()
	if _, _, err := pgp.InspectPrivate(locked(t, ours, 8), secret.New([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	for _, exponent := range []byte{21, 31} {
		_, _, err := pgp.InspectPrivate(locked(t, ours, exponent), secret.New([]byte("x")))
		var reason *job.Reason
		if !errors.As(err, &reason) || reason.Slug != pgp.SlugKeyUnreadable || !strings.Contains(reason.Cause+reason.Technical, "asks for 3 passes") {
			t.Errorf("2^%d KiB: %v", exponent, err)
		}
	}
}
