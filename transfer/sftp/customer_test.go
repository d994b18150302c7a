package sftp_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"net"
	"strconv"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// customer is a server that can misbehave, a pool and a connection that knows its host key.
type customer struct {
	*sftptest.Server
	root  string
	pool  *sftp.Pool
	store *memory
	conn  job.Connection
}

// helped waits until the server was asked something by another connection than the first.
func (c *customer) helped(t *testing.T, op string) {
	t.Helper()
	if _, err := c.Await(t.Context(), func(o sftptest.Operation) bool { return o.Op == op && o.Session > 1 && o.Path != "none" }); err != nil {
		t.Fatal(err)
	}
}

const password = "correct horse 7"

// newCustomer starts a server on which "acme" logs in with password, or with the key "acme" of the store.
func newCustomer(t *testing.T, change func(*sftptest.Options)) *customer {
	t.Helper()
	signer, private := newKey(t)
	c := &customer{root: t.TempDir(), store: newMemory()}
	c.store.secrets["pw"] = password
	c.store.addKey("acme", 1, job.SlotCurrent, ssh.FingerprintSHA256(signer.PublicKey()), private)
	opts := sftptest.Options{Root: c.root, Users: []sftptest.User{{Name: "acme", Password: password, Keys: []ssh.PublicKey{signer.PublicKey()}}}}
	if change != nil {
		change(&opts)
	}
	server, err := sftptest.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	c.Server = server
	c.pool = sftp.NewPool(sftp.Options{Store: c.store, Secrets: c.store, EgressIPs: []string{"203.0.113.10"}})
	c.conn = job.Connection{Name: "acme", Enabled: true, Endpoint: endpointOf(t, server.Addr(), "acme", server.HostKeys())}
	c.byPassword()
	return c
}

func endpointOf(t *testing.T, addr, user string, hostKeys []string) job.Endpoint {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return job.Endpoint{Host: host, Port: number, User: user, HostKeys: hostKeys, Timeouts: job.Timeouts{Handshake: 20 * time.Second}}
}

func (c *customer) byPassword() {
	c.conn.Auth = job.Auth{Methods: []string{"password"}, Password: &job.SecretRef{From: job.SecretStored, Name: "pw"}}
}

func (c *customer) byKey() { c.conn.Auth = job.Auth{Methods: []string{"publickey"}, Key: "acme"} }

// logins are the attempts that the server saw, by method; the opening "none" is not one.
func (c *customer) logins() []string {
	var methods []string
	for _, op := range c.Log() {
		if op.Op == "auth" && op.Path != "none" {
			methods = append(methods, op.Path)
		}
	}
	return methods
}

// asked are the SFTP requests that the server saw, by name.
func (c *customer) asked() []string {
	var ops []string
	for _, op := range c.Log() {
		if op.Op != "auth" {
			ops = append(ops, op.Op)
		}
	}
	return ops
}

// refuse wants no session and gives the reason.
func (c *customer) refuse(t *testing.T, slug string) *job.Reason {
	t.Helper()
	s, err := c.pool.Session(t.Context(), c.conn)
	if err == nil {
		_ = s.Close()
	}
	return want(t, err, slug)
}

func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, private)
}

func newRSAKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, private)
}

func encode(t *testing.T, private any) (ssh.Signer, string) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(private, "test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

// hostSigner is a host key for a server.
func hostSigner(t *testing.T) ssh.Signer {
	t.Helper()
	signer, _ := newKey(t)
	return signer
}

func authorizedLine(s ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(s.PublicKey())) }
