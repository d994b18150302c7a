package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ProFTPDOptions of a ProFTPD. The zero value takes the client's key or the password, either of them.
type ProFTPDOptions struct {
	// HostKeys are the kinds of host keys, in ssh-keygen's words: rsa, ecdsa, ed25519. Empty: one ed25519 key.
	HostKeys []string
	// Methods are mod_sftp's words for SFTPAuthMethods, e.g. "password" or "publickey+password" (both needed).
	// Empty: "publickey password".
	Methods string
	// Config are further lines of the configuration.
	Config []string
	// Own lets the customer be no alias of root, but a user who is bound by rights and owns Server.Root.
	Own bool
}

// ProFTPD starts ProFTPD with mod_sftp. User "customer" logs in with Server.Key or Server.Password and is locked into
// Server.Root, which it sees as "/".
func ProFTPD(t testing.TB, o ProFTPDOptions) *Server {
	t.Helper()
	program := tool(t, "proftpd", "proftpd-core")
	module := proftpdModule(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root: ProFTPD locks its users into a folder")
	}
	s := newServer(t)
	s.User, s.Password, s.Dir = ownUser, ownPassword, "/"
	s.late = true
	uid := 0
	if o.Own {
		s.own(t)
		s.fullDisk(t)
		uid = ownUID
	}
	hostKeys := s.makeHostKeys(t, o.HostKeys)
	passwords := s.passwordFile(t, uid)
	keys := s.write(t, "customer.keys", s.ssh2PublicKey(t))
	s.start(t, "standalone mode STARTUP", func(port int) *exec.Cmd {
		config := s.write(t, "proftpd.conf", s.proftpdConfig(o, module, port, hostKeys, passwords, keys))
		return exec.Command(program, "-n", "-c", config)
	})
	return s
}

func proftpdModule(t testing.TB) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/proftpd", "/usr/lib/*/proftpd", "/usr/local/libexec", "/usr/libexec/proftpd"} {
		found, _ := filepath.Glob(filepath.Join(pattern, "mod_sftp.so"))
		if len(found) > 0 {
			return filepath.Dir(found[0])
		}
	}
	t.Skip("needs mod_sftp: install Debian package proftpd-mod-crypto")
	return ""
}

func (s *Server) proftpdConfig(o ProFTPDOptions, module string, port int, hostKeys []string, passwords, keys string) string {
	methods := o.Methods
	if methods == "" {
		methods = "publickey password"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ModulePath %s\nLoadModule mod_sftp.c\n", module)
	fmt.Fprintf(&b, "ServerName test\nServerType standalone\nDefaultAddress %s\nPort %d\n", s.Host, port)
	fmt.Fprintf(&b, "UseReverseDNS off\nUseIPv6 off\nUser root\nGroup root\nRootLogin on\nMaxInstances 50\n")
	fmt.Fprintf(&b, "PidFile %[1]s/pid\nScoreboardFile %[1]s/score\nSystemLog none\nWtmpLog off\nTransferLog none\n", s.work)
	fmt.Fprintf(&b, "AuthOrder mod_auth_file.c\nAuthUserFile %s\nRequireValidShell off\nDefaultRoot %s\n", passwords, s.Root)
	fmt.Fprintf(&b, "AllowOverwrite on\nSFTPEngine on\nSFTPLog %s/sftp.log\nSFTPAuthMethods %s\n", s.work, methods)
	fmt.Fprintf(&b, "SFTPAuthorizedUserKeys file:%s\n", keys)
	for _, file := range hostKeys {
		fmt.Fprintf(&b, "SFTPHostKey %s\n", file)
	}
	for _, line := range o.Config {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// SFTPLog is what mod_sftp has written to its log so far.
func (s *Server) SFTPLog(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.work, "sftp.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// passwordFile holds the customer.
func (s *Server) passwordFile(t testing.TB, uid int) string {
	t.Helper()
	file := filepath.Join(s.work, "passwd")
	command := exec.Command(tool(t, "ftpasswd", "proftpd-core"), "--passwd", "--sha512", "--stdin", "--file="+file,
		"--name="+s.User, fmt.Sprintf("--uid=%d", uid), fmt.Sprintf("--gid=%d", uid), "--home="+s.Root, "--shell=/bin/false")
	command.Stdin = strings.NewReader(s.Password + "\n")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("ftpasswd: %v\n%s", err, out)
	}
	return file
}

// ssh2PublicKey is the client's public key as mod_sftp reads it (RFC 4716).
func (s *Server) ssh2PublicKey(t testing.TB) string {
	t.Helper()
	out, err := exec.Command(tool(t, "ssh-keygen", "openssh-client"), "-e", "-m", "RFC4716", "-f", s.KeyFile+".pub").Output()
	if err != nil {
		t.Fatalf("ssh-keygen -e: %v", err)
	}
	return string(out)
}
