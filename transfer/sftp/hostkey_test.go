package sftp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

func TestUnknownHostKeyIsShownAndNothingSent(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.HostKeys = nil
	r := c.refuse(t, "host_key.unknown")
	if !strings.Contains(r.Cause, c.Fingerprint()) || !strings.Contains(r.Do, "haulier connections trust acme") {
		t.Errorf("%+v", r)
	}
	if log := c.Log(); len(log) != 0 {
		t.Errorf("the server saw %v", log)
	}
}

func TestChangedHostKeyStopsBeforeTheLogin(t *testing.T) {
	c := newCustomer(t, nil)
	old := c.Fingerprint()
	c.SetHostKeys(hostSigner(t))
	r := c.refuse(t, "host_key.changed")
	if !strings.Contains(r.Cause, old) || !strings.Contains(r.Cause, c.Fingerprint()) {
		t.Errorf("cause %q does not show both keys", r.Cause)
	}
	if log := c.Log(); len(log) != 0 {
		t.Errorf("the server saw %v", log)
	}
	if c.store.breakers[job.Account{Host: c.conn.Host, Port: c.conn.Port, User: "acme"}].Open {
		t.Error("a host key opened the breaker of logins")
	}
	told := c.store.strange
	if len(told) != 1 || told[0].Connection != c.conn.Name || !strings.Contains(told[0].Shown, c.Fingerprint()) || !slices.Equal(told[0].Pinned, []string{"ssh-ed25519 " + old}) ||
		told[0].Reason.Do != r.Do || told[0].Key == "" {
		t.Errorf("told %+v", told)
	}
}

func TestPinnedTypeThatIsGoneIsAChange(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{HostKeys: []string{"ecdsa"}})
	pool, known, c := reach(t, server)
	c.HostKeys = []string{"ssh-ed25519 SHA256:" + strings.Repeat("A", 43)}
	_, err := pool.Session(t.Context(), c)
	r := want(t, err, "host_key.changed")
	if !strings.Contains(r.Cause, "ecdsa-sha2-nistp256") {
		t.Errorf("cause %q", r.Cause)
	}
	if told := known.strange; len(told) != 1 || told[0].Key != "" || !strings.Contains(told[0].Shown, "ecdsa-sha2-nistp256") {
		t.Errorf("told %+v", told)
	}
}

func TestEachPinnedTypeIsAskedFor(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{HostKeys: []string{"ecdsa", "ed25519", "rsa"}})
	pool, _, c := reach(t, server)
	for _, line := range server.HostKeyLines {
		c.HostKeys = []string{line}
		facts := open(t, pool, with(c, func(c *job.Connection) { c.MaxConnections = 3 })).Facts()
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if facts.HostKey != ssh.FingerprintSHA256(key) {
			t.Errorf("pin %.20s: connected to %s", line, facts.HostKey)
		}
	}
	c.HostKeys = []string{"ssh-rsa " + fingerprintOf(t, server.HostKeyLines[2])}
	_ = open(t, pool, with(c, func(c *job.Connection) { c.MaxConnections = 4 }))
}

func with(c job.Connection, change func(*job.Connection)) job.Connection {
	change(&c)
	return c
}

func fingerprintOf(t *testing.T, line string) string {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.FingerprintSHA256(key)
}

func TestOldSignatureNeedsPermission(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{HostKeys: []string{"rsa"}, Config: []string{"HostKeyAlgorithms ssh-rsa"}})
	pool, _, c := reach(t, server)
	_, err := pool.Session(t.Context(), c)
	r := want(t, err, "ssh.no_common_algorithm")
	if !strings.Contains(r.Cause, "Theirs: ssh-rsa. Ours: rsa-sha2-512, rsa-sha2-256") || !strings.Contains(r.Do, "also_allow: [ssh-rsa]") {
		t.Errorf("%+v", r)
	}
	c.AlsoAllow = []string{"ssh-rsa"}
	_ = open(t, pool, c)
}

func TestOldKeyExchangeIsNamed(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{Config: []string{"KexAlgorithms diffie-hellman-group14-sha1"}})
	pool, _, c := reach(t, server)
	_, err := pool.Session(t.Context(), c)
	r := want(t, err, "ssh.no_common_algorithm")
	if !strings.Contains(r.Do, "also_allow: [diffie-hellman-group14-sha1]") {
		t.Errorf("do: %s", r.Do)
	}
	c.AlsoAllow = []string{"diffie-hellman-group14-sha1"}
	_ = open(t, pool, c)
}

func TestStoredPinsCountAndBelongToHostAndPort(t *testing.T) {
	c := newCustomer(t, nil)
	line := c.conn.HostKeys[0]
	c.conn.HostKeys = nil
	c.store.pins["["+c.conn.Host+"]:1"] = []job.Pin{{Key: line}}
	c.refuse(t, "host_key.unknown")
	c.store.pins["["+c.conn.Host+"]:"+itoa(c.conn.Port)] = []job.Pin{{Key: line, Added: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}}
	_ = open(t, c.pool, c.conn)
	c.SetHostKeys(hostSigner(t))
	c.conn.MaxConnections = 2
	if r := c.refuse(t, "host_key.changed"); !strings.Contains(r.Cause, "2026-03-02") {
		t.Errorf("cause %q does not say since when", r.Cause)
	}
}

func TestDamagedPinIsNotIgnored(t *testing.T) {
	c := newCustomer(t, nil)
	for _, text := range []string{"ssh-ed25519", "ssh-ed25519 SHA256:short", "ssh-ed25519 !!!!", "ssh-rsa " + strings.Fields(c.conn.HostKeys[0])[1]} {
		c.conn.HostKeys = []string{text}
		c.refuse(t, "host_key.unreadable")
	}
}

// storedPins moves the pin from the configuration to the store, where a rotation may add to it.
func (c *customer) storedPins() string {
	address := "[" + c.conn.Host + "]:" + itoa(c.conn.Port)
	c.store.pins[address] = []job.Pin{{Address: address, Key: c.conn.HostKeys[0]}}
	c.conn.HostKeys = nil
	return address
}

func TestProvenHostKeyIsPinned(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{HostKeys: []string{"ed25519", "rsa", "ecdsa"}})
	pool, store, c := reach(t, server)
	address := "[" + c.Host + "]:" + itoa(c.Port)
	store.pins[address] = []job.Pin{{Address: address, Key: server.HostKeyLines[0]}}
	c.HostKeys = nil
	s, err := pool.Session(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range store.pins[address] {
		lines = append(lines, p.Key)
		if p.Key != server.HostKeyLines[0] && (p.By != "hostkeys-00" || p.Why != "rotation" || p.Added.IsZero()) {
			t.Errorf("pin %+v", p)
		}
	}
	slices.Sort(lines)
	expected := slices.Sorted(slices.Values(server.HostKeyLines))
	if !slices.Equal(lines, expected) {
		t.Errorf("pins:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(expected, "\n"))
	}
}

func TestUnprovenHostKeyIsNotPinned(t *testing.T) {
	for name, knobs := range map[string]func(*sftptest.Knobs){
		"bad proof": func(k *sftptest.Knobs) { k.BadProofs = true },
		"no answer": func(k *sftptest.Knobs) { k.IgnoreKeepalives = true },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t, func(o *sftptest.Options) {
				o.Knobs.ExtraHostKeys = []ssh.Signer{hostSigner(t)}
				knobs(&o.Knobs)
			})
			address := c.storedPins()
			s, err := c.pool.Session(t.Context(), c.conn)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Close()
			if n := len(c.store.pins[address]); n != 1 {
				t.Errorf("%d pins", n)
			}
		})
	}
}

func TestExclusivePinsAreNotAddedTo(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Knobs.ExtraHostKeys = []ssh.Signer{hostSigner(t)} })
	s, err := c.pool.Session(t.Context(), c.conn)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if len(c.store.pins) != 0 {
		t.Errorf("pins: %v", c.store.pins)
	}
}

func TestScanShowsEveryKeyAndSendsNoName(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{HostKeys: []string{"ecdsa", "ed25519", "rsa"}})
	pool, store, c := reach(t, server)
	c.HostKeys = server.HostKeyLines[:1]
	keys, err := pool.Scan(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, k := range keys {
		lines = append(lines, k.Key)
		if k.Fingerprint != fingerprintOf(t, k.Key) || k.Pinned != (k.Type == "ecdsa-sha2-nistp256") {
			t.Errorf("%+v", k)
		}
	}
	if !slices.Equal(slices.Sorted(slices.Values(lines)), slices.Sorted(slices.Values(server.HostKeyLines))) {
		t.Errorf("keys: %q", lines)
	}
	if len(store.seen) != 1 {
		t.Errorf("seen: %v", store.seen)
	}
	if log := server.Log(); strings.Contains(log, "user ") {
		t.Errorf("the server heard of a user:\n%s", log)
	}
}

// Dropbear names RSA among its types without having such a key, and drops the line when it is asked to show one.
func TestScanGoesOnWhereAServerDropsTheLineForAType(t *testing.T) {
	server := testserver.Dropbear(t, testserver.DropbearOptions{})
	pool, _, c := reach(t, server)
	keys, err := pool.Scan(t.Context(), c)
	if err != nil || len(keys) != 1 || keys[0].Key != server.HostKeyLines[0] {
		t.Errorf("%v, %v", keys, err)
	}
	server.Stop()
	if keys, err := pool.Scan(t.Context(), c); err == nil {
		t.Errorf("a server that is gone shows %v", keys)
	}
}

func TestScanOfAnOldServerNamesItsAlgorithms(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{HostKeys: []string{"rsa"}, Config: []string{"HostKeyAlgorithms ssh-rsa"}})
	pool, _, c := reach(t, server)
	_, err := pool.Scan(t.Context(), c)
	want(t, err, "ssh.no_common_algorithm")
	c.AlsoAllow = []string{"ssh-rsa"}
	keys, err := pool.Scan(t.Context(), c)
	if err != nil || len(keys) != 1 || keys[0].Key != server.HostKeyLines[0] {
		t.Errorf("%v, %v", keys, err)
	}
}
