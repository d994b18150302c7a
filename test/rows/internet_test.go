package rows_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
)

// internet is an HTTP proxy at the edge of ours: names lead to servers on loopback, at any port, without a name server.
type internet struct {
	listener net.Listener
	done     sync.WaitGroup

	mu     sync.Mutex
	routes map[string]string // host:port as asked -> address on loopback
	asked  []string
	conns  []net.Conn
}

func newInternet(t testing.TB) *internet {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &internet{listener: listener, routes: map[string]string{}}
	n.done.Go(n.accept)
	t.Cleanup(n.stop)
	return n
}

func (n *internet) stop() {
	_ = n.listener.Close()
	n.mu.Lock()
	for _, conn := range n.conns {
		_ = conn.Close()
	}
	n.mu.Unlock()
	n.done.Wait()
}

func (n *internet) route(name, address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.routes[name] = address
}

// targets gives what was asked for since the last time.
func (n *internet) targets() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := n.asked
	n.asked = nil
	return asked
}

// via gives the line of a connection that dials through it.
func (n *internet) via() string {
	return "proxy: {type: http, address: \"" + n.listener.Addr().String() + "\"}"
}

func (n *internet) accept() {
	for {
		conn, err := n.listener.Accept()
		if err != nil {
			return
		}
		n.done.Go(func() { n.tunnel(conn) })
	}
}

func (n *internet) tunnel(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	there, err := n.open(conn, request.Host)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer func() { _ = there.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	n.done.Go(func() {
		_, _ = io.Copy(there, reader)
		_ = there.Close()
	})
	_, _ = io.Copy(conn, there)
}

func (n *internet) open(conn net.Conn, target string) (net.Conn, error) {
	n.mu.Lock()
	n.asked = append(n.asked, target)
	address := n.routes[target]
	n.mu.Unlock()
	there, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = append(n.conns, conn, there)
	return there, nil
}

// names is a name server with one name.
type names struct {
	conn net.PacketConn
	done sync.WaitGroup

	mu      sync.Mutex
	name    string // with its last dot
	address netip.Addr
	asked   int
}

// newNames starts a name server that all look-ups of this process go to until the test ends.
func newNames(t testing.TB, name, address string) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn, name: name + ".", address: netip.MustParseAddr(address)}
	n.done.Go(n.answer)
	before := net.DefaultResolver
	var dialer net.Dialer
	net.DefaultResolver = &net.Resolver{PreferGo: true}
	net.DefaultResolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "udp", conn.LocalAddr().String())
	}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = conn.Close()
		n.done.Wait()
	})
	return n
}

// move lets the name lead somewhere else, and says how often it was asked for until now.
func (n *names) move(address string) (asked int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.address = netip.MustParseAddr(address)
	return n.asked
}

func (n *names) answer() {
	packet := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(packet)
		if err != nil {
			return
		}
		if reply := n.reply(packet[:size]); reply != nil {
			_, _ = n.conn.WriteTo(reply, from)
		}
	}
}

// reply answers the first question (RFC 1035): an address for the name, no such name for others.
func (n *names) reply(query []byte) []byte {
	const header, typeA = 12, 1
	end := header
	var name strings.Builder
	for end < len(query) && query[end] != 0 {
		label := query[end+1 : end+1+int(query[end])]
		name.Write(label)
		name.WriteByte('.')
		end += 1 + len(label)
	}
	end += 5 // the root, type and class
	if end > len(query) {
		return nil
	}
	reply := slices.Clone(query[:end])
	binary.BigEndian.PutUint16(reply[2:], 0x8580) // an answer with authority
	copy(reply[6:], []byte{0, 0, 0, 0, 0, 0})
	n.mu.Lock()
	defer n.mu.Unlock()
	if !strings.EqualFold(name.String(), n.name) {
		reply[3] |= 3
		return reply
	}
	if binary.BigEndian.Uint16(query[end-4:]) != typeA {
		return reply
	}
	n.asked++
	reply[7] = 1
	reply = append(reply, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0x0e, 0x10, 0, 4) // good for an hour, so that a cache would show
	address := n.address.As4()
	return append(reply, address[:]...)
}
