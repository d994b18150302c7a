package bench

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(program.Leave)) }

// size is how much is moved: 1 GiB, 64 MiB with -short.
func size() int64 {
	if testing.Short() {
		return 64 << 20
	}
	return 1 << 30
}

// site is a machine and a customer's server beside it.
type site struct {
	b *testing.B
	program.Machine
	server *testserver.Server
	gpg    string // home of the customer's keyring; empty: no PGP
}

// newSite sets up an import and an export, both with PGP or without.
func newSite(b *testing.B, pgp bool) *site {
	b.Helper()
	s := &site{b: b, server: testserver.SSHD(b, testserver.Options{}), Machine: program.Machine{Program: program.Built(b), Dir: b.TempDir()}}
	for _, dir := range []string{filepath.Join(s.server.Root, "out"), filepath.Join(s.server.Root, "in"), filepath.Join(s.Dir, "outbox")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	policies := ""
	if pgp {
		policies = "    inbound: {pgp: {decrypt_with: ours}}\n    outbound: {pgp: {encrypt_to: [theirs]}}\n"
	}
	s.write("haulier.yaml", fmt.Sprintf(`version: 1
timezone: UTC
data_dir: data
connections:
  acme:
    host: %s
    port: %d
    username: %s
    auth: {methods: [publickey], key_file: {path: %s}}
    host_keys: [%q]
    root: %s
    locations: {outgoing: out, incoming: in}
%sjobs:
  import:
    type: import
    connection: acme
    schedule: "0 0 1 1 *"
    from: {location: outgoing, match: "*", stable_for: 0s}
    to: {dir: landing, name: plain}
  export:
    type: export
    connection: acme
    schedule: "0 0 1 1 *"
    from: {dir: outbox, match: "*", stable_for: 0s}
    to: {location: incoming, name: arrived}
`, s.server.Host, s.server.Port, s.server.User, s.server.KeyFile, s.server.HostKeyLines[0], s.server.Dir, policies))
	if pgp {
		s.exchangeKeys()
	}
	return s
}

// exchangeKeys gives each side the other's public key: RSA with 4096 bits here, gpg's default there.
func (s *site) exchangeKeys() {
	s.b.Helper()
	home, err := os.MkdirTemp("", "gpg") // short: sockets lie in it
	if err != nil {
		s.b.Fatal(err)
	}
	s.gpg = home
	s.b.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		if err := os.RemoveAll(home); err != nil {
			s.b.Error(err)
		}
	})
	ours := s.run("pgp", "generate", "ours").Stdout
	s.customer(strings.NewReader(ours), "--import")
	s.customer(nil, "--passphrase", "", "--pinentry-mode", "loopback", "--quick-generate-key", "theirs", "future-default", "default", "never")
	s.run("pgp", "import", "theirs", s.write("theirs.asc", s.customer(nil, "--armor", "--export", "theirs")))
}

// customer calls gpg on the customer's side.
func (s *site) customer(stdin io.Reader, args ...string) string {
	s.b.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		s.b.Skip("needs gpg: install Debian package gnupg")
	}
	var stderr bytes.Buffer
	command := exec.Command("gpg", append([]string{"--homedir", s.gpg, "--batch", "--quiet", "--no-permission-warning", "--trust-model", "always"}, args...)...)
	command.Stdin, command.Stderr = stdin, &stderr
	out, err := command.Output()
	if err != nil {
		s.b.Fatalf("gpg %q: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

func (s *site) write(name, text string) string {
	s.b.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.b.Fatal(err)
	}
	return path
}

// run calls the program, which must do well.
func (s *site) run(args ...string) program.Ended {
	s.b.Helper()
	ended, err := s.Run(s.b.Context(), args...)
	if err != nil || ended.Code != 0 {
		s.b.Fatalf("haulier %q ended with %d, %v:\n%s%s", args, ended.Code, err, ended.Stdout, ended.Stderr)
	}
	return ended
}

// one runs a job, which must move one file.
func (s *site) one(job string) program.Ended {
	s.b.Helper()
	ended := s.run("run", "--json", "--force", job)
	lines := strings.Split(strings.TrimSpace(ended.Stdout), "\n")
	var last struct{ Files struct{ OK int } }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Files.OK != 1 {
		s.b.Fatalf("the run moved %d files, want 1: %s, %v", last.Files.OK, lines[len(lines)-1], err)
	}
	return ended
}

// fill writes a file of bytes that cannot be compressed, and gives its hash.
func fill(b *testing.B, path string) string {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	hash := sha256.New()
	source := rand.NewChaCha8([32]byte([]byte("haulier carries files with care.")))
	_, err = io.CopyN(io.MultiWriter(file, hash), source, size())
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func hashOf(b *testing.B, path string) string {
	b.Helper()
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		b.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
