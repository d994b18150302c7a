package sftp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// change is the day on which the customer changes the password.
var change = time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)

// follows gives a customer two passwords, of which the server takes one, and a clock.
func (c *customer) follows(at time.Time, before, after string) *clock {
	now := &clock{now: at}
	c.store.secrets["pw"], c.store.secrets["next"] = before, after
	c.pool = sftp.NewPool(sftp.Options{Store: c.store, Secrets: c.store, Now: now.Now})
	c.conn.Auth.Successor = &job.Successor{Password: job.SecretRef{From: job.SecretStored, Name: "next"}, From: change}
	return now
}

// opens logs in and goes away again.
func (c *customer) opens(t *testing.T) job.Session {
	t.Helper()
	s, err := c.pool.Session(t.Context(), c.conn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	return s.Facts()
}

// The old password is given until the day of the new one, the new one from then on, and for a day before and behind each after the
// other: neither a customer who changes it at noon nor a clock that is off makes a login fail.
func TestPasswordIsChangedOnItsDay(t *testing.T) {
	for _, test := range []struct {
		at       time.Duration
		old, new bool // which of them opens, the server having that one
		first    string
	}{
		{-25 * time.Hour, true, false, "old"}, {-23 * time.Hour, true, true, "old"}, {-time.Second, true, true, "old"},
		{0, true, true, "new"}, {23 * time.Hour, true, true, "new"}, {24 * time.Hour, false, true, "new"}, {8760 * time.Hour, false, true, "new"},
	} {
		for _, has := range []string{"old", "new"} {
			for _, method := range []string{"password", "keyboard-interactive"} {
				c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{method}} })
				before, after := password, "other 1"
				if has == "new" {
					before, after = after, before
				}
				c.follows(change.Add(test.at), before, after)
				opens := has == "old" && test.old || has == "new" && test.new
				tries := 1
				if opens && has != test.first {
					tries = 2
				}
				if opens {
					if got := c.opens(t).Method; got != method {
						t.Errorf("logged in by %q", got)
					}
				} else {
					c.refuse(t, "auth.password_rejected")
				}
				if got := c.logins(); !slices.Equal(got, slices.Repeat([]string{method}, tries)) {
					t.Errorf("%v, %s at the server: it saw %q, want %d tries by %s", test.at, has, got, tries, method)
				}
			}
		}
	}
}

// What the server took is given first the next time, so that a password is refused once and not at each login.
func TestPasswordThatWasTakenGoesFirst(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"password"}} })
	now := c.follows(change.Add(time.Hour), password, "other 1")
	for range 3 {
		c.opens(t)
	}
	if got := c.logins(); len(got) != 4 {
		t.Errorf("three logins took %d tries", len(got))
	}
	now.pass(24 * time.Hour)
	c.refuse(t, "auth.password_rejected")
}

// Both refused is one refusal: it says so, opens the breaker, and shows neither password.
func TestBothPasswordsRefused(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"password"}, {"keyboard-interactive"}} })
	now := c.follows(change.Add(-time.Hour), "wrong one", "wrong two")
	r := c.refuse(t, "auth.password_rejected")
	if !strings.Contains(r.Cause, "both the one until 2027-03-31 and the one from 2027-03-31 on") || strings.Contains(r.Cause+r.Technical, "wrong") {
		t.Errorf("%+v", r)
	}
	c.refuse(t, "auth.password_rejected")
	if got := c.logins(); len(got) != 2 {
		t.Errorf("the server saw %q", got)
	}
	now.pass(2 * time.Hour) // the day has come: the other goes first, and one login is worth it
	c.refuse(t, "auth.password_rejected")
	c.refuse(t, "auth.password_rejected")
	if got := c.logins(); len(got) != 4 {
		t.Errorf("the server saw %q", got)
	}
}

// A server that hangs up at the first wrong password is asked with the other one on a connection of its own, and then left alone.
func TestServerThatHearsOnePassword(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods, o.AuthTries = [][]string{{"password"}}, 1 })
	c.follows(change.Add(-time.Hour), "wrong one", password)
	c.opens(t)
	c.conn.Auth.Successor.From = change.Add(time.Minute) // of another connection: none is good
	c.store.secrets["next"] = "wrong two"
	for range 6 {
		if _, err := c.pool.Session(t.Context(), c.conn); err == nil {
			t.Fatal("the wrong password was taken")
		}
	}
	if got := c.logins(); len(got) > 4 {
		t.Errorf("the server saw %q", got)
	}
}

// A successor that is not stored yet keeps nobody out before its day; from then on it is missed.
func TestSuccessorThatIsNotThereYet(t *testing.T) {
	c := newCustomer(t, nil)
	now := c.follows(change.Add(-time.Hour), password, "")
	delete(c.store.secrets, "next")
	c.opens(t)
	now.pass(48 * time.Hour)
	_, err := c.pool.Session(t.Context(), c.conn)
	if r := want(t, err, "auth.secret_missing"); !strings.Contains(r.Cause+r.What, "valid from 2027-03-31") {
		t.Errorf("%+v", r)
	}
}

// A password that was taken goes first the next time also where nothing came of the login: what was refused is not sent again and again.
func TestPasswordThatWasTakenGoesFirstWhateverBecameOfTheLogin(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods, o.Knobs.NoSFTP = [][]string{{"password"}}, true })
	c.follows(change.Add(-time.Hour), "wrong one", password)
	for range 3 {
		c.refuse(t, "ssh.no_sftp")
	}
	if got := c.logins(); len(got) != 4 {
		t.Errorf("three logins sent %d passwords", len(got))
	}
}

// The same of a jump host behind which the server is down.
func TestPasswordOfAJumpHostThatWasTakenGoesFirst(t *testing.T) {
	c := newCustomer(t, nil)
	bastion := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"password"}} })
	bastion.follows(change.Add(-time.Hour), "wrong one", password)
	c.pool = bastion.pool
	c.conn.Jump = []job.Jump{{Name: "bastion", Endpoint: bastion.conn.Endpoint}}
	for range 3 {
		if _, err := c.pool.Session(t.Context(), c.conn); err == nil {
			t.Fatal("a session came about through a server that passes nothing on")
		}
	}
	if got := bastion.logins(); len(got) != 4 {
		t.Errorf("three logins sent %d passwords", len(got))
	}
}

// A refusal stays the same one when the order of the passwords has turned: the breaker that it opened keeps the next login out.
func TestBreakerKnowsTwoPasswordsInAnyOrder(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Methods = [][]string{{"password"}} })
	c.follows(change.Add(-time.Hour), "wrong one", password)
	c.opens(t) // the second goes first now
	c.Change(func(k *sftptest.Knobs) { k.RefuseLogin = true })
	c.refuse(t, "auth.password_rejected")
	before := len(c.logins())
	c.follows(change.Add(-time.Hour), "wrong one", password) // a new process does not know of the turn
	c.refuse(t, "auth.password_rejected")
	if got := c.logins(); len(got) != before {
		t.Errorf("%d passwords more were sent", len(got)-before)
	}
}

func TestPasswordIsChangedWithARealServer(t *testing.T) {
	server := testserver.ProFTPD(t, testserver.ProFTPDOptions{Methods: "password"})
	store := newMemory()
	store.secrets["pw"], store.secrets["next"] = "the old one", server.Password
	c := job.Connection{Name: "acme", Endpoint: endpointOf(t, server.Addr, server.User, server.HostKeyLines)}
	c.Auth = job.Auth{Methods: []string{"password"}, Password: &job.SecretRef{From: job.SecretStored, Name: "pw"}, Successor: &job.Successor{Password: job.SecretRef{From: job.SecretStored, Name: "next"}, From: change}}
	for _, test := range []struct {
		at    time.Duration
		opens bool
	}{{-48 * time.Hour, false}, {-time.Hour, true}, {time.Hour, true}, {48 * time.Hour, true}} {
		now := &clock{now: change.Add(test.at)}
		s, err := sftp.NewPool(sftp.Options{Store: store, Secrets: store, Now: now.Now}).Session(t.Context(), c)
		if err == nil {
			_ = s.Close()
		} else {
			want(t, err, "auth.password_rejected")
		}
		if opens := err == nil; opens != test.opens {
			t.Errorf("%v from the change: %v", test.at, err)
		}
	}
}
