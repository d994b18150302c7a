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
	// Config are further lines of sshd_config. They stand first, and the first one counts in sshd.
	Config []string
}

// SSHD starts OpenSSH's sshd. Passwords do not work on it (they need PAM); logins are those of the user of the test.
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
	hostKeys := s.makeHostKeys(t, o.HostKeys)
	authorized := o.AuthorizedKeys
	if !o.NoKey {
		authorized = append([]string{s.PublicKey}, authorized...)
	}
	keys := s.write(t, "authorized_keys", strings.Join(authorized, "\n")+"\n")
	s.start(t, "Server listening on", func(port int) *exec.Cmd {
		config := s.write(t, "sshd_config", s.sshdConfig(o, port, hostKeys, keys))
		return exec.Command(program, "-D", "-e", "-f", config)
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
	fmt.Fprintf(&b, "Subsystem sftp internal-sftp -d %s %s\n", s.Root, o.SFTP)
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
