package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// RcloneOptions of an rclone. Program is needed.
type RcloneOptions struct {
	Program  string   // rclone, or a program that is as much of it as serve sftp
	HostKeys []string // kinds of host keys: rsa, ecdsa, ed25519. Empty: one ed25519 key
	NoKey    bool     // only the password lets in
	NoLogin  bool     // only the key lets in
	Args     []string // further arguments of serve sftp
}

// Rclone starts "rclone serve sftp", as a user of its own who owns Server.Root, seen as "/". User "customer" logs in with
// Server.Key or Server.Password.
func Rclone(t testing.TB, o RcloneOptions) *Server {
	t.Helper()
	s := newServer(t)
	s.own(t)
	s.Dir, s.late = "/", true
	home := s.home(t)
	program := filepath.Join(home, "rclone") // where its user may run it
	// Copied by a process of its own: a file that this one writes may be open in another's child, which then cannot be run.
	if out, err := exec.Command("cp", o.Program, program).CombinedOutput(); err != nil {
		t.Fatalf("copy rclone: %v\n%s", err, out)
	}
	args := append([]string{"serve", "sftp", s.Root, "-v", "--config=", "--dir-cache-time=0s"}, o.Args...)
	for _, file := range s.makeHostKeys(t, o.HostKeys) {
		if err := os.Chown(file, ownUID, ownUID); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--key="+file)
	}
	keys := filepath.Join(home, ".ssh/authorized_keys")
	if o.NoKey {
		keys = ""
	}
	args = append(args, "--authorized-keys="+keys)
	if !o.NoLogin {
		args = append(args, "--user="+s.User, "--pass="+s.Password)
	}
	s.start(t, "SFTP server listening on", func(int) *exec.Cmd {
		c := exec.Command(program, append(args, "--addr="+s.Addr)...)
		c.Dir, c.Env, c.SysProcAttr = home, []string{"HOME=" + home, "PATH=/usr/bin:/bin"}, as(ownUID)
		return c
	})
	return s
}

// Version gives the first line of what a program says of itself.
func Version(program string, args ...string) string {
	out, _ := exec.Command(program, args...).CombinedOutput()
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(first)
}
