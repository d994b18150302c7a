package link

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network of its own, with a loopback in it.
type Namespace struct {
	Addr string // of its end of a line, or of the loopback
	file *os.File
}

const own = "/proc/thread-self/ns/net"

// newNamespace makes a namespace that lives as long as its file is open.
func newNamespace(addr string) (*Namespace, error) {
	n := &Namespace{Addr: addr}
	err := elsewhere(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() (err error) {
		n.file, err = os.Open(own)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return n, nil
}

// Loopback gives a namespace with nothing but the loopback.
func Loopback() (*Namespace, error) {
	n, err := newNamespace("127.0.0.1")
	if err != nil {
		return nil, err
	}
	if err := n.ip("link set lo up", "route replace local 127.0.0.1 dev lo table local src 127.0.0.1 congctl "+Congestion); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Close lets the namespace go when no process is in it any more.
func (n *Namespace) Close() error {
	if n == nil {
		return nil
	}
	return n.file.Close()
}

// Do calls f on a thread that is in the namespace: sockets and processes that f itself makes are in it too. In no namespace, f is
// called as it is.
func (n *Namespace) Do(f func() error) error {
	if n == nil {
		return f()
	}
	return elsewhere(func() error { return unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET) }, f)
}

// elsewhere calls f where enter leads, and comes back. A thread that cannot come back is given up.
func elsewhere(enter, f func() error) error {
	runtime.LockOSThread()
	here, err := os.Open(own)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer here.Close()
	if err := enter(); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	err = f()
	if back := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, back)
	}
	runtime.UnlockOSThread()
	return err
}

// Congestion is the congestion control of all connections, as on most Linux machines. It is set by route: what a namespace may
// choose as its default depends on the machine's.
const Congestion = "cubic"

// ip gives commands to iproute2's ip.
func (n *Namespace) ip(commands ...string) error {
	return n.Do(func() error {
		ip := exec.Command("ip", "-batch", "-")
		ip.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
		if out, err := ip.CombinedOutput(); err != nil {
			return fmt.Errorf("ip %q: %w: %s", commands, err, out)
		}
		return nil
	})
}

// device makes the end of the line.
func (n *Namespace) device(small bool) (device *os.File, err error) {
	if err := n.Do(func() (err error) { device, err = openTUN(small); return err }); err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	err = n.ip(
		"link set lo up",
		"address add "+n.Addr+"/24 dev "+deviceName,
		fmt.Sprintf("link set %s up txqueuelen %d", deviceName, queued),
		fmt.Sprintf("route replace 10.77.0.0/24 dev %s src %s congctl %s", deviceName, n.Addr, Congestion),
	)
	return device, err
}

// dropped counts the packets that the device could not hand to us.
func (n *Namespace) dropped() (count int64, err error) {
	err = n.Do(func() error {
		table, err := os.ReadFile("/proc/thread-self/net/dev")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(table)) {
			name, counts, _ := strings.Cut(line, ":")
			if fields := strings.Fields(counts); strings.TrimSpace(name) == deviceName && len(fields) == 16 {
				count, err = strconv.ParseInt(fields[11], 10, 64) // on the way out
				return err
			}
		}
		return errors.New("the line's device is not there")
	})
	return count, err
}
