package sftptest_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftptest"
)

// channel is the sftp subsystem as a stream that closes its connection too.
type channel struct {
	ssh.Channel
	conn ssh.Conn
}

func (c channel) Close() error { return c.conn.Close() }

// start starts a server with user demo, password pw, and gives its folder.
func start(t testing.TB, opts sftptest.Options) (*sftptest.Server, string) {
	t.Helper()
	opts.Root = t.TempDir()
	if opts.Users == nil {
		opts.Users = []sftptest.User{{Name: "demo", Password: "pw"}}
	}
	s, err := sftptest.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s, opts.Root
}

// handshake opens an SSH connection as demo that ends with the test.
func handshake(t testing.TB, s *sftptest.Server, auth ...ssh.AuthMethod) (ssh.Conn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	t.Helper()
	if auth == nil {
		auth = []ssh.AuthMethod{ssh.Password("pw")}
	}
	raw, err := net.DialTimeout("tcp", s.Addr(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return ssh.NewClientConn(raw, s.Addr(), &ssh.ClientConfig{User: "demo", Auth: auth,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if ssh.FingerprintSHA256(key) != s.Fingerprint() {
				t.Error("the server shows another host key")
			}
			return nil
		}})
}

// login is handshake for those who do not look at the server's requests.
func login(t testing.TB, s *sftptest.Server, auth ...ssh.AuthMethod) (*ssh.Client, error) {
	t.Helper()
	conn, channels, requests, err := handshake(t, s, auth...)
	if err != nil {
		return nil, err
	}
	return ssh.NewClient(conn, channels, requests), nil
}

// rawLogin is handshake for those who do.
func rawLogin(t testing.TB, s *sftptest.Server) (ssh.Conn, <-chan *ssh.Request) {
	t.Helper()
	conn, _, requests, err := handshake(t, s)
	if err != nil {
		t.Fatal(err)
	}
	return conn, requests
}

// subsystem opens an SFTP channel on conn.
func subsystem(t testing.TB, conn *ssh.Client) io.ReadWriteCloser {
	t.Helper()
	ch, requests, err := conn.OpenChannel("session", nil)
	if err != nil {
		t.Fatal(err)
	}
	go ssh.DiscardRequests(requests)
	if ok, err := ch.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{"sftp"})); err != nil || !ok {
		t.Fatalf("subsystem: %v, %v", ok, err)
	}
	return channel{ch, conn}
}

// connect logs in and begins an SFTP session.
func connect(t testing.TB, s *sftptest.Server) *wire.Client {
	t.Helper()
	conn, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	c, err := wire.New(context.Background(), subsystem(t, conn), wire.Options{Kill: func(error) { _ = conn.Close() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

func TestFilesGoThereAndBack(t *testing.T) {
	s, root := start(t, sftptest.Options{})
	c := connect(t, s)
	ctx := context.Background()
	data := bytes.Repeat([]byte("haulier "), 400_000)
	if _, err := c.Put(ctx, "/f.part", bytes.NewReader(data), wire.PutOptions{Fsync: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.PosixRename(ctx, "/f.part", "/f"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(root, "f")); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("the server has %d bytes, %v", len(got), err)
	}
	var out bytes.Buffer
	if _, err := c.Get(ctx, "f", int64(len(data)), &out, wire.GetOptions{}); err != nil || !bytes.Equal(out.Bytes(), data) {
		t.Fatalf("got %d bytes, %v", out.Len(), err)
	}
}
