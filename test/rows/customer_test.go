package rows_test

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftptest"
)

// password opens the account of every customer that wants one; commands find it in the variable PASSWORD.
const password = "Meaning-of-nights-42"

// login is the auth section for it.
const login = "auth: {methods: [password], password: {env: PASSWORD}}"

// customer is a customer's server.
type customer struct {
	*sftptest.Server
	t    testing.TB
	root string // folder on disk that its users see as "/"
	keys []ssh.Signer
}

// newCustomer starts a server; without users it has one, "customer" with the password.
func newCustomer(t testing.TB, o sftptest.Options) *customer {
	t.Helper()
	if o.Root == "" {
		o.Root = t.TempDir()
	}
	if len(o.Users) == 0 {
		o.Users = []sftptest.User{{Name: "customer", Password: password}}
	}
	if len(o.HostKeys) == 0 {
		key, err := sftptest.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		o.HostKeys = []ssh.Signer{key}
	}
	s, err := sftptest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return &customer{s, t, o.Root, o.HostKeys}
}

// put writes a file as the customer does.
func (c *customer) put(name, content string) {
	c.t.Helper()
	writeFile(c.t, filepath.Join(c.root, name), content)
}

func (c *customer) get(name string) string {
	c.t.Helper()
	return readFile(c.t, filepath.Join(c.root, name))
}

func (c *customer) names(dir string) []string {
	c.t.Helper()
	return namesIn(c.t, filepath.Join(c.root, dir))
}

// place gives the lines of a connection that say where the server is and which key it has.
func (c *customer) place() string { return placeOf("127.0.0.1", c.Port(), c.HostKeys()...) }

func placeOf(host string, port int, keys ...string) string {
	return fmt.Sprintf("host: %s\n    port: %d\n    host_keys: [%s]\n", host, port, strings.Join(keys, ", "))
}

// connection gives a connection as user "customer" with its password. Each line of more is one of its keys.
func (c *customer) connection(name string, more ...string) string {
	return connection(name, append([]string{c.place(), "username: customer", login}, more...)...)
}

func connection(name string, lines ...string) string {
	return "  " + name + ":\n    " + strings.ReplaceAll(strings.Join(lines, "\n    "), "\n    \n", "\n") + "\n"
}

// importJob gives an import of everything in a location into the folder of its name.
func importJob(name, connection, location string, more ...string) string {
	return fmt.Sprintf("  %s:\n    type: import\n    connection: %s\n    from: {location: %s, match: \"*\", stable_for: 0s}\n    to: {dir: %s}\n%s",
		name, connection, location, name, lines(more))
}

// exportJob gives an export of the folder of its name into a location.
func exportJob(name, connection, location string, more ...string) string {
	return fmt.Sprintf("  %s:\n    type: export\n    connection: %s\n    from: {dir: %s, match: \"*\", stable_for: 0s}\n    to: {location: %s}\n%s",
		name, connection, name, location, lines(more))
}

func lines(more []string) string {
	text := ""
	for _, line := range more {
		text += "    " + line + "\n"
	}
	return text
}

// users gives who logged in, each name once, in order.
func (c *customer) users() []string {
	names := []string{}
	for _, o := range c.Log() {
		if o.Op == "auth" && o.Code == 0 && o.Path != "none" && !slices.Contains(names, o.User) {
			names = append(names, o.User)
		}
	}
	return names
}

// outside gives the requests that named something that is not at or below one of the folders.
func (c *customer) outside(folders ...string) []string {
	var found []string
	for _, o := range c.Log() {
		if o.Op == "auth" || o.Path == "" {
			continue
		}
		for _, p := range []string{o.Path, o.To} {
			within := func(folder string) bool {
				return p == folder || strings.HasPrefix(p, strings.TrimSuffix(folder, "/")+"/")
			}
			if p != "" && (path.Clean(p) != p || !slices.ContainsFunc(folders, within)) {
				found = append(found, o.Op+" "+p)
			}
		}
	}
	return found
}

// count says how often something was asked of the server.
func (c *customer) count(op, path string) int {
	n := 0
	for _, o := range c.Log() {
		if o.Op == op && (path == "" || o.Path == path) {
			n++
		}
	}
	return n
}

// generate makes a login key and gives its public part.
func (w *world) generate(name string, flags ...string) ssh.PublicKey {
	w.t.Helper()
	line := w.haulier(0, append([]string{"keys", "generate", name}, flags...)...).out
	return publicKey(w.t, line)
}

func publicKey(t testing.TB, line string) ssh.PublicKey {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return key
}

// copyHostKey lets the server show the host key of another.
func (c *customer) copyHostKey(from *customer) {
	c.SetHostKeys(from.keys...)
}

// trust accepts the server's host key for a connection, by its fingerprint.
func (w *world) trust(connection string, c *customer) {
	w.t.Helper()
	w.haulier(0, "connections", "trust", connection, "--fingerprint", c.Fingerprint())
}
