package rows_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// E14: one connection has a place where the customer leaves files and another where ours go; neither job looks into
// the other's, and a job that would go the wrong way is refused.
func TestDropAndPickupAreApart(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("pickup/rates.csv", "EUR;1")
	c.put("drop/theirs.csv", "stays")
	w.write("ours/invoice.csv", "42")
	areas := c.connection("acme", "locations:", "  pickup: {path: /pickup, use: download}", "  drop: {path: /drop, use: upload}")
	w.config("connections:\n", areas, "jobs:\n", importJob("theirs", "acme", "pickup"), exportJob("ours", "acme", "drop"))
	w.haulier(0, "run", "theirs")
	same(t, "asked outside of the pick-up area", c.outside("/pickup"), nil)
	c.ClearLog()
	w.haulier(0, "run", "ours")
	same(t, "asked outside of the drop area", c.outside("/drop"), nil)
	same(t, "landed", w.names("theirs"), []string{"rates.csv"})
	same(t, "pick-up area", c.names("pickup"), []string{"rates.csv"})
	same(t, "drop area", c.names("drop"), []string{"invoice.csv", "theirs.csv"})

	w.config("connections:\n", areas, "jobs:\n", importJob("theirs", "acme", "drop"))
	has(t, w.haulier(3, "check").all(), "E-USE", "drop")
}

// N10: the upload folder may be "/": no doubled slash, and nobody makes the folder, also where uploads are all that the
// server takes.
func TestUploadFolderMayBeTheRoot(t *testing.T) {
	for _, profile := range []string{"", "profile: put-only"} {
		w, c := newWorld(t), newCustomer(t, sftptest.Options{Knobs: sftptest.Knobs{PutOnly: profile != ""}})
		w.write("roster/employees.csv", "1;Ann")
		w.config("connections:\n", c.connection("hr", "locations: {drop: /}", profile), "jobs:\n", exportJob("roster", "hr", "drop"))
		w.haulier(0, "run", "roster")
		same(t, "the root", c.names("."), []string{"employees.csv"})
		same(t, "paths that are not clean", c.outside("/"), nil)
		if n := c.count("mkdir", ""); n != 0 {
			t.Errorf("%d folders were asked for", n)
		}
	}
}

// M9: locations begin at the root folder of the configuration, and nothing above it is asked for, nor the folder in which
// the login begins.
func TestNothingAboveTheRootIsTouched(t *testing.T) {
	w := newWorld(t)
	c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "customer", Password: password, Home: "/home/customer"}}})
	c.put("Data/Start/reports/june.csv", "report")
	c.put("Data/Start/inbox/.keep", "")
	c.put("home/customer/private", "not ours")
	w.write("usage/cdr.csv", "call;1")
	w.config("connections:\n",
		c.connection("carrier", "root: /Data/Start", "locations: {reports: reports, done: reports/done, inbox: /inbox}"),
		"jobs:\n", importJob("june", "carrier", "reports", "after_success: {move: done}"), exportJob("usage", "carrier", "inbox"))
	c.put("Data/Start/reports/done/.keep", "")
	w.haulier(0, "run", "june")
	w.haulier(0, "run", "usage")
	same(t, "asked above the root", c.outside("/Data/Start"), nil)
	same(t, "landed", w.names("june"), []string{"june.csv"})
	same(t, "moved", c.names("Data/Start/reports/done"), []string{"june.csv"})
	same(t, "uploaded", c.names("Data/Start/inbox"), []string{"cdr.csv"})
	same(t, "the start folder of the login", c.names("home/customer"), []string{"private"})
}

// M1: an account that is locked into a folder, on ProFTPD, which does not even show who owns the files. Both directions
// work, by paths from "/", and by paths from where the login begins.
func TestWorksInsideAChroot(t *testing.T) {
	for _, at := range []string{"/", ""} {
		t.Run("from "+at, func(t *testing.T) {
			s := testserver.ProFTPD(t, testserver.ProFTPDOptions{})
			w := newWorld(t)
			w.env = append(w.env, "PROFTPD="+s.Password)
			writeFile(t, filepath.Join(s.Root, "out/cdr.csv"), "call;1")
			writeFile(t, filepath.Join(s.Root, "in/.keep"), "")
			w.write("tariffs/tariffs.csv", "1;2")
			w.config("connections:\n",
				connection("jailed", placeOf(s.Host, s.Port, s.HostKeyLines...), "username: "+s.User,
					"auth: {methods: [password], password: {env: PROFTPD}}", "locations: {out: "+at+"out, in: "+at+"in}"),
				"jobs:\n", importJob("calls", "jailed", "out", "after_success: delete"), exportJob("tariffs", "jailed", "in"))
			w.haulier(0, "run", "calls")
			w.haulier(0, "run", "tariffs")
			same(t, "landed", w.names("calls"), []string{"cdr.csv"})
			same(t, "left on the server", namesIn(t, filepath.Join(s.Root, "out")), []string{})
			same(t, "uploaded", namesIn(t, filepath.Join(s.Root, "in")), []string{"tariffs.csv"})
		})
	}
}

// M1: of an account that is locked in, no parent, home, link or owner is asked for: every request names something in a
// location, and nothing is made an absolute path by the server.
func TestAsksForNoParentHomeOrOwner(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{Knobs: sftptest.Knobs{HideAttrs: packet.AttrOwner}})
	c.put("out/cdr.csv", "call;1")
	c.put("in/.keep", "")
	w.write("tariffs/tariffs.csv", "1;2")
	w.config("connections:\n", c.connection("jailed", "locations: {out: /out, in: /in}"),
		"jobs:\n", importJob("calls", "jailed", "out"), exportJob("tariffs", "jailed", "in"))
	w.haulier(0, "run", "calls")
	w.haulier(0, "run", "tariffs")
	same(t, "asked outside of the locations", c.outside("/out", "/in"), nil)
	for _, op := range []string{"realpath", "readlink", "setstat", "fsetstat", "mkdir"} {
		if n := c.count(op, ""); n != 0 {
			t.Errorf("%d times %s", n, op)
		}
	}
	same(t, "landed", w.names("calls"), []string{"cdr.csv"})
}

// E16: what is fetched or sent lies in folders of the configuration only. Both runs are caught in the middle, with the
// machine's folder for temporary files and the user's home out of reach.
func TestFilesStayInFoldersOfTheConfiguration(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	secret := strings.Repeat("account;amount\n", 50_000)
	c.put("out/big.csv", secret)
	c.put("in/.keep", "")
	w.env = append(w.env, "TMPDIR="+w.path("no/such/folder"), "HOME="+w.path("no/such/home"))
	elsewhere := t.TempDir()
	w.write("outgoing/pay.csv", secret)
	w.config("data_dir: state\n", "connections:\n", c.connection("bank", "locations: {out: /out, in: /in}"), "jobs:\n",
		importJob("books", "bank", "out", "archive: {dir: "+elsewhere+"/received}"), exportJob("outgoing", "bank", "in"))
	sees := func() []string { return holders(t, "account;amount\n", w.dir, elsewhere) }

	stalled := sftptest.Fault{Op: "read", After: 2, Do: sftptest.Stall}
	c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{stalled} })
	stop := w.begin("run", "books")
	until(t, "bytes of the file that is being fetched", func() bool { return len(sees()) > 1 })
	for _, file := range sees() {
		if file != w.path("outgoing/pay.csv") && !strings.HasPrefix(file, w.path("books/.haulier")+"/") {
			t.Errorf("while it is fetched, its bytes are in %s", file)
		}
	}
	stop()
	c.Change(func(k *sftptest.Knobs) { k.Faults = nil })
	w.haulier(0, "run", "books")
	w.haulier(0, "run", "outgoing")
	got := sees()
	slices.Sort(got)
	if len(got) < 3 {
		t.Fatalf("its bytes are in %v only", got)
	}
	for _, file := range got {
		if !strings.HasPrefix(file, w.path("books")+"/") && !strings.HasPrefix(file, w.path("outgoing")+"/") &&
			!strings.HasPrefix(file, w.path("state")+"/") && !strings.HasPrefix(file, elsewhere+"/received/") {
			t.Errorf("its bytes are in %s", file)
		}
	}
	if w.read("books/big.csv") != secret || c.get("in/pay.csv") != secret {
		t.Error("a file did not arrive as it was")
	}
	same(t, "in the folder of temporary files", holders(t, "account;amount\n", w.path("no")), nil)
}

// holders gives the files at or below the folders that hold a text.
func holders(t *testing.T, text string, folders ...string) []string {
	t.Helper()
	var found []string
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil
			}
			// A file may go away while we look.
			if content, err := os.ReadFile(path); err == nil && strings.Contains(string(content), text) {
				found = append(found, path)
			}
			return nil
		})
	}
	return found
}

// E19: each connection has keys and folders of its own: stage, landing and archive of one never hold what is another's.
func TestEachConnectionHasItsOwnFoldersAndKey(t *testing.T) {
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	users := []sftptest.User{
		{Name: "north", Keys: []ssh.PublicKey{w.generate("north")}, Home: "/north"},
		{Name: "south", Keys: []ssh.PublicKey{w.generate("south")}, Home: "/south"},
	}
	c := newCustomer(t, sftptest.Options{Users: users})
	parts := []string{"connections:\n", "", "", "jobs:\n"}
	for i, name := range []string{"north", "south"} {
		c.put(name+"/out/same.csv", "of "+name)
		parts[1+i] = connection(name, c.place(), "username: "+name, "auth: {methods: [publickey], key: "+name+"}", "locations: {out: /"+name+"/out}")
		parts = append(parts, importJob("from-"+name, name, "out", "archive: {dir: kept/"+name+"}"))
	}
	w.config(parts...)
	for _, name := range []string{"north", "south"} {
		c.ClearLog()
		w.haulier(0, "run", "from-"+name)
		same(t, "logged in", c.users(), []string{name})
		same(t, "asked of others", c.outside("/"+name), nil)
	}
	for _, name := range []string{"north", "south"} {
		if got := w.read("from-" + name + "/same.csv"); got != "of "+name {
			t.Errorf("%s landed %q", name, got)
		}
		for _, file := range holders(t, "of "+name, w.dir) {
			if !strings.HasPrefix(file, w.path("from-"+name)+"/") && !strings.HasPrefix(file, w.path("kept/"+name)+"/") {
				t.Errorf("what is of %s lies in %s", name, file)
			}
		}
	}
}

// What is sealed already is sent from where it lies, also when the job has another name by then.
func TestRenamedExportTakesItsStageAlong(t *testing.T) {
	w := newWorld(t)
	c := newCustomer(t, sftptest.Options{Knobs: sftptest.Knobs{Faults: []sftptest.Fault{{Op: "open", Do: sftptest.Fail, Code: 4}}}})
	c.put("in/.keep", "")
	w.write("out/a.csv", "one")
	conf := func(head string) {
		job := exportJob("out", "acme", "in", "outbound: {in_place: true}")
		w.config("connections:\n", c.connection("acme", "locations: {in: /in}"), "jobs:\n", strings.Replace(job, "  out:\n", head, 1))
	}
	conf("  out:\n")
	w.haulier(15, "run", "out")
	c.Change(func(k *sftptest.Knobs) { k.Faults = nil })
	if err := os.Remove(w.path("out/a.csv")); err != nil {
		t.Fatal(err)
	}
	conf("  sent:\n    formerly: out\n")
	w.haulier(0, "run", "sent")
	same(t, "sent", c.names("in"), []string{"a.csv"})
	same(t, "stages", w.names("haulier-data/stage"), []string{"sent"})
}

// A run as it was reads the folder of then; what a run of now owes to its own folder is done there all the same.
func TestRunAsItWasFinishesInTheFolderOfNow(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	conf := func(out string) {
		w.config("connections:\n", c.connection("acme", "locations: {out: "+out+", done: /done}"), "jobs:\n",
			importJob("in", "acme", "out", "after_success: {move: done}"))
	}
	c.put("old/first.csv", "1")
	c.put("out/a.csv", "22")
	c.put("done/.keep", "")
	conf("/old")
	w.haulier(0, "run", "in")
	conf("/out")
	if err := os.Rename(filepath.Join(c.root, "done"), filepath.Join(c.root, "away")); err != nil {
		t.Fatal(err)
	}
	w.haulier(4, "run", "in") // landed, and not moved
	if err := os.Rename(filepath.Join(c.root, "away"), filepath.Join(c.root, "done")); err != nil {
		t.Fatal(err)
	}
	w.haulier(0, "retry", "1", "--config", "as-run")
	w.haulier(0, "run", "in")
	same(t, "the folder of now", c.names("out"), nil)
	same(t, "moved", c.names("done"), []string{"a.csv", "first.csv"})
}
