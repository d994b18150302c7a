package sftp_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// hangingUp gives a customer whose server ends the line of a login that it refuses.
func hangingUp(t *testing.T, how sftptest.HangUp, methods ...string) *customer {
	t.Helper()
	return newCustomer(t, func(o *sftptest.Options) {
		o.Knobs.HangsUp = how
		for _, m := range methods {
			o.Methods = append(o.Methods, []string{m})
		}
	})
}

var waysToHangUp = map[string]sftptest.HangUp{"silently": sftptest.HangUpSilently, "behind its answer": sftptest.HangUpBehind}

// Around the day of a change the other password is heard too where the server ends the line behind a wrong one, at once and each once.
func TestOtherPasswordIsHeardByAServerThatHangsUp(t *testing.T) {
	for name, how := range waysToHangUp {
		for _, method := range []string{"password", "keyboard-interactive"} {
			t.Run(name+", "+method, func(t *testing.T) {
				c := hangingUp(t, how, method)
				c.follows(change.Add(-time.Hour), "wrong one", password)
				c.opens(t)
				if got := c.logins(); !slices.Equal(got, []string{method, method}) {
					t.Errorf("the server saw %q", got)
				}
				if c.store.breakers[c.account()].Open {
					t.Error("the breaker is open behind a good login")
				}
				c.opens(t)
				if got := c.logins(); len(got) != 3 {
					t.Errorf("the password that was taken is not first: the server saw %q", got)
				}
			})
		}
	}
}

// Both wrong is each once, a refusal that says so, and no login more: the customer's account is not locked by us.
func TestBothPasswordsAtAServerThatHangsUp(t *testing.T) {
	for name, how := range waysToHangUp {
		t.Run(name, func(t *testing.T) {
			c := hangingUp(t, how, "password")
			c.follows(change.Add(time.Hour), "wrong one", "wrong two")
			slug := map[sftptest.HangUp]string{sftptest.HangUpSilently: "auth.closed", sftptest.HangUpBehind: "auth.password_rejected"}[how]
			for range 6 {
				r := c.refuse(t, slug)
				if r.Temporary || !strings.Contains(r.Cause, "both the one until 2027-03-31 and the one from 2027-03-31 on") || strings.Contains(r.Cause+r.Technical, "wrong two") {
					t.Errorf("%+v", r)
				}
			}
			if got := c.logins(); len(got) != 2 {
				t.Errorf("the server saw %q", got)
			}
		})
	}
}

// With one password there is one login, and then the breaker: what says nothing may be a refusal.
func TestClosedBehindTheOnlyPassword(t *testing.T) {
	c := hangingUp(t, sftptest.HangUpSilently, "password", "keyboard-interactive")
	c.store.secrets["pw"] = "not this one"
	c.store.active["acme"] = true
	now := &clock{now: change}
	c.pool = sftp.NewPool(sftp.Options{Store: c.store, Secrets: c.store, Now: now.Now})
	r := c.refuse(t, "auth.closed")
	if r.Temporary || r.Who != job.WhoBoth || !strings.Contains(r.Cause, "right after we sent the password") || !strings.Contains(r.Cause, "many servers do that for a wrong one") {
		t.Errorf("%+v", r)
	}
	if r, until := c.pool.Ready(t.Context(), c.conn); r == nil || !until.Equal(change.Add(time.Hour)) {
		t.Errorf("ready %v until %v", r, until)
	}
	c.refuse(t, "auth.closed")
	if got := c.logins(); len(got) != 1 {
		t.Errorf("the server saw %q", got)
	}
	now.pass(time.Hour)
	c.store.secrets["pw"] = password
	c.opens(t)
}

// What was good a moment ago may be cut by chance: once, which opens nothing. The second time in a row it is a refusal, and a good
// login in between begins anew.
func TestClosedBehindWhatWasGoodBefore(t *testing.T) {
	c := hangingUp(t, sftptest.HangUpSilently, "password")
	c.byPassword()
	for range 2 {
		c.Change(func(k *sftptest.Knobs) { k.RefuseLogin = false })
		c.opens(t)
		c.Change(func(k *sftptest.Knobs) { k.RefuseLogin = true })
		if r := c.refuse(t, "net.lost"); !r.Temporary || !strings.Contains(r.Cause, "counts as a refusal") || c.store.breakers[c.account()].Open {
			t.Errorf("%+v", r)
		}
	}
	for range 3 {
		if r := c.refuse(t, "auth.closed"); !strings.Contains(r.Cause, "a line is lost just then") || strings.Contains(r.What, "none will be") {
			t.Errorf("%+v", r)
		}
	}
	if got := c.logins(); len(got) != 5 {
		t.Errorf("the server saw %q", got)
	}
}

// The same of a key.
func TestClosedBehindAKey(t *testing.T) {
	c := hangingUp(t, sftptest.HangUpSilently)
	_, other := newKey(t)
	c.store.keys = nil
	c.store.addKey("acme", 1, job.SlotCurrent, "other", other)
	c.byKey()
	if r := c.refuse(t, "auth.closed"); !strings.Contains(r.Cause, "right after we offered our key") || !strings.Contains(r.Do, "haulier keys show acme") {
		t.Errorf("%+v", r)
	}
	c.refuse(t, "auth.closed")
	if got := c.logins(); !slices.Equal(got, []string{"publickey"}) {
		t.Errorf("the server saw %q", got)
	}
}

// closing is a server that ends the connection when it is asked for a login by a method, before it hears a credential.
func closing(t *testing.T, c *customer, config func(end func()) *ssh.ServerConfig) {
	t.Helper()
	host := hostSigner(t)
	addr := listen(t, func(conn net.Conn) {
		server := config(func() { _ = conn.Close() })
		server.AddHostKey(host)
		_, _, _, _ = ssh.NewServerConn(conn, server)
	})
	e := endpointOf(t, addr, "acme", []string{strings.TrimSpace(authorizedLine(host))})
	c.conn.Host, c.conn.Port, c.conn.HostKeys = e.Host, e.Port, e.HostKeys
}

// A line that is lost elsewhere is a failure of the network, which time may heal: before a credential was sent, where a question for it
// was not asked yet, and where the peer fell silent instead of closing.
func TestCutsElsewhereAreOfTheNetwork(t *testing.T) {
	refused := errors.New("refused")
	for name, prepare := range map[string]func(c *customer){
		"at the opening none": func(c *customer) {
			closing(t, c, func(end func()) *ssh.ServerConfig {
				return &ssh.ServerConfig{AuthLogCallback: func(ssh.ConnMetadata, string, error) { end() },
					PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, refused }}
			})
		},
		"before the question": func(c *customer) {
			closing(t, c, func(end func()) *ssh.ServerConfig {
				return &ssh.ServerConfig{KeyboardInteractiveCallback: func(ssh.ConnMetadata, ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
					end()
					return nil, refused
				}}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t, nil)
			prepare(c)
			for range 2 {
				if r := c.refuse(t, "net.lost"); !r.Temporary {
					t.Errorf("%+v", r)
				}
			}
			if c.store.breakers[c.account()].Open {
				t.Error("the breaker is open")
			}
		})
	}
	t.Run("silence", func(t *testing.T) {
		c := newCustomer(t, nil)
		c.conn.Timeouts.Handshake = 200 * time.Millisecond
		closing(t, c, func(func()) *ssh.ServerConfig {
			return &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { <-t.Context().Done(); return nil, refused }}
		})
		c.refuse(t, "net.timeout")
		if c.store.breakers[c.account()].Open {
			t.Error("the breaker is open")
		}
	})
}

// A server that takes one session of an account and hangs up on the next does not make the password of the first a wrong one.
func TestAnotherSessionVouchesForThePassword(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Knobs.MaxLogins, o.Knobs.HangsUp = 1, sftptest.HangUpSilently })
	c.conn.MaxConnections = 2
	first := open(t, c.pool, c.conn)
	if r := c.refuse(t, "net.lost"); !r.Temporary || !strings.Contains(r.Cause, "another session of this account is open") {
		t.Errorf("%+v", r)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	c.Change(func(k *sftptest.Knobs) { k.RefuseLogin = true })
	c.refuse(t, "net.lost") // nobody vouches any more but the login before
	c.refuse(t, "auth.closed")
}

// Where the network fails behind the first password, the second is what the next attempt begins with, and the first is written down as
// refused.
func TestNetworkThatFailsBetweenTwoPasswords(t *testing.T) {
	c := hangingUp(t, sftptest.HangUpSilently, "password")
	c.follows(change.Add(-time.Hour), "wrong one", password)
	var attempts atomic.Int32
	front := listen(t, func(conn net.Conn) {
		if attempts.Add(1) != 2 {
			relay(struct{ net.Conn }{conn}, c.Addr()) // the system's own copying keeps pipes open, which other tests would find
		}
	})
	e := endpointOf(t, front, "acme", c.HostKeys())
	c.conn.Host, c.conn.Port = e.Host, e.Port
	c.refuse(t, "net.closed_early")
	if b := c.store.breakers[c.account()]; !b.Open || b.Reason.Slug != "auth.closed" {
		t.Errorf("breaker %+v", b)
	}
	c.opens(t)
	if got := c.logins(); len(got) != 2 {
		t.Errorf("the server saw %q", got)
	}
}

// OpenSSH with one try says goodbye behind the first wrong password; with the usual number it answers. Both hear the other one.
func TestOtherPasswordIsHeardByOpenSSH(t *testing.T) {
	for _, tries := range []int{1, 6} {
		server := testserver.SSHD(t, testserver.Options{Own: true, Config: []string{"PasswordAuthentication yes", "PubkeyAuthentication no", fmt.Sprint("MaxAuthTries ", tries)}})
		store := newMemory()
		store.secrets["pw"], store.secrets["next"] = "the old one", server.Password
		c := job.Connection{Name: "acme", Endpoint: endpointOf(t, server.Addr, server.User, server.HostKeyLines)}
		c.Auth = job.Auth{Methods: []string{"password"}, Password: &job.SecretRef{From: job.SecretStored, Name: "pw"},
			Successor: &job.Successor{Password: job.SecretRef{From: job.SecretStored, Name: "next"}, From: change}}
		now := &clock{now: change.Add(-time.Hour)}
		pool := sftp.NewPool(sftp.Options{Store: store, Secrets: store, Now: now.Now})
		if err := open(t, pool, c).Close(); err != nil {
			t.Errorf("%d tries: %v", tries, err)
		}
		store.secrets["next"] = "another old one"
		pool = sftp.NewPool(sftp.Options{Store: store, Secrets: store, Now: now.Now})
		_, err := pool.Session(t.Context(), c)
		slug := "auth.password_rejected"
		if tries == 1 {
			slug = "auth.locked_out"
		}
		want(t, err, slug)
		if r, _ := pool.Ready(t.Context(), c); r == nil || r.Slug != slug {
			t.Errorf("%d tries: ready %v", tries, r)
		}
	}
}
