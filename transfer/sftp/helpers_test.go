package sftp_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// Servers that allow less than we do are found out, and then respected. No run fails, and no breaker opens.
func TestServersThatLimitConnections(t *testing.T) {
	content := noise(12 * mib)
	for name, change := range map[string]func(*sftptest.Knobs){
		"one login":       func(k *sftptest.Knobs) { k.MaxConnections = 1 },
		"two logins":      func(k *sftptest.Knobs) { k.MaxConnections = 2 },
		"starting":        func(k *sftptest.Knobs) { k.MaxStartups = -1 },
		"no channel":      func(k *sftptest.Knobs) { k.MaxSessions = -1 },
		"refused":         func(k *sftptest.Knobs) { k.RefuseLogin = true },
		"another service": func(k *sftptest.Knobs) { k.Greeting = "220 ready\r\n" },
		"no SFTP":         func(k *sftptest.Knobs) { k.NoSFTP = true },
		"another key":     func(k *sftptest.Knobs) { k.FreshHostKey = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := afar(t, 4)
			c.lay(t, "big", content)
			s := open(t, c.pool, c.conn)
			c.Change(change)
			fetch(t, s, content)
			if c.Struck() == 0 && name != "no SFTP" && name != "another key" && name != "starting" && name != "refused" {
				t.Error("no further connection was tried")
			}
			tried := len(c.logins())
			if name == "refused" && tried != 2 {
				t.Errorf("a password that is refused was offered %d times", tried-1)
			}
			fetch(t, s, content)
			if n, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), func() {}); err != nil || n != int64(len(content)) {
				t.Fatalf("put: %d, %v", n, err)
			}
			c.sent(t, "out", content)
			if again := len(c.logins()) - tried; name != "two logins" && again > 0 {
				t.Errorf("the limit was forgotten: %d logins more", again)
			}
			if b, _ := c.store.Breaker(t.Context(), job.Account{Host: c.conn.Host, Port: c.conn.Port, User: c.conn.User}); b.Open {
				t.Errorf("the breaker is open: %+v", b)
			}
		})
	}
}

// A password that is refused for one helper is offered by no other, however many files are under way.
func TestManyFilesTryARefusedPasswordOnce(t *testing.T) {
	c := afar(t, 6)
	content := noise(12 * mib)
	c.lay(t, "big", content)
	s := open(t, c.pool, c.conn)
	if _, err := s.Stat(t.Context(), "/big"); err != nil { // helpers are called at once where the server tells of files
		t.Fatal(err)
	}
	c.Change(func(k *sftptest.Knobs) { k.RefuseLogin = true })
	var copies sync.WaitGroup
	for range 4 {
		copies.Go(func() { fetch(t, s, content) })
	}
	copies.Wait()
	if err := s.Close(); err != nil { // no login is on its way any more
		t.Error(err)
	}
	if n := len(c.logins()) - 1; n != 1 {
		t.Errorf("it was offered %d times", n)
	}
}

// No secret is read for a helper that is not to be had.
func TestNoSecretIsReadWhereNoConnectionIsFree(t *testing.T) {
	c := afar(t, 2)
	content := noise(12 * mib)
	c.lay(t, "big", content)
	s := open(t, c.pool, c.conn)
	open(t, c.pool, c.conn)
	before := c.store.revealed
	fetch(t, s, content)
	if err := s.Close(); err != nil { // nothing is on its way any more
		t.Error(err)
	}
	if n := c.store.revealed - before; n > 0 {
		t.Errorf("%d secrets were read", n)
	}
}

// A server that repeats our password to a helper finds it in no log.
func TestHelpersTellNoSecret(t *testing.T) {
	c := afar(t, 2)
	var log bytes.Buffer
	c.pool = sftp.NewPool(sftp.Options{Store: c.store, Secrets: c.store, Log: slog.New(slog.NewTextHandler(&log, nil))})
	c.pool.Stripe(2, 1, time.Second)
	s, err := c.pool.Session(t.Context(), c.conn)
	if err != nil {
		t.Fatal(err)
	}
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "write", Later: true, Do: sftptest.Fail, Code: packet.Failure, Text: "no, " + password}}
	})
	_, err = s.Put(t.Context(), "/out", bytes.NewReader(noise(12*mib)), 12*mib, func() {})
	if r := want(t, err, "net.lost"); strings.Contains(r.What+r.Cause+r.Do+r.Technical, password) {
		t.Errorf("the reason tells the password: %+v", *r)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "came to nothing") || strings.Contains(text, password) {
		t.Errorf("the log: %s", text)
	}
}

func TestConnectionsByRoundTrip(t *testing.T) {
	for trip, lanes := range map[time.Duration]int{0: 1, time.Millisecond: 1, 5 * time.Millisecond: 2, 20 * time.Millisecond: 4, 100 * time.Millisecond: 8, time.Second: 8} {
		if n := sftp.LanesFor(trip); n != lanes {
			t.Errorf("%v: %d connections, want %d", trip, n, lanes)
		}
	}
}

// A mistake of ours in the midst of a copy leaves no helper, whom the end of the session would wait for.
func TestACopyThatPanicsLeavesNoHelper(t *testing.T) {
	content := noise(24 * mib)
	for name, move := range map[string]func(c *customer, s *sftp.Session, half func(n int)){
		"download": func(c *customer, s *sftp.Session, half func(int)) {
			fetchBy(t, s, content, func(dst io.Writer) io.Writer {
				return writer(func(p []byte) (int, error) { half(len(p)); return dst.Write(p) })
			})
		},
		"upload": func(c *customer, s *sftp.Session, half func(int)) {
			_, _ = s.Put(t.Context(), "/out", reader(func(p []byte) (int, error) { half(len(p)); return len(p), nil }), int64(len(content)), func() {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := afar(t, 2)
			c.lay(t, "big", content)
			s := open(t, c.pool, c.conn)
			moved := 0
			func() {
				defer func() { _ = recover() }()
				move(c, s, func(n int) {
					if moved += n; moved > len(content)/2 {
						until(t, "both have opened the file", func() bool { return c.sessionsThat("open") == 2 })
						panic("a mistake")
					}
				})
				t.Error("it did not panic")
			}()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if n := c.pool.Helping(); n != 0 {
				t.Errorf("%d helpers are left", n)
			}
		})
	}
}

// reader is a function that reads.
type reader func(p []byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }
