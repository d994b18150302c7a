package walkthrough

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// shell is one shell for many commands, as a reader has it: folders, variables and what runs behind stay.
type shell struct {
	t     *testing.T
	stdin io.Writer
	out   *bufio.Reader
}

func newShell(t *testing.T, dir string, env ...string) *shell {
	t.Helper()
	command := exec.Command("sh")
	command.Dir = dir
	command.Env = append(os.Environ(), env...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // with everything that it started
		_ = command.Wait()
	})
	return &shell{t, stdin, bufio.NewReader(stdout)}
}

// mark ends the output of each command.
const mark = "--- end of the command: "

// do types one command and gives what it printed, on both streams, and its exit code.
func (s *shell) do(command string) (string, int) {
	s.t.Helper()
	if _, err := fmt.Fprintf(s.stdin, "{ %s\n} 2>&1 </dev/null; code=$?; echo; echo '%s'$code\n", command, mark); err != nil {
		s.t.Fatalf("%s: %v", command, err)
	}
	var out strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			s.t.Fatalf("the shell ended at %s: %v\n%s", command, err, out.String())
		}
		if code, ok := strings.CutPrefix(line, mark); ok {
			number, err := strconv.Atoi(strings.TrimSpace(code))
			if err != nil {
				s.t.Fatal(err)
			}
			return strings.TrimSuffix(out.String(), "\n"), number
		}
		out.WriteString(line)
	}
}
