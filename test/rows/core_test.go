package rows_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/haulier/haulier/test/program"
)

// A25: the memory of the program, which holds keys, is not written to a disk when it dies, and nobody but root reads it or
// the variables that it was started with. The same is shown of a program that does not see to it: it is the other way round.
func TestNoCoreIsWritten(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: the program is started as another user")
	}
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	nobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	dir, err := os.MkdirTemp("", "rows-core-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := dir + "/haulier" // where every user may start it
	writeFile(t, file, readFile(t, program.Built(t)))
	writeFile(t, dir+"/haulier.yaml", w.read("haulier.yaml"))
	for _, path := range []string{dir, file, dir + "/haulier.yaml"} {
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}

	log := &journal{}
	ours := exec.Command(file, "-c", dir+"/haulier.yaml", "serve")
	ours.Dir, ours.Env, ours.SysProcAttr, ours.Stdout, ours.Stderr = dir, append(w.env, "GOTRACEBACK=crash"), nobody, log, log
	other := exec.Command("sleep", "600")
	other.Dir, other.SysProcAttr = dir, nobody
	for _, command := range []*exec.Cmd{ours, other} {
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = command.Process.Kill() })
	}
	until(t, "the daemon", func() bool { return strings.Contains(log.String(), "haulier serves") })
	for command, owner := range map[*exec.Cmd]uint32{ours: 0, other: 65534} {
		for _, name := range []string{"environ", "mem"} {
			info, err := os.Stat(fmt.Sprintf("/proc/%d/%s", command.Process.Pid, name))
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Sys().(*syscall.Stat_t).Uid; got != owner {
				t.Errorf("%s of %s is for user %d, want %d", name, command.Path, got, owner)
			}
		}
	}
	for line := range strings.Lines(readFile(t, fmt.Sprintf("/proc/%d/limits", ours.Process.Pid))) {
		if strings.HasPrefix(line, "Max core file size") && strings.Join(strings.Fields(line)[4:6], " ") != "0 0" {
			t.Error(line)
		}
	}
	_ = ours.Process.Signal(syscall.SIGABRT)
	_ = ours.Wait()
	_ = other.Process.Kill()
	_ = other.Wait()
	if status := ours.ProcessState.Sys().(syscall.WaitStatus); status.CoreDump() {
		t.Error("a core was written")
	}
	has(t, log.String(), "SIGABRT")
}
