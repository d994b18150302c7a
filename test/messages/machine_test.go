package messages

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/test/program"
	"github.com/haulier/haulier/transfer/sftptest"
)

// customer is the server that a machine is set up for.
type customer struct {
	host     string
	port     int
	user     string
	dir      string   // folder that holds out and in, as clients name it
	auth     string   // YAML
	hostKeys []string // empty: the store's pins count
	extra    []string // further lines of the connection
	jobs     []string // further lines of both jobs
}

// machine is a fresh installation with one connection, acme, and two jobs, acme-in and acme-out.
type machine struct {
	t *testing.T
	program.Machine
}

func newMachine(t *testing.T, c customer, env ...string) *machine {
	t.Helper()
	m := &machine{t, program.Machine{Program: program.Built(t), Dir: t.TempDir(), Env: env}}
	m.write("haulier.yaml", c.yaml())
	return m
}

func (c customer) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\ntimezone: Europe/Brussels\ndata_dir: data\negress_ips: [203.0.113.10]\nconnections:\n  acme:\n")
	fmt.Fprintf(&b, "    host: %q\n    port: %d\n    username: %q\n    auth: %s\n", c.host, c.port, c.user, c.auth)
	if len(c.hostKeys) > 0 {
		fmt.Fprintf(&b, "    host_keys: [%q]\n", c.hostKeys[0])
	}
	for _, line := range c.extra {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	dir := strings.TrimSuffix(c.dir, "/")
	fmt.Fprintf(&b, "    locations: {outgoing: %q, incoming: %q}\njobs:\n", dir+"/out", dir+"/in")
	for _, text := range []string{
		"  acme-in:\n    type: import\n    from: {location: outgoing, match: \"*\", stable_for: 0s}\n    to: {dir: landing}\n",
		"  acme-out:\n    type: export\n    from: {dir: outbox, match: \"*\", stable_for: 0s}\n    to: {location: incoming}\n",
	} {
		fmt.Fprintf(&b, "%s    connection: acme\n    schedule: \"@daily\"\n", text)
		for _, line := range c.jobs {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}

// sshd is a customer with OpenSSH; out and in are made.
func sshd(t *testing.T, o testserver.Options) (customer, *testserver.Server) {
	t.Helper()
	s := testserver.SSHD(t, o)
	folders(t, s.Root)
	c := customer{host: s.Host, port: s.Port, user: s.User, dir: s.Dir, hostKeys: s.HostKeyLines, auth: keyFile(s.KeyFile)}
	return c, s
}

// evil is a customer whose server has faults; user platform logs in by the password "correct horse 7".
func evil(t *testing.T, o sftptest.Options) (c customer, s *sftptest.Server, root string) {
	t.Helper()
	o.Root = t.TempDir()
	folders(t, o.Root)
	if o.Users == nil {
		o.Users = []sftptest.User{{Name: "platform", Password: "correct horse 7"}}
	}
	s, err := sftptest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	c = customer{host: "127.0.0.1", port: s.Port(), user: "platform", dir: "/", hostKeys: s.HostKeys(), auth: passwordAuth}
	return c, s, o.Root
}

// Ways to log in, as YAML. The password comes by the variable of correctPassword.
const (
	passwordAuth    = "{methods: [password], password: {env: ACME_PASSWORD}}"
	correctPassword = "ACME_PASSWORD=correct horse 7"
)

func keyFile(path string) string {
	return fmt.Sprintf("{methods: [publickey], key_file: {path: %q}}", path)
}

func folders(t *testing.T, root string) {
	t.Helper()
	for _, name := range []string{"out", "in"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// run calls the program and gives how it ended.
func (m *machine) run(args ...string) program.Ended {
	m.t.Helper()
	ended, err := m.Run(m.t.Context(), args...)
	if err != nil {
		m.t.Fatal(err)
	}
	return ended
}

// must calls the program, which must do well, and gives its output.
func (m *machine) must(args ...string) string {
	m.t.Helper()
	ended := m.run(args...)
	if ended.Code != 0 {
		m.t.Fatalf("haulier %q ended with %d:\n%s%s", args, ended.Code, ended.Stdout, ended.Stderr)
	}
	return ended.Stdout
}

// write writes a file of the machine.
func (m *machine) write(name, text string) string {
	m.t.Helper()
	return write(m.t, filepath.Join(m.Dir, name), text)
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// empty checks that nothing landed.
func (m *machine) empty(dir string) {
	m.t.Helper()
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(m.Dir, dir)
	}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			m.t.Errorf("%s holds %s", dir, entry.Name())
		}
	}
}

// tool calls a program of the system and gives its output; without the program the test is skipped.
func tool(t *testing.T, name, pkg, stdin string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("needs %s: install Debian package %s", name, pkg)
	}
	command := exec.Command(name, args...)
	command.Stdin = strings.NewReader(stdin)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}
