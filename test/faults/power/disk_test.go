package power

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func mounted(t *testing.T) (*Disk, string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it mounts a disk")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("needs fuse: install Debian package fuse3")
	}
	dir := t.TempDir()
	d, err := Mount(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, dir
}

func lose(t *testing.T, d *Disk, seed uint64) {
	t.Helper()
	d.Cut()
	if err := d.Restore(rand.New(rand.NewPCG(seed, seed))); err != nil {
		t.Fatal(err)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, content []byte, sync bool) {
	t.Helper()
	file, err := os.Create(path)
	ok(t, err)
	_, err = file.Write(content)
	ok(t, err)
	if sync {
		ok(t, file.Sync())
	}
	ok(t, file.Close())
}

func syncDir(t *testing.T, path string) {
	t.Helper()
	dir, err := os.Open(path)
	ok(t, err)
	ok(t, dir.Sync())
	ok(t, dir.Close())
}

func TestWhatWasKeptIsThere(t *testing.T) {
	d, dir := mounted(t)
	content := bytes.Repeat([]byte("kept "), 10_000)
	ok(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	write(t, filepath.Join(dir, "sub", "a"), content, true)
	syncDir(t, filepath.Join(dir, "sub")) // and with it the name of sub, which came before
	for seed := range uint64(20) {
		lose(t, d, seed)
		got, err := os.ReadFile(filepath.Join(dir, "sub", "a"))
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("after loss %d: %d bytes, %v", seed, len(got), err)
		}
	}
}

// Each outcome that a real disk may give has to come, and none other.
func TestWhatWasNotKeptMayBeGone(t *testing.T) {
	d, dir := mounted(t)
	content := bytes.Repeat([]byte("new "), 4*pageSize)
	seen := map[string]bool{}
	for seed := range uint64(60) {
		at := filepath.Join(dir, fmt.Sprint("named-", seed))
		write(t, at, content, false)
		syncDir(t, dir)
		unnamed := filepath.Join(dir, fmt.Sprint("unnamed-", seed))
		write(t, unnamed, content, true)
		ok(t, os.Rename(unnamed, unnamed+"-too"))
		lose(t, d, seed)
		got, err := os.ReadFile(at)
		ok(t, err)
		switch {
		case bytes.Equal(got, content):
			seen["whole"] = true
		case len(got) == 0:
			seen["empty"] = true
		case len(got) == len(content):
			seen["holes"] = true
		default:
			t.Fatalf("%d bytes", len(got))
		}
		_, old := os.Stat(unnamed)
		_, renamed := os.Stat(unnamed + "-too")
		switch {
		case old == nil && renamed == nil:
			t.Fatal("a rename left both names")
		case old == nil:
			seen["old name"] = true
		case renamed == nil:
			seen["new name"] = true
		case errors.Is(old, fs.ErrNotExist):
			seen["no name"] = true
		}
	}
	for _, outcome := range []string{"empty", "holes", "old name", "new name", "no name"} {
		if !seen[outcome] {
			t.Errorf("never %q: %v", outcome, seen)
		}
	}
	if d.Lost() == 0 {
		t.Error("nothing was said to be lost")
	}
}

func TestWithoutPowerNothingIsKept(t *testing.T) {
	d, dir := mounted(t)
	file, err := os.Create(filepath.Join(dir, "a"))
	ok(t, err)
	syncDir(t, dir)
	d.Cut()
	_, _ = file.Write([]byte("late"))
	if err := file.Sync(); err == nil {
		t.Error("a sync without power went well")
	}
	_ = file.Close()
	ok(t, d.Restore(rand.New(rand.NewPCG(1, 1))))
	if info, err := os.Stat(filepath.Join(dir, "a")); err != nil || info.Size() != 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestOrdinaryUse(t *testing.T) {
	_, dir := mounted(t)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, []byte("one"), false)
	ok(t, os.Link(a, b))
	file, err := os.OpenFile(b, os.O_RDWR|os.O_APPEND, 0)
	ok(t, err)
	_, err = file.WriteString(" two")
	ok(t, err)
	ok(t, file.Truncate(5))
	ok(t, file.Close())
	if got, err := os.ReadFile(a); err != nil || string(got) != "one t" {
		t.Errorf("%q, %v", got, err)
	}
	ok(t, os.Remove(a))
	for n := range 3000 {
		write(t, filepath.Join(dir, fmt.Sprint("many-", n)), nil, false)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3001 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	ok(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	write(t, filepath.Join(dir, "sub", "x"), nil, false)
	if err := os.Remove(filepath.Join(dir, "sub")); err == nil {
		t.Error("a folder that is not empty was removed")
	}
}
