package rows_test

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftptest"
)

// execute changes the store as somebody who can write its file.
func (w *world) execute(statements ...string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path("haulier-data/haulier.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, statement := range statements {
		if _, e := db.Exec(statement); e != nil {
			err = errors.Join(err, e)
		}
	}
	if err := errors.Join(err, db.Close()); err != nil {
		w.t.Fatal(err)
	}
}

// put gives one row what another one holds.
func put(into, from string) string {
	return "UPDATE secrets SET (key_id, nonce, sealed) = (SELECT key_id, nonce, sealed FROM was WHERE " + from + ") WHERE " + into
}

// A25: sealed rows that somebody has swapped, cut, altered, renamed, or brought from another installation do not open. The
// run says why, doctor says which, and the customer's server sees no login with them, and none with anything else instead.
func TestSealedRowsThatWereTamperedWith(t *testing.T) {
	other, _ := sealedWorld(t)
	foreign := other.path("haulier-data/haulier.db")
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	key := w.generate("acme")
	w.generate("spare")
	c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "customer", Password: password}, {Name: "by-key", Keys: []ssh.PublicKey{key}}}})
	c.put("out/a.csv", "a")
	w.config("connections:\n", connection("acme", c.place(), "username: customer", "auth: {methods: [password], password: {stored: acme}}", "locations: {out: /out}"),
		connection("keyed", c.place(), "username: by-key", "auth: {methods: [publickey], key: acme}", "locations: {out: /out}"),
		"jobs:\n", importJob("in", "acme", "out"), importJob("by-key", "keyed", "out"))
	w.tell(0, password+"\n", "secrets", "set", "acme")
	w.tell(0, "another password\n", "secrets", "set", "spare")
	w.haulier(0, "pgp", "generate", "ours", "--type", "x25519")
	w.haulier(0, "run", "in")
	w.haulier(0, "run", "by-key")
	w.execute("CREATE TABLE was AS SELECT * FROM secrets", "ATTACH '"+foreign+"' AS theirs; CREATE TABLE foreigners AS SELECT * FROM theirs.secrets")
	whole := w.read("haulier-data/haulier.db")

	const stored, spare, ssh, spareKey, pgp = "kind = 'stored' AND name = 'acme'", "kind = 'stored' AND name = 'spare'", "kind = 'ssh' AND name = 'acme'", "kind = 'ssh' AND name = 'spare'", "kind = 'pgp'"
	const theirs = "UPDATE secrets SET (nonce, sealed) = (SELECT nonce, sealed FROM foreigners WHERE kind = 'stored') WHERE "
	for name, tampered := range map[string]struct {
		job        string
		statements []string
	}{
		"two passwords are swapped":            {"in", []string{put(stored, spare), put(spare, stored)}},
		"a login key is where a password was":  {"in", []string{put(stored, ssh)}},
		"a PGP key is where a password was":    {"in", []string{put(stored, pgp)}},
		"a password is where a login key was":  {"by-key", []string{put(ssh, stored)}},
		"two login keys are swapped":           {"by-key", []string{put(ssh, spareKey), put(spareKey, ssh)}},
		"a byte is missing":                    {"in", []string{"UPDATE secrets SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE " + stored}},
		"nothing is left of it":                {"in", []string{"UPDATE secrets SET sealed = x'' WHERE " + stored}},
		"its first byte is another":            {"in", []string{"UPDATE secrets SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB) WHERE " + stored + " AND substr(sealed, 1, 1) <> x'00'", "UPDATE secrets SET sealed = CAST(x'01' || substr(sealed, 2) AS BLOB) WHERE " + stored + " AND sealed = (SELECT sealed FROM was WHERE " + stored + ")"}},
		"its nonce is another":                 {"in", []string{"UPDATE secrets SET nonce = (SELECT nonce FROM was WHERE " + spare + ") WHERE " + stored}},
		"its nonce is short":                   {"in", []string{"UPDATE secrets SET nonce = x'00' WHERE " + stored}},
		"another one has its name":             {"in", []string{"DELETE FROM secrets WHERE " + stored, "UPDATE secrets SET name = 'acme' WHERE " + spare}},
		"another version":                      {"by-key", []string{"DELETE FROM secrets WHERE " + ssh, "UPDATE secrets SET name = 'acme' WHERE " + spareKey}},
		"it comes from another installation":   {"in", []string{theirs + stored, "UPDATE secrets SET key_id = (SELECT key_id FROM foreigners LIMIT 1) WHERE " + stored}},
		"it comes from there under our key id": {"in", []string{theirs + stored}},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			_ = os.Remove(w.path("haulier-data/haulier.db-wal"))
			_ = os.Remove(w.path("haulier-data/haulier.db-shm"))
			w.write("haulier-data/haulier.db", whole)
			w.execute(tampered.statements...)
			c.ClearLog()
			said := w.haulier(16, "--json", "run", tampered.job)
			has(t, said.out, `"slug":"local.sealed"`, "set it again, or go back to the last backup")
			if n := c.count("auth", ""); n > 0 {
				t.Errorf("%d logins were tried", n)
			}
			kind := "stored acme"
			if tampered.job == "by-key" {
				kind = "ssh acme"
			}
			found := w.haulier(16, "doctor").out
			has(t, found, "these do not open: ", kind)
			hasNot(t, said.all()+found, password, "another password")
		})
	}
	w.t = t
	w.write("haulier-data/haulier.db", whole)
	w.haulier(0, "run", "in")
	has(t, w.haulier(0, "doctor").out, "every sealed key and password opens")
}

// A25, G: who has a copy of the store, of all but the master key, or a backup without its passphrase has nothing: no secret is
// in it in any form, and no command opens one with another key.
func TestStolenCopiesOpenNothing(t *testing.T) {
	n := newNest(t)
	n.fill()
	n.settle()
	n.call("run", sentinel)
	n.call("backup", n.path("copy"), "--passphrase-env", "BACKUP_PASS")
	thief := newWorld(t)
	thief.env = append(thief.env, "BACKUP_PASS=the thief guesses", "HAULIER_MASTER_KEY="+strings.Repeat("ab", 32))
	thief.write("haulier.yaml", n.read("haulier.yaml"))
	thief.write("haulier-data/haulier.db", n.read("haulier-data/haulier.db"))
	thief.write("copy", n.read("copy"))
	said := thief.haulier(16, "restore", thief.path("copy"), "--passphrase-env", "BACKUP_PASS", "--to", thief.path("there")).all()
	has(t, said, "local.backup_passphrase")
	c := n.c
	c.ClearLog()
	for _, args := range [][]string{{"run", sentinel}, {"serve"}, {"connections", "test", sentinel}, {"secrets", "rotate"}, {"keys", "rotate", "made"}, {"backup", thief.path("again"), "--passphrase-env", "BACKUP_PASS"}} {
		has(t, thief.haulier(16, args...).all(), "local.master_key")
	}
	for _, args := range [][]string{{"secrets", "list"}, {"keys", "list"}, {"keys", "show", "made"}, {"pgp", "show", "ours"}, {"history"}, {"connections", "show", sentinel}} {
		said += thief.haulier(0, args...).all()
	}
	if count := c.count("auth", ""); count > 0 {
		t.Errorf("%d logins were tried", count)
	}
	n.hear("what it says", said)
	n.files("stolen files", thief.dir)
	n.search(n.canaries, map[string]string{"stolen files": sentinel, "what it says": sentinel, "output": sentinel, "json": "imported"})
}
