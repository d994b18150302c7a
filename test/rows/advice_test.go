package rows_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// What to do is what helps this file: a held duplicate waits for a decision, and nobody uploads a source.
func TestAdviceFitsTheFile(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{Knobs: sftptest.Knobs{NoRename: true}})
	c.put("out/a.csv", "a")
	c.put("two/b.csv", "b")
	c.put("done/.keep", "")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out, two: /two, done: /done}"), "jobs:\n",
		importJob("in", "acme", "out", "duplicates: hold"), importJob("moved", "acme", "two", "after_success: {move: done}"))
	w.haulier(0, "run", "in")
	path := filepath.Join(c.root, "out/a.csv")
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	has(t, w.haulier(4, "run", "in").err, "content.duplicate", "Do        haulier held resolve 2 --as drop; or set duplicates: land, and resolve it --as again")
	w.write("haulier.yaml", strings.Replace(w.read("haulier.yaml"), "duplicates: hold", "duplicates: land", 1))
	w.haulier(0, "held", "resolve", "2", "--as", "again", "--reason", "they sent it on purpose")
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.2.csv", "a.csv"})

	refused := w.haulier(4, "run", "moved").err
	has(t, refused, "remote.rename_refused", "Do        ask the customer for the right to rename in the folder, or set after_success: keep", "Who       customer")
	hasNot(t, refused, "if_exists", "put-only")
}

// What the daemon does not have is said by name, with what to do.
func TestDaemonSaysWhatItDoesNotHave(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	w.serve()
	w.haulier(0, "run", "in")
	w.write("other.yaml", w.read("haulier.yaml")+importJob("new", "acme", "out"))
	has(t, w.haulier(2, "-c", w.path("other.yaml"), "run", "new").err, "usage.no_such_job", "the daemon works with "+w.path("haulier.yaml"), `the configuration that the daemon works with has no job "new"`, "haulier reload")
	has(t, w.haulier(2, "cancel", "999").err, "run.not_at_work", "there is no run 999", "haulier status")
	has(t, w.haulier(2, "cancel", "1").err, "run.not_at_work", "run 1 is not at work: it is succeeded", "haulier show 1")
	has(t, w.haulier(2, "retry", "999").err, "usage.no_such_run", "there is no run 999", "haulier history")
}
