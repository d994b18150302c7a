package rows_test

import (
	"os"
	"testing"

	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// A private key that everybody on the machine may read is not taken as if it were a secret: of SSH and of PGP, armored and
// binary. Public keys may lie about.
func TestPrivateKeyThatEverybodyMayReadIsNotImported(t *testing.T) {
	w, g := newWorld(t), newGPG(t)
	w.config("connections: {}\njobs: {}\n")
	w.haulier(0, "keys", "generate", "other")
	pair, err := sshkey.Generate(sshkey.Ed25519, "customer")
	if err != nil {
		t.Fatal(err)
	}
	g.generate("ours@example.org", "2y")
	armored := g.run("", "--armor", "--export-secret-keys", "ours@example.org")
	for name, key := range map[string]struct{ group, content string }{
		"ssh": {"keys", string(pair.Private.Reveal())}, "armored": {"pgp", armored}, "binary": {"pgp", g.run("", "--export-secret-keys", "ours@example.org")},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.write(name, key.content)
			if err := os.Chmod(w.path(name), 0o644); err != nil {
				t.Fatal(err)
			}
			has(t, w.haulier(11, key.group, "import", name, w.path(name)).err, "key.world_readable", "the key was not taken, and nothing of it was kept", "0644", "chmod 600 ")
			hasNot(t, w.haulier(0, key.group, "list").out, name+"@1")
			if err := os.Chmod(w.path(name), 0o640); err != nil {
				t.Fatal(err)
			}
			w.haulier(0, key.group, "import", name, w.path(name))
		})
	}
	w.t = t
	w.write("public.asc", g.run("", "--armor", "--export", "ours@example.org"))
	if err := os.Chmod(w.path("public.asc"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.haulier(0, "pgp", "import", "theirs", w.path("public.asc"))
}
