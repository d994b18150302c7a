package sftp_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// descriptors is what this process has open, the server's half included: a handle that is not closed is a file of the
// server's that stays open.
func descriptors(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]string{}
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(to, "/proc/") {
			open[e.Name()] = to
		}
	}
	return open
}

// sameDescriptors sees that as many are open as before.
func sameDescriptors(t *testing.T, before map[string]string) {
	t.Helper()
	if after := descriptors(t); len(after) != len(before) {
		t.Errorf("%d descriptors are open, %d were:\n%v\n%v", len(after), len(before), after, before)
	}
}

// given waits until every goroutine is gone that was begun since, those of the server's connections included, and then
// sees that nothing stayed open.
func given(t *testing.T, standing goleak.Option, before map[string]string) {
	t.Helper()
	if err := goleak.Find(standing); err != nil {
		t.Error(err)
	}
	sameDescriptors(t, before)
}

// Twenty acts that fail and one that does not leave a session as it was: no handle, no socket, no channel more.
func TestFailedActsLeaveNothingOpen(t *testing.T) {
	c := newCustomer(t, nil)
	if err := os.WriteFile(filepath.Join(c.root, "f"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	standing, outside := goleak.IgnoreCurrent(), descriptors(t)
	s := open(t, c.pool, c.conn)
	inside := descriptors(t)
	for op, act := range map[string]func() error{
		"read":    func() error { _, err := s.Get(t.Context(), "/f", 7, io.Discard, nil); return err },
		"write":   func() error { _, err := s.Put(t.Context(), "/g", strings.NewReader("new"), 0, nil); return err },
		"open":    func() error { _, err := s.Get(t.Context(), "/f", 7, io.Discard, nil); return err },
		"readdir": func() error { return s.List(t.Context(), "/", 100, func(job.Entry) error { return nil }) },
		"lstat":   func() error { _, err := s.Stat(t.Context(), "/f"); return err },
	} {
		c.Change(func(k *sftptest.Knobs) {
			k.Faults = []sftptest.Fault{{Op: op, Do: sftptest.Fail, Code: packet.Failure}}
		})
		for range 20 {
			if act() == nil {
				t.Fatalf("%s did not fail", op)
			}
		}
		sameDescriptors(t, inside)
		c.Change(func(k *sftptest.Knobs) { k.Faults = nil })
		if err := act(); err != nil {
			t.Errorf("%s, after all: %v", op, err)
		}
		if _, err := s.Stat(t.Context(), "/f"); err != nil { // behind a CLOSE that nobody waited for
			t.Error(err)
		}
		sameDescriptors(t, inside)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	given(t, standing, outside)
}

// Twenty connections that come to nothing, each at another stage, leave no socket.
func TestFailedConnectionsLeaveNothingOpen(t *testing.T) {
	c := newCustomer(t, nil)
	_ = open(t, c.pool, c.conn).Close()
	for slug, knobs := range map[string]sftptest.Knobs{
		"ssh.no_sftp":                 {NoSFTP: true},
		"remote.too_many_connections": {MaxSessions: -1},
		"net.not_ssh":                 {Greeting: "220 ProFTPD\r\n"},
		"net.closed_early":            {MaxStartups: -1},
		"net.lost":                    {CutAfterSent: 3},
	} {
		t.Run(slug, func(t *testing.T) {
			standing, before := goleak.IgnoreCurrent(), descriptors(t)
			c.Change(func(k *sftptest.Knobs) { *k = knobs })
			for range 20 {
				c.refuse(t, slug)
			}
			c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
			if s, err := c.pool.Session(t.Context(), c.conn); err != nil || s.Close() != nil {
				t.Error(err)
			}
			given(t, standing, before)
		})
	}
}

// A server that falls silent at any moment between the dial and the first request (version, key exchange, login, channel,
// subsystem, the greeting of SFTP) is given up, and nothing of it stays.
func TestSilenceBeforeASessionIsGivenUp(t *testing.T) {
	c := newCustomer(t, nil)
	_ = open(t, c.pool, c.conn).Close()
	standing, before := goleak.IgnoreCurrent(), descriptors(t)
	logins, silences := 0, 0
	for n := 1; n < 40; n++ {
		c.conn.Timeouts.Handshake = 300 * time.Millisecond
		c.ClearLog()
		c.Change(func(k *sftptest.Knobs) { k.MuteAfterSent = n })
		s, err := c.pool.Session(t.Context(), c.conn)
		if err == nil {
			_ = s.Close()
			break
		}
		if r := want(t, err, "net.timeout"); !r.Temporary || !strings.Contains(r.Cause, "300ms") {
			t.Errorf("behind piece %d: %+v", n, r)
		}
		silences++
		logins += len(c.logins())
	}
	if silences < 8 || logins == 0 {
		t.Errorf("silent at %d stages, %d of them with a login under way", silences, logins)
	}
	if len(c.store.breakers) != 0 {
		t.Error("silence opened the breaker")
	}
	given(t, standing, before)
}

// Whose SYN is dropped waits for nothing: here by a listener that takes no connection more.
func TestSilenceAtTheDialIsGivenUp(t *testing.T) {
	c := newCustomer(t, nil)
	full(t)(c)
	standing, before := goleak.IgnoreCurrent(), descriptors(t)
	c.conn.Timeouts.Connect = 300 * time.Millisecond
	for range 3 {
		if r := c.refuse(t, "net.timeout"); !r.Temporary {
			t.Errorf("%+v", r)
		}
	}
	given(t, standing, before)
}

// full leads to a port on which connections are never taken, nor refused: its queue is full, and Linux drops what else
// comes.
func full(t *testing.T) func(*customer) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	err = errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0))
	name, nameErr := syscall.Getsockname(fd)
	if err = errors.Join(err, nameErr); err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 10 {
		conn, err := net.DialTimeout("tcp", addr, 300*time.Millisecond)
		if err != nil {
			return to(t, addr)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue does not fill")
	return nil
}
