package sftptest

import (
	"net"
	"sync"

	"golang.org/x/crypto/ssh"
)

// sessionsDefault is how many channels sshd allows a connection.
const sessionsDefault = 10

// connection is one SSH connection of a user.
type connection struct {
	server *Server
	number int
	raw    net.Conn
	ssh    *ssh.ServerConn
	home   string
}

// serve serves one connection to its end.
func (s *Server) serve(raw net.Conn, number int) {
	defer s.dismiss(raw)
	conn, channels, requests, err := ssh.NewServerConn(raw, s.config(number))
	if err != nil {
		return
	}
	defer conn.Close()
	if !s.enter() {
		return
	}
	defer s.leave()
	c := &connection{server: s, number: number, raw: raw, ssh: conn, home: s.user(conn.User()).Home}
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { c.globalRequests(requests) })
	c.announceHostKeys()
	c.channels(channels, &work)
}

// enter counts a user in, unless there are too many.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.knobs.MaxConnections > 0 && s.loggedIn >= s.knobs.MaxConnections {
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
