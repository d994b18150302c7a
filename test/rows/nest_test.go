package rows_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/gopenpgp/v2/armor"
	"github.com/ProtonMail/gopenpgp/v2/crypto"
	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftptest"
)

// sentinel is a word that is in every place in which canaries are looked for: the name of a connection and of its job.
const sentinel = "sentinel-9d41"

// nest is a world that holds a secret of every kind, and hears all that its program says.
type nest struct {
	*world
	*mine
	c        *customer
	secret   map[string]string // by kind; each a canary
	canaries []canary
	keys     string // folder with the files of secrets, which are no part of the world
}

// odd makes a secret that looks different in each form.
func odd(kind string) string { return fmt.Sprintf(`Kan"%s\arie <ö>&%%+/=7`, kind) }

// kinds of secrets that are texts.
var kinds = []string{
	"env", "stored", "file", "credential", "interactive", "jump", "proxy", "new password", "ssh passphrase", "key file passphrase", "pgp passphrase", "backup passphrase",
	"inline", "in a host", "argument", "passphrase as variable", "passphrase as file", "wrong password", "wrong passphrase",
}

func newNest(t *testing.T) *nest {
	t.Helper()
	w := newWorld(t)
	n := &nest{world: w, mine: newMine(t), secret: map[string]string{}, keys: t.TempDir()}
	for _, kind := range kinds {
		n.secret[kind] = odd(kind)
		n.canaries = append(n.canaries, newCanary(kind, []byte(n.secret[kind])))
	}
	n.content("what a customer sends", "Ann Example;1971-02-03;loan 4242-4242")
	n.content("what the platform sends", "Bob Sample;1982-03-04;loan 5353-5353")
	n.keyFile("file", n.secret["file"]+"\n")
	n.keyFile("credential", n.secret["credential"]+"\n")
	w.env = append(w.env, "CREDENTIALS_DIRECTORY="+n.keys, "LOGIN="+n.secret["env"], "INTERACTIVE="+n.secret["interactive"], "JUMP="+n.secret["jump"],
		"PROXY="+n.secret["proxy"], "SSH_PASS="+n.secret["ssh passphrase"], "PGP_PASS="+n.secret["pgp passphrase"], "FILE_PASS="+n.secret["key file passphrase"],
		"BACKUP_PASS="+n.secret["backup passphrase"], "WRONG="+n.secret["wrong passphrase"])
	var users []sftptest.User
	for _, kind := range []string{"env", "stored", "file", "credential", "interactive", "jump", "proxy"} {
		users = append(users, sftptest.User{Name: kind, Password: n.secret[kind]})
	}
	n.c = newCustomer(t, sftptest.Options{Users: users, Methods: [][]string{{"password"}, {"keyboard-interactive"}}})
	return n
}

func (n *nest) content(what, text string) {
	n.secret[what] = text
	n.canaries = append(n.canaries, newCanary(what, []byte(text)))
}

// keyFile writes a file that the world only refers to.
func (n *nest) keyFile(name, content string) string {
	n.world.t.Helper()
	path := filepath.Join(n.keys, name)
	writeFile(n.world.t, path, content)
	return path
}

// call runs the program, whatever comes of it, and hears what it says.
func (n *nest) call(args ...string) said { return n.callWith("", args...) }

func (n *nest) callWith(stdin string, args ...string) said {
	n.world.t.Helper()
	command := n.command(args...)
	s := n.run(command, stdin)
	place := "output"
	if len(args) > 0 && args[0] == "--json" {
		place = "json"
	}
	n.hear(place, s.out, s.err)
	return s
}

func (n *nest) run(command *exec.Cmd, stdin string) said {
	n.world.t.Helper()
	var out, err bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(stdin), &out, &err
	if e := command.Start(); e != nil {
		n.world.t.Fatal(e)
	}
	_ = command.Wait()
	return said{out.String(), err.String()}
}

// terse runs a command so that it says all that it can at once: to people on stderr, to programs on stdout.
func (n *nest) terse(args ...string) said {
	n.world.t.Helper()
	return n.call(append([]string{"--json", "-v"}, args...)...)
}

// every runs a command in each way of saying things.
func (n *nest) every(args ...string) {
	n.world.t.Helper()
	n.call(append([]string{"-v"}, args...)...)
	n.terse(args...)
}

// fill makes keys of every sort, ours and imported, with what goes wrong while they are.
func (n *nest) fill() {
	n.world.t.Helper()
	n.config("connections: {}\njobs: {}\n")
	n.callWith(n.secret["stored"]+"\n", "secrets", "set", "stored")
	n.callWith(n.secret["new password"]+"\n", "secrets", "set", "renewed")
	n.call("keys", "generate", "made")
	n.call("pgp", "generate", "made", "--type", "x25519")
	n.fillSSH()
	n.fillPGP()
	n.kept()
}

func (n *nest) fillSSH() {
	t := n.world.t
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "canary", []byte(n.secret["ssh passphrase"]))
	if err != nil {
		t.Fatal(err)
	}
	clear, err := ssh.MarshalPrivateKey(private, "canary")
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(long)}))
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	n.canaries = append(n.canaries, newCanary("seed of an imported SSH key", private.Seed()), newCanary("exponent of an RSA key", long.D.Bytes()), newCanary("prime of an RSA key", long.Primes[0].Bytes()))
	n.canaries = append(n.canaries, inPieces("imported RSA key", privateLines(pkcs1, "")...)...)
	n.canaries = append(n.canaries, inPieces("imported SSH key", privateLines(string(pem.EncodeToMemory(clear)), "")...)...)
	n.canaries = append(n.canaries, inPieces("locked SSH key", privateLines(string(pem.EncodeToMemory(locked)), "")...)...)
	file := n.keyFile("locked", string(pem.EncodeToMemory(locked)))
	n.every("keys", "import", "imported", file)
	n.every("keys", "import", "imported", file, "--passphrase-env", "WRONG")
	n.every("keys", "import", "imported", file, "--passphrase-env", "SSH_PASS")
	n.every("keys", "import", "long", n.keyFile("rsa", pkcs1))
	n.every("keys", "import", "eight", n.keyFile("pkcs8", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))))
	n.every("keys", "import", "broken", n.keyFile("broken", pkcs1[:len(pkcs1)/2]))
	n.every("keys", "import", "broken", n.keyFile("spoiled", strings.Replace(string(pem.EncodeToMemory(clear)), "AAAA", "????", 1)))
	n.every("keys", "convert", file)
	n.every("pgp", "import", "broken", file)
	opened := n.keyFile("opened", string(pem.EncodeToMemory(clear)))
	if err := os.Chmod(opened, 0o644); err != nil {
		t.Fatal(err)
	}
	n.every("keys", "import", "open", opened)
	own, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(n.secret["key file passphrase"]))
	if err != nil {
		t.Fatal(err)
	}
	n.keyFile("own", string(pem.EncodeToMemory(own)))
}

func (n *nest) fillPGP() {
	t := n.world.t
	key, err := crypto.GenerateKey("ours", "ours@example.org", "rsa", 2048)
	if err != nil {
		t.Fatal(err)
	}
	for i, packet := range []any{key.GetEntity().PrivateKey.PrivateKey, key.GetEntity().Subkeys[0].PrivateKey.PrivateKey} {
		n.canaries = append(n.canaries, newCanary(fmt.Sprintf("exponent %d of a PGP key", i), packet.(*rsa.PrivateKey).D.Bytes()))
	}
	clear, err := key.Armor()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.GetArmoredPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	n.canaries = append(n.canaries, inPieces("imported PGP key", privateLines(clear, public)...)...)
	locked, err := key.Lock([]byte(n.secret["pgp passphrase"]))
	if err != nil {
		t.Fatal(err)
	}
	block, err := locked.Armor()
	if err != nil {
		t.Fatal(err)
	}
	file := n.keyFile("locked.asc", block)
	n.every("pgp", "import", "ours", file)
	n.every("pgp", "import", "ours", file, "--passphrase-env", "WRONG")
	n.every("pgp", "import", "ours", file, "--passphrase-env", "PGP_PASS")
	n.every("pgp", "import", "broken", n.keyFile("broken.asc", clear[:len(clear)/2]))
	n.every("pgp", "import", "broken", n.keyFile("spoiled.asc", strings.Replace(clear, "=", "+", 1)))
	n.every("keys", "import", "broken", file)
	n.c.put("out/people.pgp", n.sealed(key, n.secret["what a customer sends"]))
	n.c.put("out/clear.pgp", n.secret["what a customer sends"])
	n.c.put("out/cut.pgp", n.sealed(key, strings.Repeat(n.secret["what a customer sends"]+"\n", 400))[:600])
}

// sealed is a message to our key; the key of its session is a canary too.
func (n *nest) sealed(to *crypto.Key, text string) string {
	t := n.world.t
	session, err := crypto.GenerateSessionKey()
	if err != nil {
		t.Fatal(err)
	}
	n.canaries = append(n.canaries, newCanary("key of a PGP session", session.Key))
	ring, err := crypto.NewKeyRing(to)
	if err != nil {
		t.Fatal(err)
	}
	head, err := ring.EncryptSessionKey(session)
	if err != nil {
		t.Fatal(err)
	}
	body, err := session.Encrypt(crypto.NewPlainMessage([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return string(head) + string(body)
}

// kept adds what the program made itself: the master key, and the private keys in the store.
func (n *nest) kept() {
	t := n.world.t
	n.masterKey()
	source := store.KeySource{Path: n.path("haulier-data/master.key"), Getenv: func(string) string { return "" }}
	s, err := store.Open(t.Context(), store.Options{Path: n.path("haulier-data/haulier.db"), ReadOnly: true, MasterKey: source.MasterKey})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, kind := range []job.KeyKind{job.KeySSH, job.KeyPGP} {
		keys, err := s.Keys(t.Context(), kind, "")
		if err != nil || len(keys) < 2 {
			t.Fatalf("%s keys: %v, %v", kind, keys, err)
		}
		for _, k := range keys {
			private, err := s.Private(t.Context(), k)
			if err != nil {
				t.Fatal(err)
			}
			pieces := privateLines(string(private.Reveal()), k.Public)
			if public, err := armor.Unarmor(k.Public); err == nil {
				pieces = privatePieces(private.Reveal(), public)
			}
			if len(pieces) == 0 {
				t.Fatalf("of the %s key %s nothing is private", kind, k.Name)
			}
			n.canaries = append(n.canaries, inPieces(fmt.Sprintf("%s key %s in the store", kind, k.Name), pieces...)...)
		}
	}
}

// masterKey adds the master key of now.
func (n *nest) masterKey() {
	text := strings.TrimSpace(n.read("haulier-data/master.key"))
	raw, err := hex.DecodeString(text)
	if err != nil {
		n.world.t.Fatal(err)
	}
	n.canaries = append(n.canaries, newCanary("master key in hex", []byte(text)), newCanary("master key", raw))
}
