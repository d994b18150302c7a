package rows_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
)

// glance is what is read of status --json here.
type glance struct {
	Jobs []struct {
		Job, Standing string
		Rejected      []struct {
			Files int
			Error struct{ Slug, Who string }
		}
	}
	Incidents []struct {
		Cause string `json:"cause_key"`
		Jobs  []string
	}
}

func (w *world) status() (g glance) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.haulier(0, "status", "--json").out), &g); err != nil {
		w.t.Fatal(err)
	}
	return g
}

// causes are those of the open incidents.
func (g glance) causes() []string {
	all := []string{}
	for _, i := range g.Incidents {
		all = append(all, i.Cause)
	}
	slices.Sort(all)
	return all
}

// What was rejected stays on the screen, with whose turn it is, until somebody has dealt with it: a later run that finds
// nothing new has made nothing good.
func TestRejectedFileStaysInTheStatus(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}", "inbound: {pgp: {decrypt_with: ours}}"), "jobs:\n", importJob("in", "acme", "out"))
	w.haulier(0, "pgp", "generate", "ours", "--type", "x25519")
	c.put("out/payroll.csv.pgp", "name;amount\n")
	c.put("out/second.csv.pgp", "name;amount\n")
	c.put("out/empty.csv.pgp", "")
	w.haulier(4, "run", "in")
	rejected := func() {
		t.Helper()
		w.haulier(0, "run", "in")
		g := w.status()
		same(t, "causes", g.causes(), []string{"job/in/content.empty", "job/in/pgp.not_encrypted"})
		same(t, "jobs", g.Incidents[0].Jobs, []string{"in"})
		if got := fmt.Sprint(g.Jobs); got != "[{in rejected [{1 {content.empty customer}} {2 {pgp.not_encrypted customer}}]}]" {
			t.Errorf("jobs: %s", got)
		}
		has(t, w.haulier(0, "status").out, "1 job: 1 rejected", "1 file since ", "UTC, content.empty -> customer; 2 files since ", "pgp.not_encrypted -> customer   haulier show 1")
	}
	rejected()
	rejected()

	if err := os.Remove(filepath.Join(c.root, "out/empty.csv.pgp")); err != nil { // the customer took it away
		t.Fatal(err)
	}
	w.haulier(0, "run", "in")
	same(t, "causes without the empty file", w.status().causes(), []string{"job/in/pgp.not_encrypted"})
	if err := os.Remove(filepath.Join(c.root, "out/second.csv.pgp")); err != nil {
		t.Fatal(err)
	}
	w.haulier(0, "run", "in")
	same(t, "causes while one of two lies there", w.status().causes(), []string{"job/in/pgp.not_encrypted"})

	file := w.number("show", "1", "payroll.csv.pgp")
	w.haulier(0, "held", "resolve", file, "--as", "drop", "--reason", "an old file of theirs")
	same(t, "causes when nobody waits any more", w.status().causes(), nil)
	w.haulier(0, "run", "in")
	has(t, w.haulier(0, "status").out, "1 job: 1 ok")
	c.put("out/payroll.csv.pgp", "another;amount\n")
	w.haulier(13, "run", "in")
	same(t, "causes of the next version", w.status().causes(), []string{"job/in/pgp.not_encrypted"})
}

// A run that logs in shows that the server is there, also if it rejects what it finds: the incident of the server ends.
func TestARunThatRejectsShowsThatTheServerIsBack(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{Knobs: sftptest.Knobs{NoSFTP: true}})
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	c.put("out/a.csv", "")
	w.haulier(10, "run", "in")
	same(t, "causes", w.status().causes(), []string{"connection/acme/ssh.no_sftp"})
	c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	w.haulier(14, "run", "in")
	same(t, "causes", w.status().causes(), []string{"job/in/content.empty"})
}

// A job that is renamed takes the incidents of its rejected files along.
func TestRenamedJobKeepsItsIncidents(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "")
	head := []string{"connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n"}
	w.config(append(head, importJob("in", "acme", "out"))...)
	w.haulier(14, "run", "in")
	w.config(append(head, importJob("now", "acme", "out", "formerly: in"))...)
	w.haulier(0, "run", "now")
	same(t, "causes", w.status().causes(), []string{"job/now/content.empty"})
	if err := os.Remove(filepath.Join(c.root, "out/a.csv")); err != nil {
		t.Fatal(err)
	}
	w.haulier(0, "run", "now")
	same(t, "causes", w.status().causes(), nil)
}

// number gives the number of a file that a run let go of.
func (w *world) number(command, run, name string) string {
	w.t.Helper()
	var shown struct {
		Files []struct {
			ID   int64
			Name string
		}
	}
	if err := json.Unmarshal([]byte(w.haulier(0, command, run, "--json").out), &shown); err != nil {
		w.t.Fatal(err)
	}
	for _, f := range shown.Files {
		if f.Name == name {
			return fmt.Sprint(f.ID)
		}
	}
	w.t.Fatalf("no %s in run %s", name, run)
	return ""
}

// Many files of one cause are all named, and the cause is told once; --json tells it of each.
func TestCauseThatManyFilesShareIsToldOnce(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	names := []string{"a.csv", "b.csv", "c.csv", "d.csv", "e.csv"}
	for _, name := range names {
		c.put("out/"+name, "")
		c.put("two/"+name, "")
	}
	w.config("connections:\n", c.connection("acme", "locations: {out: /out, two: /two}"), "jobs:\n", importJob("in", "acme", "out"), importJob("two", "acme", "two"))
	said := w.haulier(14, "run", "in", "-q")
	has(t, said.out, append(names, "[content.empty] as above")...)
	if n := strings.Count(said.err, "Cause"); n != 1 {
		t.Errorf("the cause is told %d times:\n%s", n, said.err)
	}
	if n := strings.Count(w.haulier(14, "run", "two", "--json").out, `"state":"rejected"`); n != len(names) {
		t.Errorf("%d files are told with --json, want %d", n, len(names))
	}
	if n := strings.Count(w.haulier(0, "show", "1").out, "Cause"); n != len(names) {
		t.Errorf("show tells %d causes, want %d", n, len(names))
	}
}
