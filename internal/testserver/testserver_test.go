package testserver_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
)

func TestSSHDServesItsKey(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{HostKeys: []string{"ed25519", "rsa"}})
	if len(s.HostKeyLines) != 2 || !strings.HasPrefix(s.HostKeyLines[1], "ssh-rsa ") {
		t.Errorf("host keys: %q", s.HostKeyLines)
	}
	put(t, s, s.Dir)
}

func TestSSHDRefusesOtherKeys(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{NoKey: true})
	if out, err := sftp(t, s, "pwd\n"); err == nil {
		t.Errorf("login without an authorized key works:\n%s", out)
	}
}

func TestProFTPDServesItsKey(t *testing.T) {
	s := testserver.ProFTPD(t, testserver.ProFTPDOptions{})
	put(t, s, s.Dir)
}

func TestSSHDTakesSFTPArguments(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{SFTP: "-R"})
	if out, err := sftp(t, s, "put "+s.KeyFile+" "+s.Dir+"/x\n"); err == nil {
		t.Errorf("a read-only server takes a file:\n%s", out)
	}
}

// A user of the server's own logs in with the key that the server made, and is bound by rights as root is not.
func TestServersHaveTheirOwnUser(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) *testserver.Server{
		"sshd": func(t *testing.T) *testserver.Server { return testserver.SSHD(t, testserver.Options{Own: true}) },
		"external": func(t *testing.T) *testserver.Server {
			return testserver.SSHD(t, testserver.Options{Own: true, External: true})
		},
		"proftpd": func(t *testing.T) *testserver.Server {
			return testserver.ProFTPD(t, testserver.ProFTPDOptions{Own: true})
		},
		"dropbear": func(t *testing.T) *testserver.Server { return testserver.Dropbear(t, testserver.DropbearOptions{}) },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			put(t, s, s.Dir)
			if err := os.Chmod(s.Root, 0o500); err != nil {
				t.Fatal(err)
			}
			if out, err := sftp(t, s, "put "+s.KeyFile+" "+filepath.Join(s.Dir, "second")+"\n"); err == nil {
				t.Errorf("a folder without the right to write takes a file:\n%s", out)
			}
		})
	}
}

func TestServersStandStillAndStartAgain(t *testing.T) {
	s := testserver.Dropbear(t, testserver.DropbearOptions{})
	s.Pause()
	if conn, err := net.Dial("tcp", s.Addr); err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if n, err := conn.Read(make([]byte, 1)); !os.IsTimeout(err) {
			t.Errorf("a paused server says %d bytes, %v", n, err)
		}
		_ = conn.Close()
	}
	s.Resume()
	port := s.Port
	s.Restart(t)
	if s.Port != port {
		t.Errorf("port %d became %d", port, s.Port)
	}
	put(t, s, s.Dir)
}

func TestStopEndsSessions(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{})
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Read(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	s.Stop()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, conn); os.IsTimeout(err) {
		t.Error("the session outlives its server")
	}
	if _, err := net.Dial("tcp", s.Addr); err == nil {
		t.Error("the port still answers")
	}
}

// put uploads a file with OpenSSH's own client and looks for it on disk.
func put(t *testing.T, s *testserver.Server, dir string) {
	t.Helper()
	out, err := sftp(t, s, "put "+s.KeyFile+" "+filepath.Join(dir, "copy")+"\n")
	if err != nil {
		t.Fatalf("sftp: %v\n%s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(s.Root, "copy"))
	if err != nil || string(got) != s.Key {
		t.Errorf("uploaded file: %d bytes, %v", len(got), err)
	}
}

func sftp(t *testing.T, s *testserver.Server, batch string) (string, error) {
	t.Helper()
	command := exec.Command("sftp", "-b", "-", "-F", "none", "-i", s.KeyFile, "-P", strconv.Itoa(s.Port), "-o", "IdentitiesOnly=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", s.User+"@"+s.Host)
	command.Stdin = strings.NewReader(batch)
	out, err := command.CombinedOutput()
	return string(out), err
}
