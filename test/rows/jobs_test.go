package rows_test

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// E3, E6: one connection carries several jobs, each with its own pattern, and one of them waits for another.
func TestJobsTakeTheirOwnPatternsInOrder(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	for _, name := range []string{"staff_1.csv", "staff_2.csv", "roles_1.csv", "Staff_3.csv", "staff_4.csv.tmp", "readme"} {
		c.put("out/"+name, name)
	}
	matching := func(name, glob string, more ...string) string {
		return strings.Replace(importJob(name, "hr", "out", more...), `match: "*"`, `match: "`+glob+`"`, 1)
	}
	w.config("connections:\n", c.connection("hr", "locations: {out: /out}"), "jobs:\n",
		matching("staff", "staff_*"), matching("roles", "roles_?.csv", "after: staff"))
	w.serve()
	if runs := w.history("roles"); len(runs) != 0 {
		t.Errorf("roles ran before staff: %+v", runs)
	}
	w.haulier(0, "run", "staff")
	w.ended("roles", "succeeded")
	if runs := w.history("roles"); runs[0].Trigger != "after" {
		t.Errorf("roles was started by %s", runs[0].Trigger)
	}
	same(t, "staff", w.names("staff"), []string{"staff_1.csv", "staff_2.csv"})
	same(t, "roles", w.names("roles"), []string{"roles_1.csv"})
}

// E4: the date in an exported name is that of the job's zone; two places that never have the same date have names of
// their own.
func TestNamesBearTheDateOfTheJobsZone(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("in/.keep", "")
	zones := map[string]string{"kiritimati": "Pacific/Kiritimati", "pago": "Pacific/Pago_Pago"} // 25 hours apart
	config := []string{"connections:\n", c.connection("payroll", "locations: {in: /in}"), "jobs:\n"}
	for name, zone := range zones {
		w.write(name+"/sheet.csv", name)
		config = append(config, strings.Replace(exportJob(name, "payroll", "in", "timezone: "+zone),
			"{location: in}", `{location: in, name: "`+name+`_{date:%Y-%m-%d}_{date-1d:%d}.csv"}`, 1))
	}
	w.config(config...)
	dates := func(name string) string {
		zone, err := time.LoadLocation(zones[name])
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().In(zone)
		return name + now.Format("_2006-01-02_") + now.AddDate(0, 0, -1).Format("02") + ".csv"
	}
	for name := range zones {
		before := dates(name)
		w.haulier(0, "run", name)
		if sent := c.names("in"); !slices.Contains(sent, before) && !slices.Contains(sent, dates(name)) {
			t.Errorf("sent %v, want %s", sent, before)
		}
	}
}

// M11, A23: jobs in both directions of one account run at the same time and share its one connection: a server that cuts
// off a second one has none to cut.
func TestJobsOfAnAccountShareItsConnections(t *testing.T) {
	w := newWorld(t)
	c := newCustomer(t, sftptest.Options{Knobs: sftptest.Knobs{MaxConnections: 1, Delay: 20 * time.Millisecond}})
	c.put("in/.keep", "")
	config := []string{"connections:\n", c.connection("carrier", "locations: {out: /out, reports: /reports, in: /in}"), "jobs:\n"}
	for _, name := range []string{"out", "reports"} {
		c.put(name+"/a", name)
		config = append(config, importJob(name, "carrier", name, "retry: {attempts: 1}", "after: first"))
	}
	c.put("first/a", "first")
	for _, name := range []string{"ours", "theirs"} {
		w.write(name+"/"+name, name)
		config = append(config, exportJob(name, "carrier", "in", "retry: {attempts: 1}", "after: first"))
	}
	config[1] = c.connection("carrier", "locations: {out: /out, reports: /reports, in: /in, first: /first}")
	w.config(append(config, importJob("first", "carrier", "first"))...)
	w.serve()
	w.haulier(0, "run", "first")
	for _, name := range []string{"out", "reports", "ours", "theirs"} {
		w.ended(name, "succeeded")
	}
	same(t, "uploaded", c.names("in"), []string{"ours", "theirs"})
}

// A4: a paused job stays where it is until it is resumed; then it runs at once by hand.
func TestPauseAndResume(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	w.serve()
	w.haulier(0, "pause", "in", "--reason", "stock-taking")
	c.ClearLog()
	refused, err := w.command("run", "in").CombinedOutput()
	if err == nil {
		t.Errorf("a paused job runs:\n%s", refused)
	}
	has(t, string(refused), "stock-taking")
	if n := c.count("auth", ""); n != 0 {
		t.Errorf("%d logins while it was paused", n)
	}
	w.haulier(0, "resume", "in")
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.csv"})
}

// A5, N12: where nobody answers, the failure names the host, its address and port, and the addresses of ours that have to
// be allowed.
func TestRefusedConnectionNamesBothSides(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := newCustomer(t, sftptest.Options{})
	w := newWorld(t)
	w.config("egress_ips: [203.0.113.10, 203.0.113.11]\n", "connections:\n",
		connection("acme", placeOf("localhost", port, c.HostKeys()...), "tcp4: true", "username: customer", login, "locations: {out: /out}"),
		"jobs:\n", importJob("in", "acme", "out"))
	has(t, w.haulier(10, "run", "in").all(), "net.refused", "localhost", "127.0.0.1", fmt.Sprint(port), "203.0.113.10", "203.0.113.11")
}

// E13: a server that asks for user, key and password all together gets both, in one login.
func TestKeyAndPasswordInOneLogin(t *testing.T) {
	s := testserver.ProFTPD(t, testserver.ProFTPDOptions{Methods: "publickey+password"})
	w := newWorld(t)
	w.env = append(w.env, "PROFTPD="+s.Password)
	writeFile(t, filepath.Join(s.Root, "out/balances.csv"), "Ann;12")
	with := func(auth string) {
		w.config("connections:\n", connection("payroll", placeOf(s.Host, s.Port, s.HostKeyLines...), "username: "+s.User, auth,
			"locations: {out: /out}"), "jobs:\n", importJob("in", "payroll", "out"))
	}
	key := "key_file: {path: " + s.KeyFile + "}"
	with("auth: {methods: [publickey], " + key + "}")
	w.haulier(11, "run", "in")
	with("auth: {methods: [publickey, password], " + key + ", password: {env: PROFTPD}}")
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"balances.csv"})
}

// E17: weak keys are refused with the policy that they break: they are neither taken in nor made.
func TestWeakKeysAreRefusedByTheProgram(t *testing.T) {
	w := newWorld(t)
	w.config("connections: {}\njobs: {}\n")
	w.write("weak.pem", weakKey(t))
	has(t, w.haulier(11, "keys", "import", "weak", w.path("weak.pem")).err, "1024", "key.")
	has(t, w.haulier(2, "keys", "generate", "short", "--type", "rsa-1024").err, "rsa-3072")
	if kept := w.haulier(0, "keys", "list").out; kept != "" {
		t.Errorf("kept: %s", kept)
	}
}

// A7: a technical name is made of small letters, digits and dashes, and everything that is remembered goes by it.
func TestTechnicalNames(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	for _, bad := range []string{"Acme", "acme_retail", "acme retail", "açme", "-acme"} {
		w.config("connections:\n", c.connection(`"`+bad+`"`, "locations: {out: /out}"), "jobs: {}\n")
		has(t, w.haulier(3, "check").all(), "E-NAME", bad)
	}
	w.config("connections:\n", c.connection("acme-2", "locations: {out: /out}"), c.connection("acme-3", "locations: {out: /out}"),
		"jobs:\n", importJob("in", "acme-2", "out"))
	w.haulier(0, "run", "in")
	for name, want := range map[string]int64{"acme-2": 1, "acme-3": 0} {
		if got := w.figures(name).Requests.Total; got != want {
			t.Errorf("%s: %d requests, want %d", name, got, want)
		}
	}
	w.config("connections:\n", c.connection("acme-2", "locations: {out: /out}")+c.connection("acme-2", "locations: {out: /out}"), "jobs: {}\n")
	has(t, w.haulier(3, "check").all(), "E-DUPLICATE", "acme-2")
}

// E7, X10: a job is not started outside its window, nor on a connection that is still a draft, and nothing is asked of the
// server meanwhile. Once the draft's host key is trusted and a login has worked, the job runs.
func TestWindowAndDraftKeepJobsFromStarting(t *testing.T) {
	w, c, strange := newWorld(t), newCustomer(t, sftptest.Options{}), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	strange.put("out/b.csv", "b")
	now := time.Now().UTC()
	window := fmt.Sprintf("window: {from: %q, to: %q}", now.Add(2*time.Hour).Format("15:04"), now.Add(3*time.Hour).Format("15:04"))
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"),
		connection("draft", strange.pinless(), "username: customer", login, "locations: {out: /out}"), "jobs:\n",
		importJob("first", "acme", "out"), importJob("late", "acme", "out", "after: first", window), importJob("waits", "draft", "out", "after: first"))
	w.serve()
	w.haulier(0, "run", "first")
	for name, slug := range map[string]string{"late": "schedule.window", "waits": "connection.draft"} {
		w.ended(name, "skipped")
		if run := w.history(name)[0]; run.Run == 0 || run.Trigger != "after" || run.Error == nil || run.Error.Slug != slug {
			t.Errorf("history of %s: %+v", name, run)
		}
	}
	same(t, "landed", append(w.names("late"), w.names("waits")...), nil)
	same(t, "logged in on the draft", strange.users(), []string{})
	w.trust("draft", strange)
	w.test(0, "draft")
	w.haulier(0, "run", "first")
	w.ended("waits", "skipped", "succeeded")
	same(t, "landed", append(w.names("late"), w.names("waits")...), []string{"b.csv"})
}

// A job that runs after another is owed its run by the transaction that ended the other's: the next daemon begins it, once.
func TestARunThatIsOwedBeginsWithTheNextDaemon(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n",
		importJob("first", "acme", "out"), importJob("next", "acme", "out", "after: first"))
	s := w.openStore()
	run, err := s.BeginRun(t.Context(), job.Run{Job: "first", Connection: "acme", Type: job.TypeImport})
	run.State = job.RunSucceeded
	err = errors.Join(err, s.EndRun(t.Context(), run, job.Run{Job: "next", Connection: "acme", Type: job.TypeImport}))
	if err := errors.Join(err, s.Activate(t.Context(), "acme"), s.Close()); err != nil { // here the process was killed
		t.Fatal(err)
	}
	has(t, w.haulier(0, "history", "next").out, "queued", "(after)")
	for range 2 {
		daemon := w.serve()
		w.ended("next", "succeeded")
		daemon.end()
	}
	same(t, "landed", w.names("next"), []string{"a.csv"})
}

// By hand and without a daemon a job that runs after another is run, and run again, alone; nothing follows.
func TestAJobThatRunsAfterAnotherIsRunByHand(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n",
		importJob("first", "acme", "out"), importJob("next", "acme", "out", "after: first"))
	w.haulier(0, "run", "next")
	same(t, "landed", w.names("next"), []string{"a.csv"})
	c.put("out/b.csv", "b")
	w.haulier(0, "retry", "1")
	same(t, "landed", w.names("next"), []string{"a.csv", "b.csv"})
	w.haulier(0, "run", "first")
	same(t, "runs of next", []int{len(w.history("next"))}, []int{2})
}

// A run that is asked for one file by name and finds none does not look like one that went well.
func TestRunOfOneFileSaysWhenThereIsNone(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/Staff.csv", "a")
	c.put("out/staff.tmp", "b")
	c.put("in/.keep", "")
	w.write("up/sheet.csv", "s")
	w.config("connections:\n", c.connection("hr", "locations: {out: /out, in: /in}"), "jobs:\n", importJob("down", "hr", "out"), exportJob("up", "hr", "in"))
	for _, name := range []string{"nosuch.csv", "../../etc/passwd", "S*.csv", "out/Staff.csv"} {
		has(t, w.haulier(2, "run", "down", "--file", name).err, "usage.no_such_file", name+" was not moved", "looked in /out on the server: there is no file of this name")
	}
	has(t, w.haulier(2, "run", "down", "--file", "staff.csv").err, "did you mean Staff.csv?")
	has(t, w.haulier(2, "run", "down", "--file", "staff.tmp").err, "match and ignore leave it out")
	has(t, w.haulier(2, "run", "up", "--file", "nosuch", "--json").out, `"slug":"usage.no_such_file"`, "looked in the outbox "+w.path("up"))
	same(t, "landed", w.names("down"), []string{})
	hasNot(t, w.haulier(0, "status").out, "FAILING", "no_such_file") // a slip of the keyboard says nothing about the job

	w.serve()
	w.haulier(2, "run", "up", "--file", "nosuch")
	w.haulier(0, "run", "up", "--file", "sheet.csv")
	same(t, "sent", c.names("in"), []string{"sheet.csv"})
	has(t, w.haulier(0, "run", "up", "--file", "sheet.csv").out, "sheet.csv was delivered by run ", "--force takes it again")
	w.haulier(0, "run", "down", "--file", "Staff.csv")
	w.haulier(2, "retry", "8", "--file", "nosuch")
}
