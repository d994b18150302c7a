package rows_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
)

// waits gives the files that wait to be looked at, by name.
func (w *world) waits(jobName string) map[string]string {
	w.t.Helper()
	files := map[string]string{}
	for line := range strings.Lines(w.haulier(0, "held", "list", jobName, "--json").out) {
		var f struct {
			ID    int64
			Name  string
			Error struct{ Slug, Who string }
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			w.t.Fatal(err)
		}
		if f.Error.Slug != "content.supervised" || f.Error.Who != "us" {
			w.t.Errorf("%s is held for %v", f.Name, f.Error)
		}
		files[f.Name] = strconv.FormatInt(f.ID, 10)
	}
	return files
}

// The first files of a job are held, whole and checked, for a person; the daemon is killed while they wait, and when they were approved.
// Then the job is automatic.
func TestSupervisedImportUntilEnoughWereApproved(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n",
		importJob("in", "acme", "out", "after_success: delete", "supervised: {files: 2}"))
	for _, name := range []string{"a.csv", "b.csv", "c.csv"} {
		c.put("out/"+name, "the content of "+name)
	}
	has(t, w.haulier(0, "plan").out, "held until a person approves it: supervised: 0 of 2 files approved, automatic afterwards")
	daemon := w.serve()
	w.haulier(4, "run", "in")
	if err := daemon.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	daemon.end()
	same(t, "landed", w.names("in"), nil)
	w.haulier(0, "run", "in") // another process: what waits, waits
	files := w.waits("in")
	if len(files) != 3 {
		t.Fatalf("%v wait", files)
	}
	same(t, "causes", w.status().causes(), []string{"job/in/content.supervised"})
	has(t, w.haulier(0, "status").out, "1 job: 1 held", "3 files to look at: haulier held list in (supervised: 0 of 2 files approved, automatic afterwards)")

	shown := w.haulier(0, "held", "show", files["a.csv"]).out
	has(t, shown, "target", "in/a.csv", "sha256", "haulier approve "+files["a.csv"])
	var f struct {
		Copy  string
		Plain struct{ SHA256 string }
	}
	if err := json.Unmarshal([]byte(w.haulier(0, "held", "show", files["a.csv"], "--json").out), &f); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(f.Copy); err != nil || string(text) != "the content of a.csv" {
		t.Errorf("the copy %s: %q, %v", f.Copy, text, err)
	}
	hasNot(t, shown, "the content of")

	has(t, w.haulier(2, "approve", files["a.csv"], "--sha256", "ffff").err, "held.other_content")
	has(t, w.haulier(0, "approve", files["a.csv"], "--sha256", f.Plain.SHA256[:12]).err, "supervised: 1 of 2 files approved, automatic afterwards")
	has(t, w.haulier(0, "jobs", "list").out, "supervised: 1 of 2 files approved, automatic afterwards")
	w.haulier(2, "reject", files["b.csv"])
	w.haulier(0, "reject", files["b.csv"], "--reason", "the columns of last year")
	daemon = w.serve()
	if err := daemon.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	daemon.end()
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.csv"})
	same(t, "left", namesIn(t, c.root+"/out"), []string{"b.csv", "c.csv"})
	has(t, w.haulier(0, "approve", "--all", "in").err, "automatic from now on")
	same(t, "causes", w.status().causes(), nil)
	c.put("out/d.csv", "the fourth")
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.csv", "c.csv", "d.csv"})
	same(t, "left", namesIn(t, c.root+"/out"), []string{"b.csv"})

	c.put("out/b.csv", "the columns of this year")
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.csv", "b.csv", "c.csv", "d.csv"})
}

func TestSupervisedExportUntilEnoughWereApproved(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	w.config("connections:\n", c.connection("acme", "locations: {in: /in}"), "jobs:\n", exportJob("out", "acme", "in", "supervised: {files: 1}"))
	if err := os.Mkdir(c.root+"/in", 0o755); err != nil {
		t.Fatal(err)
	}
	w.write("out/a.csv", "one")
	w.write("out/b.csv", "two")
	w.haulier(4, "run", "out")
	same(t, "arrived", namesIn(t, c.root+"/in"), nil)
	files := w.waits("out")
	w.haulier(0, "reject", files["b.csv"], "--reason", "not for them")
	w.haulier(0, "approve", files["a.csv"])
	w.haulier(0, "run", "out")
	same(t, "arrived", namesIn(t, c.root+"/in"), []string{"a.csv"})
	same(t, "outbox", w.names("out"), []string{"a.csv", "b.csv"})
	w.write("out/c.csv", "three")
	w.haulier(0, "run", "out")
	same(t, "arrived", namesIn(t, c.root+"/in"), []string{"a.csv", "c.csv"})
}
