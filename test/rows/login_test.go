package rows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/transfer/sftptest"
)

// M8, X9, N9: a user name is whatever was agreed, and goes to the server byte for byte: case, blanks, dots, signs, other
// scripts. Blanks at its ends are kept and warned of.
func TestUserNamesGoByteForByte(t *testing.T) {
	names := []string{"Acct-1001", "acct-1001", "ACCT 1001 Vendor", "svc+sftp@customer.example", `DOMAIN\svc.sftp`, "-rf", "007", "ünï😀", " padded "}
	var users []sftptest.User
	for _, name := range names {
		users = append(users, sftptest.User{Name: name, Password: password})
	}
	w, c := newWorld(t), newCustomer(t, sftptest.Options{Users: users})
	c.put("out/a.csv", "a")
	for _, name := range names {
		c.ClearLog()
		w.config("connections:\n", connection("acme", c.place(), "username: '"+name+"'", login, "locations: {out: /out}"),
			"jobs:\n", importJob("in", "acme", "out"))
		w.haulier(0, "run", "in")
		same(t, "logged in", c.users(), []string{name})
	}
	has(t, w.haulier(0, "check").all(), "W-BLANKS", "username")
}

// A13: a password comes from a variable, a file, a systemd credential, or sealed from the store, and is in no file of ours
// and in nothing that is printed.
func TestPasswordsComeFromFourPlaces(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	secrets := t.TempDir()
	writeFile(t, filepath.Join(secrets, "pw"), password+"\n")
	w.env = append(w.env, "CREDENTIALS_DIRECTORY="+secrets)
	said := ""
	for _, ref := range []string{"env: PASSWORD", "file: " + secrets + "/pw", "credential: pw", "stored: acme"} {
		w.config("connections:\n", connection("acme", c.place(), "username: customer",
			"auth: {methods: [password], password: {"+ref+"}}", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
		if strings.HasPrefix(ref, "stored") {
			said += w.haulier(3, "run", "in").all()
			said += w.tell(0, password+"\n", "secrets", "set", "acme").all()
		}
		c.ClearLog()
		said += w.haulier(0, "-v", "run", "in").all() + w.haulier(0, "check").all() + w.haulier(0, "config", "show").all() +
			w.haulier(0, "secrets", "list").all()
		same(t, "logged in by "+ref, c.users(), []string{"customer"})
	}
	hasNot(t, said, password)
	same(t, "files with the password", holders(t, password, w.dir), nil)
}

// A12, A24, A26: a key made here logs in on a real sshd by the line that is printed for authorized_keys; the next one is
// offered beside it from its making on, counts from the login that takes it, and its coming costs no run.
func TestKeysAreMadeHereAndRotateWithoutAnOutage(t *testing.T) {
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	first := strings.TrimSpace(w.haulier(0, "keys", "generate", "acme").out)
	s := testserver.SSHD(t, testserver.Options{NoKey: true, Config: []string{"AuthorizedKeysFile " + filepath.Join(w.dir, "authorized")}})
	writeFile(t, filepath.Join(s.Root, "a.csv"), "a")
	w.write("authorized", first+"\n")
	w.config("connections:\n", connection("acme", placeOf(s.Host, s.Port, s.HostKeyLines...), "username: "+s.User,
		"auth: {methods: [publickey], key: acme}", "locations: {out: "+s.Dir+"}"), "jobs:\n", importJob("in", "acme", "out"))
	w.haulier(0, "run", "in")
	second := strings.TrimSpace(w.haulier(0, "keys", "rotate", "acme").out)
	if second == first || !strings.HasPrefix(second, "ssh-ed25519 ") {
		t.Fatalf("the next key is %q", second)
	}
	w.haulier(0, "run", "in")
	has(t, w.haulier(0, "keys", "list").out, "acme@1", "current", "acme@2", "next")
	w.write("authorized", second+"\n")
	w.haulier(0, "run", "in")
	if shown := w.haulier(0, "keys", "show", "acme").out; strings.TrimSpace(shown) != second {
		t.Errorf("the key that counts is\n%s, want\n%s", shown, second)
	}
}

// A24, N3, N4: the printed key is what ssh-keygen takes, in OpenSSH's form and in that of RFC 4716, with its fingerprint.
func TestPrintedKeysAreWhatOpenSSHReads(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("needs ssh-keygen: install Debian package openssh-client")
	}
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	for _, kind := range []string{"ed25519", "rsa-3072"} {
		w.write("line.pub", w.haulier(0, "keys", "generate", kind, "--type", kind).out)
		w.write("ssh2.pub", w.haulier(0, "keys", "show", kind, "--format", "ssh2").out)
		converted, err := exec.Command(keygen, "-i", "-f", w.path("ssh2.pub")).Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(publicKey(t, string(converted)).Marshal()) != string(publicKey(t, w.read("line.pub")).Marshal()) {
			t.Errorf("%s: the two forms are not one key", kind)
		}
		if back := w.haulier(0, "keys", "convert", w.path("ssh2.pub")).out; string(publicKey(t, back).Marshal()) != string(publicKey(t, w.read("line.pub")).Marshal()) {
			t.Errorf("%s: converted back it is %s", kind, back)
		}
		told, err := exec.Command(keygen, "-l", "-f", w.path("line.pub")).Output()
		if err != nil {
			t.Fatal(err)
		}
		fingerprint := strings.Fields(string(told))[1]
		has(t, w.haulier(0, "keys", "show", kind, "--format", "fingerprint").out, fingerprint)
		has(t, w.read("line.pub"), kind)
	}
}

// N8: host, user and a key file are all that a login needs, in either form that OpenSSH writes.
func TestHostUserAndKeyFileAreEnough(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{})
	out := newInternet(t)
	out.route("secure.nectar.example:22", s.Addr)
	w := newWorld(t)
	writeFile(t, filepath.Join(s.Root, "up", ".keep"), "")
	w.write("roster/employees.csv", "1;Ann")
	w.config("connections:\n", connection("nectar", "host: secure.nectar.example", "username: "+s.User,
		"auth: {methods: [publickey], key_file: {path: "+s.KeyFile+"}}", "host_keys: ["+s.HostKeyLines[0]+"]", out.via(),
		"locations: {drop: "+s.Dir+"/up}"), "jobs:\n", exportJob("roster", "nectar", "drop"))
	w.haulier(0, "run", "roster")
	same(t, "uploaded", namesIn(t, filepath.Join(s.Root, "up")), []string{"employees.csv"})
	has(t, s.Log(), "Accepted publickey for "+s.User)
	if err := os.Chmod(s.KeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	has(t, w.haulier(3, "check").all(), "E-KEY-RIGHTS")
}

// M7, X8: a key that the other side made, locked by a passphrase that came apart, is taken in and logs in; the store keeps
// neither it nor the passphrase in clear, and the wrong passphrase keeps nothing.
func TestKeyOfTheOtherSideIsTakenIn(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{})
	const passphrase = "sent by post 77"
	if out, err := exec.Command("ssh-keygen", "-p", "-q", "-P", "", "-N", passphrase, "-f", s.KeyFile).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen -p: %v\n%s", err, out)
	}
	w := newWorld(t)
	writeFile(t, filepath.Join(s.Root, "cdr.csv"), "call;1")
	w.config("connections:\n", connection("emersion", placeOf(s.Host, s.Port, s.HostKeyLines...), "username: "+s.User,
		"auth: {methods: [publickey], key: emersion}", "locations: {out: "+s.Dir+"}"), "jobs:\n", importJob("calls", "emersion", "out"))
	w.env = append(w.env, "PHRASE="+passphrase, "WRONG=guess")
	wrong := w.haulier(11, "keys", "import", "emersion", s.KeyFile, "--passphrase-env", "WRONG")
	hasNot(t, w.haulier(0, "keys", "list").out, "emersion")
	took := w.haulier(0, "keys", "import", "emersion", s.KeyFile, "--passphrase-env", "PHRASE")
	if string(publicKey(t, took.out).Marshal()) != string(publicKey(t, s.PublicKey).Marshal()) {
		t.Errorf("taken in as %s", took.out)
	}
	ran := w.haulier(0, "-v", "run", "calls")
	same(t, "landed", w.names("calls"), []string{"cdr.csv"})
	hasNot(t, wrong.all()+took.all()+ran.all(), passphrase, "PRIVATE KEY")
	same(t, "files with the passphrase", holders(t, passphrase, w.dir), nil)
	same(t, "files with a private key", holders(t, "PRIVATE KEY", w.dir), nil)
}

// M12: two customers have users on one host and port. They share its host key; login, ledger and figures of each are its own.
func TestUsersOfOneHostShareItsHostKeyOnly(t *testing.T) {
	w, out := newWorld(t), newInternet(t)
	c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "vendor-a", Password: password}, {Name: "vendor-b", Password: "another-" + password}}})
	w.env = append(w.env, "PASSWORD_B=another-"+password)
	out.route("sftp.emersion.example:3333", c.Addr())
	c.put("out/cdr.csv", "call;1")
	at := []string{"host: sftp.emersion.example", "port: 3333", out.via(), "locations: {out: /out}"}
	w.config("connections:\n", connection("a", append(at, "username: vendor-a", login)...),
		connection("b", append(at, "username: vendor-b", "auth: {methods: [password], password: {env: PASSWORD_B}}")...),
		"jobs:\n", importJob("of-a", "a", "out"), importJob("of-b", "b", "out"))
	w.trust("a", c)
	w.haulier(0, "run", "of-a")
	same(t, "logged in", c.users(), []string{"vendor-a"})
	if n := w.figures("b").Requests.Total; n != 0 {
		t.Errorf("b has %d requests before its first run", n)
	}
	c.ClearLog()
	has(t, w.haulier(0, "run", "of-b").all(), "cdr.csv")
	same(t, "logged in", c.users(), []string{"vendor-b"})
	for _, name := range []string{"a", "b"} {
		same(t, "landed", w.names("of-"+name), []string{"cdr.csv"})
		if n := w.figures(name).Requests.Total; n != 1 {
			t.Errorf("%s has %d requests, want 1", name, n)
		}
	}
	// A refused login of one says nothing of the other.
	w.env = append(w.env, "PASSWORD_B=wrong")
	w.haulier(11, "run", "of-b")
	w.haulier(0, "run", "of-a")
}

// N6: every connection has a key of its own: each server is shown one key and no other, and one that is used twice is
// warned of.
func TestEveryConnectionShowsItsOwnKeyOnly(t *testing.T) {
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	keys := map[string]ssh.PublicKey{"one": w.generate("one"), "two": w.generate("two")}
	config := []string{"connections:\n", "", "", "jobs:\n"}
	servers := map[string]*customer{}
	for i, name := range []string{"one", "two"} {
		c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "platform", Keys: []ssh.PublicKey{keys[name]}}}})
		c.put("out/"+name+".csv", name)
		servers[name] = c
		config[1+i] = connection(name, c.place(), "username: platform", "auth: {methods: [publickey], key: "+name+"}", "locations: {out: /out}")
		config = append(config, importJob("of-"+name, name, "out"))
	}
	w.config(config...)
	for name, c := range servers {
		w.haulier(0, "run", "of-"+name)
		for _, o := range c.Log() {
			if o.Op == "auth" && o.Path == "publickey" && o.Code != 0 {
				t.Errorf("%s was shown a key that it does not know", name)
			}
		}
		same(t, "landed", w.names("of-"+name), []string{name + ".csv"})
	}
	w.config(strings.ReplaceAll(strings.Join(config, ""), "key: two", "key: one"))
	has(t, w.haulier(0, "check").all(), "W-SHARED-KEY")
	w.haulier(11, "run", "of-two")
}

// weakKey makes a key that nobody should log in with any more.
func weakKey(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "weak")
	command := exec.Command("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "", "-f", file)
	if out, err := command.CombinedOutput(); err != nil {
		if _, missing := exec.LookPath("ssh-keygen"); missing != nil {
			t.Skip("needs ssh-keygen: install Debian package openssh-client")
		}
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	return readFile(t, file)
}
