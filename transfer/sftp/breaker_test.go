package sftp_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// clock is a time that only a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// refusing gives a customer that refuses the password, and a clock.
func refusing(t *testing.T) (*customer, *clock) {
	t.Helper()
	c := newCustomer(t, nil)
	c.store.secrets["pw"] = "wrong"
	c.store.active["acme"] = true
	clock := &clock{now: time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)}
	c.pool = sftp.NewPool(sftp.Options{Store: c.store, Secrets: c.store, Now: clock.Now})
	return c, clock
}

func (c *customer) account() job.Account {
	return job.Account{Host: c.conn.Host, Port: c.conn.Port, User: c.conn.User}
}

func TestBreakerLetsOneLoginThroughAfterItsTimes(t *testing.T) {
	c, clock := refusing(t)
	c.refuse(t, "auth.password_rejected")
	for i, wait := range []time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour, 24 * time.Hour} {
		clock.pass(wait - time.Second)
		c.refuse(t, "auth.password_rejected")
		if r, until := c.pool.Ready(t.Context(), c.conn); r == nil || !until.Equal(clock.Now().Add(time.Second)) {
			t.Errorf("wait %d: ready %v until %v", i, r, until)
		}
		clock.pass(time.Second)
		if r, _ := c.pool.Ready(t.Context(), c.conn); r != nil {
			t.Errorf("wait %d: not ready after %v: %v", i, wait, r)
		}
		if n := len(c.logins()); n != i+1 {
			t.Fatalf("wait %d: %d logins before", i, n)
		}
		c.refuse(t, "auth.password_rejected")
		if n := len(c.logins()); n != i+2 {
			t.Fatalf("wait %d: %d logins after", i, n)
		}
	}
}

func TestOpenBreakerSaysSinceWhen(t *testing.T) {
	c, _ := refusing(t)
	c.refuse(t, "auth.password_rejected")
	r := c.refuse(t, "auth.password_rejected")
	if !strings.Contains(r.Cause, "since 2026-11-21 02:00 UTC") || !strings.Contains(r.What, "no login was tried") {
		t.Errorf("%+v", r)
	}
}

func TestGoodLoginClosesTheBreaker(t *testing.T) {
	c, clock := refusing(t)
	c.refuse(t, "auth.password_rejected")
	c.store.secrets["pw"] = password
	c.refuse(t, "auth.password_rejected")
	clock.pass(time.Hour)
	_ = open(t, c.pool, c.conn)
	if c.store.breakers[c.account()].Open {
		t.Error("open after a good login")
	}
}

func TestChangedConfigurationIsTriedAtOnce(t *testing.T) {
	c, _ := refusing(t)
	c.refuse(t, "auth.password_rejected")
	c.byKey()
	_ = open(t, c.pool, c.conn)
}

func TestChangedSecretIsTriedAtOnce(t *testing.T) {
	c, _ := refusing(t)
	version := "1"
	c.pool = sftp.NewPool(sftp.Options{Store: c.store, Secrets: c.store,
		SecretVersion: func(context.Context, job.SecretRef) string { return version }})
	c.refuse(t, "auth.password_rejected")
	c.refuse(t, "auth.password_rejected")
	version = "2"
	c.store.secrets["pw"] = password
	_ = open(t, c.pool, c.conn)
	if n := len(c.logins()); n != 2 {
		t.Errorf("%d logins", n)
	}
}

func TestTwoConfigurationsOfOneAccountDoNotTakeTurns(t *testing.T) {
	c, _ := refusing(t)
	other := c.conn
	other.Auth.Methods = []string{"password", "keyboard-interactive"}
	for range 3 {
		c.refuse(t, "auth.password_rejected")
		_, err := c.pool.Session(t.Context(), other)
		want(t, err, "auth.password_rejected")
	}
	if n := len(c.logins()); n != 2 {
		t.Errorf("%d logins, want one a configuration", n)
	}
}

func TestResumeLetsOneLoginThrough(t *testing.T) {
	c, _ := refusing(t)
	c.refuse(t, "auth.password_rejected")
	if err := c.pool.Resume(t.Context(), c.account()); err != nil {
		t.Fatal(err)
	}
	c.refuse(t, "auth.password_rejected")
	c.refuse(t, "auth.password_rejected")
	if n := len(c.logins()); n != 2 {
		t.Errorf("%d logins", n)
	}
}

func TestNetworkFailureUsesNoLoginUp(t *testing.T) {
	c, clock := refusing(t)
	c.refuse(t, "auth.password_rejected")
	before := c.store.breakers[c.account()]
	clock.pass(time.Hour)
	c.Stop()
	c.refuse(t, "net.refused")
	if after := c.store.breakers[c.account()]; after.Waits != before.Waits || !after.Until.Equal(before.Until) {
		t.Errorf("breaker %+v, was %+v", after, before)
	}
}

// test tests the connection, which must fail.
func (c *customer) test(t *testing.T, slug string) {
	t.Helper()
	if r := c.pool.Test(t.Context(), c.conn, sftp.Purpose{}); r.Error == nil || r.Error.Slug != slug {
		t.Fatalf("tested: %v", r.Error)
	}
}

func TestFailingTestDoesNotMoveTheNextLogin(t *testing.T) {
	c, clock := refusing(t)
	c.refuse(t, "auth.password_rejected")
	began := clock.Now()
	for i, wait := range []time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour} {
		clock.pass(wait / 2)
		c.test(t, "auth.password_rejected")
		c.test(t, "auth.password_rejected")
		if r, until := c.pool.Ready(t.Context(), c.conn); r == nil || !until.Equal(clock.Now().Add(wait/2)) {
			t.Errorf("wait %d: ready %v until %v", i, r, until)
		}
		clock.pass(wait / 2)
		c.test(t, "auth.password_rejected")
		if r, _ := c.pool.Ready(t.Context(), c.conn); r != nil {
			t.Errorf("wait %d: not ready after a test: %v", i, r)
		}
		c.refuse(t, "auth.password_rejected")
		if n := len(c.logins()); n != 1+4*(i+1) {
			t.Fatalf("wait %d: %d logins", i, n)
		}
	}
	if since := c.store.breakers[c.account()].Since; !since.Equal(began) {
		t.Errorf("refused since %v", since)
	}
}

func TestFirstRefusalByATestOpensTheBreaker(t *testing.T) {
	c, clock := refusing(t)
	c.test(t, "auth.password_rejected")
	if r, until := c.pool.Ready(t.Context(), c.conn); r == nil || !until.Equal(clock.Now().Add(time.Hour)) {
		t.Errorf("ready %v until %v", r, until)
	}
	c.refuse(t, "auth.password_rejected")
	if n := len(c.logins()); n != 1 {
		t.Errorf("%d logins", n)
	}
}

func TestWhatATestTriedIsNotTriedAgain(t *testing.T) {
	c, _ := refusing(t)
	c.refuse(t, "auth.password_rejected")
	c.conn.Auth.Methods = []string{"password", "keyboard-interactive"}
	c.test(t, "auth.password_rejected")
	c.refuse(t, "auth.password_rejected")
	if n := len(c.logins()); n != 2 {
		t.Errorf("%d logins", n)
	}
}

// busy is a store in which a daemon lets a login through right after a breaker was read for the first time.
type busy struct {
	*memory
	once sync.Once
}

func (b *busy) Breaker(ctx context.Context, a job.Account) (job.Breaker, error) {
	read, err := b.memory.Breaker(ctx, a)
	b.once.Do(func() {
		counted := read
		counted.Waits++
		counted.Until = counted.Until.Add(4 * time.Hour)
		err = errors.Join(err, b.SaveBreaker(ctx, a, counted))
	})
	return read, err
}

func TestTestKeepsWhatADaemonCountedMeanwhile(t *testing.T) {
	for slug, prepare := range map[string]func(*customer){"auth.password_rejected": func(*customer) {}, "net.refused": func(c *customer) { c.Stop() }} {
		c, clock := refusing(t)
		c.refuse(t, "auth.password_rejected")
		before := c.store.breakers[c.account()]
		prepare(c)
		c.pool = sftp.NewPool(sftp.Options{Store: &busy{memory: c.store}, Secrets: c.store, Now: clock.Now})
		c.test(t, slug)
		if after := c.store.breakers[c.account()]; after.Waits != before.Waits+1 || !after.Until.Equal(before.Until.Add(4*time.Hour)) {
			t.Errorf("%s: breaker %+v, was %+v", slug, after, before)
		}
	}
}

func TestManyJobsTryAWrongPasswordOnce(t *testing.T) {
	c, _ := refusing(t)
	c.conn.MaxConnections = 8
	var jobs sync.WaitGroup
	for range 8 {
		jobs.Go(func() {
			if s, err := c.pool.Session(t.Context(), c.conn); err == nil {
				t.Error("logged in")
				_ = s.Close()
			}
		})
	}
	jobs.Wait()
	if got := c.logins(); !slices.Equal(got, []string{"password"}) {
		t.Errorf("the server saw %q", got)
	}
}

func TestDraftIsNotReady(t *testing.T) {
	c := newCustomer(t, nil)
	if r, _ := c.pool.Ready(t.Context(), c.conn); r == nil || r.Slug != "connection.draft" {
		t.Errorf("ready: %v", r)
	}
	_ = open(t, c.pool, c.conn)
	if r, _ := c.pool.Ready(t.Context(), c.conn); r != nil {
		t.Errorf("ready: %v", r)
	}
}

func TestAccountLimitIsShared(t *testing.T) {
	c := newCustomer(t, nil)
	other := c.conn
	other.Name = "acme-too"
	s, err := c.pool.Session(t.Context(), c.conn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.pool.Session(ctx, other)
	want(t, err, "run.interrupted")

	entered := make(chan error, 1)
	go func() {
		second, err := c.pool.Session(t.Context(), other)
		if err == nil {
			err = second.Close()
		}
		entered <- err
	}()
	if _, err := s.Put(t.Context(), "/x", strings.NewReader("x"), 0, nil); err != nil {
		t.Error(err)
	}
	select {
	case err := <-entered:
		_ = s.Close()
		t.Fatalf("a second session of the account while one is open: %v", err)
	default:
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-entered; err != nil {
		t.Error(err)
	}
	sessions := []int{}
	for _, op := range c.Log() {
		sessions = append(sessions, op.Session)
	}
	if !slices.IsSorted(sessions) || sessions[len(sessions)-1] != 2 {
		t.Errorf("the sessions of one account were mixed: %v", sessions)
	}
}

func TestServerLimitIsABusyServer(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Knobs.MaxConnections = 1 })
	c.conn.MaxConnections = 2
	_ = open(t, c.pool, c.conn)
	if r := c.refuse(t, "remote.too_many_connections"); !r.Temporary {
		t.Error("not temporary")
	}
}

func TestFailedSessionsGiveTheirPlaceBack(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Knobs.NoSFTP = true })
	for range 20 {
		c.refuse(t, "ssh.no_sftp")
	}
	c.Change(func(k *sftptest.Knobs) { k.NoSFTP = false })
	_ = open(t, c.pool, c.conn)
}
