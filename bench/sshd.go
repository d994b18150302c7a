package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/haulier/haulier/bench/link"
)

// sshd is a private OpenSSH server, and what its clients have to know.
type sshd struct {
	host, user         string
	listen             string
	port               int
	keyFile, hostKey   string // the client's private key, and "TYPE BASE64"
	knownHosts, config string // files of OpenSSH's clients
	near               *link.Namespace

	command *exec.Cmd
	ended   chan struct{}
	log     *os.File
}

// startSSHD starts a server in one namespace for clients in another. Its files are in dir. It listens on one address, or on
// what listen says.
func startSSHD(ctx context.Context, dir string, near, far *link.Namespace, listen string) (s *sshd, err error) {
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	s = &sshd{host: "127.0.0.1", user: me.Username, near: near}
	if far != nil {
		s.host = far.Addr
	}
	s.listen = cmp.Or(listen, s.host)
	if err := errors.Join(os.MkdirAll(dir, 0o700), s.makeFiles(ctx, dir)); err != nil {
		return nil, err
	}
	if s.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	if err := s.start(far, filepath.Join(dir, "sshd_config")); err != nil {
		return nil, errors.Join(err, s.log.Close())
	}
	if err := s.wait(ctx); err != nil {
		said, _ := os.ReadFile(s.log.Name())
		s.stop()
		return nil, fmt.Errorf("%w\n%s", err, said)
	}
	return s, nil
}

func (s *sshd) start(far *link.Namespace, config string) error {
	s.command = exec.Command(found("sshd"), "-D", "-e", "-f", config)
	s.command.Stdout, s.command.Stderr = s.log, s.log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := far.Do(s.command.Start); err != nil {
		return fmt.Errorf("start sshd: %w", err)
	}
	s.ended = make(chan struct{})
	go func() { _ = s.command.Wait(); close(s.ended) }()
	return nil
}

// makeFiles makes keys and configurations.
func (s *sshd) makeFiles(ctx context.Context, dir string) error {
	host, err := makeKey(ctx, filepath.Join(dir, "host"))
	if err != nil {
		return err
	}
	s.hostKey, s.keyFile = host, filepath.Join(dir, "client")
	client, err := makeKey(ctx, s.keyFile)
	if err != nil {
		return err
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // root's sshd insists on it
			return err
		}
	}
	s.knownHosts, s.config = filepath.Join(dir, "known_hosts"), filepath.Join(dir, "ssh_config")
	var errs []error
	for name, text := range map[string]string{
		"authorized_keys": client + "\n",
		"known_hosts":     fmt.Sprintf("[%s]:%d %s\n", s.host, s.port, s.hostKey),
		"ssh_config":      s.clientConfig(),
		"sshd_config":     s.serverConfig(dir),
	} {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return errors.Join(errs...)
}

func (s *sshd) serverConfig(dir string) string {
	return fmt.Sprintf(`HostKey %[1]s/host
ListenAddress %[2]s:%[3]d
AuthorizedKeysFile %[1]s/authorized_keys
Subsystem sftp internal-sftp
SetEnv HOME=%[1]s
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
PidFile none
MaxSessions 64
MaxStartups 200
`, dir, s.listen, s.port)
}

func (s *sshd) clientConfig() string {
	return fmt.Sprintf(`Host *
HostName %s
Port %d
User %s
IdentityFile %s
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile %s
GlobalKnownHostsFile none
StrictHostKeyChecking yes
BatchMode yes
ServerAliveInterval 30
Ciphers %s
`, s.host, s.port, s.user, s.keyFile, s.knownHosts, cipher)
}

// cipher is the fastest for all, where the machine has AES instructions.
const cipher = "aes128-gcm@openssh.com"

// makeKey makes a key pair and gives the public half, "TYPE BASE64".
func makeKey(ctx context.Context, file string) (string, error) {
	if out, err := exec.CommandContext(ctx, "ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", file).CombinedOutput(); err != nil {
		return "", fmt.Errorf("ssh-keygen: %w\n%s", err, out)
	}
	line, err := os.ReadFile(file + ".pub")
	fields := strings.Fields(string(line))
	if err != nil || len(fields) < 2 {
		return "", fmt.Errorf("the key that ssh-keygen made: %q, %w", line, err)
	}
	return fields[0] + " " + fields[1], nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// wait returns when the server answers.
func (s *sshd) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		err := s.near.Do(func() error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp4", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
			if err == nil {
				err = conn.Close()
			}
			return err
		})
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return errors.New("sshd has ended at once")
		case <-ctx.Done():
			return fmt.Errorf("sshd does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// quiet waits until all sessions have ended, and gives the CPU time that the server has used so far.
func (s *sshd) quiet(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		all := tree(s.command.Process.Pid)
		if len(all) == 1 {
			return cpuOf(all[0]), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("sessions of sshd do not end: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stop ends the server and its sessions.
func (s *sshd) stop() {
	all := tree(s.command.Process.Pid)
	for _, pid := range all[1:] {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.command.Process.Kill()
	<-s.ended
	_ = s.log.Close()
}
