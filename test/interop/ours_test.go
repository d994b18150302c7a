package interop

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// own is our own server. It runs in the process of the test, as its user, so rights are taken away by its knobs.
type own struct {
	*sftptest.Server
	options sftptest.Options
}

func ours(t testing.TB, v variant) *place {
	signer, private := newKey(t)
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(private), 0o600); err != nil {
		t.Fatal(err)
	}
	const password = "correct horse 7"
	var methods []string
	o := &own{options: sftptest.Options{
		Root: t.TempDir(), Users: []sftptest.User{{Name: "customer", Password: password, Keys: []ssh.PublicKey{signer.PublicKey()}}},
	}}
	if len(v.hostKeys) == 0 {
		v.hostKeys = []string{"ed25519"}
	}
	keys := hostSigners(t, v.hostKeys)
	o.options.HostKeys, o.options.Knobs.ExtraHostKeys = keys[:1], keys[1:]
	for _, method := range strings.Split(v.login, "+") {
		if name := map[string]string{"key": "publickey", "password": "password", "interactive": "keyboard-interactive"}[method]; name != "" {
			methods = append(methods, name)
		}
	}
	if len(methods) > 0 {
		o.options.Methods = [][]string{methods}
	}
	if v.rekey {
		o.options.Config.RekeyThreshold = 256 << 10
	}
	full := testserver.FullDisk(t, o.options.Root, os.Geteuid())
	o.begin(t)
	t.Cleanup(func() { o.Stop() })
	files := disk{root: o.options.Root}
	p := &place{
		host: "127.0.0.1", port: o.Port(), user: "customer", password: password, keyFile: keyFile, login: v.login, hostKeys: linesOf(keys), full: full,
		dir: "/", files: files, forbid: o.forbid, freeze: o.freeze, thaw: o.thaw,
		cut: func() { o.DropAll() }, mend: func() {}, pause: o.pause, resume: o.resume,
		stop: func() { o.options.Addr = o.Addr(); o.Stop() }, restart: o.begin, asked: o.asked, setstat: "setstat /",
	}
	if v.rekey {
		p.rekeyed = func() bool { return true } // the library's own counting
	}
	return p
}

func (o *own) begin(t testing.TB) {
	t.Helper()
	server, err := sftptest.Start(o.options)
	if err != nil {
		t.Fatal(err)
	}
	o.Server = server
}

func (o *own) deny(faults ...sftptest.Fault) {
	o.Change(func(k *sftptest.Knobs) {
		for _, f := range faults {
			f.Do, f.Code = sftptest.Fail, packet.PermissionDenied
			k.Faults = append(k.Faults, f)
		}
	})
}

func (o *own) forbid(name string) {
	o.deny(sftptest.Fault{Op: "open", Path: "/" + name}, sftptest.Fault{Op: "opendir", Path: "/" + name})
}

// freeze denies what makes or removes files, anywhere.
func (o *own) freeze(string) {
	for _, op := range []string{"write", "remove", "rename", "posix-rename", "mkdir"} {
		o.deny(sftptest.Fault{Op: op})
	}
}

func (o *own) thaw() { o.Change(func(k *sftptest.Knobs) { k.Faults = nil }) }

func (o *own) pause() {
	o.Change(func(k *sftptest.Knobs) { k.Faults = append(k.Faults, sftptest.Fault{Do: sftptest.Stall}) })
}

func (o *own) resume() {
	o.thaw()
	o.DropAll()
}

func (o *own) asked() string {
	var b strings.Builder
	for _, op := range o.Log() {
		fmt.Fprintln(&b, op.Op, op.Path, op.To)
	}
	return b.String()
}

func linesOf(keys []ssh.Signer) []string {
	var lines []string
	for _, key := range keys {
		lines = append(lines, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey()))))
	}
	return lines
}

func newKey(t testing.TB) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "interop")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

func hostSigners(t testing.TB, kinds []string) []ssh.Signer {
	t.Helper()
	var signers []ssh.Signer
	for _, kind := range kinds {
		var private any
		var err error
		switch kind {
		case "ecdsa":
			private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		case "rsa":
			private, err = rsa.GenerateKey(rand.Reader, 2048)
		default:
			_, private, err = ed25519.GenerateKey(rand.Reader)
		}
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, signer)
	}
	return signers
}
