package rows_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// sealedWorld is one whose store holds a password, a login key and a PGP key; a run has worked with them.
func sealedWorld(t *testing.T) (*world, *customer) {
	t.Helper()
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.config("connections:\n", connection("acme", c.place(), "username: customer", "auth: {methods: [password], password: {stored: acme}}", "locations: {out: /out}"),
		"jobs:\n", importJob("in", "acme", "out"))
	w.tell(0, password+"\n", "secrets", "set", "acme")
	w.haulier(0, "keys", "generate", "acme")
	w.haulier(0, "pgp", "generate", "ours", "--type", "x25519")
	w.haulier(0, "run", "in")
	return w, c
}

// snapshot is every file of a folder: its mode and the hash of its content. What SQLite makes to read beside others, an
// empty log and the index of it, is left out.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "-wal") && info.Size() == 0 {
			return nil
		}
		sum := [32]byte{}
		if entry.Type().IsRegular() {
			sum = sha256.Sum256([]byte(readFile(t, path)))
		}
		fmt.Fprintf(&all, "%s %v %x\n", path, info.Mode(), sum[:6])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// A25: with a master key that is missing, empty, another, an older one, or open to others, nothing starts that would need
// it: the command says what to do, the data folder stays as it is to the last byte, and nobody logs in.
func TestMasterKeyThatIsWrongStopsEverything(t *testing.T) {
	w, c := sealedWorld(t)
	key := w.path("haulier-data/master.key")
	older := readFile(t, key)
	w.haulier(0, "secrets", "rotate")
	right := readFile(t, key)
	put := func(content string, mode os.FileMode) func() error {
		return func() error {
			if err := os.WriteFile(key, []byte(content), 0o600); err != nil {
				return err
			}
			return os.Chmod(key, mode)
		}
	}
	for name, spoil := range map[string]func() error{
		"missing": func() error { return os.Remove(key) }, "empty": put("", 0o600), "another": put(strings.Repeat("ab", 32)+"\n", 0o600),
		"an older one": put(older, 0o600), "open to others": put(right, 0o644), "cut off": put(right[:40], 0o600), "a line too many": put(right+right, 0o600),
		"a folder": func() error { return errors.Join(os.Remove(key), os.Mkdir(key, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			c.ClearLog()
			before := snapshot(t, w.path("haulier-data"))
			w.refusesAll()
			if after := snapshot(t, w.path("haulier-data")); after != before {
				t.Errorf("the data folder was\n%snow it is\n%s", before, after)
			}
			if n := c.count("auth", ""); n > 0 {
				t.Errorf("%d logins were tried", n)
			}
			has(t, w.haulier(0, "history").out, "succeeded") // what is not sealed can be read
			if err := errors.Join(os.RemoveAll(key), put(right, 0o600)()); err != nil {
				t.Fatal(err)
			}
			w.haulier(0, "run", "in")
		})
	}
	w.t = t
	w.env = append(w.env, "HAULIER_MASTER_KEY="+strings.TrimSpace(older)) // it counts before the file
	before := snapshot(t, w.path("haulier-data"))
	w.refusesAll()
	if after := snapshot(t, w.path("haulier-data")); after != before {
		t.Errorf("the data folder was\n%snow it is\n%s", before, after)
	}
}

// refusesAll calls what needs the master key.
func (w *world) refusesAll() {
	w.t.Helper()
	w.write("phrase", "a phrase that is long enough\n")
	for _, args := range [][]string{
		{"serve"}, {"run", "in"}, {"run", "in", "--force"}, {"connections", "test", "acme"}, {"connections", "ls", "acme", "out"}, {"secrets", "set", "acme"}, {"secrets", "rotate"}, {"secrets", "remove", "acme"},
		{"keys", "generate", "more"}, {"keys", "rotate", "acme"}, {"pgp", "generate", "more", "--type", "x25519"}, {"pgp", "rotate", "ours"}, {"keys", "retire", "acme@1"},
		{"pause", "in", "--reason", "x"}, {"resume", "in"}, {"retry", "1"}, {"plan", "in"}, {"backup", w.path("copy"), "--passphrase-file", w.path("phrase")},
	} {
		said := w.tell(16, "another password\n", append([]string{"--json"}, args...)...)
		lines := strings.Split(strings.TrimSpace(said.out), "\n")
		var failed struct{ Error job.Reason }
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &failed); err != nil {
			w.t.Errorf("%v: %v\n%s", args, err, said.all())
		}
		if r := failed.Error; r.Slug != "local.master_key" || !strings.Contains(r.Do, "put the key back") || r.Who != job.WhoUs {
			w.t.Errorf("%v says %+v", args, r)
		}
	}
	if _, err := os.Stat(w.path("copy")); err == nil {
		w.t.Error("a backup was left that opens nothing")
	}
}
