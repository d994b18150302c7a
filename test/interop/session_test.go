package interop

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// word is the one password of a visit.
type word string

func (w word) Reveal(context.Context, job.SecretRef) (secret.Text, error) {
	return secret.New([]byte(w)), nil
}

func (v *visit) pool() *sftp.Pool {
	v.fresh()
	return sftp.NewPool(sftp.Options{Store: v.shared, Secrets: word(v.password)})
}

func (v *visit) connection() job.Connection {
	c := job.Connection{Name: v.what, Enabled: true, MaxConnections: 4, Endpoint: job.Endpoint{
		Host: v.host, Port: v.port, User: v.user, HostKeys: v.hostKeys,
		Auth: job.Auth{Methods: []string{"publickey", "password"}, Password: &job.SecretRef{From: job.SecretStored, Name: "pw"}},
	}}
	switch {
	case v.login == "interactive":
		c.Auth.Methods = []string{"keyboard-interactive"}
	case v.keyFile == "" || v.login == "password":
		c.Auth.Methods = []string{"password"}
	case v.login == "key":
		c.Auth.Methods, c.Auth.Password = []string{"publickey"}, nil
	}
	if slices.Contains(c.Auth.Methods, "publickey") {
		c.Auth.KeyFile = &job.KeyFile{Path: v.keyFile}
	}
	return c
}

// session logs in as the program does. It is closed with the visit at the latest.
func (v *visit) session() *sftp.Session {
	s, err := v.pool().Session(context.Background(), v.connection())
	v.allowed(err)
	v.t.Cleanup(func() { _ = s.Close() })
	return s
}

// allowed ends the visit if the server refused something, with the reason that people are given.
func (v *visit) allowed(err error) {
	var reason *job.Reason
	if errors.As(err, &reason) {
		end(refused, "%s", reason.Slug)
	}
	v.must(err)
}

type stream struct {
	io.Reader
	io.WriteCloser
}

// raw is a login without the program: a client of SSH, and our engine over it.
func (v *visit) raw() (*ssh.Client, *wire.Client) {
	client := v.dial()
	s, err := client.NewSession()
	v.must(err)
	in, err1 := s.StdinPipe()
	out, err2 := s.StdoutPipe()
	v.must(errors.Join(err1, err2, s.RequestSubsystem("sftp")))
	c, err := wire.New(context.Background(), stream{out, in}, wire.Options{})
	v.must(err)
	return client, c
}

// dial logs in with a client of SSH. It is closed with the visit.
func (v *visit) dial() *ssh.Client {
	v.fresh()
	client, err := ssh.Dial("tcp", v.address(), &ssh.ClientConfig{
		User: v.user, Auth: v.rawAuth(), HostKeyCallback: v.rawHostKey, HostKeyAlgorithms: v.rawAlgorithms(), Timeout: 20 * time.Second,
	})
	v.must(err)
	v.t.Cleanup(func() { _ = client.Close() })
	return client
}

func (v *visit) rawAuth() []ssh.AuthMethod {
	var methods []ssh.AuthMethod
	if v.keyFile != "" {
		content, err := os.ReadFile(v.keyFile)
		v.must(err)
		signer, err := ssh.ParsePrivateKey(content)
		v.must(err)
		methods = append(methods, ssh.PublicKeys(signer))
	}
	return append(methods, ssh.Password(v.password), ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
		return slices.Repeat([]string{v.password}, len(questions)), nil
	}))
}

func (v *visit) rawHostKey(_ string, _ net.Addr, key ssh.PublicKey) error {
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	if slices.Contains(v.hostKeys, line) || slices.Contains(v.hostKeys, key.Type()+" "+ssh.FingerprintSHA256(key)) {
		return nil
	}
	return errors.New("another host key: " + line)
}

func (v *visit) rawAlgorithms() []string {
	kind, _, _ := strings.Cut(v.hostKeys[0], " ")
	if kind == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512}
	}
	return []string{kind}
}

// answered ends the visit unless an answer of the engine was yes: a server does not have differs.
func (v *visit) answered(err error) {
	var status *wire.StatusError
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		end(differs, "the server does not have it")
	case errors.As(err, &status):
		end(refused, "status %d", status.Code)
	}
	v.must(err)
}
