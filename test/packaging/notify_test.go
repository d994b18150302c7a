package packaging

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haulier/haulier/test/program"
)

// calm is a configuration that does nothing by itself.
const calm = `version: 1
timezone: UTC
data_dir: data
connections:
  acme:
    host: sftp.acme.example
    username: platform
    enabled: false
    auth: {methods: [publickey], key: acme}
    locations: {out: /out}
jobs:
  in:
    type: import
    connection: acme
    from: {location: out, match: "*.csv"}
    to: {dir: landing}
`

// systemd is the end of the socket at which the service manager listens.
type systemd struct {
	t    *testing.T
	conn *net.UnixConn
	path string
}

func listenAsSystemd(t *testing.T) systemd {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify-") // short enough for an address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return systemd{t, conn, path}
}

// await reads until a message that begins so, and gives the ones before it.
func (s systemd) await(prefix string) (before []string) {
	s.t.Helper()
	buffer := make([]byte, 4096)
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // a test that fails ends, too
			s.t.Fatal(err)
		}
		n, err := s.conn.Read(buffer)
		if err != nil {
			s.t.Fatalf("no %s came, only %q: %v", prefix, before, err)
		}
		message := string(buffer[:n])
		if strings.HasPrefix(message, prefix) {
			return before
		}
		before = append(before, message)
	}
}

// installed is a machine on which the program has this configuration.
func installed(t *testing.T, config string) program.Machine {
	t.Helper()
	m := program.Machine{Program: program.Built(t), Dir: t.TempDir()}
	configure(t, m, config)
	return m
}

func configure(t *testing.T, m program.Machine, config string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.Dir, "haulier.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ends calls the program, which must end with a code.
func ends(t *testing.T, m program.Machine, code int, args ...string) program.Ended {
	t.Helper()
	ended, err := m.Run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	if ended.Code != code {
		t.Fatalf("%q ended with %d, want %d\n%s%s", args, ended.Code, code, ended.Stdout, ended.Stderr)
	}
	return ended
}

// TestSystemdIsTold: READY when the daemon answers, signs of life, a reload from its beginning to its end whether it counts
// or not, and the stop.
func TestSystemdIsTold(t *testing.T) {
	takesTime(t)
	t.Parallel()
	manager, m := listenAsSystemd(t), installed(t, calm)
	ends(t, m, 16, "status", "--serving")
	ends(t, m, 2, "status", "--serving", "--watch")
	m.Env = append(m.Env, "NOTIFY_SOCKET="+manager.path, "WATCHDOG_USEC=200000")
	serve := started(t, m)
	manager.await("READY=1")
	if said := ends(t, m, 0, "status", "--serving").Stdout; said != "haulier serves\n" {
		t.Errorf("READY was told, and --serving says %q", said)
	}
	manager.await("STATUS=1 job on 1 connection, revision 1")
	manager.await("WATCHDOG=1")
	manager.await("WATCHDOG=1")

	configure(t, m, strings.Replace(calm, "*.csv", "*.txt", 1))
	ends(t, m, 0, "reload")
	manager.await("RELOADING=1")
	manager.await("READY=1")
	manager.await("STATUS=1 job on 1 connection, revision 2")

	configure(t, m, "version: 1\nnonsense: true\n")
	if err := serve.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	manager.await("RELOADING=1")
	manager.await("READY=1")
	manager.await("STATUS=the last configuration was refused, revision 2 goes on")

	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	manager.await("STOPPING=1")
	if err := serve.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

// TestServingSeesAHaltedDaemon: a process that is there and does nothing is not one that serves.
func TestServingSeesAHaltedDaemon(t *testing.T) {
	takesTime(t)
	t.Parallel()
	manager, m := listenAsSystemd(t), installed(t, calm)
	m.Env = append(m.Env, "NOTIFY_SOCKET="+manager.path)
	serve := started(t, m)
	manager.await("READY=1")
	// A broken configuration stops no daemon.
	configure(t, m, calm+"nonsense: true\n")
	ends(t, m, 0, "status", "--serving")
	if err := serve.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if said := ends(t, m, 16, "status", "--serving").Stderr; !strings.Contains(said, "[scheduler.hangs]") {
		t.Errorf("of a halted daemon: %s", said)
	}
}

// started starts the daemon, which ends with the test at the latest.
func started(t *testing.T, m program.Machine) *exec.Cmd {
	t.Helper()
	log := filepath.Join(m.Dir, "serve.log")
	serve, err := m.Start(t.Context(), log, "serve")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if serve.ProcessState == nil {
			_ = serve.Process.Kill()
			_ = serve.Wait()
		}
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("its log:\n%s", text)
		}
	})
	return serve
}
