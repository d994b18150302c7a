package rows_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(program.Leave)) }

// head begins every configuration.
const head = "version: 1\ntimezone: UTC\ndefaults: {limits: {min_free_space: 1MiB}}\n"

// patience bounds every command and every wait.
const patience = 60 * time.Second

// world is a machine of our own: a folder with a configuration, landings and outboxes, and what its commands find in
// their environment.
type world struct {
	t   testing.TB
	dir string
	env []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.env = []string{"HOME=" + w.dir, "USER=ops", "TZ=UTC", "PATH=" + os.Getenv("PATH"), "PASSWORD=" + password}
	return w
}

// config writes haulier.yaml.
func (w *world) config(parts ...string) {
	w.t.Helper()
	w.write("haulier.yaml", head+strings.Join(parts, ""))
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// write writes a file and the folders that lead to it.
func (w *world) write(name, content string) {
	w.t.Helper()
	writeFile(w.t, w.path(name), content)
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	return readFile(w.t, w.path(name))
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// names gives the names in a folder, without those that begin with a dot; none if it is not there.
func (w *world) names(dir string) []string {
	w.t.Helper()
	return namesIn(w.t, w.path(dir))
}

func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// said is what a command wrote.
type said struct{ out, err string }

func (s said) all() string { return s.out + s.err }

func (w *world) command(args ...string) *exec.Cmd {
	w.t.Helper()
	command := exec.Command(program.Built(w.t), append([]string{"-c", w.path("haulier.yaml")}, args...)...)
	command.Dir, command.Env = w.dir, w.env
	return command
}

// haulier runs the program, which must end with that exit code.
func (w *world) haulier(want int, args ...string) said {
	w.t.Helper()
	return w.tell(want, "", args...)
}

// tell is haulier with something to read on its standard input.
func (w *world) tell(want int, stdin string, args ...string) said {
	w.t.Helper()
	command := w.command(args...)
	var out, err bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(stdin), &out, &err
	if e := command.Start(); e != nil {
		w.t.Fatal(e)
	}
	timer := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer timer.Stop()
	_ = command.Wait()
	if got := command.ProcessState.ExitCode(); got != want {
		w.t.Fatalf("haulier %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), err.String())
	}
	return said{out.String(), err.String()}
}

// begin runs the program in the background; stop ends it as a terminal does, and waits for it.
func (w *world) begin(args ...string) (stop func()) {
	w.t.Helper()
	command := w.command(args...)
	log := &journal{}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = command.Process.Signal(syscall.SIGINT)
		timer := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
		defer timer.Stop()
		_ = command.Wait()
		if w.t.Failed() {
			w.t.Logf("haulier %s:\n%s", strings.Join(args, " "), log)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// serving is a daemon at work.
type serving struct {
	w       *world
	command *exec.Cmd
	log     *journal
	stop    sync.Once
}

// serve starts the daemon and waits until it answers. It ends with its test.
func (w *world) serve() *serving {
	w.t.Helper()
	s := &serving{w: w, command: w.command("serve"), log: &journal{}}
	s.command.Stdout, s.command.Stderr = s.log, s.log
	if err := s.command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.end)
	s.await("haulier serves")
	return s
}

// await waits until the daemon's log holds a text.
func (s *serving) await(text string) {
	s.w.t.Helper()
	until(s.w.t, fmt.Sprintf("%q in the daemon's log", text), func() bool { return strings.Contains(s.log.String(), text) })
}

// end stops the daemon as a service manager does, and waits for it.
func (s *serving) end() {
	s.stop.Do(func() {
		_ = s.command.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(patience, func() { _ = s.command.Process.Kill() })
		defer timer.Stop()
		_ = s.command.Wait()
		if s.w.t.Failed() {
			s.w.t.Logf("log of the daemon:\n%s", s.log)
		}
	})
}

// journal keeps what a process writes.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// until waits for something that another process does.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	within(t, patience, what, done)
}

// within is until, for what takes its time.
func within(t testing.TB, most time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(most); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", most, what)
		}
	}
}

// has fails the test unless the text holds every part.
func has(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

// hasNot fails the test if the text holds a part.
func hasNot(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%q is in:\n%s", part, text)
		}
	}
}

func same[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
