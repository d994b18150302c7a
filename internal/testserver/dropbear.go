package testserver

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// DropbearOptions of a Dropbear. The zero value takes the client's key or the password, either of them.
type DropbearOptions struct {
	// HostKeys are the kinds of host keys: rsa, ecdsa, ed25519. Empty: one ed25519 key.
	HostKeys []string
	// Args are further arguments: "-s" takes no password, "-t" wants key and password.
	Args []string
}

// Dropbear starts Dropbear, which hands SFTP to OpenSSH's sftp-server. Its user "customer" exists for this server only,
// owns Server.Root and logs in with Server.Key or Server.Password.
func Dropbear(t testing.TB, o DropbearOptions) *Server {
	t.Helper()
	program := tool(t, "dropbear", "dropbear-bin")
	if !executable("/usr/lib/openssh/sftp-server") {
		t.Skip("needs sftp-server: install Debian package openssh-sftp-server")
	}
	s := newServer(t)
	s.own(t)
	s.fullDisk(t)
	s.Dir, s.late = s.Root, true
	run := s.amongOwnUsers(t)
	args := append([]string{"-F", "-E", "-P", filepath.Join(s.work, "pid")}, o.Args...)
	for _, file := range s.dropbearKeys(t, o.HostKeys) {
		args = append(args, "-r", file)
	}
	s.start(t, "Not backgrounding", func(port int) *exec.Cmd {
		return run(program, append(args, "-p", fmt.Sprintf("%s:%d", s.Host, port))...)
	})
	return s
}

// dropbearKeys makes host keys in Dropbear's own form.
func (s *Server) dropbearKeys(t testing.TB, kinds []string) []string {
	t.Helper()
	if len(kinds) == 0 {
		kinds = []string{"ed25519"}
	}
	var files []string
	for _, kind := range kinds {
		file := filepath.Join(s.work, "dropbear-"+kind)
		out, err := exec.Command(tool(t, "dropbearkey", "dropbear-bin"), "-t", kind, "-f", file).CombinedOutput()
		if err != nil {
			t.Fatalf("dropbearkey: %v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if fields := strings.Fields(line); len(fields) >= 2 && strings.HasPrefix(fields[1], "AAAA") {
				s.HostKeyLines = append(s.HostKeyLines, fields[0]+" "+fields[1])
			}
		}
		files = append(files, file)
	}
	return files
}
