package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/Shopify/toxiproxy/v2"
	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/test/faults/power"
	"github.com/haulier/haulier/transfer/sftptest"
)

const (
	user     = "customer"
	password = "Meaning-of-faults-43"
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
	may     []string // slugs under which what was put out may rightly be rejected or skipped, beside the usual ones

	calls atomic.Int64 // of haulier
	peak  atomic.Int64 // most resident memory of any call, in bytes
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
		Version: w.kind.version, Config: ssh.Config{RekeyThreshold: w.kind.rekey},
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
    max_connections: %d
    locations: {out: /out, done: /done, in: /in}
    %s
jobs:
  move:
    connection: acme
    schedule: "0 4 * * *"
    %s
`, port, strings.Join(w.server.HostKeys(), ", "), user, kept, cmp.Or(w.kind.lanes, 2), conn, w.kind.settings())
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
