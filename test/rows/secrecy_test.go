package rows_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftptest"
)

// X1: nothing of what is in a file is logged, printed or kept in the store, whatever goes wrong with it: landed, sent,
// in clear where PGP is asked for, cut off, or refused by the server.
func TestNoContentIsLogged(t *testing.T) {
	w, c, block := inbound(t, "")
	customer := newGPG(t)
	ours := customer.take(block)
	const person = "Ann Example;1971-02-03;loan 4242-4242"
	rows := strings.Repeat(person+"\n", 3000)
	sealed := customer.run(rows, "--encrypt", "--recipient", ours, "--compress-algo", "none", "--set-filename", "people.csv")
	c.put("out/good.pgp", sealed)
	c.put("out/cut.pgp", sealed[:len(sealed)/2])
	c.put("out/clear.pgp", rows)
	c.put("out/clear.txt", person)
	c.put("plain/rows.csv", rows)
	c.put("plain/locked.csv", rows)
	c.put("in/.keep", "")
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "read", Path: "locked.csv", Do: sftptest.Fail, Code: 4}}
	})
	w.write("sent/sent.csv", rows)
	w.config("log: {level: debug}\n", "connections:\n", c.connection("acme", "locations: {out: /out, plain: /plain, in: /in}"), "jobs:\n",
		importJob("in", "acme", "out", "inbound: {pgp: {decrypt_with: acme-in}}"), importJob("clear", "acme", "plain"), exportJob("sent", "acme", "in"))

	said := w.haulier(4, "-v", "run", "in").all() + w.haulier(4, "-v", "run", "clear").all()
	s := w.serve()
	said += w.haulier(13, "-v", "retry", "1").all()
	said += w.haulier(0, "-v", "run", "sent").all()
	s.end()
	said += s.log.String()
	for _, run := range []string{"1", "2", "3", "4"} {
		said += w.haulier(0, "show", run).all() + w.haulier(0, "logs", run).all()
	}
	has(t, said, "good", "cut.pgp", "clear.pgp", "clear.txt", "locked.csv", "sent.csv")
	hasNot(t, said, "Ann", "Example", "1971", "4242")
	for _, text := range []string{"Ann Example", "1971-02-03", "loan 4242"} {
		for _, file := range holders(t, text, w.path("haulier-data")) {
			t.Errorf("%q is in %s", text, file)
		}
	}
	same(t, "landed", append(w.names("in"), w.names("clear")...), []string{"good", "rows.csv"})
}

// X12, X4, A25, N16: of each connection the user, our public key and the server's fingerprint can be shown at any time,
// under its own name; no command, not even with all there is to say, shows a private key, a password or the master key.
func TestPublicPartsAreShownAndSecretsNever(t *testing.T) {
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	key := w.generate("north")
	c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "Platform-7", Keys: []ssh.PublicKey{key}}, {Name: "customer", Password: password}}})
	c.put("out/a.csv", "a")
	w.tell(0, password+"\n", "secrets", "set", "south")
	w.config("connections:\n",
		connection("north", "display_name: \"North: Ünited\"", c.pinless(), "username: Platform-7", "auth: {methods: [publickey], key: north}", "locations: {out: /out}"),
		connection("south", "display_name: South", c.pinless(), "username: customer", "auth: {methods: [password], password: {stored: south}}", "locations: {out: /out}"),
		"jobs:\n", importJob("from-north", "north", "out"), importJob("from-south", "south", "out"))
	w.haulier(0, "pgp", "generate", "ours", "--type", "x25519")
	w.trust("north", c)
	w.haulier(0, "run", "from-north")
	w.haulier(0, "run", "from-south")

	has(t, w.haulier(0, "connections", "list").out, "north  ", "south  ")
	has(t, w.haulier(0, "connections", "list", "--json").out, `"North: Ünited"`, `"South"`)
	has(t, w.haulier(0, "connections", "show", "north").all(), "Platform-7", c.Fingerprint(), "North: Ünited", ssh.FingerprintSHA256(key))
	has(t, w.haulier(0, "connections", "show", "south").all(), "customer", c.Fingerprint(), "South")
	if shown := w.haulier(0, "keys", "show", "north").out; string(publicKey(t, shown).Marshal()) != string(key.Marshal()) {
		t.Errorf("the public key is shown as %s", shown)
	}
	said := ""
	for _, command := range [][]string{
		{"connections", "list"}, {"connections", "show", "north"}, {"connections", "show", "south"}, {"connections", "test", "north"},
		{"connections", "test", "south"}, {"keys", "list"}, {"keys", "show", "north"}, {"keys", "show", "north", "--format", "ssh2"}, {"pgp", "list"}, {"pgp", "show", "ours"},
		{"secrets", "list"}, {"config", "show"}, {"check"}, {"plan"}, {"history"}, {"show", "1"}, {"show", "2"}, {"logs", "1"}, {"logs", "2"},
	} {
		said += w.haulier(0, append(command, "--verbose")...).all() + w.haulier(0, append(command, "--json")...).all()
	}
	hasNot(t, said, password, "PRIVATE KEY", strings.TrimSpace(w.read("haulier-data/master.key")))
	same(t, "files with the password", holders(t, password, w.dir), nil)
	same(t, "files with a private key", holders(t, "PRIVATE KEY", w.dir), nil)
	same(t, "files with openssh's private magic", holders(t, "openssh-key-v1", w.dir), nil)
}

// pinless gives the lines of a connection whose host key has to be trusted.
func (c *customer) pinless() string { return fmt.Sprintf("host: 127.0.0.1\n    port: %d", c.Port()) }

// tested is what `connections test --json` says.
type tested struct {
	OK     bool
	Stages []struct{ Name, State string }
	Error  *struct{ Slug, Do string }
}

func (w *world) test(want int, connection string) tested {
	w.t.Helper()
	var report tested
	if err := json.Unmarshal([]byte(w.haulier(want, "connections", "test", connection, "--json").out), &report); err != nil {
		w.t.Fatal(err)
	}
	return report
}

// E20, N15: a test sends a probe file there and back. It leaves nothing there, lands nothing, and neither the ledger nor
// the figures know of it.
func TestProbeFileLeavesNothingBehind(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("area/waiting.csv", "waits")
	w.config("connections:\n", c.connection("acme", "locations: {area: /area}"), "jobs:\n", importJob("in", "acme", "area"), exportJob("up", "acme", "area"))
	if report := w.test(0, "acme"); !report.OK || len(report.Stages) < 5 {
		t.Errorf("%+v", report)
	}
	if report := w.haulier(0, "connections", "test", "acme", "--round-trip"); c.count("write", "") == 0 {
		t.Errorf("no probe file was sent:\n%s", report.all())
	}
	same(t, "on the server", c.names("area"), []string{"waiting.csv"})
	same(t, "landed", w.names("in"), []string{})
	if q := w.figures("acme").Requests; q.Total != 0 {
		t.Errorf("figures: %+v", q)
	}
	if runs := w.history(); len(runs) != 0 {
		t.Errorf("history: %+v", runs)
	}
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"waiting.csv"})
}

// N2, X10: before the key is installed the test says so, and says something else of a wrong host; the connection is a draft
// and its jobs wait. The test that succeeds makes it active.
func TestTestTellsMissingKeyFromWrongHost(t *testing.T) {
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	key := w.generate("nectar")
	without := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "hris", Keys: []ssh.PublicKey{otherKey(t)}}}})
	at := func(place string) {
		w.config("connections:\n", connection("nectar", place, "username: hris", "auth: {methods: [publickey], key: nectar}", "profile: put-only", "locations: {drop: /}"),
			"jobs:\n", exportJob("roster", "nectar", "drop"))
	}
	at(without.place())
	if report := w.test(11, "nectar"); report.Error == nil || !strings.HasPrefix(report.Error.Slug, "auth.") {
		t.Errorf("key not installed: %+v", report.Error)
	}
	has(t, w.haulier(0, "connections", "list").all(), "refused")
	at(placeOf("no-such-host.invalid", 22, without.HostKeys()...))
	if report := w.test(10, "nectar"); report.Error == nil || !strings.HasPrefix(report.Error.Slug, "net.") {
		t.Errorf("wrong host: %+v", report.Error)
	}
	with := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "hris", Keys: []ssh.PublicKey{key}}}, Knobs: sftptest.Knobs{PutOnly: true}})
	at(with.place())
	has(t, w.haulier(0, "connections", "list").all(), "draft")
	if report := w.test(0, "nectar"); !report.OK {
		t.Errorf("key installed: %+v", report)
	}
	has(t, w.haulier(0, "connections", "list").all(), "active")
}

func otherKey(t *testing.T) ssh.PublicKey {
	t.Helper()
	key, err := sftptest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key.PublicKey()
}
