package packaging

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { program.Leave(m.Run()) }

// takesTime leaves a test out where time is short.
func takesTime(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs time: packages and containers are built")
	}
}

// root is the folder of the project.
func root(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// shipped reads a file of the project.
func shipped(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wrap adds what a tool said to its error.
func wrap(err error, out []byte) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\n%s", err, out)
}

// must runs a tool that has to succeed, and gives what it said.
func must(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, out)
	}
	return string(out)
}
