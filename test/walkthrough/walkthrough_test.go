package walkthrough

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/test/program"
)

const page = "../../docs/walkthrough.md"

// TestWalkthrough types what the page says into one shell, and compares what is printed. The page's variables are those
// of a server of the test's own.
func TestWalkthrough(t *testing.T) {
	for _, name := range []string{"gpg", "gpgconf"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("needs gpg: install Debian package gnupg")
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	keys := filepath.Join(dir, "authorized_keys")
	server := testserver.SSHD(t, testserver.Options{NoKey: true, Config: []string{"AuthorizedKeysFile " + keys}})
	set := map[string]string{
		"HOST": server.Host, "PORT": strconv.Itoa(server.Port), "SFTP_USER": server.User, "FOLDER": server.Root,
		"AUTHORIZED_KEYS": keys, "FINGERPRINT": fingerprint(t, server.HostKeyLines[0]),
	}
	sh := newShell(t, dir, "PATH="+filepath.Dir(program.Built(t))+":"+os.Getenv("PATH"), "GNUPGHOME="+gpgHome(t), "NO_COLOR=1")
	steps := stepsOf(string(text))
	if len(steps) < 30 {
		t.Fatalf("the page has %d commands only", len(steps))
	}
	for _, s := range steps {
		s.replace(set)
		out, code := sh.do(s.command)
		if code != 0 {
			t.Fatalf("%s:%d: %s\nended with %d:\n%s", page, s.line, s.command, code, out)
		}
		if wanted := strings.Join(s.prints, "\n"); !printed(out, s.prints) {
			t.Fatalf("%s:%d: %s\nprinted:\n%s\nthe page says:\n%s", page, s.line, s.command, out, wanted)
		}
	}
	if len(set) > 0 {
		t.Errorf("the page does not set %v any more", set)
	}
}

func fingerprint(t *testing.T, line string) string {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.FingerprintSHA256(key)
}

// gpgHome is a keyring of its own; its path is short, as sockets lie in it.
func gpgHome(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", dir, "--kill", "all").Run()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
