package messages

import (
	"fmt"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

const oneLogin = "no file was touched; the login failed, and the next is tried when something changes, or after an hour at the earliest"

func TestServerTakesNoPassword(t *testing.T) {
	produceConnecting(t, 11, "login", func(t *testing.T) (*machine, []string, message) {
		c, _ := sshd(t, testserver.Options{})
		c.auth = passwordAuth
		return newMachine(t, c, correctPassword), []string{"run", "acme-in"}, message{
			slug: "auth.method_not_offered", what: oneLogin,
			cause: []string{fmt.Sprintf("127.0.0.1:%d accepts publickey", c.port), fmt.Sprintf("%q", c.user), "we are set up for password", "probably the passphrase of a key file"},
			do:    []string{"auth: {methods: [publickey], key_file: {path: …, passphrase: …}}", "`haulier keys generate acme`"},
			who:   job.WhoUs, technical: "no supported methods remain",
		}
	})
}

func TestKeyIsNotInstalled(t *testing.T) {
	produceConnecting(t, 11, "login", func(t *testing.T) (*machine, []string, message) {
		c, _ := sshd(t, testserver.Options{NoKey: true})
		c.auth = "{methods: [publickey], key: acme}"
		m := newMachine(t, c)
		key := m.generate("acme")
		return m, []string{"run", "acme-in"}, message{
			slug: "auth.key_rejected", what: oneLogin,
			cause: []string{fmt.Sprintf("127.0.0.1:%d takes keys, but not ours", c.port), fmt.Sprintf("user %q", c.user), ssh.FingerprintSHA256(key), "case matters", "rights of the files"},
			do:    []string{"our public key (`haulier keys show acme`)", "~/.ssh 700", "authorized_keys 600"},
			who:   job.WhoCustomer,
		}
	})
}

func TestPasswordIsMissingAfterTheKey(t *testing.T) {
	produceConnecting(t, 11, "login", func(t *testing.T) (*machine, []string, message) {
		generated := "{methods: [publickey], key: acme}"
		m := newMachine(t, customer{host: "127.0.0.1", port: 22, user: "platform", auth: generated})
		user := sftptest.User{Name: "platform", Password: "correct horse 7", Keys: []ssh.PublicKey{m.generate("acme")}}
		c, server, _ := evil(t, sftptest.Options{Users: []sftptest.User{user}, Methods: [][]string{{"publickey", "password"}}})
		c.auth = generated
		m.write("haulier.yaml", c.yaml())
		return m, []string{"run", "acme-in"}, message{
			slug: "auth.second_factor_missing", what: oneLogin,
			cause: []string{server.Addr() + ` took our publickey for user "platform", and wants password as well`},
			do:    []string{"auth.methods", "password: {file: …}"},
			who:   job.WhoUs,
		}
	})
}

// TestSecondKeyIsMissing asks OpenSSH itself for two factors.
func TestSecondKeyIsMissing(t *testing.T) {
	produceConnecting(t, 11, "login", func(t *testing.T) (*machine, []string, message) {
		c, s := sshd(t, testserver.Options{Config: []string{"AuthenticationMethods publickey,publickey"}})
		return newMachine(t, c), []string{"run", "acme-in"}, message{
			slug: "auth.second_factor_missing", what: oneLogin,
			cause: []string{s.Addr + " took our publickey", "wants publickey as well"},
			do:    []string{"auth.methods"},
			who:   job.WhoUs,
		}
	})
}

// generate makes a login key and gives its public half.
func (m *machine) generate(name string) ssh.PublicKey {
	m.t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(m.must("keys", "generate", name)))
	if err != nil {
		m.t.Fatal(err)
	}
	return key
}
