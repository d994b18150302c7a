package testserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The user that exists for a server of its own and nowhere else on the machine.
const (
	ownUser     = "customer"
	ownUID      = 29007
	ownPassword = "correct horse 7"
	// ownHash is ownPassword as crypt(3) seals it.
	ownHash = "$6$haulier$NoWM5Bgu0xgxqGRF1Q8V8HGp.p.WPF2T.xQC2Zt4qUFHojY/g0GcjT1brE6OLOfg63pChQySSKY65nTC8./le0"
)

// pam asks for the password and for nothing else.
const pam = "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n"

// own gives the server's folder to a user of its own, who is bound by rights as root is not.
func (s *Server) own(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: the server's user exists for the server only")
	}
	s.User, s.UID, s.Password = ownUser, ownUID, ownPassword
	for _, dir := range []string{filepath.Dir(s.Root), filepath.Dir(s.work)} {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(s.Root, ownUID, ownUID); err != nil {
		t.Fatal(err)
	}
}

// fullDisk puts a disk that can be filled into the server's folder.
func (s *Server) fullDisk(t testing.TB) {
	t.Helper()
	s.Full = FullDisk(t, s.Root, ownUID)
}

// FullDisk puts a disk of 1 MiB into a folder and gives its name there. A server must be started after that: it may see
// mounts of its own from then on.
func FullDisk(t testing.TB, dir string, uid int) (name string) {
	t.Helper()
	name = "full"
	dir = filepath.Join(dir, name)
	if err := errors.Join(os.Mkdir(dir, 0o755), mountDisk(dir, fmt.Sprintf("size=1m,mode=755,uid=%d,gid=%d", uid, uid))); err != nil {
		t.Logf("mount: %v", err)
		t.Skip("needs root: the right to mount, for a disk that can be filled")
	}
	t.Cleanup(func() {
		if err := unmountDisk(dir); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return name
}

// home makes a home folder that lets the client's key in, as servers read it that insist on ~/.ssh.
func (s *Server) home(t testing.TB) string {
	t.Helper()
	home := filepath.Join(s.work, "home")
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write(t, "home/.ssh/authorized_keys", s.PublicKey+"\n")
	for _, file := range []string{home, filepath.Join(home, ".ssh"), filepath.Join(home, ".ssh/authorized_keys")} {
		if err := os.Chown(file, ownUID, ownUID); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// amongOwnUsers gives a command that runs a program on a machine whose users are the present ones and the server's own:
// files of its own lie over those of the machine, for this process and its children only.
func (s *Server) amongOwnUsers(t testing.TB) func(program string, args ...string) *exec.Cmd {
	t.Helper()
	passwd := s.appended(t, "/etc/passwd", fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", ownUser, ownUID, ownUID, s.home(t)))
	shadow := s.appended(t, "/etc/shadow", fmt.Sprintf("%s:%s:19000:0:99999:7:::\n", ownUser, ownHash))
	service := s.write(t, "pam", pam)
	const script = `mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/shadow && { [ ! -e /etc/pam.d/sshd ] || mount --bind "$3" /etc/pam.d/sshd; } && shift 3 && exec "$@"`
	command := func(program string, args ...string) *exec.Cmd {
		c := exec.Command("/bin/sh", append([]string{"-c", script, "sh", passwd, shadow, service, program}, args...)...)
		c.SysProcAttr = withOwnMounts()
		return c
	}
	if out, err := command("/bin/true").CombinedOutput(); err != nil {
		t.Logf("mount: %v: %s", err, out)
		t.Skip("needs root: the right to mount, for a user of the server's own")
	}
	return command
}

// appended copies a file of the machine, with a line more; all may read the copy of what all may read.
func (s *Server) appended(t testing.TB, file, line string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	copied := s.write(t, filepath.Base(file), string(content)+line)
	if err := os.Chmod(copied, info.Mode().Perm()); err != nil {
		t.Fatal(err)
	}
	return copied
}
