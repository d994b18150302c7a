package local_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/haulier/haulier/transfer/local"
)

// What is not synced comes through every test that no power cut ends. So a process of these acts is watched by strace:
// before it says that it is through with one, its bytes and names must have been synced.

// acts are done by a process of their own, below a folder; said is its word to the ledger.
var acts = map[string]func(dir string, said func() error) error{
	"stage": func(dir string, said func() error) error {
		stage, err := local.OpenStage(filepath.Join(dir, "stage"))
		if err != nil {
			return err
		}
		return errors.Join(create(stage, "1.1.part"), said(), stage.Promote("1.1.part", "1.1.ready"), said(),
			stage.Promote("1.1.part", "1.1.ready"), said(), stage.SetEpoch("acme", "one"), said())
	},
	"landing": func(dir string, said func() error) error {
		landing, err := local.OpenLanding(filepath.Join(dir, "new", "landing"))
		if err != nil {
			return err
		}
		err = errors.Join(said(), create(landing, "1.1.ready"), landing.Land("1.1.ready", "a.csv", false), said())
		if again := landing.Land("1.1.ready", "a.csv", false); !errors.Is(again, fs.ErrNotExist) {
			return fmt.Errorf("landing twice: %v", again)
		}
		return errors.Join(err, said())
	},
	"archive": func(dir string, said func() error) error { return archive(dir, filepath.Join(dir, "archive"), said) },
	"across": func(dir string, said func() error) error {
		other, err := os.MkdirTemp("/dev/shm", "haulier-test-")
		if err != nil {
			return err
		}
		return errors.Join(archive(dir, filepath.Join(other, "archive"), said), os.RemoveAll(other))
	},
	"outbox": func(dir string, said func() error) error {
		box := filepath.Join(dir, "box")
		err := errors.Join(os.Mkdir(box, 0o700), os.WriteFile(filepath.Join(box, "a.csv"), nil, 0o600), os.WriteFile(filepath.Join(box, "b.csv"), nil, 0o600))
		outbox, openErr := local.OpenOutbox(box)
		if err = errors.Join(err, openErr); err != nil {
			return err
		}
		return errors.Join(outbox.Move("a.csv", filepath.Join(dir, "sent"), "a.csv"), said(), outbox.Remove("b.csv"), said(),
			local.Forget(filepath.Join(dir, "sent", "a.csv")), said())
	},
}

func create(stage creator, name string) error {
	file, err := stage.Create(name)
	if err != nil {
		return err
	}
	_, err = file.Write([]byte("x"))
	return errors.Join(err, file.Close())
}

func archive(dir, to string, said func() error) error {
	landing, err := local.OpenLanding(filepath.Join(dir, "landing"))
	if err != nil {
		return err
	}
	err = create(landing, "1.1.received")
	_, failed := landing.Archive("1.1.received", to, "a.1.csv")
	return errors.Join(err, failed, said())
}

// actOf names the act of a process that is watched.
const actOf = "HAULIER_TEST_ACT"

// TestActChild is that process; alone it does nothing.
func TestActChild(t *testing.T) {
	name, dir, found := strings.Cut(os.Getenv(actOf), ":")
	if !found {
		return
	}
	n := 0
	said := func() error { n++; return os.Mkdir(filepath.Join(dir, fmt.Sprintf("said.%d", n)), 0o700) }
	if err := acts[name](dir, said); err != nil {
		t.Fatal(err)
	}
}

// strace runs an act under strace, with further arguments, and gives what it noted, a call a line.
func strace(t *testing.T, act string, args ...string) (calls string, err error) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace: install Debian package strace")
	}
	log := filepath.Join(t.TempDir(), "calls")
	args = append(args, "-f", "-y", "-qq", "-o", log, "-e", "trace=fsync,mkdirat,renameat,renameat2,unlinkat", os.Args[0], "-test.run=^TestActChild$")
	command := exec.Command("strace", args...)
	command.Env = append(os.Environ(), actOf+"="+act+":"+t.TempDir())
	out, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	text, readErr := os.ReadFile(log)
	return string(text), errors.Join(err, readErr)
}

// inOrder sees that the calls of each line are there, in any order, behind those of the line before.
func inOrder(t *testing.T, act string, lines ...string) {
	t.Helper()
	calls, err := strace(t, act)
	if err != nil {
		t.Fatal(err)
	}
	rest := calls
	for _, line := range lines {
		end := 0
		for call := range strings.SplitSeq(line, " & ") {
			at := regexp.MustCompile(call).FindStringIndex(rest)
			if at == nil {
				t.Fatalf("no %q where it should be:\n%s", call, calls)
			}
			end = max(end, at[1])
		}
		if said := strings.Index(rest, "/said."); !strings.HasPrefix(line, "said") && said >= 0 && said < end {
			t.Fatalf("%q came after it was said to be done:\n%s", line, calls)
		}
		rest = rest[end:]
	}
}

func TestWhatIsDurableInAStage(t *testing.T) {
	inOrder(t, "stage",
		`fsync\(\d+<[^>]*/1\.1\.part>`, `said\.1`,
		`renameat2\(.*/1\.1\.part".*/1\.1\.ready"`, `fsync\(\d+<[^>]*/stage>`, `said\.2`,
		`fsync\(\d+<[^>]*/stage>`, `said\.3`, // it was there already: the rename of before may not have been synced
		`fsync\(\d+<[^>]*/epoch\.acme\.new>`, `renameat\(.*epoch\.acme"`, `fsync\(\d+<[^>]*/stage>`, `said\.4`)
}

func TestWhatIsDurableInALanding(t *testing.T) {
	inOrder(t, "landing",
		`mkdirat\(.*/new"`, `fsync\(`, `mkdirat\(.*/landing"`, `fsync\(\d+<[^>]*/new>`, `mkdirat\(.*/\.haulier"`, `fsync\(\d+<[^>]*/landing>`, `said\.1`,
		`renameat2\(.*/1\.1\.ready".*/a\.csv"`, `fsync\(\d+<[^>]*/landing> & fsync\(\d+<[^>]*/\.haulier>`, `said\.2`,
		`renameat2\(.*/1\.1\.ready".*ENOENT`, `fsync\(\d+<[^>]*/landing> & fsync\(\d+<[^>]*/\.haulier>`, `said\.3`)
}

func TestWhatIsDurableInAnArchive(t *testing.T) {
	inOrder(t, "archive", `renameat2\(.*received".*/a\.1\.csv"`, `fsync\(\d+<[^>]*/archive>`, `said\.1`)
}

func TestWhatIsDurableAcrossFileSystems(t *testing.T) {
	inOrder(t, "across", `EXDEV`, `fsync\(\d+<[^>]*\.copying>`, `renameat2\(.*\.copying".*/a\.1\.csv"`, `fsync\(\d+<[^>]*/archive>`, `unlinkat\(.*received"`, `said\.1`)
}

func TestWhatIsDurableInAnOutbox(t *testing.T) {
	inOrder(t, "outbox", `renameat2\(.*/a\.csv".*/sent/a\.csv"`, `fsync\(\d+<[^>]*/sent> & fsync\(\d+<[^>]*/box>`, `said\.1`,
		`unlinkat\(.*/b\.csv"`, `fsync\(\d+<[^>]*/box>`, `said\.2`, `unlinkat\(.*/sent/a\.csv"`, `fsync\(\d+<[^>]*/sent>`, `said\.3`)
}

// Some file systems, above all over a network, refuse the flag; one that takes it and replaces all the same would be worse.
func TestAFileSystemThatReplacesIsRefused(t *testing.T) {
	for _, answer := range []string{"error=EINVAL", "retval=0"} {
		calls, err := strace(t, "stage", "-e", "inject=renameat2:"+answer)
		if err == nil || !strings.Contains(err.Error(), "cannot rename without replacing") {
			t.Errorf("renameat2 with %s: %v\n%s", answer, err, calls)
		}
	}
}

func TestAStageOnAnotherFileSystemIsRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: to mount a file system")
	}
	dir := t.TempDir()
	stage := filepath.Join(dir, local.StageDir)
	if err := os.Mkdir(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", stage, "tmpfs", 0, "size=1m"); err != nil {
		t.Log(err)
		t.Skip("needs root: this one may not mount a file system")
	}
	defer func() {
		if err := unix.Unmount(stage, 0); err != nil {
			t.Error(err)
		}
	}()
	if _, err := local.OpenLanding(dir); err == nil || !strings.Contains(err.Error(), "another file system") {
		t.Errorf("it was opened: %v", err)
	}
}
