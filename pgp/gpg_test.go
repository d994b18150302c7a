package pgp_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// gpg is the counterpart of the tests: a real GnuPG with a home of its own.
type gpg struct {
	t    *testing.T
	home string
}

func newGPG(t *testing.T) *gpg {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("needs gpg: install Debian package gnupg")
	}
	// The agent's socket has a short limit on its path, which t.TempDir passes.
	home, err := os.MkdirTemp("", "g")
	if err != nil {
		t.Fatal(err)
	}
	g := &gpg{t: t, home: home}
	t.Cleanup(func() {
		kill := exec.Command("gpgconf", "--homedir", home, "--kill", "all")
		if out, err := kill.CombinedOutput(); err != nil {
			t.Errorf("stop the agent: %v\n%s", err, out)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	return g
}

// try runs gpg and gives its output.
func (g *gpg) try(in []byte, args ...string) ([]byte, string, error) {
	cmd := exec.Command("gpg", append([]string{"--homedir", g.home, "--batch", "--yes", "--no-tty", "--quiet",
		"--trust-model", "always", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
	var out, report bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &report
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	err := cmd.Run()
	return out.Bytes(), report.String(), err
}

func (g *gpg) run(in []byte, args ...string) []byte {
	g.t.Helper()
	out, report, err := g.try(in, args...)
	if err != nil {
		g.t.Fatalf("gpg %s: %v\n%s", strings.Join(args, " "), err, report)
	}
	return out
}
