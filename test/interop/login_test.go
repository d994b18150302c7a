package interop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
)

var logins = []behaviour{
	{name: "login.key", says: "a run logs in with a key", do: loginBy("key")},
	{name: "login.password", says: "a run logs in with a password", do: loginBy("password")},
	{name: "login.key-and-password", says: "a run logs in where both are asked for, one after the other", do: loginBy("key+password")},
	{name: "login.interactive", says: "a run logs in where the password is asked for by keyboard-interactive only", do: loginBy("interactive")},
	{name: "login.wrong-key", says: "a key that the server does not know is refused", want: "refused: auth.key_rejected", do: loginWrongKey},
	{name: "login.wrong-password", says: "a wrong password is refused", want: "refused: auth.password_rejected", do: loginWrongPassword},
	{name: "login.four-at-once", says: "four sessions begin at the same time", do: loginFour},
	{name: "hostkey.ed25519", says: "the server is known by an Ed25519 key", do: knownBy("ed25519", "ssh-ed25519")},
	{name: "hostkey.ecdsa", says: "the server is known by an ECDSA key", do: knownBy("ecdsa", "ecdsa-sha2-nistp256")},
	{name: "hostkey.rsa", says: "the server is known by an RSA key", do: knownBy("rsa", "ssh-rsa")},
	{name: "hostkey.changed", says: "another key than the pinned one ends the run before the login", want: "refused: host_key.changed", do: hostKeyChanged},
	{name: "hostkey.trust", says: "`connections trust` pins the key by its fingerprint, and the run goes by that pin", do: hostKeyTrusted},
	{name: "hostkey.rotation", says: "a second key that the server announces and proves is pinned (hostkeys-00@openssh.com)", do: hostKeyRotates},
}

func loginBy(login string) func(*visit) {
	return func(v *visit) {
		if v.login != login {
			v.other(variant{login: login})
		}
		v.importOf(map[string]string{"a.csv": "a;1"})
		v.run("in")
		v.same("landed", v.landed(), map[string]string{"a.csv": "a;1"})
	}
}

// stranger makes a key that no server knows, and gives its file.
func (v *visit) stranger() string {
	signer, text := newKey(v.t)
	_ = signer
	v.must(os.WriteFile(v.here("stranger"), []byte(text), 0o600))
	return v.here("stranger")
}

func loginWrongKey(v *visit) {
	if v.login != "key" && v.login != "key+password" {
		v.other(variant{login: "key"})
	}
	v.data = v.here("data") // a refused login is remembered against the account
	wrong := *v.place
	wrong.keyFile = v.stranger()
	v.importOf(map[string]string{"a.csv": "a;1"})
	v.place = &wrong
	v.imports()
	v.run("in")
}

func loginWrongPassword(v *visit) {
	if !strings.HasSuffix(v.login, "password") && v.login != "interactive" {
		v.other(variant{login: "password"})
	}
	v.data = v.here("data")
	wrong := *v.place
	wrong.password = "not " + v.password
	v.importOf(map[string]string{"a.csv": "a;1"})
	v.place = &wrong
	v.imports()
	v.run("in")
}

func loginFour(v *visit) {
	pool, c := v.pool(), v.connection()
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		all.Go(func() {
			var s *sftp.Session
			if s, errs[i] = pool.Session(v.t.Context(), c); errs[i] == nil {
				errs[i] = s.Close()
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		v.allowed(err)
	}
}

func knownBy(kind, keyType string) func(*visit) {
	return func(v *visit) {
		v.only(kind, keyType)
		v.importOf(map[string]string{"a.csv": "a;1"})
		v.run("in")
		v.same("landed", v.landed(), map[string]string{"a.csv": "a;1"})
	}
}

// only leaves one type of the server's keys pinned; a server that has none of that type is started with one.
func (v *visit) only(kind, keyType string) {
	ofType := func(line string) bool { return strings.HasPrefix(line, keyType+" ") }
	if !slices.ContainsFunc(v.hostKeys, ofType) {
		v.other(variant{hostKeys: []string{kind}, login: v.login})
	}
	one := *v.place
	one.hostKeys = []string{v.hostKeys[slices.IndexFunc(v.hostKeys, ofType)]}
	v.place = &one
}

func hostKeyChanged(v *visit) {
	v.data = v.here("data")
	other := *v.place
	signer, _ := newKey(v.t)
	v.importOf(map[string]string{"a.csv": "a;1"})
	other.hostKeys = []string{strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}
	v.place = &other
	v.imports()
	v.run("in")
}

func hostKeyTrusted(v *visit) {
	v.data = v.here("data")
	v.importOf(map[string]string{"a.csv": "a;1"})
	unpinned := *v.place
	unpinned.hostKeys = nil
	fingerprint := v.fingerprint()
	v.place = &unpinned
	v.imports()
	v.refusedWith("in", "host_key.unknown")
	if trusted := v.call("connections", "trust", v.what, "--fingerprint", fingerprint); trusted.Code != 0 {
		end(fails, "connections trust: %s%s", trusted.Stdout, trusted.Stderr)
	}
	v.run("in")
	v.same("landed", v.landed(), map[string]string{"a.csv": "a;1"})
}

// fingerprint is that of the first host key.
func (v *visit) fingerprint() string {
	if _, rest, _ := strings.Cut(v.hostKeys[0], " "); strings.HasPrefix(rest, "SHA256:") {
		return rest
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(v.hostKeys[0]))
	v.must(err)
	return ssh.FingerprintSHA256(key)
}

func hostKeyRotates(v *visit) {
	if len(v.hostKeys) < 2 {
		v.other(variant{hostKeys: []string{"ed25519", "rsa"}, login: v.login})
	}
	c := v.connection()
	address := fmt.Sprintf("[%s]:%d", v.host, v.port)
	ctx := v.t.Context()
	v.must(v.shared.AddPin(ctx, job.Pin{Address: address, Key: v.hostKeys[0], By: "test", Why: "test"}))
	c.HostKeys = nil
	s, err := v.pool().Session(ctx, c)
	v.allowed(err)
	v.must(s.Close())
	pins, err := v.shared.Pins(ctx, address)
	v.must(err)
	for _, pin := range pins {
		if pin.Key == v.hostKeys[1] {
			return
		}
	}
	end(differs, "the server announces none")
}
