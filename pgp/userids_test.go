package pgp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ProtonMail/gopenpgp/v2/crypto"

	"github.com/haulier/haulier/pgp"
)

func TestUserIDs(t *testing.T) {
	key, err := crypto.GenerateKey("Ann \x1b[31m"+strings.Repeat("n", 300), "ann@example.org", "x25519", 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if err := key.GetEntity().AddUserId(fmt.Sprintf("Zoe %02d", i), "", "zoe@example.org", nil); err != nil {
			t.Fatal(err)
		}
	}
	public, err := key.GetArmoredPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	ids := pgp.UserIDs(public)
	if len(ids) != 20 || !strings.HasPrefix(ids[0], `Ann \x1b[31m`) || len(ids[0]) > 210 || ids[1] != "Zoe 00 <zoe@example.org>" {
		t.Errorf("%d: %q", len(ids), ids)
	}
	if ids := pgp.UserIDs("no key"); ids == nil || len(ids) > 0 {
		t.Errorf("%q", ids)
	}
}
