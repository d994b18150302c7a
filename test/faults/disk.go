package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// onDisks is a kind parts of which lie on file systems of their own: folder and options of a tmpfs.
func onDisks(k kind, disks map[string]string) kind {
	k.disks = disks
	return k
}

// disks is group E.
func disks() []Case {
	landing := func(options string) kind { return onDisks(importMove, map[string]string{"disk": options}) }
	sealed := onDisks(kindOf("export-pgp-delete"), map[string]string{"haulier-data": "size=24m"})
	full := troubles("E73", "the disk of the landing is full, at any byte", "I1 I3 I4", times(2, 20), fillings("disk/filler"), landing("size=64m"), onDisks(kindOf("import-pgp-archive"), map[string]string{"disk": "size=64m"}))
	inodes := troubles("E74", "no file can be made any more", "I1 I4", times(1, 10), usedUp(), landing("size=64m,nr_inodes=1000"))
	readOnly := troubles("E78", "the disk of the landing becomes read-only", "I1 I4", times(1, 6), []trouble{{name: "read-only", alarm: true, fails: true, begin: remounted}}, landing("size=64m"))
	ledger := troubles("E81", "the disk of the ledger is full", "I1 I4 I10", times(1, 12), fillings("haulier-data/filler"), sealed, onDisks(importMove, map[string]string{"haulier-data": "size=24m"}))
	all := []Case{full, inodes, readOnly, ledger}
	for i := range all {
		all[i].Needs = []string{"root"}
	}
	return append(all,
		traced("A18", "SIGKILL at the n-th rename on the disk", "renameat2:signal=KILL", times(2, 60), importMove, kindOf("import-pgp-archive")),
		traced("A19", "SIGKILL at the n-th fsync", "fsync:signal=KILL", times(2, 120), importMove, exportMove, kindOf("export-pgp-delete")),
		traced("A20", "SIGKILL at the n-th write to the ledger", "pwrite64:signal=KILL", times(2, 120), importMove, exportMove),
		traced("E76", "no space at the n-th write to the ledger", "pwrite64:error=ENOSPC", times(2, 60), importMove, exportMove),
		traced("E77", "an error of the disk at the n-th fsync", "fsync:error=EIO", times(2, 80), importMove, exportMove, kindOf("export-pgp-delete")),
		traced("E75", "over quota at the n-th rename", "renameat2:error=EDQUOT", times(1, 30), importMove, kindOf("import-pgp-archive")),
		troubles("E79", "the landing is gone, or something else has its name", "I1 I4 I8", times(3, 15), misplaced(), importMove),
		Case{ID: "E80", Title: "the stage is on another disk than the landing: refused", Holds: "I1", Needs: []string{"root"}, Times: times(1, 1), Run: otherDevice},
		Case{ID: "E82", Title: "the ledger is damaged, cut off, gone, or older", Holds: "I1 I2", Times: times(1, 4), Run: damagedLedgers},
		Case{ID: "E83", Title: "two processes on one data folder", Holds: "I2", Times: times(1, 5), Run: twoProcesses},
		Case{ID: "E84", Title: "backup under load, restore, reconcile", Holds: "I2 I10", Times: times(1, 5), Run: backups},
		Case{ID: "E85", Title: "fifty commands write beside a daemon at work", Holds: "I10", Times: times(1, 4), Run: manyWriters},
		Case{ID: "E86", Title: "the power is lost: what was not synced may be gone", Holds: "I1 I2 I3 I10", Needs: []string{"root", "/dev/fuse"}, Times: times(2, 50), Run: lostPower},
		Case{ID: "E87", Title: "SIGKILL while the store is made", Holds: "I10", Needs: []string{"strace"}, Times: times(3, 50), Run: killedMigrations},
		Case{ID: "E88", Title: "the ledger's times are a day old", Holds: "I1 I2", Times: times(1, 4), Run: oldTimes},
	)
}

// fillings leave a little of a disk free, more or less of it.
func fillings(filler string) []trouble {
	var all []trouble
	for _, left := range []int64{0, 4 << 10, 20 << 10, 50 << 10, 100 << 10, 200 << 10, 400 << 10, 800 << 10} {
		all = append(all, trouble{name: fmt.Sprintf("%d KiB left", left>>10), alarm: strings.HasPrefix(filler, "disk"), fails: left <= 20<<10, begin: func(w *world) (func(), error) {
			path := w.path(filler)
			return func() { _ = os.Remove(path) }, fill(path, left)
		}})
	}
	return all
}

// fill writes a file until only so much is left of its disk.
func fill(path string, left int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(path, &disk); err != nil {
		return err
	}
	most := int64(disk.Bavail) * disk.Bsize
	if most > 1<<30 {
		return fmt.Errorf("%s is on no disk of its own", path)
	}
	_, err = file.Write(make([]byte, max(0, most-left)))
	if errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	return err
}

// usedUp leaves a few inodes.
func usedUp() []trouble {
	var all []trouble
	for left := range 8 {
		all = append(all, trouble{name: fmt.Sprintf("%d files left", left), alarm: true, fails: true, begin: func(w *world) (func(), error) {
			dir := w.path("disk/fillers")
			return func() { _ = os.RemoveAll(dir) }, useInodes(dir, left)
		}})
	}
	return all
}

func useInodes(dir string, left int) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	made := 0
	for ; ; made++ {
		err := os.WriteFile(filepath.Join(dir, fmt.Sprint(made)), nil, 0o600)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil || made > 10_000 {
			return errors.Join(err, errors.New("the disk does not run out of inodes"))
		}
	}
	for n := range min(left, made) {
		if err := os.Remove(filepath.Join(dir, fmt.Sprint(n))); err != nil {
			return err
		}
	}
	return nil
}

func remounted(w *world) (func(), error) {
	again := func(flags uintptr) error {
		return syscall.Mount("none", w.path("disk"), "", syscall.MS_REMOUNT|flags, "")
	}
	return func() { _ = again(0) }, again(syscall.MS_RDONLY)
}

// misplaced are landings that are not where they should be. The platform's consumer waits meanwhile.
func misplaced() []trouble {
	swap := func(instead func(path string) error) func(*world) (func(), error) {
		return func(w *world) (func(), error) {
			path, aside := w.path("disk/landing"), w.path("disk/landing-aside")
			if err := w.landFirst(context.Background()); err != nil {
				return nil, err
			}
			if err := os.Rename(path, aside); err != nil {
				return nil, err
			}
			return func() {
				_ = os.RemoveAll(path)
				_ = os.Rename(aside, path)
			}, instead(path)
		}
	}
	another := func(path string) error {
		return errors.Join(os.MkdirAll(path+"-other", 0o755), os.Symlink(path+"-other", path))
	}
	return []trouble{
		{name: "nothing", alarm: true, fails: true, begin: swap(func(string) error { return nil })},
		{name: "an empty folder", alarm: true, fails: true, begin: swap(func(path string) error { return os.Mkdir(path, 0o755) })},
		{name: "a link to another folder", alarm: true, fails: true, begin: swap(another)},
		{name: "a file", alarm: true, fails: true, begin: swap(func(path string) error { return os.WriteFile(path, nil, 0o600) })},
		{name: "a dead link", alarm: true, fails: true, begin: swap(func(path string) error { return os.Symlink("/nowhere/at/all", path) })},
	}
}

// landFirst lets files land, and puts others out: a landing that was never used is nothing to miss.
func (w *world) landFirst(ctx context.Context) error {
	if err := w.succeeds(ctx, "run", "move"); err != nil {
		return err
	}
	_, err := w.people.putOut(nil)
	return err
}

// otherDevice: a stage on another disk cannot land files whole, and haulier says so instead of trying.
func otherDevice(ctx context.Context, p *pass) error {
	return p.inWorlds(ctx, importMove, p.times, func(w *world) error {
		stage := w.path("disk/landing/.haulier")
		if err := errors.Join(os.MkdirAll(stage, 0o700), syscall.Mount("none", stage, "tmpfs", 0, "size=8m")); err != nil {
			return err
		}
		r, err := w.haulier(ctx, "run", "move")
		err = errors.Join(err, syscall.Unmount(stage, 0))
		if err == nil && (r.code == 0 || !strings.Contains(r.all(), "another file system")) {
			err = fmt.Errorf("the run ended with %d\n%s", r.code, r.all())
		}
		return err
	})
}
