package rows_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
)

// asked is a command at work that asked the daemon for a run which waits for its server.
type asked struct {
	w         *world
	wait      func() error
	interrupt func()
	out, err  bytes.Buffer
	code      func() int
}

// ask begins `run in` and waits until its file is being read.
func (w *world) ask(c *customer, flags ...string) *asked {
	w.t.Helper()
	before := c.count("open", "/out/a.csv")
	command := w.command(append([]string{"run", "in"}, flags...)...)
	a := &asked{w: w, code: func() int { return command.ProcessState.ExitCode() }}
	command.Stdout, command.Stderr = &a.out, &a.err
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	a.wait = sync.OnceValue(command.Wait)
	a.interrupt = func() { _ = command.Process.Signal(syscall.SIGINT) }
	w.t.Cleanup(func() { _ = command.Process.Kill(); _ = a.wait() })
	until(w.t, "the file to be read", func() bool { return c.count("open", "/out/a.csv") > before })
	return a
}

// ends waits for the command, which must end with a code and say these things as its result.
func (a *asked) ends(want int, said ...string) {
	a.w.t.Helper()
	_ = a.wait()
	if got := a.code(); got != want {
		a.w.t.Errorf("exit code %d, want %d:\n%s%s", got, want, &a.out, &a.err)
	}
	lines := strings.Split(strings.TrimSpace(a.out.String()), "\n")
	has(a.w.t, lines[len(lines)-1], said...)
}

// A run of the daemon that is ended says so to whoever asked for it, whoever ended it: its own terminal, another command, or
// the end of the daemon. Nothing is lost by any of them.
func TestRunThatIsEndedSaysHow(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: "read", Do: sftptest.Stall}} })
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	daemon := w.serve()

	run := w.ask(c)
	run.interrupt()
	run.ends(130, "run 1 cancelled in ", ": 0 files")
	has(t, run.err.String(), "run.cancelled")
	run = w.ask(c, "--json")
	run.interrupt()
	run.ends(130, `"run":2,"state":"cancelled"`, `"slug":"run.cancelled"`)
	run = w.ask(c)
	has(t, w.haulier(0, "cancel", "3").out, "run 3 is being cancelled")
	run.ends(4, "run 3 cancelled in ")
	run = w.ask(c, "--json")
	daemon.end()
	run.ends(4, `"run":4,"state":"interrupted"`, `"slug":"run.interrupted"`)

	c.Change(func(k *sftptest.Knobs) { k.Faults = nil })
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.csv"})
}

// After a kill -9 nothing looks as if it were still at work, and times are those of the zone that they name.
func TestRunOfADaemonThatWasKilledIsNotCalledRunning(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: "read", Do: sftptest.Stall}} })
	w.config("connections:\n", c.connection("acme", "locations: {out: /out}"), "jobs:\n", importJob("in", "acme", "out"))
	w.write("haulier.yaml", strings.Replace(w.read("haulier.yaml"), "timezone: UTC", "timezone: Asia/Kolkata", 1))
	daemon := w.serve()
	run := w.ask(c)
	has(t, w.haulier(0, "status").out, "1 job: 1 running", " IST (manual)")
	if err := daemon.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = daemon.command.Wait()
	has(t, w.haulier(0, "status").out, "1 job: 1 cut-off", "no daemon", "run 1, begun ", " IST: its process died")
	_ = run.wait()

	c.Change(func(k *sftptest.Knobs) { k.Faults = nil })
	w.haulier(0, "run", "in")
	has(t, w.haulier(0, "status").out, "1 job: 1 ok")
	show := w.haulier(0, "show", "2").out
	has(t, show, " IST  landing\n", " IST  done\n")
}

// The timeline of a file has a line for each step, not for each fact that was learned on the way.
func TestTimelineHasEachStepOnce(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("in/.keep", "")
	w.write("up/a.csv", "a")
	w.config("connections:\n", c.connection("acme", "locations: {in: /in}"), "jobs:\n", exportJob("up", "acme", "in", "after_success: {move: sent}"))
	w.haulier(0, "run", "up")
	show := w.haulier(0, "show", "1").out
	for _, step := range []string{"queued", "sending", "uploaded", "renaming", "delivered", "done"} {
		if n := strings.Count(show, " UTC  "+step+"\n"); n != 1 {
			t.Errorf("%s stands there %d times:\n%s", step, n, show)
		}
	}
}

// A run in which the process dies again and again is not begun for ever: after five starts people are told which it is, the daemon
// lives, and nothing is lost.
func TestARunInWhichTheProcessDiesAgainAndAgainIsTold(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	c.put("calm/deeper/b.csv", "b") // nothing in it is for the first job
	c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: "read", Do: sftptest.Stall}} })
	w.config("connections:\n", c.connection("acme", "locations: {out: /out, calm: /calm}"),
		"jobs:\n", importJob("first", "acme", "calm"), importJob("in", "acme", "out", "after: first"))
	daemon := w.serve()
	w.haulier(0, "run", "first")
	for start := 1; start <= 5; start++ {
		until(t, "the file to be read", func() bool { return c.count("open", "/out/a.csv") == start })
		hasNot(t, w.haulier(0, "alerts", "list").out, "run.given_up")
		if err := daemon.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = daemon.command.Wait()
		daemon = w.serve()
	}
	has(t, w.haulier(0, "alerts", "list").out, "run.given_up", "in")
	has(t, w.haulier(0, "status").out, "run.given_up", "was start 5 of one run, the first of which was run 2", "haulier run in")
	if n := c.count("open", "/out/a.csv"); n != 5 {
		t.Errorf("the run was started %d times", n)
	}

	c.Change(func(k *sftptest.Knobs) { k.Faults = nil })
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"a.csv"})
	hasNot(t, w.haulier(0, "alerts", "list").out, "run.given_up")
	daemon.end()
}

// One of several runs at work ends the process each time. It is found, it alone is told, and what stood by comes to its end.
func TestTheRunThatEndsTheProcessIsFoundAmongOthers(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	places, jobs := []string{"first: /first"}, []string{importJob("first", "acme", "first")}
	names := []string{"ann", "ben", "dan", "eve"}
	for _, name := range names {
		c.put(name+"/"+name+".csv", name)
		places, jobs = append(places, name+": /"+name), append(jobs, importJob(name, "acme", name, "after: first"))
	}
	c.put("first/deeper/x", "")
	c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: "read", Do: sftptest.Stall}} })
	w.config("connections:\n", c.connection("acme", "locations: {"+strings.Join(places, ", ")+"}", "max_connections: 8"), "jobs:\n", strings.Join(jobs, ""))
	daemon := w.serve()
	dies := func(start int, at ...string) {
		t.Helper()
		until(t, "the files to be read", func() bool {
			return !slices.ContainsFunc(at, func(name string) bool { return c.count("open", "/"+name+"/"+name+".csv") < start })
		})
		hasNot(t, w.haulier(0, "alerts", "list").out, "run.given_up")
		if err := daemon.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = daemon.command.Wait()
		if start == 3 {
			c.Change(func(k *sftptest.Knobs) {
				k.Faults = []sftptest.Fault{{Op: "read", Path: "dan.csv", Do: sftptest.Stall}}
			})
		}
		daemon = w.serve()
	}
	w.haulier(0, "run", "first")
	for start := 1; start <= 3; start++ {
		dies(start, names...)
	}
	for start := 4; start <= 5; start++ {
		dies(start, "dan")
	}
	for _, name := range names {
		if name != "dan" {
			until(t, name, func() bool { return slices.Equal(w.names(name), []string{name + ".csv"}) })
		}
	}
	list := w.haulier(0, "alerts", "list").out
	if n := strings.Count(list, "run.given_up"); n != 1 || strings.Contains(list, "ann") {
		t.Errorf("%d alerts:\n%s", n, list)
	}
	has(t, w.haulier(0, "alerts", "show", strings.Fields(list)[0]).out, "of dan was start 5 of one run", "for the 5th time; from the 4th on no other run", "No other job was at work.")
	c.Change(func(k *sftptest.Knobs) { k.Faults = nil })
	w.haulier(0, "run", "dan")
	hasNot(t, w.haulier(0, "alerts", "list").out, "run.given_up")
	daemon.end()
}
