package sftp_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

func TestPasswordLogsIn(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"password"}} })
	if got := open(t, c.pool, c.conn).Facts(); got.Method != "password" || got.Key != "" {
		t.Errorf("facts %+v", got)
	}
}

func TestPasswordAnswersKeyboardInteractive(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"keyboard-interactive"}} })
	if got := open(t, c.pool, c.conn).Facts(); got.Method != "keyboard-interactive" {
		t.Errorf("facts %+v", got)
	}
}

func TestKeyAndPasswordTogether(t *testing.T) {
	for _, second := range []string{"password", "keyboard-interactive"} {
		c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"publickey", second}} })
		c.conn.Auth.Methods, c.conn.Auth.Key = []string{"publickey", "password"}, "acme"
		if got := open(t, c.pool, c.conn).Facts(); got.Method != "publickey+"+second || got.Key != "acme@1" {
			t.Errorf("facts %+v", got)
		}
	}
}

func TestProFTPDTakesPassword(t *testing.T) {
	server := testserver.ProFTPD(t, testserver.ProFTPDOptions{Methods: "password"})
	store := newMemory()
	store.secrets["pw"] = server.Password
	c := job.Connection{Name: "acme", Endpoint: endpointOf(t, server.Addr, server.User, server.HostKeyLines)}
	c.Auth = job.Auth{Methods: []string{"password"}, Password: &job.SecretRef{From: job.SecretStored, Name: "pw"}}
	s := open(t, sftp.NewPool(sftp.Options{Store: store, Secrets: store}), c)
	if n, err := s.Put(t.Context(), "/x", strings.NewReader("abc"), 0, nil); err != nil || n != 3 {
		t.Errorf("put: %d, %v", n, err)
	}
}

func TestSecondFactorMissing(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"publickey", "password"}} })
	c.byKey()
	r := c.refuse(t, "auth.second_factor_missing")
	if !strings.Contains(r.Cause, "publickey") || !strings.Contains(r.Cause, "password") || r.Who != job.WhoUs {
		t.Errorf("%+v", r)
	}
}

func TestMethodNotOffered(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"publickey"}} })
	r := c.refuse(t, "auth.method_not_offered")
	if !strings.Contains(r.Do, "key_file") || !strings.Contains(r.Cause, "passphrase") {
		t.Errorf("it does not tell of the passphrase that is taken for a password: %+v", r)
	}
	if got := c.logins(); len(got) != 0 {
		t.Errorf("the server saw %q", got)
	}
}

func TestWrongPasswordIsTriedOnce(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"password"}, {"keyboard-interactive"}} })
	c.store.secrets["pw"] = "wrong"
	r := c.refuse(t, "auth.password_rejected")
	if strings.Contains(fmt.Sprintf("%+v", r), "wrong") {
		t.Error("the reason holds the password")
	}
	c.refuse(t, "auth.password_rejected")
	if got := c.logins(); !slices.Equal(got, []string{"password"}) {
		t.Errorf("the server saw %q", got)
	}
}

func TestWrongKeyNamesItsFingerprint(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{NoKey: true})
	pool, store, c := reach(t, server)
	_, err := pool.Session(t.Context(), c)
	r := want(t, err, "auth.key_rejected")
	if !strings.Contains(r.Cause, "acme@1 SHA256:") || r.Who != job.WhoCustomer {
		t.Errorf("%+v", r)
	}
	if !store.breakers[job.Account{Host: c.Host, Port: c.Port, User: c.User}].Open {
		t.Error("the breaker is closed after a refused login")
	}
}

func TestLockedOut(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{NoKey: true, Config: []string{"MaxAuthTries 1"}})
	pool, _, c := reach(t, server)
	_, err := pool.Session(t.Context(), c)
	want(t, err, "auth.locked_out")
}

func TestRSAKeySignsWithSHA2Only(t *testing.T) {
	signer, private := newRSAKey(t)
	for accepted, slug := range map[string]string{ssh.KeyAlgoRSASHA256: "ssh.no_sftp", ssh.KeyAlgoRSA: "ssh.no_common_algorithm"} {
		e := keyServer(t, signer.PublicKey(), accepted)
		c := newCustomer(t, nil)
		c.conn.Host, c.conn.Port, c.conn.HostKeys = e.Host, e.Port, e.HostKeys
		c.store.addKey("rsa", 1, job.SlotCurrent, "rsa", private)
		c.byKey()
		c.conn.Auth.Key = "rsa"
		c.refuse(t, slug)
		c.conn.AlsoAllow = []string{ssh.KeyAlgoRSA}
		c.pool = sftp.NewPool(sftp.Options{Store: c.store, Secrets: c.store, Now: tomorrow})
		c.refuse(t, "ssh.no_sftp") // the login works
	}
}

// keyServer takes one key with one signature algorithm, and has no SFTP.
func keyServer(t *testing.T, key ssh.PublicKey, algorithm string) job.Endpoint {
	t.Helper()
	config := &ssh.ServerConfig{
		PublicKeyAuthAlgorithms: []string{algorithm},
		PublicKeyCallback: func(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
			if string(offered.Marshal()) == string(key.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("refused")
		},
	}
	host := hostSigner(t)
	config.AddHostKey(host)
	addr := listen(t, func(conn net.Conn) {
		_, channels, requests, err := ssh.NewServerConn(conn, config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for offered := range channels {
			channel, requests, err := offered.Accept()
			if err != nil {
				return
			}
			ssh.DiscardRequests(requests)
			_ = channel.Close()
		}
	})
	return endpointOf(t, addr, "acme", []string{strings.TrimSpace(authorizedLine(host))})
}

func TestNextKeyIsPromotedWhenTaken(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, store, c := reach(t, server)
	_, other := newKey(t)
	store.keys = nil
	store.addKey("acme", 1, job.SlotCurrent, "old", other)
	store.addKey("acme", 2, job.SlotNext, "client", server.Key)
	if got := open(t, pool, c).Facts().Key; got != "acme@2" {
		t.Errorf("key %s", got)
	}
	if store.keys[1].Slot != job.SlotCurrent || store.keys[0].Slot != job.SlotGrace {
		t.Errorf("slots: %+v", store.keys)
	}
}

func TestCurrentKeyServesUntilNextIsTaken(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, store, c := reach(t, server)
	_, other := newKey(t)
	store.addKey("acme", 2, job.SlotNext, "new", other)
	if got := open(t, pool, c).Facts().Key; got != "acme@1" {
		t.Errorf("key %s", got)
	}
	if store.keys[1].Slot != job.SlotNext {
		t.Error("a key that was refused was promoted")
	}
}

func TestMissingCredentialsCostNoConnection(t *testing.T) {
	c := newCustomer(t, nil)
	delete(c.store.secrets, "pw")
	c.refuse(t, "auth.secret_missing")
	c.byKey()
	c.conn.Auth.Key = "other"
	r := c.refuse(t, "key.missing")
	if !strings.Contains(r.Do, "haulier keys generate other") {
		t.Errorf("do: %s", r.Do)
	}
	if log := c.Log(); len(log) != 0 {
		t.Errorf("the server saw %v", log)
	}
}

// A server that asks questions: the library's own, because only it lets a test choose them.
func askingServer(t *testing.T, ask func(ssh.KeyboardInteractiveChallenge) error) job.Endpoint {
	t.Helper()
	config := &ssh.ServerConfig{KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, client ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		return nil, ask(client)
	}}
	host := hostSigner(t)
	config.AddHostKey(host)
	addr := listen(t, func(conn net.Conn) { _, _, _, _ = ssh.NewServerConn(conn, config) })
	return endpointOf(t, addr, "acme", []string{strings.TrimSpace(authorizedLine(host))})
}

func TestUnexpectedQuestions(t *testing.T) {
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		ask  func(ssh.KeyboardInteractiveChallenge) error
		slug string
		says string
	}{
		"visible": {func(c ssh.KeyboardInteractiveChallenge) error {
			_, err := c("", "", []string{"Employee number:\x1b[2J "}, []bool{true})
			return errors.Join(refused, err)
		}, "auth.prompt", "Employee number:"},
		"visible password": {func(c ssh.KeyboardInteractiveChallenge) error {
			_, err := c("", "", []string{"Password:"}, []bool{true})
			return errors.Join(refused, err)
		}, "auth.prompt", "shows the answer"},
		"second": {func(c ssh.KeyboardInteractiveChallenge) error {
			if _, err := c("", "", []string{"Password:"}, []bool{false}); err != nil {
				return err
			}
			_, err := c("", "", []string{"One-time code:"}, []bool{false})
			return errors.Join(refused, err)
		}, "auth.second_factor_missing", "One-time code:"},
		"two at once": {func(c ssh.KeyboardInteractiveChallenge) error {
			_, err := c("", "", []string{"Password:", "Code:"}, []bool{false, false})
			return errors.Join(refused, err)
		}, "auth.prompt", "Code:"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t, nil)
			c.conn.Host, c.conn.Port, c.conn.HostKeys = "", 0, nil
			e := askingServer(t, test.ask)
			c.conn.Host, c.conn.Port, c.conn.HostKeys = e.Host, e.Port, e.HostKeys
			r := c.refuse(t, test.slug)
			if !strings.Contains(r.Cause, test.says) || strings.ContainsRune(r.Cause, 0x1b) {
				t.Errorf("cause %q", r.Cause)
			}
		})
	}
}

func TestEmptyQuestionIsAnsweredEmpty(t *testing.T) {
	answered := make(chan int, 1)
	e := askingServer(t, func(c ssh.KeyboardInteractiveChallenge) error {
		answers, err := c("", "welcome", nil, nil)
		if err != nil {
			return err
		}
		answered <- len(answers)
		return errors.New("refused")
	})
	c := newCustomer(t, nil)
	c.conn.Host, c.conn.Port, c.conn.HostKeys = e.Host, e.Port, e.HostKeys
	c.refuse(t, "auth.password_rejected")
	select {
	case n := <-answered:
		if n != 0 {
			t.Errorf("%d answers", n)
		}
	default:
		t.Error("the empty question was not answered")
	}
}
