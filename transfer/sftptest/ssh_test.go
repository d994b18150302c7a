package sftptest_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftptest"
)

// dial connects without a word of SSH.
func dial(t *testing.T, s *sftptest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// says gives the first bytes that come, or why none did.
func says(conn net.Conn) string {
	b := make([]byte, 64)
	n, err := conn.Read(b)
	if err != nil {
		return err.Error()
	}
	return string(b[:n])
}

func TestBeforeSSHBegins(t *testing.T) {
	s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{Greeting: "220 ProFTPD\r\n"}})
	if got := says(dial(t, s)); got != "220 ProFTPD\r\n" {
		t.Errorf("the greeting is %q", got)
	}
	s.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{Preface: strings.Repeat("\x1b[2J of our house\r\n", 2)} })
	if conn, err := login(t, s); err != nil {
		t.Errorf("behind a preface: %v", err)
	} else {
		_ = conn.Close()
	}
	s.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{Mute: true} })
	mute := dial(t, s)
	_ = mute.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got := says(mute); !strings.Contains(got, "timeout") {
		t.Errorf("a mute server says %q", got)
	}
	s.Stop()
}

func TestConnectionsThatDoNotLogInAreCounted(t *testing.T) {
	s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{MaxStartups: 1}})
	first := dial(t, s)
	if got := says(first); !strings.HasPrefix(got, "SSH-2.0-") {
		t.Fatalf("the first hears %q", got)
	}
	if got := says(dial(t, s)); got != io.EOF.Error() {
		t.Errorf("the second hears %q", got)
	}
	s.Change(func(k *sftptest.Knobs) { k.MaxStartups = -1 })
	_ = first.Close()
	if got := says(dial(t, s)); got != io.EOF.Error() {
		t.Errorf("where none may, one hears %q", got)
	}
}

func TestAClosedServerRefusesUntilItOpens(t *testing.T) {
	s, _ := start(t, sftptest.Options{})
	old, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	if _, err := net.Dial("tcp", s.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed: %v", err)
	}
	if _, _, err := old.SendRequest("keepalive@openssh.com", true, nil); err != nil {
		t.Errorf("who was there: %v", err)
	}
	if err := errors.Join(s.Open(), s.Open()); err != nil {
		t.Fatal(err)
	}
	if _, err := login(t, s); err != nil {
		t.Errorf("open again: %v", err)
	}
	s.Stop()
	if err := s.Open(); err != nil {
		t.Errorf("stopped: %v", err)
	}
	if _, err := net.Dial("tcp", s.Addr()); err == nil {
		t.Error("a stopped server opened again")
	}
}

// Behind each piece in either direction until a login and a session come through whole.
func TestTheConnectionIsCutBehindEveryPiece(t *testing.T) {
	s, _ := start(t, sftptest.Options{})
	for name, set := range map[string]func(*sftptest.Knobs, int){
		"sent":     func(k *sftptest.Knobs, n int) { k.CutAfterSent = n },
		"received": func(k *sftptest.Knobs, n int) { k.CutAfterReceived = n },
	} {
		cuts := 0
		for n := 1; ; n++ {
			s.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{}; set(k, n) })
			conn, err := login(t, s)
			if err == nil {
				_ = conn.Close()
				break
			}
			cuts++
		}
		if cuts < 4 { // version, algorithms, key exchange, login
			t.Errorf("%s: cut only %d times before the login was through", name, cuts)
		}
	}
}

// Behind a piece from which on nothing is said, the connection stays: the client waits as long as it can.
func TestNothingIsSaidBehindEveryPiece(t *testing.T) {
	s, _ := start(t, sftptest.Options{})
	silences := 0
	for n := 1; n < 40; n++ {
		s.Change(func(k *sftptest.Knobs) { k.MuteAfterSent = n })
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(300 * time.Millisecond))
		_, _, _, err = ssh.NewClientConn(conn, s.Addr(), &ssh.ClientConfig{
			User: "demo", Auth: []ssh.AuthMethod{ssh.Password("pw")}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		})
		_ = conn.Close()
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "i/o timeout") {
			t.Errorf("behind piece %d: %v", n, err)
		}
		silences++
	}
	if silences < 4 || s.Struck() < silences {
		t.Errorf("silent %d times, %d times by the knob", silences, s.Struck())
	}
}

func TestLoginsThatWear(t *testing.T) {
	user := []sftptest.User{{Name: "demo", Password: "pw"}}
	t.Run("banners", func(t *testing.T) {
		s, _ := start(t, sftptest.Options{Users: user, Knobs: sftptest.Knobs{Banners: 100}})
		var heard atomic.Int32
		_, err := ssh.Dial("tcp", s.Addr(), &ssh.ClientConfig{User: "demo", Auth: []ssh.AuthMethod{ssh.Password("pw")},
			HostKeyCallback: ssh.InsecureIgnoreHostKey(), BannerCallback: func(text string) error {
				if strings.Contains(text, "\x1b") {
					heard.Add(1)
				}
				return nil
			}})
		if err != nil || heard.Load() != 100 {
			t.Errorf("%d messages, %v", heard.Load(), err)
		}
	})
	t.Run("questions", func(t *testing.T) {
		s, _ := start(t, sftptest.Options{Users: user, Methods: [][]string{{"keyboard-interactive"}}, Knobs: sftptest.Knobs{Prompts: 1000}})
		asked := 0
		_, err := login(t, s, ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			asked = len(questions)
			return nil, errors.New("enough")
		}))
		if err == nil || asked != 1000 {
			t.Errorf("%d questions, %v", asked, err)
		}
	})
	t.Run("never enough", func(t *testing.T) {
		s, _ := start(t, sftptest.Options{Users: user, Knobs: sftptest.Knobs{PartialForEver: true}})
		tries := 0
		_, err := login(t, s, ssh.RetryableAuthMethod(ssh.PasswordCallback(func() (string, error) { tries++; return "pw", nil }), 50))
		if err == nil || tries == 0 {
			t.Errorf("%d tries, %v", tries, err)
		}
	})
	t.Run("other methods", func(t *testing.T) {
		s, _ := start(t, sftptest.Options{Users: user, Knobs: sftptest.Knobs{Methods: [][]string{{"publickey"}}}})
		if _, err := login(t, s); err == nil || !strings.Contains(err.Error(), "no supported methods remain") {
			t.Errorf("login: %v", err)
		}
	})
}

func TestTransportsThatNobodyWants(t *testing.T) {
	s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{OldAlgorithms: true}})
	config := &ssh.ClientConfig{User: "demo", Auth: []ssh.AuthMethod{ssh.Password("pw")}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Config: ssh.Config{KeyExchanges: ssh.SupportedAlgorithms().KeyExchanges}}
	var none *ssh.AlgorithmNegotiationError
	if _, err := ssh.Dial("tcp", s.Addr(), config); !errors.As(err, &none) {
		t.Errorf("modern client, old server: %v", err)
	}
	s.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{FreshHostKey: true} })
	seen := map[string]bool{}
	config.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		seen[ssh.FingerprintSHA256(key)] = true
		return nil
	}
	for range 3 {
		conn, err := ssh.Dial("tcp", s.Addr(), config)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	if len(seen) != 3 {
		t.Errorf("three connections saw %d keys", len(seen))
	}
}

func TestKeepalivesAreAnsweredLate(t *testing.T) {
	s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{KeepaliveDelay: time.Hour}})
	conn, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err
	}()
	s.Stop()
	if err := <-answered; err == nil {
		t.Error("an answer came at once")
	}
}
