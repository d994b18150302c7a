package sftp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
)

// greeting is a server that says something and then waits.
func greeting(t *testing.T, text string) func(*customer) {
	addr := listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
	})
	return to(t, addr)
}

func to(t *testing.T, addr string) func(*customer) {
	return func(c *customer) {
		e := endpointOf(t, addr, "acme", c.conn.HostKeys)
		c.conn.Host, c.conn.Port = e.Host, e.Port
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestDialFailuresAreToldApart(t *testing.T) {
	silent := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	hangUp := listen(t, func(net.Conn) {})
	text := listen(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "Not allowed at this time\r\n") })
	stops := listen(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "SSH-2.0-x\r\n") })
	for name, test := range map[string]struct {
		prepare   func(*customer)
		slug      string
		says      string
		temporary bool
	}{
		"refused":          {to(t, closedPort(t)), "net.refused", "203.0.113.10", true},
		"no such host":     {func(c *customer) { c.conn.Host = "no-such-host.invalid" }, "net.dns", "no-such-host.invalid", true},
		"silent":           {to(t, silent), "net.timeout", "300ms", true},
		"closed early":     {to(t, hangUp), "net.closed_early", "203.0.113.10", true},
		"closed with text": {to(t, text), "net.closed_early", "Not allowed at this time", true},
		"closed later":     {to(t, stops), "net.lost", "before the login", true},
		"FTP":              {greeting(t, "220 ProFTPD \x1b[31mready\r\n"), "net.not_ssh", "220 ProFTPD", false},
		"TLS alert":        {greeting(t, "\x15\x03\x01\x00\x02\x02\x46"), "net.not_ssh", "TLS", false},
		"HTTP":             {greeting(t, "HTTP/1.1 400 Bad Request\r\n"), "net.not_ssh", "HTTP", false},
		"flood":            {greeting(t, strings.Repeat("legal notice\r\n", 2000)), "net.not_ssh", "legal notice", false},
		"one endless line": {greeting(t, strings.Repeat("x", 20_000)), "net.not_ssh", "xxx", false},
		"denied network": {func(c *customer) { c.conn.DenyNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} },
			"net.denied", "127.0.0.0/8", false},
		"denied by name": {func(c *customer) {
			c.conn.Host = "localhost"
			c.conn.DenyNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
		}, "net.denied", "localhost", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t, nil)
			test.prepare(c)
			c.conn.Timeouts.Handshake = 300 * time.Millisecond
			r := c.refuse(t, test.slug)
			if !strings.Contains(r.Cause, test.says) || strings.ContainsRune(r.Cause, 0x1b) {
				t.Errorf("cause %q does not say %q", r.Cause, test.says)
			}
			if r.Temporary != test.temporary {
				t.Errorf("temporary = %v", r.Temporary)
			}
			if len(c.store.breakers) != 0 {
				t.Error("a failure of the network opened the breaker")
			}
		})
	}
}

func TestBindAddressAndTCP4(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.BindAddress, c.conn.TCP4 = "127.0.0.1", true
	if got := open(t, c.pool, c.conn).Facts().From; got != "127.0.0.1" {
		t.Errorf("from %s", got)
	}
	c.conn.MaxConnections, c.conn.BindAddress = 2, "192.0.2.77"
	c.refuse(t, "net.unreachable")
}

func TestBannerLinesBeforeTheVersionAreRead(t *testing.T) {
	c := newCustomer(t, nil)
	server := c.Addr()
	to(t, listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "Only for customers.\r\nAll is logged.\r\n")
		relay(conn, server)
	}))(c)
	_ = open(t, c.pool, c.conn)
}

// relay passes bytes both ways until either side ends.
func relay(conn net.Conn, target string) {
	there, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = there.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(there, conn)
		_ = there.Close()
	}()
	_, _ = io.Copy(conn, there)
	_ = conn.Close()
	<-done
}

// httpProxy is a proxy that makes tunnels for "svc" with password "pw".
func httpProxy(t *testing.T, tunnels *atomic.Int32) string {
	return listen(t, func(conn net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		user, pass, _ := (&http.Request{Header: http.Header{"Authorization": request.Header["Proxy-Authorization"]}}).BasicAuth()
		if request.Method != http.MethodConnect || user != "svc" || pass != password {
			_, _ = fmt.Fprint(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
			return
		}
		_, _ = fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		tunnels.Add(1)
		relay(conn, request.Host)
	})
}

// socksProxy speaks the part of SOCKS5 that asks for user and password.
func socksProxy(t *testing.T, tunnels *atomic.Int32) string {
	return listen(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		_, _ = r.Discard(int(head[1]))
		_, _ = conn.Write([]byte{5, 2})
		user, pass := socksField(r, 1), socksField(r, 0)
		if user != "svc" || pass != password {
			_, _ = conn.Write([]byte{1, 1})
			return
		}
		_, _ = conn.Write([]byte{1, 0})
		request := make([]byte, 4)
		if _, err := io.ReadFull(r, request); err != nil {
			return
		}
		host := ""
		switch request[3] {
		case 1:
			ip := make([]byte, 4)
			_, _ = io.ReadFull(r, ip)
			host = net.IP(ip).String()
		case 3:
			host = socksField(r, 0)
		}
		port := make([]byte, 2)
		_, _ = io.ReadFull(r, port)
		_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		tunnels.Add(1)
		relay(conn, net.JoinHostPort(host, itoa(int(port[0])<<8|int(port[1]))))
	})
}

// socksField reads a length and that many bytes, after skip bytes.
func socksField(r *bufio.Reader, skip int) string {
	_, _ = r.Discard(skip)
	n, err := r.ReadByte()
	if err != nil {
		return ""
	}
	field := make([]byte, n)
	_, _ = io.ReadFull(r, field)
	return string(field)
}

func TestProxies(t *testing.T) {
	for kind, start := range map[string]func(*testing.T, *atomic.Int32) string{"http": httpProxy, "socks5": socksProxy} {
		t.Run(kind, func(t *testing.T) {
			c := newCustomer(t, nil)
			var tunnels atomic.Int32
			c.conn.Proxy = &job.Proxy{Type: kind, Address: start(t, &tunnels), User: "svc", Password: &job.SecretRef{Name: "pw"}}
			_ = open(t, c.pool, c.conn)
			if tunnels.Load() != 1 {
				t.Errorf("%d tunnels", tunnels.Load())
			}
			c.conn.MaxConnections = 2
			c.conn.Proxy.User = "other"
			if r := c.refuse(t, "net.proxy"); !strings.Contains(r.Cause, "made no connection") {
				t.Errorf("cause %q", r.Cause)
			}
			c.conn.Proxy.Address = closedPort(t)
			if r := c.refuse(t, "net.proxy"); !strings.Contains(r.Cause, "can't be reached") {
				t.Errorf("cause %q", r.Cause)
			}
		})
	}
}

func TestProxyThatNeverAnswers(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.Proxy = &job.Proxy{Type: "http", Address: listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })}
	c.conn.Timeouts.Connect = 200 * time.Millisecond
	c.refuse(t, "net.proxy")
}

// jump gives a real sshd as a hop, with its own key and pin.
func jump(t *testing.T, c *customer, o testserver.Options) job.Jump {
	t.Helper()
	server := testserver.SSHD(t, o)
	c.store.addKey("bastion", 1, job.SlotCurrent, "bastion", server.Key)
	return job.Jump{Name: "bastion", Endpoint: job.Endpoint{
		Host: server.Host, Port: server.Port, User: server.User, HostKeys: server.HostKeyLines,
		Auth: job.Auth{Methods: []string{"publickey"}, Key: "bastion"},
	}}
}

func TestJumpHost(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.Jump = []job.Jump{jump(t, c, testserver.Options{})}
	s := open(t, c.pool, c.conn)
	if _, err := s.Put(t.Context(), "/x", strings.NewReader("through"), 0, nil); err != nil {
		t.Fatal(err)
	}
	if keys, err := c.pool.Scan(t.Context(), c.conn); err != nil || len(keys) != 1 || keys[0].Key != c.conn.HostKeys[0] {
		t.Errorf("scan through the jump host: %v, %v", keys, err)
	}
}

func TestJumpHostFailuresNameIt(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.Jump = []job.Jump{jump(t, c, testserver.Options{Config: []string{"AllowTcpForwarding no"}})}
	if r := c.refuse(t, "net.jump_refused"); r.Temporary {
		t.Error("a jump host that forbids forwarding is not a matter of time")
	}
	hostKeys := c.conn.Jump[0].HostKeys
	c.conn.Jump[0].HostKeys = []string{"ssh-ed25519 SHA256:" + strings.Repeat("A", 43)}
	if r := c.refuse(t, "host_key.changed"); !strings.Contains(r.Cause, "jump host bastion") {
		t.Errorf("cause %q", r.Cause)
	}
	c.conn.Jump[0].HostKeys = hostKeys
	c.conn.Jump[0].Auth.Key = "acme" // not installed there
	r := c.refuse(t, "auth.key_rejected")
	if !strings.Contains(r.Cause, "jump host bastion") {
		t.Errorf("cause %q", r.Cause)
	}
	hop := c.conn.Jump[0]
	if !c.store.breakers[job.Account{Host: hop.Host, Port: hop.Port, User: hop.User}].Open {
		t.Error("the breaker of the jump host's account is closed")
	}
	if len(c.store.breakers) != 1 {
		t.Errorf("breakers: %v", c.store.breakers)
	}
}

func TestCancelDuringHandshake(t *testing.T) {
	began := make(chan struct{}, 1)
	c := newCustomer(t, nil)
	to(t, listen(t, func(conn net.Conn) {
		began <- struct{}{}
		_, _ = io.Copy(io.Discard, conn)
	}))(c)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	_, err := c.pool.Session(ctx, c.conn)
	want(t, err, "run.interrupted")
}
