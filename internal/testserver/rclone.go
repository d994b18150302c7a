package testserver

import (
	"context"
	"io"
	"net"
	"net/http"
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
	s.fullDisk(t)
	s.Dir, s.late = "/", true
	home := s.home(t)
	program := filepath.Join(home, "rclone") // where its user may run it
	// Copied by a process of its own: a file that this one writes may be open in another's child, which then cannot be run.
	if out, err := exec.Command("cp", o.Program, program).CombinedOutput(); err != nil {
		t.Fatalf("copy rclone: %v\n%s", err, out)
	}
	args := append([]string{"serve", "sftp", s.Root, "-v", "--config=", "--rc", "--rc-no-auth", "--rc-addr=unix://" + s.control()}, o.Args...)
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
		_ = os.Remove(s.control()) // of one that was killed
		c := exec.Command(program, append(args, "--addr="+s.Addr)...)
		c.Dir, c.Env, c.SysProcAttr = home, []string{"HOME=" + home, "PATH=/usr/bin:/bin"}, as(ownUID)
		return c
	})
	return s
}

// control is the socket by which rclone is told what it must forget.
func (s *Server) control() string { return filepath.Join(s.work, "home", "rc") }

// Forget lets rclone look at the disk anew: it remembers what lies in folders.
func (s *Server) Forget(t testing.TB) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", s.control())
	}}}
	answer, err := client.Post("http://rclone/vfs/forget", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatalf("rclone vfs/forget: %v", err)
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		t.Fatalf("rclone vfs/forget: %s %s", answer.Status, said)
	}
}

// Version gives the first line of what a program says of itself.
func Version(program string, args ...string) string {
	out, _ := exec.Command(program, args...).CombinedOutput()
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(first)
}
