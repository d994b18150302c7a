package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/test/faults/power"
	"github.com/haulier/haulier/transfer/sftptest"
)

const (
	user     = "customer"
	password = "Meaning-of-faults-43"
	// patience bounds a run: what takes longer hangs.
	patience = 90 * time.Second
)

// world is one installation of haulier with one job, its customer's server, its customer and its platform.
type world struct {
	dir     string
	program string
	kind    kind
	server  *sftptest.Server
	proxy   *toxiproxy.Proxy // before the server; nil: none
	rng     *rand.Rand
	people  *people
	powered []*power.Disk
	wrapper []string // what the program is called beneath
	points  string   // HAULIER_FAILPOINTS of the next runs
	env     []string // further variables of the next runs
	made    int      // versions so far
	held    int      // versions that a person is asked about
	peak    int64    // most resident memory of any run, in bytes
}

// newWorld makes an installation of its own.
func newWorld(ctx context.Context, program string, k kind, rng *rand.Rand) (w *world, err error) {
	dir, err := os.MkdirTemp("", "haulier-faults-")
	if err != nil {
		return nil, err
	}
	w = &world{dir: dir, program: program, kind: k, rng: rng}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	for name, options := range k.disks {
		if err := w.mount(name, options); err != nil {
			return w, err
		}
	}
	if err := w.plugIn(); err != nil {
		return w, err
	}
	for _, name := range []string{"server/out", "server/done", "server/in", "disk/landing", "outbox", "log"} {
		if err := os.MkdirAll(w.path(name), 0o755); err != nil {
			return w, err
		}
	}
	if err := w.startServer(); err != nil {
		return w, err
	}
	if w.people, err = newPeople(w); err != nil {
		return w, err
	}
	return w, w.configure(ctx)
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) startServer() error {
	log, err := os.OpenFile(w.path("log/server.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	w.server, err = sftptest.Start(sftptest.Options{
		Root: w.path("server"), Users: []sftptest.User{{Name: user, Password: password}}, Knobs: w.kind.knobs, LogTo: log,
		Config: ssh.Config{RekeyThreshold: w.kind.rekey},
	})
	return err
}

// port is where haulier finds the server.
func (w *world) port() (int, error) {
	if !w.kind.proxied {
		return w.server.Port(), nil
	}
	return w.openProxy()
}

// configure writes haulier.yaml and makes the keys that it names.
func (w *world) configure(ctx context.Context) error {
	port, err := w.port()
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.path("haulier.yaml"), []byte(w.settings(port)), 0o600); err != nil {
		return err
	}
	if w.kind.sealed {
		if err := w.people.exchangeKeys(ctx, w); err != nil {
			return err
		}
	}
	if w.kind.stored {
		if err := w.storeSecrets(ctx); err != nil {
			return err
		}
	}
	if !w.kind.learns {
		return nil
	}
	return w.succeeds(ctx, "connections", "test", "acme", "--write")
}

// settings is the configuration of a world whose server listens on a port.
func (w *world) settings(port int) string {
	conn, kept := w.kind.conn, "{env: PASSWORD}"
	if w.kind.stored {
		kept = "{stored: login}"
	}
	if !w.kind.patient {
		conn = "timeouts: {connect: 5s, handshake: 10s, operation: 10s, " + cmp.Or(w.kind.timeouts, "stall: 20s") + "}\n    " + conn
	}
	return fmt.Sprintf(`version: 1
timezone: UTC
defaults: {limits: {min_free_space: 4KiB}}
connections:
  acme:
    host: 127.0.0.1
    port: %d
    host_keys: [%s]
    username: %s
    auth: {methods: [password], password: %s}
    max_connections: 2
    locations: {out: /out, done: /done, in: /in}
    %s
jobs:
  move:
    connection: acme
    schedule: "0 4 * * *"
    %s
`, port, strings.Join(w.server.HostKeys(), ", "), user, kept, conn, w.kind.settings())
}

// run is what one call of haulier came to.
type run struct {
	code   int // -1: a signal ended it
	killed bool
	stdout string
	stderr string
	took   time.Duration
}

// all is what it said.
func (r run) all() string { return r.stdout + r.stderr }

// haulier calls the program and waits for its end.
func (w *world) haulier(ctx context.Context, args ...string) (run, error) {
	return w.haulierKilled(ctx, 0, args...)
}

// haulierKilled calls the program and kills it after a time, unless it ends by itself before. Zero: never.
func (w *world) haulierKilled(ctx context.Context, after time.Duration, args ...string) (run, error) {
	return w.haulierTold(ctx, after, syscall.SIGKILL, args...)
}

// succeeds calls the program, which has to end with 0.
func (w *world) succeeds(ctx context.Context, args ...string) error {
	r, err := w.haulier(ctx, args...)
	if err == nil && r.code != 0 {
		err = fmt.Errorf("haulier %s ended with %d\n%s", strings.Join(args, " "), r.code, r.all())
	}
	return err
}

// haulierTold calls the program and sends it a signal after a time. Zero: never.
func (w *world) haulierTold(ctx context.Context, after time.Duration, signal syscall.Signal, args ...string) (run, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command := w.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	start := time.Now()
	if err := command.Start(); err != nil {
		return run{}, err
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { _ = command.Process.Signal(signal) })
		defer timer.Stop()
	}
	err := command.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return run{}, err
	}
	if ctx.Err() != nil {
		return run{}, fmt.Errorf("haulier %s hangs: it was ended after %v\n%s", strings.Join(args, " "), patience, stdout.String()+stderr.String())
	}
	return run{
		code: command.ProcessState.ExitCode(), killed: command.ProcessState.ExitCode() == -1,
		stdout: stdout.String(), stderr: stderr.String(), took: time.Since(start),
	}, w.leftOver()
}

// under calls the program beneath another one, such as strace.
func (w *world) under(ctx context.Context, wrapper []string, args ...string) (run, error) {
	w.wrapper = wrapper
	defer func() { w.wrapper = nil }()
	return w.haulier(ctx, args...)
}

func (w *world) command(ctx context.Context, args ...string) *exec.Cmd {
	words := append(append(slices.Clone(w.wrapper), w.program, "-c", w.path("haulier.yaml")), args...)
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	command.Dir = w.dir
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGQUIT) } // it says what it hangs on
	command.WaitDelay = 5 * time.Second
	command.Env = append(os.Environ(), "PASSWORD="+password, "NO_COLOR=1", "USER=faults", "TZ=UTC", "HOME="+w.dir,
		"HAULIER_FAILPOINTS="+w.points, "HAULIER_FAILPOINTS_LOG="+w.path("log/points"), "HAULIER_FAILPOINTS_REST="+w.path("log/rest"))
	command.Env = append(command.Env, w.env...)
	return command
}

// leftOver weighs a process that ended by itself, and fails when it had not given everything back.
func (w *world) leftOver() error {
	text, err := os.ReadFile(w.path("log/rest"))
	if errors.Is(err, os.ErrNotExist) || len(text) == 0 { // empty: it was killed at its very end
		return nil
	}
	if err != nil {
		return err
	}
	peak, rest, _ := strings.Cut(string(text), "\n")
	bytes, err := strconv.ParseInt(peak, 10, 64)
	w.peak = max(w.peak, bytes)
	if rest != "" {
		err = errors.Join(err, fmt.Errorf("at its end the process still had %s", rest))
	}
	return errors.Join(err, os.Remove(w.path("log/rest")))
}

// hits gives the failpoints that were hit since it was last asked, in order.
func (w *world) hits() ([]string, error) {
	text, err := os.ReadFile(w.path("log/points"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text)), os.Remove(w.path("log/points"))
}

// close ends the world and removes it.
func (w *world) close() error {
	var errs []error
	if w.people != nil {
		errs = append(errs, w.people.close())
	}
	if w.proxy != nil {
		w.proxy.Stop()
	}
	if w.server != nil {
		w.server.Stop()
	}
	for name := range w.kind.disks {
		errs = append(errs, syscall.Unmount(w.path(name), 0))
	}
	for _, disk := range w.powered {
		errs = append(errs, disk.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

func (w *world) mount(name, options string) error {
	if err := os.MkdirAll(w.path(name), 0o755); err != nil {
		return err
	}
	return syscall.Mount("none", w.path(name), "tmpfs", 0, options)
}
