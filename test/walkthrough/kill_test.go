package walkthrough

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/test/program"
)

// large is the size of what is moved when the program is killed.
const large = 200 << 20

// site is a machine with one import and one export of the same sshd.
type site struct {
	t *testing.T
	program.Machine
	server *testserver.Server
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, server: testserver.SSHD(t, testserver.Options{}), Machine: program.Machine{Program: program.Built(t), Dir: t.TempDir()}}
	for _, dir := range []string{s.remote("out"), s.remote("in"), s.here("outbox")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := fmt.Sprintf(`version: 1
timezone: UTC
data_dir: data
connections:
  acme:
    host: %s
    port: %d
    username: %s
    auth: {methods: [publickey], key_file: {path: %s}}
    host_keys: [%q]
    root: %s
    locations: {outgoing: out, incoming: in}
jobs:
  import:
    type: import
    connection: acme
    schedule: "0 0 1 1 *"
    from: {location: outgoing, match: "*.bin", stable_for: 0s}
    to: {dir: landing}
  export:
    type: export
    connection: acme
    schedule: "0 0 1 1 *"
    from: {dir: outbox, match: "*.bin", stable_for: 0s}
    to: {location: incoming}
`, s.server.Host, s.server.Port, s.server.User, s.server.KeyFile, s.server.HostKeyLines[0], s.server.Dir)
	if err := os.WriteFile(s.here("haulier.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) here(name string) string   { return filepath.Join(s.Dir, name) }
func (s *site) remote(name string) string { return filepath.Join(s.server.Root, name) }

// A way is one of the two directions, as the disk shows it.
type way struct {
	job      string
	from, to string                                       // the file, before and after
	partial  func(s *site) int64                          // bytes of it that are underway; -1: none are
	held     func(t *testing.T, s *site) (files []string) // everything at the far end that is not hidden
}

func (s *site) importing() way {
	return way{
		job: "import", from: s.remote("out/big.bin"), to: s.here("landing/big.bin"),
		partial: func(s *site) int64 { return biggest(s.here("landing/.haulier"), "") },
		held:    func(t *testing.T, s *site) []string { return visible(t, s.here("landing")) },
	}
}

func (s *site) exporting() way {
	return way{
		job: "export", from: s.here("outbox/big.bin"), to: s.remote("in/big.bin"),
		partial: func(s *site) int64 { return biggest(s.remote("in"), ".part") },
		held:    func(t *testing.T, s *site) []string { return visible(t, s.remote("in")) },
	}
}

// moments are when the program is killed: at so many bytes underway, or when the whole file is to be seen.
var moments = []struct {
	name  string
	bytes int64 // 0: when it is at its place
}{{"first bytes", 1}, {"third", large / 3}, {"nearly all", large - 4<<20}, {"all", large}, {"at its place", 0}}

// TestKilled kills a run with SIGKILL, at several moments, and runs the job again: the file is there once and whole.
func TestKilled(t *testing.T) {
	for _, direction := range []string{"import", "export"} {
		for i, moment := range moments {
			if testing.Short() && i != 1 {
				continue
			}
			t.Run(direction+"/"+moment.name, func(t *testing.T) {
				s := newSite(t)
				w := s.way(direction)
				sum := fill(t, w.from)
				run := s.start("run.log", "run", w.job)
				s.killAt(run, w, moment.bytes)
				s.nothingPartial(w, sum)
				s.must("run", w.job)
				s.once(w, sum)
			})
		}
	}
}

// TestDaemonKilled kills the daemon in the middle of a run that it was asked for, and starts it again.
func TestDaemonKilled(t *testing.T) {
	for _, direction := range []string{"import", "export"} {
		t.Run(direction, func(t *testing.T) {
			s := newSite(t)
			w := s.way(direction)
			sum := fill(t, w.from)
			daemon := s.serve("first.log")
			asked := s.start("run.log", "run", w.job)
			s.killAt(daemon, w, large/2)
			<-asked.ended // it says that the daemon went away
			s.nothingPartial(w, sum)
			daemon = s.serve("second.log")
			s.settled(w)
			s.once(w, sum)
			daemon.kill()
		})
	}
}

func (s *site) way(direction string) way {
	if direction == "import" {
		return s.importing()
	}
	return s.exporting()
}

// fill writes a large file of its own content and gives its hash.
func fill(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	source := rand.NewChaCha8([32]byte([]byte("0123456789abcdef0123456789abcdef")))
	if _, err := io.CopyN(io.MultiWriter(file, hash), source, large); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// killAt kills a process once so much is underway. A process that ends before was too fast for this test.
func (s *site) killAt(p *process, w way, bytes int64) {
	s.t.Helper()
	for {
		if _, err := os.Stat(w.to); err == nil || bytes > 0 && w.partial(s) >= bytes {
			p.kill()
			return
		}
		select {
		case <-p.ended:
			s.t.Fatalf("the program ended by itself before it could be killed:\n%s", p.log())
		case <-time.After(time.Millisecond):
		}
	}
}

// nothingPartial checks what is to be seen right after the kill: nothing, or the whole file.
func (s *site) nothingPartial(w way, sum string) {
	s.t.Helper()
	for _, name := range w.held(s.t, s) {
		if strings.HasSuffix(name, ".part") {
			continue
		}
		if got := hashOf(s.t, name); got != sum {
			s.t.Errorf("%s is to be seen and is not whole", name)
		}
	}
}

// once checks the end: one file, whole, and no other; a further run finds nothing to do.
func (s *site) once(w way, sum string) {
	s.t.Helper()
	ended := s.must("run", "--json", w.job)
	lines := strings.Split(strings.TrimSpace(ended), "\n")
	var last struct {
		Files struct{ OK, Failed, Held int }
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Files.OK+last.Files.Failed+last.Files.Held != 0 {
		s.t.Errorf("a further run does something: %s, %v", lines[len(lines)-1], err)
	}
	if files := w.held(s.t, s); len(files) != 1 || files[0] != w.to {
		s.t.Errorf("there are %q, want %q alone", files, w.to)
	}
	if got := hashOf(s.t, w.to); got != sum {
		s.t.Errorf("%s is not what was sent", w.to)
	}
	if got := hashOf(s.t, w.from); got != sum {
		s.t.Errorf("the source %s has changed", w.from)
	}
}

func hashOf(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// biggest gives the size of the biggest file below dir with an ending; -1: there is none.
func biggest(dir, ending string) int64 {
	size := int64(-1)
	_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ending) {
			return nil // it may have gone
		}
		if info, err := entry.Info(); err == nil {
			size = max(size, info.Size())
		}
		return nil
	})
	return size
}

func visible(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var paths []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths
}

// process is a running program.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended
	file    string
}

// start calls the program and lets it run; it is killed with the test.
func (s *site) start(log string, args ...string) *process {
	s.t.Helper()
	p := &process{ended: make(chan struct{}), file: s.here(log)}
	command, err := s.Start(s.t.Context(), p.file, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	p.command = command
	go func() { _ = command.Wait(); close(p.ended) }()
	s.t.Cleanup(p.kill)
	return p
}

// kill ends the process at once, as a power cut would, and waits until it is gone.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

func (p *process) log() string {
	text, _ := os.ReadFile(p.file)
	return string(text)
}

// serve starts the daemon and waits until it answers.
func (s *site) serve(log string) *process {
	s.t.Helper()
	p := s.start(log, "serve")
	for {
		conn, err := net.Dial("unix", s.here("data/haulier.sock"))
		if err == nil {
			_ = conn.Close()
			return p
		}
		select {
		case <-p.ended:
			s.t.Fatalf("the daemon ended:\n%s", p.log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// settled runs the job once more, after the daemon is through with what the kill left: until then the job is busy.
func (s *site) settled(w way) {
	s.t.Helper()
	const busy = 6
	for {
		ended, err := s.Run(s.t.Context(), "run", w.job)
		switch {
		case err != nil || ended.Code != 0 && ended.Code != busy:
			s.t.Fatalf("the run after the kill ended with %d, %v:\n%s%s", ended.Code, err, ended.Stdout, ended.Stderr)
		case ended.Code == 0:
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// must calls the program, which must do well, and gives its results.
func (s *site) must(args ...string) string {
	s.t.Helper()
	ended, err := s.Run(s.t.Context(), args...)
	if err != nil || ended.Code != 0 {
		s.t.Fatalf("haulier %q ended with %d, %v:\n%s%s", args, ended.Code, err, ended.Stdout, ended.Stderr)
	}
	return ended.Stdout
}
