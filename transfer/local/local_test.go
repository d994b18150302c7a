package local_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/local"
)

func openLanding(t *testing.T) (*local.Landing, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "deep", "landing")
	landing, err := local.OpenLanding(dir)
	if err != nil {
		t.Fatal(err)
	}
	return landing, dir
}

type creator interface {
	Create(name string) (io.WriteCloser, error)
}

func write(t *testing.T, stage creator, name, content string) {
	t.Helper()
	file, err := stage.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(file, content); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLandReplacesNothingUnlessAsked(t *testing.T) {
	landing, dir := openLanding(t)
	write(t, landing, "1.1.ready", "first")
	write(t, landing, "2.1.ready", "second")
	if err := landing.Land("1.1.ready", "a.csv", false); err != nil {
		t.Fatal(err)
	}
	if !landing.Taken("a.csv") || landing.Taken("b.csv") {
		t.Error("Taken does not tell taken names")
	}
	if err := landing.Land("2.1.ready", "a.csv", false); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("landing on a taken name: %v", err)
	}
	if got := content(t, filepath.Join(dir, "a.csv")); got != "first" {
		t.Fatalf("a.csv holds %q", got)
	}
	if err := landing.Land("2.1.ready", "a.csv", true); err != nil {
		t.Fatal(err)
	}
	if got := content(t, filepath.Join(dir, "a.csv")); got != "second" {
		t.Fatalf("a.csv holds %q after replacing", got)
	}
}

func TestAbsentReadyIsTheWitness(t *testing.T) {
	landing, dir := openLanding(t)
	write(t, landing, "1.1.ready", "x")
	if err := landing.Land("1.1.ready", "a.csv", false); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "a.csv")); err != nil { // the platform takes it
		t.Fatal(err)
	}
	if err := landing.Land("1.1.ready", "a.csv", false); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("landing again: %v", err)
	}
}

func TestLandNeverReplacesAFolderOrLink(t *testing.T) {
	landing, dir := openLanding(t)
	write(t, landing, "1.1.ready", "x")
	if err := os.Symlink("/nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := landing.Land("1.1.ready", "link", true); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("landing on a link: %v", err)
	}
}

func TestNamesCannotLeaveTheFolders(t *testing.T) {
	landing, dir := openLanding(t)
	write(t, landing, "../../1.1.ready", "x")
	if err := landing.Land("1.1.ready", "../../out.csv", false); err != nil {
		t.Fatal(err)
	}
	if got := content(t, filepath.Join(dir, "out.csv")); got != "x" {
		t.Error("the file did not land inside")
	}
}

func TestCreateIsExclusiveAndPrivate(t *testing.T) {
	landing, dir := openLanding(t)
	write(t, landing, "1.1.part", "x")
	if _, err := landing.Create("1.1.part"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating a staged name twice: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, ".haulier"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("stage mode %v, %v", info.Mode(), err)
	}
}

func TestPromoteTwice(t *testing.T) {
	landing, _ := openLanding(t)
	write(t, landing, "1.1.part", "x")
	for range 2 {
		if err := landing.Promote("1.1.part", "1.1.ready"); err != nil {
			t.Fatal(err)
		}
	}
	write(t, landing, "1.1.part", "y")
	if err := landing.Promote("1.1.part", "1.1.ready"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("promoting onto another file: %v", err)
	}
	if err := landing.Promote("none", "other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("promoting nothing: %v", err)
	}
}

func TestArchiveTwiceAndAcrossFileSystems(t *testing.T) {
	landing, _ := openLanding(t)
	name := strings.Repeat("a", 249) + ".1.pgp" // 255 bytes
	dirs := []string{filepath.Join(t.TempDir(), "archive")}
	if other, err := os.MkdirTemp("/dev/shm", "haulier-test-"); err == nil {
		t.Cleanup(func() { os.RemoveAll(other) })
		dirs = append(dirs, filepath.Join(other, "archive"))
	}
	for _, dir := range dirs {
		write(t, landing, "1.1.received", "cipher")
		for range 2 {
			path, err := landing.Archive("1.1.received", dir, name)
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != "cipher" {
				t.Errorf("%s holds %q", path, got)
			}
		}
		if strings.HasPrefix(dir, "/dev/shm") { // copied, and then the process died
			write(t, landing, "1.1.received", "cipher")
			if _, err := landing.Archive("1.1.received", dir, name); err != nil {
				t.Errorf("after a copy whose source was not removed: %v", err)
			}
			write(t, landing, "1.1.received", "others")
			if _, err := landing.Archive("1.1.received", dir, name); !errors.Is(err, fs.ErrExist) {
				t.Errorf("onto another file: %v", err)
			}
			if names, err := filepath.Glob(filepath.Join(dir, "*.copying")); err != nil || len(names) > 0 {
				t.Errorf("left: %v, %v", names, err)
			}
		}
		if err := local.Forget(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
		if err := local.Forget(filepath.Join(dir, name)); err != nil {
			t.Errorf("forgetting twice: %v", err)
		}
	}
}

func TestLeftoversAndEpoch(t *testing.T) {
	landing, _ := openLanding(t)
	write(t, landing, "1.1.part", "x")
	write(t, landing, "12.1.part", "x")
	names, err := landing.Leftovers(time.Now().Add(time.Hour))
	if err != nil || !slices.Equal(names, []string{"1.1.part", "12.1.part"}) {
		t.Errorf("Leftovers = %v, %v", names, err)
	}
	if names, _ := landing.Leftovers(time.Now().Add(-time.Hour)); len(names) != 0 {
		t.Errorf("Leftovers of an hour ago = %v", names)
	}
	if epoch, err := landing.Epoch("acme-in"); epoch != "" || err != nil {
		t.Errorf("Epoch of a new stage = %q, %v", epoch, err)
	}
	for _, epoch := range []string{"one", "two"} {
		if err := landing.SetEpoch("acme-in", epoch); err != nil {
			t.Fatal(err)
		}
		if got, err := landing.Epoch("acme-in"); got != epoch || err != nil {
			t.Errorf("Epoch = %q, %v", got, err)
		}
	}
	if epoch, err := landing.Epoch("another"); epoch != "" || err != nil {
		t.Errorf("Epoch of another job = %q, %v", epoch, err)
	}
	if free, err := landing.Free(); free <= 0 || err != nil {
		t.Errorf("Free = %d, %v", free, err)
	}
}

func TestALandingThatIsAFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := local.OpenLanding(path); err == nil {
		t.Error("a file was taken for a landing")
	}
	if _, err := local.OpenOutbox(path); err == nil {
		t.Error("a file was taken for an outbox")
	}
	if _, err := local.OpenOutbox(path + "-none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an outbox that is not there: %v", err)
	}
}

func TestOutbox(t *testing.T) {
	dir := t.TempDir()
	outbox, err := local.OpenOutbox(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a.csv": "abc", "b.csv": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "sub"), 0o700), os.Symlink("a.csv", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]job.EntryKind{}
	if err := outbox.List(context.Background(), func(e job.Entry) error { kinds[e.Name] = e.Kind; return nil }); err != nil {
		t.Fatal(err)
	}
	want := map[string]job.EntryKind{"a.csv": job.KindFile, "b.csv": job.KindFile, "sub": job.KindDir, "link": job.KindLink}
	for name, kind := range want {
		if kinds[name] != kind {
			t.Errorf("%s is listed as %q, want %q", name, kinds[name], kind)
		}
	}
	if _, _, err := outbox.Open("link"); err == nil {
		t.Error("a link was followed")
	}
	file, entry, err := outbox.Open("a.csv")
	if err != nil || entry.Size != 3 {
		t.Fatalf("Open: %+v, %v", entry, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	sent := filepath.Join(t.TempDir(), "sent")
	if err := outbox.Move("a.csv", sent, "a.csv"); err != nil {
		t.Fatal(err)
	}
	if err := outbox.Move("a.csv", sent, "a.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moving what is gone: %v", err)
	}
	if err := outbox.Move("b.csv", sent, "a.csv"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("moving onto a taken name: %v", err)
	}
	for range 2 {
		if err := outbox.Remove("b.csv"); err != nil {
			t.Error(err)
		}
	}
	if _, err := outbox.Stat("b.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of what is gone: %v", err)
	}
}

func TestLandWithoutItsFoldersProvesNothing(t *testing.T) {
	for _, replace := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "landing")
		landing, err := local.OpenLanding(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := landing.Land("1.1.ready", "a.csv", replace); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("replace %v: %v", replace, err)
		}
	}
}

// A process that dies while it tries the file system leaves empty files behind, which no row is of.
func TestOpenStageForgetsOldProbes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), local.StageDir)
	if _, err := local.OpenStage(dir); err != nil {
		t.Fatal(err)
	}
	old, young := filepath.Join(dir, "probe-1"), filepath.Join(dir, "probe-2")
	for path, age := range map[string]time.Duration{old: 2 * time.Hour, young: 0} {
		at := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := local.OpenStage(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an old probe is still there: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the probe of somebody at work is gone: %v", err)
	}
}
