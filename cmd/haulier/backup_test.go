package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

var testPassphrase = secret.New([]byte("correct horse battery"))

// sealedBytes seals a text with the least effort that is still opened.
func sealedBytes(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	h := newSealHeader()
	h.Time, h.Memory, h.Threads = 1, 8<<10, 1
	w, err := newSealWriter(&out, testPassphrase, h)
	if err == nil {
		_, err = w.Write(text)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func opened(file []byte, passphrase secret.Text) ([]byte, error) {
	r, err := newSealReader(bytes.NewReader(file), passphrase)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestSealedAndOpened(t *testing.T) {
	for _, n := range []int{0, 1, sealChunk - 1, sealChunk, sealChunk + 1, 3 * sealChunk} {
		text := bytes.Repeat([]byte("x"), n)
		file := sealedBytes(t, text)
		if got, err := opened(file, testPassphrase); err != nil || !bytes.Equal(got, text) {
			t.Errorf("of %d bytes came %d, %v", n, len(got), err)
		}
	}
}

// TestSealedAndSpoiled cuts a backup off, adds to it, swaps its chunks and alters it, from the first byte to the last.
func TestSealedAndSpoiled(t *testing.T) {
	file := sealedBytes(t, bytes.Repeat([]byte("0123456789abcdef"), 3*sealChunk/16))
	head, piece := len(file)-3*(sealChunk+16), sealChunk+16
	spoiled := map[string][]byte{
		"longer":          append(bytes.Clone(file), 0),
		"without a chunk": append(bytes.Clone(file[:head+piece]), file[head+2*piece:]...),
		"swapped chunks":  bytes.Join([][]byte{file[:head], file[head+piece : head+2*piece], file[head : head+piece], file[head+2*piece:]}, nil),
	}
	for _, at := range []int{0, 10, head - 40, head - 1, head, head + 1, head + piece, head + 2*piece, len(file) - 1} {
		spoiled["cut at "+thousands(at)] = file[:at]
		altered := bytes.Clone(file)
		altered[at] ^= 1
		spoiled["altered at "+thousands(at)] = altered
	}
	for what, text := range spoiled {
		_, err := opened(text, testPassphrase)
		var reason *job.Reason
		if !errors.As(backupReason("b", err), &reason) || !strings.HasPrefix(reason.Slug, "local.backup_") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := opened(file, secret.New([]byte("Correct horse battery"))); !errors.Is(err, errPassphrase) {
		t.Errorf("another passphrase: %v", err)
	}
	newer := bytes.Clone(file)
	newer[len(sealMagic)]++
	if _, err := opened(newer, testPassphrase); !errors.Is(err, errNewer) {
		t.Errorf("a newer format: %v", err)
	}
}

// stepVariable names the step of a restore at which the program of killedMain ends.
const stepVariable = "TEST_KILLED_AT"

// killedMain is the program, killed at a step of a restore.
func killedMain() {
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, step: func(name string) {
		if name == os.Getenv(stepVariable) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}}
	root := rootCommand(a)
	root.SetArgs(os.Args[1:])
	err := errors.Join(root.ExecuteContext(context.Background()), a.close())
	os.Exit(a.exit(context.Background(), err))
}

// installation is a configuration with a store in a folder of its own.
type installation struct {
	t   *testing.T
	dir string
}

// program runs the program, by the name under which TestMain knows it.
func (i installation) program(name string, env []string, args ...string) (string, error) {
	i.t.Helper()
	self, err := os.Executable()
	if err != nil {
		i.t.Fatal(err)
	}
	link := filepath.Join(i.t.TempDir(), name)
	if err := os.Symlink(self, link); err != nil {
		i.t.Fatal(err)
	}
	command := exec.CommandContext(i.t.Context(), link, args...)
	command.Dir, command.Env = i.dir, append(os.Environ(), append(env, "PASS=correct horse battery")...)
	text, err := command.CombinedOutput()
	return string(text), err
}

func (i installation) must(args ...string) string {
	i.t.Helper()
	text, err := i.program("haulier", nil, args...)
	if err != nil {
		i.t.Fatalf("haulier %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return text
}

// secrets are the names of the stored secrets that open; a store that is not sound fails the test.
func (i installation) secrets() []string {
	i.t.Helper()
	cfg, problems := config.Load(filepath.Join(i.dir, configName), configOptions(config.Known{}))
	if cfg == nil {
		i.t.Fatal(problems.Text(false))
	}
	a := &app{stderr: io.Discard}
	defer a.close()
	s, err := a.openStore(i.t.Context(), cfg)
	if err != nil {
		i.t.Fatal(err)
	}
	if err := judgeUnpacked(i.t.Context(), s, "the store"); err != nil {
		i.t.Fatal(err)
	}
	names, err := s.SecretNames(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	return names
}

func (i installation) epoch() string {
	i.t.Helper()
	s, err := store.Open(i.t.Context(), store.Options{Path: filepath.Join(i.dir, "haulier-data", storeFile), ReadOnly: true})
	if err != nil {
		i.t.Fatal(err)
	}
	defer s.Close()
	epoch, err := s.Epoch(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	return epoch
}

func (i installation) setSecret(name string) {
	i.t.Helper()
	cfg, _ := config.Load(filepath.Join(i.dir, configName), configOptions(config.Known{}))
	a := &app{stderr: io.Discard}
	defer a.close()
	s, err := a.openStore(i.t.Context(), cfg)
	if err == nil {
		err = s.SetSecret(i.t.Context(), name, secret.New([]byte("s3cret")))
	}
	if err != nil {
		i.t.Fatal(err)
	}
}

// backedUp is an installation with a secret "before" in its backup, and "after" set since.
func backedUp(t *testing.T) installation {
	t.Helper()
	i := installation{t, t.TempDir()}
	i.must("init", "--yes")
	i.setSecret("before")
	i.must("backup", "b", "--passphrase-env", "PASS")
	i.setSecret("after")
	return i
}

// TestRestoreKilled kills a restore at each of its steps: the old store is there and whole until the one rename, the
// new one from then on, and the restore can be called again.
func TestRestoreKilled(t *testing.T) {
	for _, step := range []string{"unpacked", "ready", "aside", "key", "swapped"} {
		t.Run(step, func(t *testing.T) {
			i := backedUp(t)
			text, err := i.program("haulier-killed", []string{stepVariable + "=" + step}, "restore", "b", "--replace", "--passphrase-env", "PASS")
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the program was not killed: %v\n%s", err, text)
			}
			restored := strings.HasPrefix(i.epoch(), job.RestoredEpoch)
			if restored != (step == "swapped") {
				t.Errorf("killed at %q: the epoch is %s", step, i.epoch())
			}
			if want := map[bool]string{true: "before", false: "after before"}[restored]; strings.Join(i.secrets(), " ") != want {
				t.Errorf("the secrets are %v, want %s", i.secrets(), want)
			}
			i.must("restore", "b", "--replace", "--passphrase-env", "PASS")
			if got := strings.Join(i.secrets(), " "); got != "before" {
				t.Errorf("restored again, the secrets are %s", got)
			}
			if left, _ := filepath.Glob(filepath.Join(i.dir, "haulier-data", ".re*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestRestoreElsewhere: a machine with a master key of its own opens what came under another, and one without takes the
// backup's.
func TestRestoreElsewhere(t *testing.T) {
	i := backedUp(t)
	other := installation{t, t.TempDir()}
	other.must("init", "--yes")
	other.setSecret("theirs")
	other.must("restore", filepath.Join(i.dir, "b"), "--replace", "--passphrase-env", "PASS")
	if got := strings.Join(other.secrets(), " "); got != "before" {
		t.Errorf("under another master key the secrets are %s", got)
	}
	bare := installation{t, t.TempDir()}
	bare.must("restore", filepath.Join(i.dir, "b"), "--to", ".", "--passphrase-env", "PASS")
	if got := strings.Join(bare.secrets(), " "); got != "before" {
		t.Errorf("where nothing was, the secrets are %s", got)
	}
}

// lastNumber is the greatest number that the store gave out, after it has begun so many runs more.
func (i installation) lastNumber(runs int) int64 {
	i.t.Helper()
	s, err := store.Open(i.t.Context(), store.Options{Path: filepath.Join(i.dir, "haulier-data", storeFile), MasterKey: unpackedKey(filepath.Join(i.dir, "haulier-data")).MasterKey})
	if err != nil {
		i.t.Fatal(err)
	}
	defer s.Close()
	for range runs {
		if _, err := s.BeginRun(i.t.Context(), job.Run{Job: "acme-in"}); err != nil {
			i.t.Fatal(err)
		}
	}
	last, err := s.LastNumber(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	return last
}

// TestRestoreGoesOnAboveWhatWasLost: by the numbers of the store that is replaced, where it can be read, and by the time
// that has passed where it cannot.
func TestRestoreGoesOnAboveWhatWasLost(t *testing.T) {
	i := backedUp(t)
	path := filepath.Join(i.dir, "haulier-data", storeFile)
	s, err := store.Open(t.Context(), store.Options{Path: path, MasterKey: unpackedKey(filepath.Dir(path)).MasterKey})
	if err == nil {
		_, err = s.NewEpoch(t.Context(), 7_654_321)
		err = errors.Join(err, s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	lost := i.lastNumber(3)
	told := i.must("restore", "b", "--replace", "--passphrase-env", "PASS", "--json")
	if first := i.lastNumber(1); first <= lost+numbersSpare || !strings.Contains(told, fmt.Sprintf(`"numbers_above":%d,`, first-1)) {
		t.Errorf("the number %d was given out after %d; restore told\n%s", first, lost, told)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	told = i.must("restore", "b", "--passphrase-env", "PASS")
	if first := i.lastNumber(1); first < numbersSpare || first > 2*numbersSpare || !strings.Contains(told, fmt.Sprintf("are numbered above %d ", first-1)) {
		t.Errorf("with nothing left of the lost ledger, the number %d was given out; restore told\n%s", first, told)
	}
}

func TestNumbersAbove(t *testing.T) {
	for _, test := range []struct {
		last int64
		ago  time.Duration
		want int64
	}{
		{0, 0, 1_010_000}, {0, -time.Hour, 1_010_000}, {9_999, 0, 1_010_000}, {10_000, 0, 1_020_000},
		{345_678, 12 * time.Hour, 8_550_000}, {345_678, 12*time.Hour + time.Minute, 8_560_000},
	} {
		if got := numbersAbove(test.last, test.ago); got != test.want {
			t.Errorf("numbersAbove(%d, %v) = %d, want %d", test.last, test.ago, got, test.want)
		}
	}
}

// writeAhead gives the log of a store that is in use, as a process that died leaves it.
func (i installation) writeAhead(path string) []byte {
	i.t.Helper()
	s, err := store.Open(i.t.Context(), store.Options{Path: path, MasterKey: unpackedKey(filepath.Dir(path)).MasterKey})
	if err != nil {
		i.t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.NewEpoch(i.t.Context(), 0); err != nil {
		i.t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil || len(log) == 0 {
		i.t.Fatalf("%d bytes of log, %v", len(log), err)
	}
	return log
}

// TestRestoreOfADamagedStore: the reason for most restores. The log beside it would be taken for the new store's.
func TestRestoreOfADamagedStore(t *testing.T) {
	i := backedUp(t)
	path := filepath.Join(i.dir, "haulier-data", storeFile)
	garbage := bytes.Repeat([]byte("garbage "), 4096)
	log := i.writeAhead(path)
	if err := errors.Join(os.WriteFile(path, garbage, 0o600), os.WriteFile(path+"-wal", log, 0o600)); err != nil {
		t.Fatal(err)
	}
	told := i.must("restore", "b", "--replace", "--passphrase-env", "PASS", "--json")
	if epoch := i.epoch(); !strings.Contains(told, epoch) {
		t.Errorf("the epoch is %s now; restore told\n%s", epoch, told)
	}
	if got := strings.Join(i.secrets(), " "); got != "before" {
		t.Errorf("the secrets are %s", got)
	}
	kept, _ := filepath.Glob(filepath.Join(i.dir, "haulier-data", "replaced-*", storeFile))
	if len(kept) != 1 {
		t.Fatalf("kept are %v", kept)
	}
	for name, want := range map[string][]byte{kept[0]: garbage, kept[0] + "-wal": log} {
		if text, err := os.ReadFile(name); err != nil || !bytes.Equal(text, want) {
			t.Errorf("%s is not what was there: %v", name, err)
		}
	}
}

// TestRestoreBesideWhatARemovedStoreLeft: the first start was killed, and a person removed the file that it was making. The journal
// beside it would be taken for the new store's, and says that its database was empty.
func TestRestoreBesideWhatARemovedStoreLeft(t *testing.T) {
	i := backedUp(t)
	path := filepath.Join(i.dir, "haulier-data", storeFile)
	journal := make([]byte, 512)
	copy(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
	binary.BigEndian.PutUint32(journal[20:], 512)  // of a sector
	binary.BigEndian.PutUint32(journal[24:], 4096) // of a page
	if err := errors.Join(os.Remove(path), os.WriteFile(path+"-journal", journal, 0o600)); err != nil {
		t.Fatal(err)
	}
	told := i.must("restore", "b", "--passphrase-env", "PASS")
	if got := strings.Join(i.secrets(), " "); got != "before" {
		t.Errorf("the secrets are %q", got)
	}
	kept, _ := filepath.Glob(filepath.Join(i.dir, "haulier-data", "replaced-*", storeFile+"-journal"))
	if len(kept) != 1 || !strings.Contains(told, "kept what was there before as "+filepath.Dir(kept[0])) {
		t.Errorf("kept are %v; restore told\n%s", kept, told)
	}
}
