//go:build failpoints

package failpoint

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHit runs itself as a process that comes by three moments.
func TestHit(t *testing.T) {
	if os.Getenv("HAULIER_FAILPOINTS") != "" {
		if err := Hit("first"); !errors.Is(err, ErrHit) {
			os.Exit(3)
		}
		if err := Hit("second"); err != nil {
			os.Exit(4)
		}
		_ = Hit("third")
		os.Exit(0)
	}
	log := filepath.Join(t.TempDir(), "log")
	command := exec.Command(os.Args[0], "-test.run=^TestHit$")
	command.Env = append(os.Environ(), "HAULIER_FAILPOINTS=first=err,third=kill", "HAULIER_FAILPOINTS_LOG="+log)
	err := command.Run()
	status, _ := command.ProcessState.Sys().(syscall.WaitStatus)
	if err == nil || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Errorf("the process ended with %v", err)
	}
	if text, _ := os.ReadFile(log); strings.TrimSpace(string(text)) != "first\nthird" {
		t.Errorf("log %q", text)
	}
}
