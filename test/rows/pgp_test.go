package rows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
)

// gpg is a customer's GnuPG, with a home of its own.
type gpg struct {
	t    testing.TB
	home string
}

func newGPG(t testing.TB) *gpg {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("needs gpg: install Debian package gnupg")
	}
	home, err := os.MkdirTemp("", "rows-gpg-") // the sockets of its agent want a short path
	if err != nil {
		t.Fatal(err)
	}
	g := &gpg{t, home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	return g
}

// run runs gpg on an input and gives what it wrote.
func (g *gpg) run(in string, args ...string) string {
	g.t.Helper()
	out, err := g.try(in, args...)
	if err != nil {
		g.t.Fatalf("gpg %s: %v\n%s", strings.Join(args, " "), err, out.err)
	}
	return out.out
}

func (g *gpg) try(in string, args ...string) (said, error) {
	command := exec.Command("gpg", append([]string{"--homedir", g.home, "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback",
		"--passphrase", "", "--trust-model", "always"}, args...)...)
	var out, err strings.Builder
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(in), &out, &err
	failed := command.Run()
	return said{out.String(), err.String()}, failed
}

// has a key of its own: the public block.
func (g *gpg) generate(name, expires string) string {
	g.t.Helper()
	g.run("", "--quick-generate-key", name, "future-default", "default", expires)
	return g.run("", "--armor", "--export", name)
}

// take imports a public block and gives its fingerprint.
func (g *gpg) take(block string) string {
	g.t.Helper()
	for one := range strings.Lines(g.run(block, "--import-options", "import-show", "--with-colons", "--import")) {
		if fields := strings.Split(one, ":"); fields[0] == "fpr" {
			return fields[9]
		}
	}
	g.t.Fatal("gpg did not say which key it took")
	return ""
}

// inbound is a world with one import of /out whose files must be encrypted to the key "acme-in".
func inbound(t *testing.T, policy string) (w *world, c *customer, block string) {
	t.Helper()
	w, c = newWorld(t), newCustomer(t, sftptest.Options{})
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}", "inbound: {pgp: {decrypt_with: acme-in"+policy+"}}"),
		"jobs:\n", importJob("in", "acme", "out"))
	return w, c, w.haulier(0, "pgp", "generate", "acme-in", "--type", "x25519").out
}

// A28, A30: where files must be encrypted, one in clear is rejected whatever it is called, nothing of it lands or stays on
// our disks, and those beside it go on. It is not fetched again.
func TestClearFileIsRejectedAndNothingOfItLands(t *testing.T) {
	w, c, block := inbound(t, "")
	customer := newGPG(t)
	ours := customer.take(block)
	const clear = "name;salary\nAnn Example;4242\n"
	c.put("out/clear.csv", clear)
	has(t, w.haulier(13, "run", "in").all(), "clear.csv", "pgp.not_encrypted", "customer")
	for _, name := range []string{"renamed.csv.pgp", "signed.csv.asc"} {
		c.put("out/"+name, clear)
	}
	customer.generate("customer@example.org", "never")
	c.put("out/signed.csv.asc", customer.run(clear, "--clearsign"))
	c.put("out/good.csv.pgp", customer.run("good\n", "--encrypt", "--recipient", ours))
	has(t, w.haulier(4, "run", "in").all(), "renamed.csv.pgp", "signed.csv.asc")
	same(t, "landed", w.names("in"), []string{"good.csv"})
	same(t, "files on our disks with its text", holders(t, "Ann Example", w.dir), nil)
	same(t, "on the server", c.names("out"), []string{"clear.csv", "good.csv.pgp", "renamed.csv.pgp", "signed.csv.asc"})
	c.ClearLog()
	w.haulier(0, "run", "in")
	if n := c.count("open", ""); n != 0 {
		t.Errorf("%d files were fetched again", n)
	}
}

// A29, A30: the printed key is what the customer's GnuPG encrypts to, binary or armored, and only whole, untouched files
// land: byte by byte what was encrypted.
func TestOnlyIntactFilesLand(t *testing.T) {
	w, c, block := inbound(t, "")
	if shown := w.haulier(0, "pgp", "show", "acme-in").out; shown != block {
		t.Errorf("shown again it is\n%s", shown)
	}
	customer := newGPG(t)
	ours := customer.take(block)
	text := strings.Repeat("1;2;3\r\n", 20_000)
	whole := customer.run(text, "--encrypt", "--recipient", ours, "--compress-algo", "none")
	c.put("out/binary.csv.pgp", whole)
	c.put("out/armored.csv.asc", customer.run(text, "--encrypt", "--armor", "--recipient", ours))
	c.put("out/cut.csv.pgp", whole[:len(whole)-9000])
	bent := []byte(whole)
	bent[len(bent)-5000] ^= 1
	c.put("out/bent.csv.pgp", string(bent))
	said := w.haulier(4, "run", "in").all()
	has(t, said, "pgp.truncated", "pgp.tampered")
	same(t, "landed", w.names("in"), []string{"armored.csv", "binary.csv"})
	for _, name := range w.names("in") {
		if w.read("in/"+name) != text {
			t.Errorf("%s is not what was encrypted", name)
		}
	}
	for _, file := range holders(t, "1;2;3\r\n1;2;3", w.dir) {
		if file != w.path("in/armored.csv") && file != w.path("in/binary.csv") {
			t.Errorf("something of a broken file is in %s", file)
		}
	}
}

// A31: after a rotation files to the new and to the old key both land; once the old one is retired, only the new does.
func TestOldKeyOpensFilesUntilItIsRetired(t *testing.T) {
	w, c, block := inbound(t, "")
	customer := newGPG(t)
	old := customer.take(block)
	next := customer.take(w.haulier(0, "pgp", "rotate", "acme-in").out)
	if old == next {
		t.Fatal("the new key is the old one")
	}
	put := func(name, to string) { c.put("out/"+name+".pgp", customer.run(name, "--encrypt", "--recipient", to)) }
	put("old", old)
	put("new", next)
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"new", "old"})
	w.haulier(0, "pgp", "retire", "acme-in@1", "--used-lately")
	put("too-old", old)
	put("newer", next)
	has(t, w.haulier(4, "run", "in").all(), "too-old")
	same(t, "landed", w.names("in"), []string{"new", "newer", "old"})
}

// A32: where signatures are asked for, only what a named signer signed lands.
func TestSignaturesOfNamedSignersOnly(t *testing.T) {
	w, c, block := inbound(t, ", signed_by: [acme-sign]")
	customer, stranger := newGPG(t), newGPG(t)
	w.write("signer.asc", customer.generate("signer@example.org", "2y"))
	w.haulier(0, "pgp", "import", "acme-sign", w.path("signer.asc"))
	stranger.generate("signer@example.org", "2y")
	ours := customer.take(block)
	stranger.take(block)
	c.put("out/signed.pgp", customer.run("signed", "--encrypt", "--sign", "--recipient", ours))
	c.put("out/unsigned.pgp", customer.run("unsigned", "--encrypt", "--recipient", ours))
	c.put("out/stranger.pgp", stranger.run("stranger", "--encrypt", "--sign", "--recipient", ours))
	has(t, w.haulier(4, "run", "in").all(), "unsigned.pgp", "stranger.pgp")
	same(t, "landed", w.names("in"), []string{"signed"})
}

// A32, A34: uploads are encrypted to every recipient, each of whom opens them with GnuPG, and bear our signature.
func TestUploadsAreForAllRecipientsAndSigned(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("in/.keep", "")
	w.config("connections:\n", c.connection("acme", "locations: {in: /in}",
		"outbound: {pgp: {encrypt_to: [acme-a, acme-b], sign_with: platform}}"), "jobs:\n", exportJob("pay", "acme", "in"))
	ours := w.haulier(0, "pgp", "generate", "platform", "--type", "x25519").out
	recipients := map[string]*gpg{"acme-a": newGPG(t), "acme-b": newGPG(t)}
	for name, g := range recipients {
		w.write(name+".asc", g.generate(name+"@example.org", "2y"))
		w.haulier(0, "pgp", "import", name, w.path(name+".asc"))
		g.take(ours)
	}
	text := strings.Repeat("account;amount\n", 10_000)
	w.write("pay/june.csv", text)
	w.haulier(0, "run", "pay")
	sent := c.names("in")
	if len(sent) != 1 {
		t.Fatalf("sent: %v", sent)
	}
	sealed := c.get("in/" + sent[0])
	hasNot(t, sealed, "account")
	for name, g := range recipients {
		opened, err := g.try(sealed, "--status-fd", "2", "--decrypt")
		if err != nil || opened.out != text {
			t.Errorf("%s opens %d of %d bytes: %v\n%s", name, len(opened.out), len(text), err, opened.err)
		}
		has(t, opened.err, "GOODSIG")
	}
}

// A34: a customer's key is looked at when it is taken in: one that has expired or was revoked is refused with its reason,
// and nothing of it is kept; one that cannot encrypt is good for signatures only, and no upload is sealed with it.
func TestBadRecipientKeysAreRefused(t *testing.T) {
	w, g := newWorld(t), newGPG(t)
	w.config("connections: {}\njobs: {}\n")
	g.run("", "--faked-system-time", "20200101T000000", "--quick-generate-key", "old@example.org", "future-default", "default", "1y")
	g.run("", "--quick-generate-key", "sign@example.org", "ed25519", "sign", "2y")
	g.generate("gone@example.org", "2y")
	revocations, err := filepath.Glob(g.home + "/openpgp-revocs.d/*.rev")
	if err != nil || len(revocations) == 0 {
		t.Fatalf("no certificate of revocation: %v", err)
	}
	gone := g.run("", "--with-colons", "--list-keys", "gone@example.org")
	for _, file := range revocations {
		if strings.Contains(gone, strings.TrimSuffix(filepath.Base(file), ".rev")) {
			g.run(strings.ReplaceAll(readFile(t, file), ":-----BEGIN", "-----BEGIN"), "--import")
		}
	}
	for name, slug := range map[string]string{"old": "pgp.key_expired", "gone": "pgp.key_revoked"} {
		w.write(name+".asc", g.run("", "--armor", "--export", name+"@example.org"))
		has(t, w.haulier(13, "pgp", "import", name, w.path(name+".asc")).err, slug)
	}
	if kept := w.haulier(0, "pgp", "list").out; kept != "" {
		t.Errorf("kept: %s", kept)
	}
	w.write("sign.asc", g.run("", "--armor", "--export", "sign@example.org"))
	has(t, w.haulier(0, "pgp", "import", "sign", w.path("sign.asc")).err, "pgp.key_cannot_encrypt")
	c := newCustomer(t, sftptest.Options{})
	w.write("pay/june.csv", "account;amount")
	w.config("connections:\n", c.connection("acme", "locations: {in: /in}", "outbound: {pgp: {encrypt_to: [sign]}}"), "jobs:\n", exportJob("pay", "acme", "in"))
	has(t, w.haulier(13, "run", "pay").all(), "pgp.key_cannot_encrypt")
	if n := c.count("open", ""); n != 0 {
		t.Errorf("%d files were opened on the server", n)
	}
}
