package messages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
)

const clearText = "customer_id;email\n1;ann@acme.example\n"

// encrypted is a machine whose files must be encrypted to its key acme-in.
func encrypted(t *testing.T) (*machine, *testserver.Server) {
	t.Helper()
	c, s := sshd(t, testserver.Options{})
	c.extra = []string{"inbound: {pgp: {decrypt_with: acme-in}}"}
	m := newMachine(t, c)
	m.must("pgp", "generate", "acme-in", "--type", "x25519")
	return m, s
}

// untaken checks that a source lies where it lay and nothing of it landed.
func (m *machine) untaken(s *testserver.Server, name string) func(*testing.T) {
	before, err := os.ReadFile(filepath.Join(s.Root, "out", name))
	if err != nil {
		m.t.Fatal(err)
	}
	return func(t *testing.T) {
		after, err := os.ReadFile(filepath.Join(s.Root, "out", name))
		if err != nil || string(after) != string(before) {
			t.Errorf("the source has changed: %d bytes, %v", len(after), err)
		}
		m.empty("landing")
	}
}

func TestFileIsNotEncrypted(t *testing.T) {
	produce(t, 13, func(t *testing.T) (*machine, []string, message) {
		m, s := encrypted(t)
		write(t, filepath.Join(s.Root, "out", "customers_1.csv.pgp"), clearText)
		return m, []string{"run", "acme-in"}, message{
			slug: "pgp.not_encrypted", what: "customers_1.csv.pgp is not PGP-encrypted and was not taken: nothing landed; it was left on the server",
			cause: []string{`"customer_id;email`, "exported in clear"},
			do:    []string{"encrypt it to our key", m.keyID("acme-in"), "`inbound.pgp: none`"},
			who:   job.WhoCustomer, after: m.untaken(s, "customers_1.csv.pgp"),
		}
	})
}

func TestFileIsEncryptedToAnotherKey(t *testing.T) {
	produce(t, 13, func(t *testing.T) (*machine, []string, message) {
		m, s := encrypted(t)
		home := gpgHome(t)
		id := newGPGKey(t, home, "Somebody Else")
		home.encrypt(t, filepath.Join(s.Root, "out", "customers_1.csv.pgp"), "Somebody Else")
		return m, []string{"run", "acme-in"}, message{
			slug: "pgp.wrong_key", what: "customers_1.csv.pgp is encrypted to another key and could not be opened: nothing landed; it was left on the server",
			cause: []string{"it is for " + id, "ours is ", m.keyID("acme-in"), "acme-in", ", since 20", "nobody here knows that key", "to themselves"},
			do:    []string{"our current public key (`haulier pgp show acme-in`)"},
			who:   job.WhoCustomer, after: m.untaken(s, "customers_1.csv.pgp"),
		}
	})
}

// TestFileIsEncryptedToOurFormerKey: the customer goes on with a key of ours that was rotated and retired.
func TestFileIsEncryptedToOurFormerKey(t *testing.T) {
	produce(t, 13, func(t *testing.T) (*machine, []string, message) {
		m, s := encrypted(t)
		home := gpgHome(t)
		home.gpg(t, m.must("pgp", "show", "acme-in"), "--import")
		former := m.keyID("acme-in")
		home.encrypt(t, filepath.Join(s.Root, "out", "customers_1.csv.pgp"), "0x"+former)
		m.must("pgp", "rotate", "acme-in")
		m.must("pgp", "retire", "acme-in@1")
		return m, []string{"run", "acme-in"}, message{
			slug: "pgp.wrong_key", what: "customers_1.csv.pgp is encrypted to another key and could not be opened: nothing landed; it was left on the server",
			cause: []string{"it is for " + former, "ours is " + m.keyID("acme-in"), "our former key acme-in@1", "still uses the old one"},
			do:    []string{"our current public key (`haulier pgp show acme-in`)"},
			who:   job.WhoCustomer, after: m.untaken(s, "customers_1.csv.pgp"),
		}
	})
}

func TestFileIsCutOff(t *testing.T) {
	produce(t, 13, func(t *testing.T) (*machine, []string, message) {
		m, s := encrypted(t)
		home := gpgHome(t)
		home.gpg(t, m.must("pgp", "show", "acme-in"), "--import")
		file := filepath.Join(s.Root, "out", "customers_1.csv.pgp")
		home.encrypt(t, file, "0x"+m.keyID("acme-in"))
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, info.Size()-5); err != nil {
			t.Fatal(err)
		}
		return m, []string{"run", "acme-in"}, message{
			slug: "pgp.truncated", what: "customers_1.csv.pgp ends in the middle of its encrypted data and was not taken: nothing landed; it was left on the server",
			cause: []string{"bytes the message is not complete"},
			do:    []string{"temporary name and rename"},
			who:   job.WhoCustomer, after: m.untaken(s, "customers_1.csv.pgp"),
		}
	})
}

var idPattern = regexp.MustCompile(`(?m)^(?:sub|ssb):[^:]*:[^:]*:[^:]*:([0-9A-F]{16}):`)

// keyID gives the id of a key's encrypting part, as gpg reads its public block.
func (m *machine) keyID(name string) string {
	m.t.Helper()
	out := gpgHome(m.t).gpg(m.t, m.must("pgp", "show", name), "--with-colons", "--show-keys")
	found := idPattern.FindStringSubmatch(out)
	if found == nil {
		m.t.Fatalf("gpg shows no subkey:\n%s", out)
	}
	return found[1]
}

// keyring is a gpg home of its own.
type keyring string

func gpgHome(t *testing.T) keyring {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpg") // short: sockets lie in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tool(t, "gpgconf", "gpg", "", "--homedir", dir, "--kill", "all")
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return keyring(dir)
}

func (k keyring) gpg(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	return tool(t, "gpg", "gpg", stdin, append([]string{"--homedir", string(k), "--batch", "--quiet", "--no-permission-warning"}, args...)...)
}

// newGPGKey makes a key and gives the id of its encrypting part.
func newGPGKey(t *testing.T, k keyring, name string) string {
	t.Helper()
	k.gpg(t, "", "--passphrase", "", "--pinentry-mode", "loopback", "--quick-generate-key", name, "future-default", "default", "never")
	return idPattern.FindStringSubmatch(k.gpg(t, "", "--with-colons", "--list-keys", name))[1]
}

func (k keyring) encrypt(t *testing.T, file, recipient string) {
	t.Helper()
	k.gpg(t, strings.Repeat(clearText, 100), "--trust-model", "always", "--encrypt", "-r", recipient, "-o", file)
}
