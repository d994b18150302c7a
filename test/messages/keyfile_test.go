package messages

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
)

// keyCase is a key file that is not what a login needs.
type keyCase struct {
	name       string
	make       func(t *testing.T, file string)
	passphrase string // that the configuration knows; empty: none
	want       message
}

const ppk = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: acme\nPublic-Lines: 2\nAAAA\nBBBB\nPrivate-Lines: 1\nCCCC\nPrivate-MAC: 00\n"

var keyCases = []keyCase{
	{"ssh2 public", func(t *testing.T, file string) {
		pair := opensshKey(t, "")
		write(t, file, tool(t, "ssh-keygen", "openssh-client", "", "-e", "-m", "RFC4716", "-f", pair+".pub"))
	}, "", message{slug: "key.format_ssh2", cause: []string{"---- BEGIN SSH2"}, do: []string{"`haulier keys convert FILE`"}}},
	{"putty", func(t *testing.T, file string) { write(t, file, ppk) }, "", message{
		slug: "key.format_ppk", cause: []string{"PuTTY", ".ppk"}, do: []string{"PuTTYgen", "Conversions", "Export OpenSSH key"},
	}},
	{"public half", func(t *testing.T, file string) { copyOf(t, opensshKey(t, "")+".pub", file) }, "", message{
		slug: "key.is_public", cause: []string{"public half"}, do: []string{"the other file of the pair", ".pub"},
	}},
	{"locked", func(t *testing.T, file string) { copyOf(t, opensshKey(t, "tango 9 hotel"), file) }, "", message{
		slug: "key.passphrase_missing", cause: []string{"locked with a passphrase"}, do: []string{"passphrase"},
	}},
	{"locked otherwise", func(t *testing.T, file string) { copyOf(t, opensshKey(t, "tango 9 hotel"), file) }, "tango 8 hotel", message{
		slug: "key.passphrase_wrong", cause: []string{"passphrase does not open"}, do: []string{"case", "blanks"}, technical: "decryption password incorrect",
	}},
}

// TestKeyFileCannotLogIn has the files where the configuration names them.
func TestKeyFileCannotLogIn(t *testing.T) {
	for _, one := range keyCases {
		t.Run(one.name, func(t *testing.T) {
			produceConnecting(t, 11, "login", func(t *testing.T) (*machine, []string, message) {
				file := filepath.Join(t.TempDir(), "acme.key")
				one.make(t, file)
				c := customer{host: "127.0.0.1", port: bound(t), user: "platform", hostKeys: []string{formerKey(t)}, auth: keyFile(file)}
				if one.passphrase != "" {
					c.auth = fmt.Sprintf("{methods: [publickey], key_file: {path: %q, passphrase: {env: ACME_PASSPHRASE}}}", file)
				}
				want := one.want
				want.what, want.who = "nothing was sent to the server, not even the login", job.WhoUs
				want.cause = append([]string{file}, want.cause...)
				return newMachine(t, c, "ACME_PASSPHRASE="+one.passphrase), []string{"run", "acme-in"}, want
			})
		})
	}
}

// TestKeyFileIsNotTaken gives the same files to the store.
func TestKeyFileIsNotTaken(t *testing.T) {
	for _, one := range keyCases {
		t.Run(one.name, func(t *testing.T) {
			produce(t, 11, func(t *testing.T) (*machine, []string, message) {
				m := newMachine(t, anywhere("127.0.0.1", 22), "ACME_PASSPHRASE="+one.passphrase)
				file := filepath.Join(m.Dir, "acme.key")
				one.make(t, file)
				args := []string{"keys", "import", "acme", file}
				if one.passphrase != "" {
					args = append(args, "--passphrase-env", "ACME_PASSPHRASE")
				}
				want := one.want
				want.what, want.who = "the key was not taken, and nothing of it was kept", job.WhoUs
				want.cause = append([]string{file}, want.cause...)
				m.must("keys", "generate", "other")
				want.after = func(t *testing.T) {
					if list := m.must("keys", "list"); strings.Contains(list, "acme") {
						t.Errorf("the store holds the key:\n%s", list)
					}
				}
				return m, args, want
			})
		})
	}
}

// opensshKey makes a key pair, and gives the path of its private half.
func opensshKey(t *testing.T, passphrase string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "id")
	tool(t, "ssh-keygen", "openssh-client", "", "-q", "-t", "ed25519", "-N", passphrase, "-f", file)
	return file
}

func copyOf(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(text))
}
