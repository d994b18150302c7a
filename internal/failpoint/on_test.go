//go:build failpoints

package failpoint

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

// TestEnd runs itself as a process that ends with more than it began with, and as one that does not.
func TestEnd(t *testing.T) {
	switch os.Getenv("FAILPOINT_TEST") {
	case "leaks":
		for range spare + 1 {
			go func() { select {} }()
		}
		file, err := os.Open(os.Args[0])
		if err != nil {
			os.Exit(3)
		}
		End()
		_ = file.Close()
		os.Exit(0)
	case "ends":
		End()
		os.Exit(0)
	}
	for how, want := range map[string][]string{"ends": nil, "leaks": {"goroutines", "TestEnd", "open files", os.Args[0]}} {
		rest := filepath.Join(t.TempDir(), "rest")
		command := exec.Command(os.Args[0], "-test.run=^TestEnd$")
		command.Env = append(os.Environ(), "FAILPOINT_TEST="+how, "HAULIER_FAILPOINTS_REST="+rest)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(rest)
		if err != nil {
			t.Fatal(err)
		}
		peak, held, _ := strings.Cut(string(text), "\n")
		if bytes, err := strconv.Atoi(peak); err != nil || bytes < 1<<20 {
			t.Errorf("a process had %q bytes resident", peak)
		}
		if want == nil && held != "" {
			t.Errorf("a process that holds nothing is said to hold %s", held)
		}
		for _, word := range want {
			if !strings.Contains(held, word) {
				t.Errorf("no %q in %q", word, held)
			}
		}
	}
}
