package rows_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// line is a run as `history --json` gives it.
type line struct {
	Run     int64  `json:"run"`
	Job     string `json:"job"`
	State   string `json:"state"`
	Trigger string `json:"trigger"`
	Error   *struct {
		Slug string `json:"slug"`
	} `json:"error"`
}

func (w *world) history(args ...string) []line {
	w.t.Helper()
	return jsonLines[line](w.t, w.haulier(0, append([]string{"history", "--json"}, args...)...).out)
}

func jsonLines[T any](t testing.TB, text string) []T {
	t.Helper()
	var all []T
	for one := range strings.Lines(text) {
		var v T
		if err := json.Unmarshal([]byte(one), &v); err != nil {
			t.Fatalf("%q: %v", one, err)
		}
		all = append(all, v)
	}
	return all
}

// A21, X4: the display name may change in any way, in a running daemon; the technical name stays, and with it what was
// taken already, the runs and the figures.
func TestDisplayNameChangesAndHistoryStays(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	called := func(name string) {
		w.config("connections:\n", c.connection("acme", "display_name: "+name, "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	}
	called("ACME Retail")
	w.serve()
	w.haulier(0, "run", "in")
	called(`"ACME Gröup: Retail & Söhne (new) №1"`)
	has(t, w.haulier(0, "reload").out, "ACME Retail", "ACME Gröup: Retail & Söhne (new) №1", "revision 2")
	w.haulier(0, "run", "in")
	if n := c.count("open", "/out/a.csv"); n != 1 {
		t.Errorf("a.csv was fetched %d times", n)
	}
	if runs := w.history("in"); len(runs) != 2 || runs[1].State != "succeeded" {
		t.Errorf("history: %+v", runs)
	}
	if q := w.figures("acme").Requests; q.Total != 1 {
		t.Errorf("figures: %+v", q)
	}
	c.put("out/b.csv", "b")
	w.haulier(0, "run", "in")
	if q := w.figures("acme").Requests; q.Total != 2 {
		t.Errorf("figures: %+v", q)
	}
}

// A35: a connection that is taken out of the configuration is gone here only. Nobody says so to the server, nothing on it
// changes, and its runs, figures and key stay: when it comes back, nothing is taken twice.
func TestRemovedConnectionKeepsItsHistory(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	other := newCustomer(t, sftptest.Options{})
	with := []string{"connections:\n", other.connection("other", "locations: {x: /x}"), c.connection("gone", "locations: {out: /out}"),
		"jobs:\n", importJob("in", "gone", "out")}
	w.config(with...)
	s := w.serve()
	w.haulier(0, "run", "in")
	c.ClearLog()
	w.config("connections:\n", other.connection("other", "locations: {x: /x}"), "jobs: {}\n")
	w.haulier(0, "reload")
	w.haulier(2, "run", "in")
	same(t, "asked of the server", c.outside(), nil)
	same(t, "on the server", c.names("out"), []string{"a.csv"})
	if runs := w.history(); len(runs) != 1 || runs[0].Job != "in" || runs[0].State != "succeeded" {
		t.Errorf("history: %+v", runs)
	}
	w.stillTold("gone", c)
	s.end()
	w.config(with...)
	w.haulier(0, "run", "in")
	if n := c.count("open", "/out/a.csv"); n != 0 {
		t.Error("a.csv was fetched again")
	}
}

// stillTold asks the commands for a removed connection with one run behind it.
func (w *world) stillTold(name string, c *customer) {
	w.t.Helper()
	type told struct {
		Connection, Host, State string
		Port                    int
		Jobs                    []string
		LastSuccess             *time.Time `json:"last_success"`
		Removed                 *struct {
			Since, Loaded *time.Time
			Revision      int
			LastRun       *line `json:"last_run"`
		}
	}
	has(w.t, w.haulier(0, "connections", "list").out, "gone                 removed   customer@127.0.0.1:", "1 job, last success ")
	listed := jsonLines[told](w.t, w.haulier(0, "connections", "list", "--json").out)
	if n := len(listed); n != 2 || listed[0].State == "removed" || listed[1].Connection != name || listed[1].State != "removed" || listed[1].LastSuccess == nil {
		w.t.Errorf("list: %+v", listed)
	}
	shown := jsonLines[told](w.t, w.haulier(0, "connections", "show", name, "--json").out)[0]
	if shown.State != "removed" || shown.Port != c.Port() || len(shown.Jobs) != 1 || shown.Removed == nil || shown.Removed.Since == nil ||
		shown.Removed.Loaded == nil || !shown.Removed.Since.After(*shown.Removed.Loaded) || shown.Removed.Revision != 1 || shown.Removed.LastRun.Run != 1 {
		w.t.Errorf("show: %+v, %+v", shown, shown.Removed)
	}
	has(w.t, w.haulier(0, "connections", "show", name).out, "removed", "last loaded", "revision 1", "last run", "succeeded", "jobs          in\n")
	has(w.t, w.haulier(0, "connections", "stats", name, "--json").out, `{"requests":{"total":1,`)
	has(w.t, w.haulier(2, "connections", "show", "never").err, "there is no connection")
}

// N17, E30: what is disabled is not dialled, by its schedule or by hand; enabled again it goes on where it was, with its
// history.
func TestDisablingKeepsTheHistory(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	is := func(connection, job string) {
		w.config("connections:\n", c.connection("acme", "enabled: "+connection, "locations: {out: /out}"),
			"jobs:\n", importJob("in", "acme", "out", "enabled: "+job))
	}
	is("true", "true")
	w.serve()
	w.haulier(0, "run", "in")
	c.put("out/b.csv", "b")
	c.ClearLog()
	for _, off := range [][2]string{{"true", "false"}, {"false", "true"}, {"false", "false"}} {
		is(off[0], off[1])
		w.haulier(0, "reload")
		refused := w.command("run", "in")
		out, err := refused.CombinedOutput()
		if err == nil {
			t.Errorf("connection enabled: %s, job enabled: %s: run by hand says\n%s", off[0], off[1], out)
		}
		has(t, string(out), "enabled")
	}
	if n := len(c.Log()); n != 0 {
		t.Errorf("%d requests, logins included, while it was off", n)
	}
	is("true", "true")
	w.haulier(0, "reload")
	w.haulier(0, "run", "in")
	if n := c.count("open", "/out/a.csv"); n != 0 {
		t.Error("a.csv was fetched again")
	}
	same(t, "landed", w.names("in"), []string{"a.csv", "b.csv"})
	if q := w.figures("acme").Requests; q.Total != 2 {
		t.Errorf("figures: %+v", q)
	}
}

// A22: a changed connection counts from the reload on, by command and by SIGHUP. Each reload leaves a revision that says
// who and what, with secrets masked; one with errors changes nothing.
func TestReloadCountsAtOnceAndIsRemembered(t *testing.T) {
	w := newWorld(t)
	first, second := newCustomer(t, sftptest.Options{}), newCustomer(t, sftptest.Options{})
	first.put("out/first.csv", "1")
	second.put("out/second.csv", "2")
	at := func(c *customer, more ...string) {
		w.config("connections:\n", c.connection("acme", append(more, "locations: {out: /out}")...), "jobs:\n", importJob("in", "acme", "out"))
	}
	at(first)
	s := w.serve()
	w.haulier(0, "run", "in")
	at(second)
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	until(t, "the second revision", func() bool { return strings.Count(s.log.String(), "configuration loaded") == 1 })
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"first.csv", "second.csv"})

	w.write("good.yaml", w.read("haulier.yaml"))
	at(second, "colour: red")
	has(t, w.haulier(3, "reload").all(), "E-UNKNOWN-KEY")
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.await("configuration rejected")
	second.put("out/third.csv", "3")
	w.haulier(0, "run", "in", "-c", w.path("good.yaml"))
	same(t, "landed", w.names("in"), []string{"first.csv", "second.csv", "third.csv"})

	store := w.openStore()
	revisions, err := store.Revisions(t.Context(), 10)
	if err := errors.Join(err, store.Close()); err != nil || len(revisions) != 2 {
		t.Fatalf("%d revisions, %v", len(revisions), err)
	}
	newest := revisions[0]
	if newest.By != "SIGHUP" || time.Since(newest.At) > patience {
		t.Errorf("by %q at %v", newest.By, newest.At)
	}
	has(t, newest.Diff, "port")
	hasNot(t, newest.Diff+newest.Text+s.log.String(), password)
}

// A8, X14: what lands, and how the connection stands, say whose it is: the job, the connection and its entity.
func TestLandingNamesJobConnectionAndEntity(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.write("up/b.csv", "bb")
	written := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	if err := os.Chtimes(w.path("up/b.csv"), written, written); err != nil {
		t.Fatal(err)
	}
	w.config("connections:\n", c.connection("acme", "entity: acme-nv", "locations: {out: /out, in: /in}"),
		"jobs:\n", importJob("campaign", "acme", "out"), exportJob("up", "acme", "in"))
	c.put("in/.keep", "")
	w.serve()
	w.haulier(0, "run", "campaign")
	w.haulier(0, "run", "up")
	type told struct {
		Job, Connection, Entity, Direction string
		Local                              struct{ Path, MTime string }
	}
	got := map[string]told{}
	store := w.openStore()
	events, err := store.Events(t.Context(), 0, 100)
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		var about told
		if err := json.Unmarshal(e.Data, &about); err != nil {
			t.Fatal(err)
		}
		got[e.Type] = about
	}
	landed := told{"campaign", "acme", "acme-nv", "download", struct{ Path, MTime string }{w.path("campaign/a.csv"), ""}}
	if got["file.landed"] != landed {
		t.Errorf("landed: %+v, want %+v", got["file.landed"], landed)
	}
	delivered := told{"up", "acme", "acme-nv", "upload", struct{ Path, MTime string }{w.path("up/b.csv"), "2026-03-04T05:06:07Z"}}
	if got["file.delivered"] != delivered {
		t.Errorf("delivered: %+v, want %+v", got["file.delivered"], delivered)
	}
}

// A27, N1: jobs name locations, and a location in use cannot be taken away, nor one of an upload-only server be read. A
// daemon goes on with what it had.
func TestLocationInUseCannotBeTakenAway(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out, spare: /spare}"), "jobs:\n", importJob("in", "acme", "out"))
	w.serve()
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	w.haulier(0, "reload")
	w.config("connections:\n", c.connection("acme", "locations: {spare: /spare}"), "jobs:\n", importJob("in", "acme", "out"))
	has(t, w.haulier(3, "check").all(), "E-REFERENCE", "out")
	w.haulier(3, "reload")
	w.config("connections:\n", c.connection("acme", "profile: put-only", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	has(t, w.haulier(3, "check").all(), "E-PUT-ONLY", "haulier.yaml:")
	w.haulier(3, "reload")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.csv"})
}

// After a restore no run or file gets a number that the lost ledger gave out, with a store that a killed process left or
// with none.
func TestNumbersGoOnAfterARestore(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w, c := newWorld(t), newCustomer(t, sftptest.Options{})
		w.env = append(w.env, "PASS=correct horse battery")
		w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out", "after_success: delete"))
		c.put("out/a.csv", "a")
		w.haulier(0, "run", "in")
		w.haulier(0, "backup", "b", "--passphrase-env", "PASS")
		s := w.serve()
		for range 3 {
			c.put("out/a.csv", "a, and lost")
			w.haulier(0, "run", "in", "--force")
		}
		lost := w.history("in")[0].Run
		_ = s.command.Process.Kill()
		s.end()
		if gone {
			for _, side := range []string{"", "-wal", "-shm"} {
				if err := os.RemoveAll(w.path("haulier-data/haulier.db" + side)); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.haulier(0, "restore", "b", "--replace", "--passphrase-env", "PASS")
		c.put("out/b.csv", "b")
		has(t, w.haulier(4, "run", "in").all(), "ledger.restored")
		w.haulier(0, "reconcile", "in", "--as", "again", "--reason", "never taken")
		w.haulier(0, "run", "in")
		runs := w.history("in")
		if first := runs[len(runs)-2].Run; lost != 4 || first <= 1_000_000 {
			t.Errorf("the lost ledger came to run %d, and the restored one goes on with %d", lost, first)
		}
	}
}

// An export that is renamed takes its stage along: the epoch, and what lies sealed in it.
func TestARenamedExportKeepsItsStage(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	out := func(name string) {
		w.config("connections:\n", c.connection("acme", "locations: {in: /in}"), "jobs:\n", "  "+name+"\n    type: export\n    connection: acme\n    from: {dir: outbox, match: \"*\", stable_for: 0s}\n    to: {location: in}\n")
	}
	c.put("in/old.csv", "")
	out("out:")
	w.write("outbox/a.csv", "a")
	w.haulier(0, "run", "out")
	w.write("haulier-data/stage/out/1.1.sealed", "as a run leaves it")
	out("sent:\n    formerly: out")
	w.write("outbox/b.csv", "b")
	w.haulier(0, "run", "sent")
	same(t, "stages", w.names("haulier-data/stage"), []string{"sent"})
	same(t, "stage", w.names("haulier-data/stage/sent"), []string{"1.1.sealed", "epoch.out", "epoch.sent"})
	same(t, "in", c.names("in"), []string{"a.csv", "b.csv", "old.csv"})
}
