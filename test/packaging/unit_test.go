package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/haulier/haulier/test/program"
)

const unitFile = "packaging/systemd/haulier.service"

func needsSystemd(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze: install Debian package systemd")
	}
}

// TestUnitIsOneThatSystemdTakes: it takes every line, and all programs are there.
func TestUnitIsOneThatSystemdTakes(t *testing.T) {
	takesTime(t)
	needsSystemd(t)
	unit := filepath.Join(t.TempDir(), "haulier.service")
	here := strings.ReplaceAll(shipped(t, unitFile), "=/usr/bin/haulier", "="+program.Built(t))
	if err := os.WriteFile(unit, []byte(here), 0o644); err != nil {
		t.Fatal(err)
	}
	if said := must(t, exec.Command("systemd-analyze", "verify", "--man=no", unit)); said != "" {
		t.Errorf("systemd-analyze verify says: %s", said)
	}
}

// TestUnitIsHardened: what an intruder in the service could do is little, by systemd's own measure.
func TestUnitIsHardened(t *testing.T) {
	takesTime(t)
	needsSystemd(t)
	said := must(t, exec.Command("systemd-analyze", "security", "--no-pager", "--offline=true", filepath.Join(root(t), unitFile)))
	found := regexp.MustCompile(`exposure level for haulier\.service: ([0-9.]+)`).FindStringSubmatch(said)
	if found == nil {
		t.Fatal(said)
	}
	if level, err := strconv.ParseFloat(found[1], 64); err != nil || level > 2 {
		t.Errorf("exposure %s, want 2.0 at most:\n%s", found[1], said)
	}
	for _, line := range []string{"NoNewPrivileges=true", "ProtectSystem=strict", "LimitCORE=0", "Type=notify", "LoadCredential=haulier-master-key"} {
		if !strings.Contains(shipped(t, unitFile), "\n"+line+"\n") {
			t.Errorf("the unit has no %s", line)
		}
	}
}

// TestSystemCallsAreAllowed: what the program asks of the kernel, as a daemon and as the commands that the unit calls, is what
// the unit lets through.
func TestSystemCallsAreAllowed(t *testing.T) {
	takesTime(t)
	needsSystemd(t)
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace: install Debian package strace")
	}
	allowed := map[string]bool{}
	filters := regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).FindAllStringSubmatch(shipped(t, unitFile), -1)
	if len(filters) != 2 {
		t.Fatalf("the filters of the unit are %q", filters)
	}
	for _, filter := range filters {
		for _, set := range strings.Fields(filter[2]) {
			for _, call := range callsOf(t, set) {
				allowed[call] = filter[1] == ""
			}
		}
	}
	used := callsUsed(t)
	if len(used) < 30 || !slices.Contains(used, "fsync") {
		t.Errorf("only %q were seen", used)
	}
	for _, call := range used {
		// As root SQLite gives its files to the owner of the database; the service is not root.
		if !allowed[call] && call != "fchown" {
			t.Errorf("the unit forbids %s, which the program uses", call)
		}
	}
	if allowed["mount"] || allowed["setpriority"] || allowed["chown"] || !allowed["openat"] {
		t.Error("the sets were not read as systemd reads them")
	}
}

// callsOf gives the system calls of a set, with those of the sets in it.
func callsOf(t *testing.T, set string) (calls []string) {
	t.Helper()
	for line := range strings.Lines(must(t, exec.Command("systemd-analyze", "--no-pager", "syscall-filter", set))) {
		line = strings.TrimSpace(line)
		switch {
		case line == set, line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@"):
			calls = append(calls, callsOf(t, line)...)
		default:
			calls = append(calls, line)
		}
	}
	return calls
}

// callsUsed runs the demo, which moves files, until it has, under strace.
func callsUsed(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	table := filepath.Join(dir, "calls")
	// The demo ends by itself when its standard output is gone or it is told to; SIGINT reaches it through timeout.
	demo := exec.Command("timeout", "-s", "INT", "8", "strace", "-f", "-qq", "-c", "-U", "name", "-o", table, program.Built(t), "demo")
	demo.Dir = dir
	out, err := demo.CombinedOutput()
	if !strings.Contains(string(out), "delivered") {
		t.Fatalf("the demo moved nothing: %v\n%s", err, out)
	}
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, word := range strings.Fields(string(text)) {
		if word != "total" && word != "syscall" && !strings.HasPrefix(word, "-") {
			calls = append(calls, word)
		}
	}
	return calls
}
