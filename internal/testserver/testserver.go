// Package testserver starts real SFTP servers on loopback for tests: OpenSSH's sshd, ProFTPD with mod_sftp, Dropbear with
// OpenSSH's sftp-server, and rclone's serve sftp. Beside them it has a mail server of its own.
//
// Each SFTP server has its own folder, keys and free port, and ends with its test. A test whose server is not installed is
// skipped.
package testserver

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTries = 5 // a free port may be taken between finding and using it
	startWait  = 15 * time.Second
)

// Server is a running server. Its folder is a test's own: files may be put there and looked at directly.
type Server struct {
	Addr string // host:port
	Host string // 127.0.0.1
	Port int
	User string // may log in
	// Root is the folder on disk that the server shows: under Dir to its clients.
	Root string
	// Dir is Root as clients must name it: the same absolute path on sshd, "/" on ProFTPD, which is chrooted.
	Dir string

	UID int // of the server's own user, who owns what clients may write to; 0: the test's
	// Requests is the file where the server logs what it is asked; empty: nowhere.
	Requests string
	// Full is a folder in Root on a disk of 1 MiB, where the server has a user of its own; else empty.
	Full string

	HostKeyLines []string // "TYPE BASE64", in the order of Options.HostKeys
	KeyFile      string   // private key of the client in OpenSSH's format, without passphrase
	Key          string   // the same, as text
	PublicKey    string   // its authorized_keys line
	Password     string   // empty: none

	work    string // configuration, keys, log
	launch  func(port int) *exec.Cmd
	command *exec.Cmd
	done    chan struct{}
	log     *logBuffer
	late    bool // it says that it is ready before it listens
	stop    sync.Once
}

// Log gives what the server has written to its log so far.
func (s *Server) Log() string { return s.log.String() }

// Stop ends the server and all its sessions, and waits for it. It may be called again.
func (s *Server) Stop() {
	s.stop.Do(func() {
		for _, pid := range descendants(s.command.Process.Pid) {
			if process, err := os.FindProcess(pid); err == nil {
				_ = process.Kill()
			}
		}
		_ = s.command.Process.Kill()
		<-s.done
	})
}

// EndSessions kills the processes that serve the connections of now; the server goes on listening.
func (s *Server) EndSessions() {
	for _, pid := range descendants(s.command.Process.Pid) {
		if process, err := os.FindProcess(pid); err == nil {
			_ = process.Kill()
		}
	}
}

// Restart ends the server with its sessions and starts it again on its port.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	s.stop = sync.Once{}
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	if !s.waitPort(time.After(startWait)) {
		t.Fatalf("%s does not start again:\n%s", s.command.Path, s.Log())
	}
}

// Pause stops the server and its sessions as they are: nothing is answered until Resume, and no connection is closed.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	for _, pid := range append(descendants(s.command.Process.Pid), s.command.Process.Pid) {
		_ = syscall.Kill(pid, sig)
	}
}

// newServer makes folders and the client's key.
func newServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{Host: "127.0.0.1", Root: t.TempDir(), work: t.TempDir(), log: &logBuffer{}}
	s.KeyFile, s.PublicKey = s.makeKey(t, "client", "ed25519")
	private, err := os.ReadFile(s.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	s.Key = string(private)
	return s
}

// makeKey makes a key pair and gives the private file and the public line.
func (s *Server) makeKey(t testing.TB, name, kind string) (file, public string) {
	t.Helper()
	file = filepath.Join(s.work, name)
	args := []string{"-q", "-N", "", "-C", name + "@testserver", "-t", kind, "-f", file}
	if kind == "rsa" {
		args = append(args, "-b", "2048")
	}
	if out, err := exec.Command(tool(t, "ssh-keygen", "openssh-client"), args...).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen -t %s: %v\n%s", kind, err, out)
	}
	line, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return file, strings.TrimSpace(string(line))
}

// makeHostKeys makes one host key of each kind and gives their files.
func (s *Server) makeHostKeys(t testing.TB, kinds []string) []string {
	t.Helper()
	if len(kinds) == 0 {
		kinds = []string{"ed25519"}
	}
	var files []string
	for i, kind := range kinds {
		file, public := s.makeKey(t, fmt.Sprintf("host%d", i), kind)
		fields := strings.Fields(public)
		s.HostKeyLines = append(s.HostKeyLines, fields[0]+" "+fields[1])
		files = append(files, file)
	}
	return files
}

// start runs the server on a free port until ready appears in its log. command is asked anew for each port.
func (s *Server) start(t testing.TB, ready string, command func(port int) *exec.Cmd) {
	t.Helper()
	for range startTries {
		s.Port, s.launch = freePort(t), command
		s.Addr = net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
		if err := s.begin(); err != nil {
			t.Fatal(err)
		}
		if s.waitReady(ready) {
			t.Cleanup(func() { s.end(t) })
			return
		}
		_ = s.command.Process.Kill()
		<-s.done
	}
	t.Fatalf("%s does not start:\n%s", s.command.Path, s.Log())
}

// begin starts the process. A command that sets how it is started has made sure that it ends with the test's process.
func (s *Server) begin() error {
	s.command = s.launch(s.Port)
	s.command.Stdout, s.command.Stderr = s.log, s.log
	if s.command.SysProcAttr == nil {
		s.command.SysProcAttr = endWithParent()
	}
	if err := s.command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.command.Path, err)
	}
	done := make(chan struct{})
	s.done = done
	go func(c *exec.Cmd) { _ = c.Wait(); close(done) }(s.command)
	return nil
}

func (s *Server) waitReady(ready string) bool {
	deadline := time.After(startWait)
	for {
		if strings.Contains(s.Log(), ready) {
			return !s.late || s.waitPort(deadline)
		}
		select {
		case <-s.done:
			return false
		case <-deadline:
			return false
		case <-s.log.changed():
		}
	}
}

// waitPort asks until the port answers, of a server that says that it is ready before it listens.
func (s *Server) waitPort(deadline <-chan time.Time) bool {
	for {
		if conn, err := net.Dial("tcp", s.Addr); err == nil {
			_ = conn.Close()
			return true
		}
		select {
		case <-s.done:
			return false
		case <-deadline:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// end stops the server after its test, and shows its log if the test failed.
func (s *Server) end(t testing.TB) {
	s.Stop()
	if t.Failed() {
		t.Logf("log of the server %s:\n%s", s.Addr, s.Log())
	}
}

func (s *Server) write(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(s.work, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// tool finds a program or skips the test.
func tool(t testing.TB, name, debianPackage string) string {
	t.Helper()
	if file, err := exec.LookPath(name); err == nil {
		return file
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if file := filepath.Join(dir, name); executable(file) {
			return file
		}
	}
	t.Skipf("needs %s: install Debian package %s", name, debianPackage)
	return ""
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// logBuffer keeps what a server writes and tells when there is more.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.more != nil {
		close(b.more)
		b.more = nil
	}
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.more == nil {
		b.more = make(chan struct{})
	}
	return b.more
}
