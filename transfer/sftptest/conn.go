package sftptest

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
)

// sessionsDefault is how many channels sshd allows a connection.
const sessionsDefault = 10

// connection is one SSH connection of a user.
type connection struct {
	server *Server
	number int
	later  bool // it came while another one was there
	raw    net.Conn
	ssh    *ssh.ServerConn
	home   string
}

// serve serves one connection to its end.
func (s *Server) serve(raw net.Conn, number int, later bool) {
	defer s.dismiss(raw)
	conn, channels, requests, err := s.handshake(raw, number)
	if err != nil {
		return
	}
	defer conn.Close()
	if !s.enter() {
		return
	}
	defer s.leave()
	c := &connection{server: s, number: number, later: later, raw: raw, ssh: conn, home: s.user(conn.User()).Home}
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { c.globalRequests(requests) })
	c.announceHostKeys()
	c.channels(channels, &work)
}

// errTurnedAway ends a connection before SSH begins.
var errTurnedAway = errors.New("turned away")

// handshake goes as far as the login, if the knobs let it begin.
func (s *Server) handshake(raw net.Conn, number int) (*ssh.ServerConn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	k := s.current()
	if starting := s.starting.Add(1); k.MaxStartups != 0 && starting > int64(max(0, k.MaxStartups)) {
		s.starting.Add(-1)
		return nil, nil, nil, errTurnedAway
	}
	defer s.starting.Add(-1)
	if k.Mute || k.Greeting != "" {
		s.struck.Add(1)
		_, _ = io.WriteString(raw, k.Greeting)
		_, _ = io.Copy(io.Discard, raw) // until the client has had enough
		return nil, nil, nil, errTurnedAway
	}
	if _, err := io.WriteString(raw, k.Preface); err != nil {
		return nil, nil, nil, err
	}
	cut := &cutConn{Conn: raw, sent: k.CutAfterSent, received: k.CutAfterReceived, mute: k.MuteAfterSent, cut: func() { s.struck.Add(1) }}
	config, err := s.config(number, cut)
	if err != nil {
		return nil, nil, nil, err
	}
	return ssh.NewServerConn(cut, config)
}

// cutConn is cut, or falls silent, behind a number of pieces, where that is not 0.
type cutConn struct {
	net.Conn
	sent, received, mute int  // what is left of it; each is used by one goroutine at a time
	silent               bool // for good
	last                 atomic.Bool
	cut                  func() // is told
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.silent {
		return len(p), nil
	}
	if c.mute > 0 {
		if c.mute--; c.mute == 0 {
			c.silent = true
			c.cut()
		}
	}
	n, err := c.Conn.Write(p)
	c.count(&c.sent)
	if c.last.Load() {
		_ = c.Close()
	}
	return n, err
}

func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.count(&c.received)
	return n, err
}

// refused is called before a login's refusal is sent.
func (c *cutConn) refused(how HangUp) {
	switch how {
	case HangUpSilently:
		c.cut()
		_ = c.Close()
	case HangUpBehind:
		c.cut()
		c.last.Store(true)
	}
}

func (c *cutConn) count(left *int) {
	if *left > 0 {
		if *left--; *left == 0 {
			c.cut()
			_ = c.Close()
		}
	}
}

// enter counts a user in, unless there are too many.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.knobs.MaxConnections > 0 && s.loggedIn >= s.knobs.MaxConnections {
		s.struck.Add(1)
		return false
	}
	s.loggedIn++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loggedIn--
}

// channels serves the channels that the client opens until the connection ends.
func (c *connection) channels(channels <-chan ssh.NewChannel, work *sync.WaitGroup) {
	var mu sync.Mutex
	open := 0
	for offered := range channels {
		most := c.server.current().MaxSessions
		if most == 0 {
			most = sessionsDefault
		}
		mu.Lock()
		full := open >= most
		if !full {
			open++
		}
		mu.Unlock()
		if full {
			c.server.struck.Add(1)
			_ = offered.Reject(ssh.Prohibited, "open failed")
			continue
		}
		work.Go(func() {
			c.channel(offered)
			mu.Lock()
			defer mu.Unlock()
			open--
		})
	}
}

// channel serves one session channel: the sftp subsystem and nothing else.
func (c *connection) channel(offered ssh.NewChannel) {
	if offered.ChannelType() != "session" {
		_ = offered.Reject(ssh.UnknownChannelType, "unknown channel type")
		return
	}
	channel, requests, err := offered.Accept()
	if err != nil {
		return
	}
	var work sync.WaitGroup
	defer work.Wait()
	defer channel.Close()
	started := false
	for request := range requests {
		ok := request.Type == "subsystem" && !started && subsystem(request.Payload) == "sftp" && !c.server.current().NoSFTP
		if request.WantReply {
			_ = request.Reply(ok, nil)
		}
		if ok {
			started = true
			work.Go(func() {
				defer channel.Close()
				newSession(c, channel).serve()
			})
		}
	}
}

func subsystem(payload []byte) string {
	var name struct{ Name string }
	_ = ssh.Unmarshal(payload, &name)
	return name.Name
}
