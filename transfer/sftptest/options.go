package sftptest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"
)

// Options of a server. Root and one user are needed.
type Options struct {
	// Addr is where to listen. Empty: a free port of 127.0.0.1.
	Addr string
	// Root is the folder that users see as "/". It must exist.
	Root string
	// Users who may log in.
	Users []User
	// Methods are sequences of RFC 4252 methods, any one of which lets a user in, as sshd's AuthenticationMethods:
	// {{"publickey", "password"}} asks for both. Empty: any one method for which some user has a credential.
	Methods [][]string
	// AuthTries is how many refused logins end a connection; 0: six.
	AuthTries int
	// HostKeys of the server, one a type. Empty: a new Ed25519 key.
	HostKeys []ssh.Signer
	// Banner is shown before login. Empty: none.
	Banner string
	// Version is the server's SSH version string. Empty: SSH-2.0-Haulier_demo.
	Version string
	// Config holds the algorithms of the SSH transport and when it changes its keys. Zero: the library's.
	Config ssh.Config
	// Knobs at the start. Zero: an honest server.
	Knobs Knobs
	// LogTo gets every operation as a line of JSON as it happens, in one Write each, with the hashes of the contents that it
	// wrote, moved or took away. Nil: no lines, and nothing is hashed.
	LogTo io.Writer
}

// User is somebody who may log in.
type User struct {
	Name     string
	Password string          // for password and keyboard-interactive; empty: neither
	Keys     []ssh.PublicKey // for publickey
	Home     string          // folder below "/" where relative paths begin; empty: "/"
}

func (o Options) withDefaults() (Options, error) {
	if len(o.Users) == 0 {
		return o, errors.New("sftptest: nobody may log in")
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Version == "" {
		o.Version = "SSH-2.0-Haulier_demo"
	}
	if len(o.Methods) == 0 {
		o.Methods = usable(o.Users)
	}
	if len(o.HostKeys) == 0 {
		key, err := NewKey()
		if err != nil {
			return o, err
		}
		o.HostKeys = []ssh.Signer{key}
	}
	return o, nil
}

// usable gives the methods for which some user has a credential.
func usable(users []User) [][]string {
	var key, password bool
	for _, u := range users {
		key = key || len(u.Keys) > 0
		password = password || u.Password != ""
	}
	var methods [][]string
	if key {
		methods = append(methods, []string{methodKey})
	}
	if password {
		methods = append(methods, []string{methodPassword})
	}
	return methods
}

// NewKey makes an Ed25519 key, for a server or a user.
func NewKey() (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an SSH key: %w", err)
	}
	return ssh.NewSignerFromKey(private)
}

// NewECDSAKey makes a key of another type.
func NewECDSAKey() (ssh.Signer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an SSH key: %w", err)
	}
	return ssh.NewSignerFromKey(private)
}
