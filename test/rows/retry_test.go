package rows_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/transfer/sftptest"
)

// landing writes a configuration whose import lands in a folder. The job stands in an included file, and both paths are
// relative to the folder of haulier.yaml.
func (w *world) landing(c *customer, dir string) {
	w.config("include: [jobs.d/*.yaml]\nconnections:\n", c.connection("acme", "locations: {out: /out}"))
	w.write("jobs.d/in.yaml", fmt.Sprintf("jobs:\n  in:\n    type: import\n    connection: acme\n    from: {location: out, match: \"*\", stable_for: 0s}\n    to: {dir: %s}\n", dir))
}

// A retry runs with the configuration of now, or as the job was configured for the run that failed: with and without
// a daemon, over one ledger, so that nothing comes twice.
func TestRetryAsRunOrWithTheConfigurationOfNow(t *testing.T) {
	for name, daemon := range map[string]bool{"by hand": false, "by the daemon": true} {
		t.Run(name, func(t *testing.T) {
			w, c := newWorld(t), newCustomer(t, sftptest.Options{})
			c.put("out/first.csv", "1")
			c.put("out/a.csv", "") // rejected: it is empty
			w.landing(c, "old")
			if daemon {
				w.serve()
			}
			w.haulier(4, "run", "in")
			w.landing(c, "new")
			if daemon {
				w.haulier(0, "reload")
			}
			c.put("out/a.csv", "aa")
			again := w.command("retry", "1", "--config", "as-run")
			again.Dir, again.Args[2] = w.path("old"), "../haulier.yaml" // paths are relative to the configuration, whoever asks
			if text, err := again.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			same(t, "old", w.names("old"), []string{"a.csv", "first.csv"})

			c.put("out/b.csv", "bb")
			w.haulier(0, "retry", "1")
			same(t, "old", w.names("old"), []string{"a.csv", "first.csv"})
			same(t, "new", w.names("new"), []string{"b.csv"})
			c.put("out/c.csv", "ccc")
			c.put("out/d.csv", "dddd")
			w.haulier(0, "retry", "2", "--file", "c.csv", "--config=as-run")
			w.haulier(0, "retry", "2", "--config", "current")
			same(t, "old", w.names("old"), []string{"a.csv", "c.csv", "first.csv"})
			same(t, "new", w.names("new"), []string{"b.csv", "d.csv"})
			for _, file := range []string{"first", "a", "b", "c", "d"} {
				if n := c.count("open", "/out/"+file+".csv"); n != 1 {
					t.Errorf("%s.csv was fetched %d times", file, n)
				}
			}

			has(t, w.haulier(0, "show", "2").out, "configuration revision 1\n", "as in revision 1 of the configuration")
			show := w.haulier(0, "show", "3").out
			has(t, show, "configuration revision 2\n")
			hasNot(t, show, "as in revision")
			has(t, w.haulier(0, "show", "4", "--json").out, `"revision":1`)
			has(t, w.haulier(0, "history", "--json").out, `"revision":1`, `"revision":2`)
		})
	}
}

// What an old configuration may not bring back is refused before anything changes, and says what to do instead.
func TestRetryAsRunIsRefused(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.landing(c, "old")
	w.haulier(0, "run", "in")
	config, jobs := w.read("haulier.yaml"), w.read("jobs.d/in.yaml")
	for name, change := range map[string]func(){
		"went to connection": func() {
			w.write("haulier.yaml", strings.Replace(config, "acme:", "acme-two:", 1))
			w.write("jobs.d/in.yaml", strings.Replace(jobs, "acme", "acme-two", 1))
		},
		"logs in to":              func() { w.write("haulier.yaml", strings.Replace(config, "host: 127.0.0.1", "host: localhost", 1)) },
		"not configured any more": func() { w.write("jobs.d/in.yaml", strings.Replace(jobs, "  in:", "  other:", 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.write("haulier.yaml", config)
			w.write("jobs.d/in.yaml", jobs)
			change()
			said := w.haulier(3, "retry", "1", "--config", "as-run").all()
			has(t, said, "config.as_run_barred", name, "haulier retry 1 --config current")
		})
	}
	if names, err := filepath.Glob(w.path("new")); err != nil || len(names) > 0 {
		t.Errorf("%v %v", names, err)
	}
	w.write("haulier.yaml", config)
	w.write("jobs.d/in.yaml", strings.Replace(jobs, "  in:", "  renamed:\n    formerly: in", 1))
	w.haulier(0, "run", "renamed")
	c.put("out/b.csv", "b")
	w.haulier(0, "retry", "1", "--config", "as-run")
	same(t, "old", w.names("old"), []string{"a.csv", "b.csv"})
}

// A retry that may not run now changes nothing: the rejected file is not taken by a run that nobody asked it of.
func TestRetryThatIsRefusedChangesNothing(t *testing.T) {
	for name, daemon := range map[string]bool{"the data folder is in use": false, "the job is paused": true} {
		t.Run(name, func(t *testing.T) {
			w, c := newWorld(t), newCustomer(t, sftptest.Options{})
			c.put("out/a.csv", "") // rejected: it is empty
			w.landing(c, "in")
			w.haulier(14, "run", "in")
			if daemon {
				w.serve()
				w.haulier(0, "pause", "in", "--reason", "holiday")
				w.haulier(4, "retry", "1")
				w.haulier(0, "resume", "in")
			} else {
				lock, err := control.TakeLock(w.path("haulier-data"))
				if err != nil {
					t.Fatal(err)
				}
				has(t, w.haulier(6, "retry", "1").all(), "nothing was done")
				if err := lock.Release(); err != nil {
					t.Fatal(err)
				}
			}
			has(t, w.haulier(0, "run", "in").out, "0 files")
			w.haulier(14, "retry", "1")
		})
	}
}
