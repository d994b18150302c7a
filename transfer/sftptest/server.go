package sftptest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
)

// Server is a running server.
type Server struct {
	opts     Options
	root     *os.Root
	taken    string
	addr     *net.TCPAddr
	log      operations
	starting atomic.Int64 // connections that are not logged in yet
	struck   atomic.Int64 // times that a knob spoiled something

	ctx    context.Context // ends with Stop; frees stalled sessions
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil: nobody listens
	knobs    Knobs
	hits     []int // requests that matched each fault
	hostKeys []ssh.Signer
	conns    map[net.Conn]struct{}
	loggedIn int
	sessions int
}

// Start starts a server. Stop must be called.
func Start(opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(opts.Root)
	if err != nil {
		return nil, fmt.Errorf("sftptest: %w", err)
	}
	taken, err := os.MkdirTemp("", "sftptest-taken-")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	listener, err := net.Listen("tcp", opts.Addr)
	if err != nil {
		return nil, errors.Join(err, root.Close(), os.RemoveAll(taken))
	}
	s := &Server{opts: opts, root: root, taken: taken, listener: listener, addr: listener.Addr().(*net.TCPAddr),
		hostKeys: opts.HostKeys, conns: map[net.Conn]struct{}{}, log: operations{to: opts.LogTo}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.Change(func(k *Knobs) { *k = opts.Knobs })
	s.done.Go(func() { s.accept(listener) })
	return s, nil
}

// Addr is where the server listens, host:port.
func (s *Server) Addr() string { return s.addr.String() }

// Port is the port of Addr.
func (s *Server) Port() int { return s.addr.Port }

// Taken is the folder of the disk to which swept files go, each under its path with "/" as "_". Stop removes it.
func (s *Server) Taken() string { return s.taken }

// Change changes the knobs while the server runs; requests from now on see them. Faults count from the start again.
func (s *Server) Change(change func(*Knobs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.knobs)
	s.hits = make([]int, len(s.knobs.Faults))
}

// Struck is how often knobs have spoiled something: faults, cuts, refusals, sizes and answers that are not what they would be,
// late answers to keepalives, keys that are exchanged anew where Config.RekeyThreshold asks for it. A test of trouble that leaves it
// where it was has shown nothing.
func (s *Server) Struck() int { return int(s.struck.Load()) }

func (s *Server) current() Knobs {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.knobs
}

// SetHostKeys changes the server's host keys for connections from now on.
func (s *Server) SetHostKeys(keys ...ssh.Signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hostKeys = keys
}

func (s *Server) keys() []ssh.Signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.knobs.HostKeys != nil {
		return s.knobs.HostKeys
	}
	return s.hostKeys
}

// HostKeys gives the host keys as authorized-keys lines without a comment: "TYPE BASE64".
func (s *Server) HostKeys() []string {
	var lines []string
	for _, key := range s.keys() {
		lines = append(lines, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey()))))
	}
	return lines
}

// Fingerprint is that of the first host key, SHA256:….
func (s *Server) Fingerprint() string { return ssh.FingerprintSHA256(s.keys()[0].PublicKey()) }

// Close refuses connections from now on, as a firewall does that answers no; those that are there live on.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
}

// Open takes connections again, at the same address.
func (s *Server) Open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil || s.ctx.Err() != nil {
		return nil
	}
	listener, err := net.Listen("tcp", s.addr.String())
	if err != nil {
		return fmt.Errorf("sftptest: %w", err)
	}
	s.listener = listener
	s.done.Go(func() { s.accept(listener) })
	return nil
}

// DropAll cuts all connections; new ones are taken.
func (s *Server) DropAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// Stop cuts everybody off and waits until nothing of the server runs any more. It may be called again.
func (s *Server) Stop() {
	s.cancel()
	s.Close()
	s.DropAll()
	s.done.Wait()
	_ = s.root.Close()
	_ = os.RemoveAll(s.taken)
}

func (s *Server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if number, later, ok := s.admit(conn); ok {
			s.done.Go(func() { s.serve(conn, number, later) })
		}
	}
}

// admit counts a connection in, unless the server stops.
func (s *Server) admit(conn net.Conn) (number int, later, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		_ = conn.Close()
		return 0, false, false
	}
	later = len(s.conns) > 0
	s.conns[conn] = struct{}{}
	s.sessions++
	return s.sessions, later, true
}

func (s *Server) dismiss(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}
