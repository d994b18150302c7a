package sftptest_test

import (
	"bytes"
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
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// with starts a server with knobs and logs in. Its folder holds the file "f" with "abc".
func with(t *testing.T, knobs sftptest.Knobs) (*sftptest.Server, *wire.Client, string) {
	t.Helper()
	s, root := start(t, sftptest.Options{Knobs: knobs})
	write(t, root, "f", "abc")
	return s, connect(t, s), root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func put(c *wire.Client, name, text string) error {
	_, err := c.Put(context.Background(), name, bytes.NewReader([]byte(text)), wire.PutOptions{})
	return err
}

func get(c *wire.Client, name string, size int64, opts wire.GetOptions) (string, error) {
	var out bytes.Buffer
	_, err := c.Get(context.Background(), name, size, &out, opts)
	return out.String(), err
}

func exists(root, name string) bool {
	_, err := os.Lstat(filepath.Join(root, name))
	return err == nil
}

func names(c *wire.Client, opts wire.ListOptions) ([]string, error) {
	var all []string
	err := c.List(context.Background(), "/", opts, func(e job.Entry) error {
		all = append(all, e.Name)
		return nil
	})
	slices.Sort(all)
	return all, err
}

func TestPutOnly(t *testing.T) {
	_, c, root := with(t, sftptest.Knobs{PutOnly: true})
	ctx := context.Background()
	if err := put(c, "g", "new"); err != nil || !exists(root, "g") {
		t.Errorf("put: %v", err)
	}
	_, stat := c.Stat(ctx, "g")
	_, list := names(c, wire.ListOptions{})
	_, read := get(c, "f", 3, wire.GetOptions{})
	_, free := c.Statvfs(ctx, "/")
	for act, err := range map[string]error{"stat": stat, "list": list, "get": read, "statvfs": free,
		"rename": c.Rename(ctx, "g", "h"), "posix-rename": c.PosixRename(ctx, "g", "h"), "remove": c.Remove(ctx, "g"), "mkdir": c.Mkdir(ctx, "d")} {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", act, err)
		}
	}
	if _, err := c.Realpath(ctx, "."); err != nil {
		t.Error(err)
	}
}

func TestRenames(t *testing.T) {
	ctx := context.Background()
	for name, tc := range map[string]struct {
		knobs       sftptest.Knobs
		free, taken bool // RENAME to a free, to a taken name
		posix       bool // posix-rename to a taken name
	}{
		"as OpenSSH":    {sftptest.Knobs{}, true, false, true},
		"overwrites":    {sftptest.Knobs{RenameOverwrites: true}, true, true, true},
		"no posix":      {sftptest.Knobs{NoPosixRename: true}, true, false, false},
		"no extensions": {sftptest.Knobs{NoExtensions: true}, true, false, false},
		"no rename":     {sftptest.Knobs{NoRename: true}, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, c, root := with(t, tc.knobs)
			write(t, root, "taken", "old")
			if err := c.Rename(ctx, "f", "taken"); (err == nil) != tc.taken {
				t.Errorf("to a taken name: %v", err)
			}
			write(t, root, "f", "abc")
			if err := c.Rename(ctx, "f", "free"); (err == nil) != tc.free || exists(root, "free") != tc.free || exists(root, "f") == tc.free {
				t.Errorf("to a free name: %v", err)
			}
			write(t, root, "f", "abc")
			if err := c.PosixRename(ctx, "f", "taken"); (err == nil) != tc.posix {
				t.Errorf("posix: %v", err)
			}
		})
	}
}

func TestARenameByCopyLeavesBothNamesForAWhile(t *testing.T) {
	s, c, root := with(t, sftptest.Knobs{RenameCopies: time.Hour})
	if err := c.Rename(context.Background(), "f", "g"); err != nil || !exists(root, "f") || !exists(root, "g") {
		t.Errorf("rename: %v", err)
	}
	if err := c.Rename(context.Background(), "nowhere", "h"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rename: %v", err)
	}
	s.Stop()
	if exists(root, "f") || !exists(root, "g") {
		t.Error("the old name is still there")
	}
}

func TestSweeps(t *testing.T) {
	for sweep, atClose := range map[sftptest.Sweep]bool{sftptest.SweepAtClose: true, sftptest.SweepAtRename: false} {
		s, c, root := with(t, sftptest.Knobs{Sweep: sweep})
		if err := put(c, "g", "new"); err != nil {
			t.Fatal(err)
		}
		if exists(root, "g") == atClose {
			t.Errorf("sweep %d: after CLOSE there is %v", sweep, exists(root, "g"))
		}
		if !atClose {
			if err := c.PosixRename(context.Background(), "g", "h"); err != nil || exists(root, "g") || exists(root, "h") {
				t.Errorf("after RENAME: %v", err)
			}
		}
		taken := map[bool]string{true: "g", false: "h"}[atClose]
		if got, err := os.ReadFile(filepath.Join(s.Taken(), taken)); err != nil || string(got) != "new" {
			t.Errorf("sweep %d took %q, %v", sweep, got, err)
		}
		if !exists(root, "f") {
			t.Error("it took a file that nobody uploaded")
		}
	}
}

func TestReadOnceFilesAreUsedUp(t *testing.T) {
	ctx := context.Background()
	knobs := sftptest.Knobs{ReadOnce: true}
	t.Run("by a download that respects them", func(t *testing.T) {
		_, c, root := with(t, knobs)
		got, err := get(c, "f", 3, wire.GetOptions{ReadOnce: true, BeforeClose: func(job.Entry) error {
			if !exists(root, "f") {
				t.Error("it is gone before CLOSE")
			}
			return nil
		}})
		if err != nil || got != "abc" || exists(root, "f") {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("by a look behind the end", func(t *testing.T) {
		_, c, root := with(t, knobs)
		_, _ = get(c, "f", 3, wire.GetOptions{BeforeClose: func(job.Entry) error {
			if exists(root, "f") {
				t.Error("it is still there")
			}
			return nil
		}})
	})
	t.Run("by a look at their attributes", func(t *testing.T) {
		_, c, root := with(t, knobs)
		_, err := get(c, "f", 3, wire.GetOptions{ReadOnce: true, BeforeClose: func(job.Entry) error {
			_, err := c.Stat(ctx, "f")
			return err
		}})
		if !errors.Is(err, fs.ErrNotExist) || exists(root, "f") {
			t.Errorf("stat: %v", err)
		}
	})
	t.Run("but not by a session that ends", func(t *testing.T) {
		s, c, root := with(t, knobs)
		if _, err := get(c, "f", 3, wire.GetOptions{ReadOnce: true, BeforeClose: func(job.Entry) error { return io.ErrClosedPipe }}); err == nil {
			t.Error("the failure went unnoticed")
		}
		s.Stop()
		if !exists(root, "f") {
			t.Error("it is gone")
		}
	})
	t.Run("but where an end counts, once a byte of them was given", func(t *testing.T) {
		for read, faults := range map[bool][]sftptest.Fault{true: nil, false: {{Op: "open", Do: sftptest.EndSessionDone}}} {
			s, c, root := with(t, sftptest.Knobs{ReadOnce: true, AbortCounts: true, Faults: faults})
			if _, err := get(c, "f", 3, wire.GetOptions{ReadOnce: true, BeforeClose: func(job.Entry) error { return io.ErrClosedPipe }}); err == nil {
				t.Error("the failure went unnoticed")
			}
			s.Stop()
			if exists(root, "f") == read {
				t.Errorf("read: %v, and there: %v", read, exists(root, "f"))
			}
		}
	})
	t.Run("nor by a listing", func(t *testing.T) {
		_, c, root := with(t, knobs)
		if _, err := names(c, wire.ListOptions{}); err != nil || !exists(root, "f") {
			t.Error(err)
		}
	})
}

func TestWhatTheServerTells(t *testing.T) {
	ctx := context.Background()
	t.Run("another size", func(t *testing.T) {
		_, c, _ := with(t, sftptest.Knobs{Size: func(path string, real int64) int64 {
			if path != "/f" {
				t.Errorf("path %q", path)
			}
			return real + 7
		}})
		if e, err := c.Stat(ctx, "f"); err != nil || e.Size != 10 {
			t.Errorf("%+v, %v", e, err)
		}
	})
	t.Run("no size", func(t *testing.T) {
		_, c, _ := with(t, sftptest.Knobs{Size: func(string, int64) int64 { return -1 }})
		if e, err := c.Stat(ctx, "f"); err != nil || e.Size != -1 || e.ModTime == 0 {
			t.Errorf("%+v, %v", e, err)
		}
	})
	t.Run("another time", func(t *testing.T) {
		s, c, _ := with(t, sftptest.Knobs{})
		before, err := c.Stat(ctx, "f")
		s.Change(func(k *sftptest.Knobs) { k.ShiftTimes = -time.Hour })
		after, shifted := c.Stat(ctx, "f")
		var listed int64
		listing := c.List(ctx, "/", wire.ListOptions{}, func(e job.Entry) error { listed = e.ModTime; return nil })
		if err = errors.Join(err, shifted, listing); err != nil || after.ModTime != before.ModTime-3600 || listed != after.ModTime {
			t.Errorf("%v, then %v, listed %v: %v", before.ModTime, after.ModTime, listed, err)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		_, c, _ := with(t, sftptest.Knobs{HideAttrs: packet.AttrSize | packet.AttrTimes | packet.AttrPermissions})
		if e, err := c.Lstat(ctx, "f"); err != nil || e != (job.Entry{Name: "f", Size: -1, Kind: job.KindUnknown}) {
			t.Errorf("%+v, %v", e, err)
		}
	})
	t.Run("hostile names", func(t *testing.T) {
		hostile := []string{"", "../x", "/etc/passwd", "a\x00b", "\xff"}
		s, c, _ := with(t, sftptest.Knobs{HostileNames: hostile})
		want := slices.Sorted(slices.Values(append(hostile, "f")))
		if got, err := names(c, wire.ListOptions{}); err != nil || !slices.Equal(got, want) || s.Struck() != len(hostile) {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("names without end", func(t *testing.T) {
		s, c, _ := with(t, sftptest.Knobs{EndlessListing: true})
		var limit *wire.LimitError
		if _, err := names(c, wire.ListOptions{MaxEntries: 10_000}); !errors.As(err, &limit) || s.Struck() < 100 {
			t.Error(err)
		}
	})
	t.Run("the space left", func(t *testing.T) {
		for told, want := range map[int64]int64{12345: 12345, -1: 0} {
			_, c, _ := with(t, sftptest.Knobs{FreeBytes: told})
			if free, err := c.Statvfs(ctx, "/"); err != nil || free != want {
				t.Errorf("%d bytes, %v", free, err)
			}
		}
	})
	t.Run("no stat", func(t *testing.T) {
		_, c, _ := with(t, sftptest.Knobs{NoStat: true})
		if _, err := c.Stat(ctx, "f"); !errors.Is(err, fs.ErrPermission) {
			t.Error(err)
		}
	})
}

func TestHowTheServerGives(t *testing.T) {
	long := string(bytes.Repeat([]byte("0123456789"), 10_000))
	s, c, root := with(t, sftptest.Knobs{ReadAtMost: 777})
	write(t, root, "long", long)
	if got, err := get(c, "long", int64(len(long)), wire.GetOptions{}); err != nil || got != long {
		t.Errorf("short reads: %d bytes, %v", len(got), err)
	}
	s.Change(func(k *sftptest.Knobs) { k.NeverEnds = true })
	var size *wire.SizeError
	if got, err := get(c, "long", int64(len(long)), wire.GetOptions{}); !errors.As(err, &size) || !strings.HasPrefix(long, got) {
		t.Errorf("a file of another size than told: %d bytes, %v", len(got), err)
	}
	var limit *wire.LimitError
	if got, err := get(c, "long", -1, wire.GetOptions{Max: 1 << 20}); !errors.As(err, &limit) || len(got) < len(long) {
		t.Errorf("a file without an end: %d bytes, %v", len(got), err)
	}
	s.Change(func(k *sftptest.Knobs) { k.KeepRemoved = true })
	if err := c.Remove(context.Background(), "f"); err != nil || !exists(root, "f") {
		t.Errorf("remove: %v", err)
	}
	s.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	if err := c.Remove(context.Background(), "f"); err != nil || exists(root, "f") {
		t.Errorf("remove: %v", err)
	}
}

func TestASlowProgramWritesPieces(t *testing.T) {
	s, root := start(t, sftptest.Options{})
	if err := s.WriteSlowly("/slow", []byte("0123456789"), 3, time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(root, "slow")); err != nil || string(got) != "0123456789" {
		t.Errorf("%q, %v", got, err)
	}
	stopped := make(chan error)
	go func() { stopped <- s.WriteSlowly("/slower", []byte("ab"), 1, 24*time.Hour) }()
	s.Stop()
	if err := <-stopped; err != nil && !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

// What a knob spoils is counted, and what it leaves alone is not: a test of trouble can say whether it was in any.
func TestStruckCountsWhatWasSpoiled(t *testing.T) {
	for name, tc := range map[string]struct {
		knobs sftptest.Knobs
		want  bool
	}{
		"honest":             {sftptest.Knobs{}, false},
		"fault":              {sftptest.Knobs{Faults: []sftptest.Fault{{Op: "lstat", Do: sftptest.Slow}}}, true},
		"fault of another":   {sftptest.Knobs{Faults: []sftptest.Fault{{Op: "rename", Do: sftptest.Slow}}}, false},
		"fault further on":   {sftptest.Knobs{Faults: []sftptest.Fault{{Op: "lstat", After: 1, Do: sftptest.Slow}}}, false},
		"size":               {sftptest.Knobs{Size: func(string, int64) int64 { return 7 }}, true},
		"size as it is":      {sftptest.Knobs{Size: func(_ string, real int64) int64 { return real }}, false},
		"short":              {sftptest.Knobs{ReadAtMost: 1}, true},
		"as long as asked":   {sftptest.Knobs{ReadAtMost: 1 << 20}, false},
		"times":              {sftptest.Knobs{ShiftTimes: time.Hour}, true},
		"without an end":     {sftptest.Knobs{NeverEnds: true}, true},
		"drip":               {sftptest.Knobs{Drip: time.Nanosecond}, true},
		"cut far away":       {sftptest.Knobs{CutAfterSent: 10_000}, false},
		"hangs up on none":   {sftptest.Knobs{HangsUp: sftptest.HangUpSilently}, false},
		"room for one":       {sftptest.Knobs{MaxConnections: 1, MaxSessions: 1}, false},
		"keepalives ignored": {sftptest.Knobs{IgnoreKeepalives: true}, false}, // there are none
	} {
		t.Run(name, func(t *testing.T) {
			s, c, _ := with(t, tc.knobs)
			if _, err := c.Lstat(t.Context(), "f"); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Get(t.Context(), "f", 3, io.Discard, wire.GetOptions{}); err != nil && !tc.knobs.NeverEnds {
				t.Fatal(err)
			}
			if struck := s.Struck() > 0; struck != tc.want {
				t.Errorf("struck %v, want %v", struck, tc.want)
			}
		})
	}
}
