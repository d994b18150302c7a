package messages

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/haulier/haulier/job"
)

const untouched = "no file was touched on either side"

// allow is what the network's people are asked for.
func allow(port int) string { return fmt.Sprintf("allow TCP port %d from 203.0.113.10", port) }

// anywhere is a customer of whom only the address counts.
func anywhere(host string, port int, extra ...string) customer {
	return customer{host: host, port: port, user: "platform", auth: passwordAuth, extra: extra}
}

func TestConnectionIsRefused(t *testing.T) {
	produceConnecting(t, 10, "TCP", func(t *testing.T) (*machine, []string, message) {
		port := bound(t)
		return newMachine(t, anywhere("127.0.0.1", port), correctPassword), []string{"run", "acme-in"}, message{
			slug: "net.refused", what: untouched,
			cause: []string{fmt.Sprintf("127.0.0.1:%d", port), "said no", "a firewall rejects 203.0.113.10", "3333 and 2222 are common"},
			do:    []string{allow(port), "by name"},
			who:   job.WhoNetwork, technical: "connection refused",
		}
	})
}

// TestNobodyAnswers dials a port whose queue of connections is full: the kernel drops what comes further.
func TestNobodyAnswers(t *testing.T) {
	produceConnecting(t, 10, "TCP", func(t *testing.T) (*machine, []string, message) {
		port := silentPort(t)
		c := anywhere("127.0.0.1", port, "timeouts: {connect: 1s}")
		return newMachine(t, c, correctPassword), []string{"run", "acme-in"}, message{
			slug: "net.timeout", what: untouched,
			cause: []string{fmt.Sprintf("127.0.0.1:%d did not answer within 1s", port), "a firewall drops what comes from 203.0.113.10"},
			do:    []string{allow(port)},
			who:   job.WhoNetwork,
		}
	})
}

func TestHostDoesNotExist(t *testing.T) {
	produceConnecting(t, 10, "DNS", func(t *testing.T) (*machine, []string, message) {
		c := anywhere("sftp.nowhere.test", 22, "timeouts: {connect: 5s}")
		return newMachine(t, c, correctPassword), []string{"run", "acme-in"}, message{
			slug: "net.dns", what: untouched,
			cause: []string{`"sftp.nowhere.test"`},
			do:    []string{"name"},
			who:   job.WhoNetwork,
		}
	})
}

func TestServerClosesBeforeSSH(t *testing.T) {
	produceConnecting(t, 10, "SSH", func(t *testing.T) (*machine, []string, message) {
		port := greeter(t, "")
		return newMachine(t, anywhere("127.0.0.1", port), correctPassword), []string{"run", "acme-in"}, message{
			slug: "net.closed_early", what: untouched,
			cause: []string{fmt.Sprintf("127.0.0.1:%d takes the connection and closes it before a word of SSH", port), "203.0.113.10 is not on its list"},
			do:    []string{allow(port)},
			who:   job.WhoNetwork, technical: "EOF",
		}
	})
}

func TestServerIsNotSSH(t *testing.T) {
	produceConnecting(t, 10, "SSH", func(t *testing.T) (*machine, []string, message) {
		port := greeter(t, "220 ProFTPD Server (ACME) [127.0.0.1]\r\n")
		return newMachine(t, anywhere("127.0.0.1", port), correctPassword), []string{"run", "acme-in"}, message{
			slug: "net.not_ssh", what: untouched,
			cause: []string{fmt.Sprintf("port %d of 127.0.0.1 does not speak SSH", port), "FTP", `"220 ProFTPD Server (ACME) [127.0.0.1]"`},
			do:    []string{"host and port of SFTP (SSH)", "FTPS is another protocol"},
			who:   job.WhoCustomer,
		}
	})
}

// listen gives a listener on a free port, and the port.
func listen(t *testing.T) (net.Listener, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

// greeter says something to everybody and hangs up.
func greeter(t *testing.T, greeting string) int {
	t.Helper()
	l, port := listen(t)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(greeting))
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn) // closing over unread bytes would be a reset
			_ = conn.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return port
}

// silentPort is a port that does not answer: nobody takes its connections, and its queue is full.
func silentPort(t *testing.T) int {
	t.Helper()
	port := bound(t, queueOfOne)
	for range 4 {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), dialWait)
		if err != nil {
			return port
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue of connections does not fill: this kernel takes them all")
	return 0
}
