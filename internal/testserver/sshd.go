package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"testing"
)

// Options of an sshd. The zero value is a server with one ed25519 host key that takes the server's own client key.
type Options struct {
	// HostKeys are the kinds of host keys, in ssh-keygen's words: ed25519, ecdsa, rsa. Empty: one ed25519 key.
	HostKeys []string
	// AuthorizedKeys are further lines of authorized_keys. The server's own key (Server.Key) is always taken unless
	// NoKey is set.
	AuthorizedKeys []string
	NoKey          bool
	// SFTP are arguments of the SFTP subsystem, e.g. "-R" (read-only) or "-p open,write,close,realpath" (only those
	// requests). Sessions begin in Server.Root, whatever they are.
	SFTP string
	// External takes OpenSSH's sftp-server, a process of its own, for the subsystem. It logs to Server.Requests.
	External bool
	// Config are further lines of sshd_config. They stand first, and the first one counts in sshd.
	Config []string
	// Own gives the server a user of its own, who has Server.Password too and owns Server.Root. It needs root. Which
	// methods let the user in is said by Config, "PasswordAuthentication yes" for one.
	Own bool
	// PAM lets PAM ask for the password of the server's own user, which keyboard-interactive needs.
	PAM bool
	// Chroot locks the user into Server.Root, seen as "/", which belongs to root then.
	Chroot bool
	// CA signs the host keys, as hosts do that are known by an authority.
	CA bool
}

// SSHD starts OpenSSH's sshd. Logins are those of the user of the test, by key only, unless Options.Own is set.
// Its AuthenticationMethods, Ciphers and so on come by Options.Config.
func SSHD(t testing.TB, o Options) *Server {
	t.Helper()
	program := tool(t, "sshd", "openssh-server")
	prepareSSHD(t)
	s := newServer(t)
	s.Dir = s.Root
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s.User = me.Username
	run := exec.Command
	if o.Own {
		s.own(t)
		run = s.amongOwnUsers(t)
	}
	if o.Chroot {
		s.Dir = "/"
		s.lockIn(t)
	}
	if o.Own {
		s.fullDisk(t)
	}
	hostKeys := s.makeHostKeys(t, o.HostKeys)
	authorized := o.AuthorizedKeys
	if !o.NoKey {
		authorized = append([]string{s.PublicKey}, authorized...)
	}
	keys := s.write(t, "authorized_keys", strings.Join(authorized, "\n")+"\n")
	if err := os.Chmod(keys, 0o644); err != nil { // sshd reads it as the user
		t.Fatal(err)
	}
	if o.External {
		s.Requests = s.write(t, "requests", "")
		if err := os.Chmod(s.Requests, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if o.CA {
		o.Config = append(o.Config, s.certify(t, hostKeys)...)
	}
	s.start(t, "Server listening on", func(port int) *exec.Cmd {
		config := s.write(t, "sshd_config", s.sshdConfig(o, port, hostKeys, keys))
		return run(program, "-D", "-e", "-f", config)
	})
	return s
}

func (s *Server) sshdConfig(o Options, port int, hostKeys []string, authorized string) string {
	var b strings.Builder
	for _, line := range o.Config {
		fmt.Fprintln(&b, line)
	}
	for _, file := range hostKeys {
		fmt.Fprintf(&b, "HostKey %s\n", file)
	}
	fmt.Fprintf(&b, "ListenAddress %s:%d\n", s.Host, port)
	fmt.Fprintf(&b, "AuthorizedKeysFile %s\n", authorized)
	server := "internal-sftp"
	if o.External {
		server = "/usr/lib/openssh/sftp-server -e -l INFO"
	}
	fmt.Fprintf(&b, "Subsystem sftp %s -d %s %s", server, s.Dir, o.SFTP)
	if o.External {
		fmt.Fprintf(&b, " 2>>%s", s.Requests) // the user's shell runs it
	}
	b.WriteString("\n")
	if o.Chroot {
		fmt.Fprintf(&b, "ChrootDirectory %s\n", s.Root)
	}
	if o.PAM {
		b.WriteString("UsePAM yes\n")
	}
	b.WriteString("PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\n" +
		"KbdInteractiveAuthentication no\nMaxStartups 100\nLogLevel VERBOSE\nUseDNS no\n")
	return b.String()
}

// prepareSSHD makes the folder that sshd's children are locked into, which root's sshd insists on.
func prepareSSHD(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatalf("folder that sshd needs: %v", err)
	}
}

// lockIn makes Root a folder that sshd takes as a new root: its own, and all above it, belong to root.
func (s *Server) lockIn(t testing.TB) {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "haulier-chroot-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.Root = dir
}

// certify makes an authority, lets it sign the host keys, and gives the lines of sshd_config for the certificates.
func (s *Server) certify(t testing.TB, hostKeys []string) []string {
	t.Helper()
	authority, _ := s.makeKey(t, "authority", "ed25519")
	var lines []string
	for _, key := range hostKeys {
		out, err := exec.Command(tool(t, "ssh-keygen", "openssh-client"), "-q", "-s", authority, "-I", "host", "-h", "-n", s.Host, key+".pub").CombinedOutput()
		if err != nil {
			t.Fatalf("ssh-keygen -s: %v\n%s", err, out)
		}
		lines = append(lines, "HostCertificate "+key+"-cert.pub")
	}
	return lines
}
