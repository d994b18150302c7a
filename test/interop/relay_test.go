package interop

import (
	"net"
	"strconv"
	"sync"
	"testing"
)

// relay stands between the program and a server, and calls an action when so many bytes have gone one way.
type relay struct {
	listener net.Listener
	to       string
	after    int64
	upwards  bool // bytes to the server count, not those from it
	act      func()
	once     sync.Once
	done     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func newRelay(t testing.TB, p *place, after int64, upwards bool, act func()) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, to: net.JoinHostPort(p.host, strconv.Itoa(p.port)), after: after, upwards: upwards, act: act}
	r.done.Go(r.accept)
	t.Cleanup(r.stop)
	return r
}

func (r *relay) port() int { return r.listener.Addr().(*net.TCPAddr).Port }

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, client, server)
		r.mu.Unlock()
		r.done.Go(func() { r.copy(server, client, r.upwards) })
		r.done.Go(func() { r.copy(client, server, !r.upwards) })
	}
}

// copy moves bytes until one side is gone, and then ends both.
func (r *relay) copy(to, from net.Conn, counts bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	var passed int64
	for {
		n, err := from.Read(buf)
		if passed += int64(n); counts && passed >= r.after {
			r.once.Do(r.act)
		}
		if _, wrote := to.Write(buf[:n]); err != nil || wrote != nil {
			return
		}
	}
}

// acted waits until the action is over, and keeps one that has not begun from happening.
func (r *relay) acted() { r.once.Do(func() {}) }

func (r *relay) stop() {
	_ = r.listener.Close()
	r.mu.Lock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
}
