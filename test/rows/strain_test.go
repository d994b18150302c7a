package rows_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
)

// A real sshd that stands still in the middle of a file: its system still takes what is sent, so only time tells. The run
// is given up, nothing lands, and the next one brings the file.
func TestAnSSHDThatStandsStillIsGivenUp(t *testing.T) {
	w := newWorld(t)
	s := testserver.SSHD(t, testserver.Options{NoKey: true, Config: []string{"AuthorizedKeysFile " + filepath.Join(w.dir, "authorized")}})
	w.config("connections: {}\njobs: {}\n")
	w.write("authorized", w.haulier(0, "keys", "generate", "acme").out)
	content := strings.Repeat("a row of a table\n", 4<<20)
	writeFile(t, filepath.Join(s.Root, "big.csv"), content)
	w.config("connections:\n", connection("acme", placeOf(s.Host, s.Port, s.HostKeyLines...), "username: "+s.User,
		"auth: {methods: [publickey], key: acme}", "locations: {out: "+s.Dir+"}", "timeouts: {operation: 2s, stall: 3s}"),
		"jobs:\n", importJob("in", "acme", "out"))
	var run said
	var ended sync.WaitGroup
	ended.Go(func() { run = w.haulier(10, "run", "in") })
	until(t, "a staged file", func() bool {
		parts, _ := filepath.Glob(w.path("in/.haulier/*.part"))
		return len(parts) > 0
	})
	s.Pause()
	ended.Wait()
	has(t, run.all(), "net.stalled", "left on the server")
	same(t, "landed while the server stood still", w.names("in"), nil)
	s.Resume()
	w.haulier(0, "run", "in")
	if w.read("in/big.csv") != content {
		t.Error("what landed is not what was there")
	}
}

// Twenty jobs at one instant on an sshd that lets one session in at a time and one connection that is not logged in yet:
// all are done.
func TestTwentyJobsAtOnceOnASmallSSHD(t *testing.T) {
	w := newWorld(t)
	s := testserver.SSHD(t, testserver.Options{NoKey: true, Config: []string{
		"AuthorizedKeysFile " + filepath.Join(w.dir, "authorized"), "MaxSessions 1", "MaxStartups 1:100:1",
	}})
	w.config("connections: {}\njobs: {}\n")
	w.write("authorized", w.haulier(0, "keys", "generate", "acme").out)
	var names, jobs []string
	for n := range 20 {
		name := fmt.Sprintf("in-%02d", n)
		names = append(names, name)
		jobs = append(jobs, importJob(name, "acme", "out"))
	}
	writeFile(t, filepath.Join(s.Root, "a.csv"), "a")
	w.config("connections:\n", connection("acme", placeOf(s.Host, s.Port, s.HostKeyLines...), "username: "+s.User,
		"auth: {methods: [publickey], key: acme}", "locations: {out: "+s.Dir+"}"), "jobs:\n", strings.Join(jobs, ""))
	w.serve()
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() { w.haulier(0, "run", name) })
	}
	all.Wait()
	for _, name := range names {
		same(t, name, w.names(name), []string{"a.csv"})
	}
}
