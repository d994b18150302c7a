package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// onDisks is a kind parts of which lie on file systems of their own: folder and options of a tmpfs.
func onDisks(k kind, disks map[string]string) kind {
	k.disks = disks
	return k
}

// disks is group E.
func disks() []Case {
	times := func(short, night int) map[Tier]int {
		return map[Tier]int{Short: short, Night: night, Release: 4 * night}
	}
	landing := func(options string) kind { return onDisks(importMove, map[string]string{"disk": options}) }
	sealed := onDisks(kindOf("export-pgp-delete"), map[string]string{"haulier-data": "size=24m"})
	full := troubles("E73", "the disk of the landing is full, at any byte", "I1 I3 I4", times(2, 20), fillings("disk/filler"), landing("size=64m"), onDisks(kindOf("import-pgp-archive"), map[string]string{"disk": "size=64m"}))
	inodes := troubles("E74", "no file can be made any more", "I1 I4", times(1, 10), usedUp(), landing("size=64m,nr_inodes=1000"))
	readOnly := troubles("E78", "the disk of the landing becomes read-only", "I1 I4", times(1, 6), []trouble{{name: "read-only", alarm: true, fails: true, begin: remounted}}, landing("size=64m"))
	stage := troubles("E81", "the disk of the ledger is full", "I1 I4 I10", times(2, 12), fillings("haulier-data/filler"), sealed, onDisks(importMove, map[string]string{"haulier-data": "size=24m"}))
	all := []Case{full, inodes, readOnly, stage}
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
		troubles("E79", "the landing is gone, or something else has its name", "I1 I4 I8", times(2, 9), misplaced(), importMove),
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
			if err := os.Rename(path, aside); err != nil {
				return nil, err
			}
			return func() {
				_ = os.RemoveAll(path)
				_ = os.Rename(aside, path)
			}, instead(path)
		}
	}
	return []trouble{
		{name: "a file", alarm: true, fails: true, begin: swap(func(path string) error { return os.WriteFile(path, nil, 0o600) })},
		{name: "a dead link", alarm: true, fails: true, begin: swap(func(path string) error { return os.Symlink("/nowhere/at/all", path) })},
	}
}

// traced makes a case of strace's way to spoil a system call: the n-th of them, n by chance among those that a run makes.
func traced(id, title, inject string, times map[Tier]int, of ...kind) Case {
	return Case{ID: id, Title: title, Holds: "I1 I2 I3 I5 I10", Needs: []string{"strace"}, Times: times, Run: func(ctx context.Context, p *pass) error {
		for _, k := range of {
			if err := p.trap(ctx, k, inject); err != nil {
				return err
			}
		}
		return nil
	}}
}

// trap spoils a call of so many runs. Not every run makes as many calls as the one that was counted: others are tried then.
func (p *pass) trap(ctx context.Context, k kind, inject string) error {
	call, _, _ := strings.Cut(inject, ":")
	most, struck := 0, 0
	for tries := 0; struck < p.times; tries++ {
		if tries > 4 {
			return fmt.Errorf("%s: only %d runs were struck, not %d", k.name, struck, p.times)
		}
		err := p.inWorlds(ctx, k, p.times-struck, func(w *world) (err error) {
			if most == 0 {
				if most, err = w.countCalls(ctx, call, "run", "move"); err != nil {
					return err
				}
				_, err = w.people.putOut(nil)
			}
			hit := false
			if err == nil {
				hit, err = p.spoilCall(ctx, w, inject, 1+p.rng.IntN(most))
			}
			if hit {
				struck++
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// spoilCall runs the job beneath strace, which spoils the n-th call of each of its threads, and says whether it did.
func (p *pass) spoilCall(ctx context.Context, w *world, inject string, n int) (struck bool, err error) {
	r, err := w.under(ctx, injecting(w, inject, n), "run", "move")
	switch {
	case err != nil:
		return false, err
	case r.killed, r.code == 137:
		p.Kills++
		return true, nil
	}
	text, err := os.ReadFile(w.path("log/trace"))
	return strings.Contains(string(text), "(INJECTED)"), errors.Join(err, trouble{name: inject}.judge(r))
}

// injecting calls a program beneath strace, which spoils the n-th of a system call.
func injecting(w *world, inject string, n int) []string {
	call, _, _ := strings.Cut(inject, ":")
	return []string{"strace", "-f", "-qq", "-o", w.path("log/trace"), "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:when=%d", inject, n)}
}

// countCalls says how many of a system call that thread makes which makes the most of them, in an undisturbed command:
// strace, too, counts them by thread.
func (w *world) countCalls(ctx context.Context, call string, args ...string) (most int, err error) {
	trace := w.path("log/trace")
	if _, err := w.under(ctx, []string{"strace", "-f", "-qq", "-o", trace, "-e", "trace=" + call}, args...); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(trace)
	made := counts{}
	for line := range strings.Lines(string(text)) {
		if thread, rest, _ := strings.Cut(line, " "); strings.HasPrefix(strings.TrimSpace(rest), call+"(") {
			made[thread]++
			most = max(most, made[thread])
		}
	}
	if err == nil && most == 0 {
		err = fmt.Errorf("haulier %s makes no %s", strings.Join(args, " "), call)
	}
	return most, err
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

// damagedLedgers: whatever happens to the ledger's file, nothing is taken to be new that may have landed before.
func damagedLedgers(ctx context.Context, p *pass) error {
	for _, damage := range []struct {
		name string
		do   func(path string) error
		held bool // jobs run, and hold what looks new
	}{
		{"a page is overwritten", func(path string) error { return overwrite(path, 4096*3) }, false},
		{"the first page is overwritten", func(path string) error { return overwrite(path, 0) }, false},
		{"cut off", func(path string) error { return os.Truncate(path, 20_000) }, false},
		{"an older copy", nil, true},
		{"gone", func(path string) error { return os.Remove(path) }, true},
	} {
		err := p.inWorldsWith(ctx, kindOf("import-keep"), p.times, func(w *world) error {
			p.Rounds++
			return w.damage(ctx, damage.do, damage.held)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", damage.name, err)
		}
	}
	return nil
}

func overwrite(path string, at int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(strings.Repeat("damage! ", 512)), at)
	return errors.Join(err, file.Close())
}

func (w *world) damage(ctx context.Context, do func(string) error, held bool) error {
	if _, err := w.people.putOut([]int{5000, 6000}); err != nil {
		return err
	}
	if r, err := w.haulier(ctx, "run", "move"); err != nil || r.code != 0 {
		return errors.Join(err, fmt.Errorf("the first run ended with %d\n%s", r.code, r.all()))
	}
	if do == nil {
		do = func(path string) error { return copyFile(w.path("older.db"), path) }
	}
	if err := copyFile(w.ledger(), w.path("older.db")); err != nil {
		return err
	}
	if _, err := w.people.putOut([]int{7000, 8000}); err != nil {
		return err
	}
	if r, err := w.haulier(ctx, "run", "move"); err != nil || r.code != 0 {
		return errors.Join(err, fmt.Errorf("the second run ended with %d\n%s", r.code, r.all()))
	}
	for _, beside := range []string{"-wal", "-shm"} {
		_ = os.Remove(w.ledger() + beside)
	}
	if err := do(w.ledger()); err != nil {
		return err
	}
	before, err := w.taken()
	if err != nil {
		return err
	}
	r, err := w.haulier(ctx, "run", "move")
	if err != nil {
		return err
	}
	after, err := w.taken()
	switch {
	case err != nil:
		return err
	case after != before:
		return fmt.Errorf("%d files landed before, %d after\n%s", before, after, r.all())
	case r.code == 0:
		return fmt.Errorf("the run on a damaged ledger went well\n%s", r.all())
	case held && !strings.Contains(r.all(), "ledger.") && !strings.Contains(r.all(), "store."):
		return fmt.Errorf("the run does not speak of the ledger\n%s", r.all())
	}
	return nil
}

// taken counts what the platform was given.
func (w *world) taken() (int, error) {
	text, err := os.ReadFile(w.path("log/taken"))
	return strings.Count(string(text), "\n"), err
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// twoProcesses: the second one says who has the folder, and does nothing.
func twoProcesses(ctx context.Context, p *pass) error {
	return p.inWorlds(ctx, importMove, p.times, func(w *world) (err error) {
		d, err := w.serve(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		r, err := w.haulier(ctx, "serve")
		if err == nil && (r.code != 6 || !strings.Contains(r.all(), fmt.Sprint(d.command.Process.Pid))) {
			err = fmt.Errorf("the second daemon ended with %d, not with 6 and the first one's number\n%s", r.code, r.all())
		}
		return err
	})
}

// backups: a copy that was made under load is whole, and after it was put back nothing comes twice.
func backups(ctx context.Context, p *pass) error {
	return p.inWorldsWith(ctx, kindOf("import-keep"), p.times, func(w *world) error {
		p.Rounds++
		return w.backUp(ctx, p)
	})
}

func (w *world) backUp(ctx context.Context, p *pass) error {
	if err := os.WriteFile(w.path("phrase"), []byte("a phrase for the backup, long enough\n"), 0o600); err != nil {
		return err
	}
	if _, err := w.haulier(ctx, "run", "move"); err != nil {
		return err
	}
	if _, err := w.people.putOut(nil); err != nil {
		return err
	}
	copyName := w.path(fmt.Sprintf("copy-%d", w.people.round))
	made := make(chan error, 1)
	go func() {
		time.Sleep(time.Duration(p.rng.IntN(150)) * time.Millisecond)
		r, err := w.haulier(ctx, "backup", copyName, "--passphrase-file", w.path("phrase"))
		if err == nil && r.code != 0 {
			err = fmt.Errorf("backup ended with %d\n%s", r.code, r.all())
		}
		made <- err
	}()
	r, err := w.haulier(ctx, "run", "move")
	if err := errors.Join(err, <-made); err != nil {
		return err
	}
	if r.code != 0 {
		return fmt.Errorf("the run ended with %d\n%s", r.code, r.all())
	}
	r, err = w.haulier(ctx, "restore", copyName, "--passphrase-file", w.path("phrase"), "--replace")
	if err != nil || r.code != 0 {
		return errors.Join(err, fmt.Errorf("restore ended with %d\n%s", r.code, r.all()))
	}
	if err := w.integrity(ctx); err != nil {
		return err
	}
	before, err := w.taken()
	if err != nil {
		return err
	}
	r, err = w.haulier(ctx, "run", "move")
	if err != nil {
		return err
	}
	after, err := w.taken()
	if err == nil && after != before {
		err = fmt.Errorf("%d files landed again behind a restore\n%s", after-before, r.all())
	}
	return err
}

func (w *world) integrity(ctx context.Context) error {
	return w.query(ctx, "PRAGMA integrity_check", func(rows *sql.Rows) error {
		var word string
		if err := rows.Scan(&word); err != nil || word == "ok" {
			return err
		}
		return fmt.Errorf("integrity_check says %s", word)
	})
}

// manyWriters: whoever writes beside the daemon waits a moment, and is not told of a busy store.
func manyWriters(ctx context.Context, p *pass) error {
	return p.inWorlds(ctx, exportMove, p.times, func(w *world) (err error) {
		d, err := w.serve(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		var writers sync.WaitGroup
		errs := make([]error, 50)
		for i := range errs {
			writers.Go(func() { errs[i] = w.pauseAndResume(ctx, i) })
		}
		r, err := w.haulier(ctx, "run", "move")
		writers.Wait()
		if err == nil {
			err = trouble{name: "writers"}.judge(r)
		}
		return errors.Join(append(errs, err)...)
	})
}

func (w *world) pauseAndResume(ctx context.Context, i int) error {
	for _, args := range [][]string{{"pause", "move", "--reason", fmt.Sprint("writer ", i)}, {"resume", "move"}} {
		out, err := w.command(ctx, args...).CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) || strings.Contains(strings.ToLower(string(out)), "busy") || strings.Contains(string(out), "locked") {
			return fmt.Errorf("%s: %w\n%s", args[0], err, out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// killedMigrations: a store that was being made when the process died is made by the next one.
func killedMigrations(ctx context.Context, p *pass) error {
	calls := 0
	err := p.inWorldsWith(ctx, importMove, p.times, func(w *world) (err error) {
		data := w.path("haulier-data")
		if calls == 0 {
			if err := os.RemoveAll(data); err != nil {
				return err
			}
			if calls, err = w.countCalls(ctx, "pwrite64", "keys", "generate", "first"); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(data); err != nil {
			return err
		}
		r, err := w.under(ctx, injecting(w, "pwrite64:signal=KILL", 1+p.rng.IntN(calls)), "keys", "generate", "first")
		if err != nil {
			return err
		}
		if r.killed || r.code == 137 {
			p.Kills++
		}
		p.Rounds++
		r, err = w.haulier(ctx, "keys", "generate", "second")
		if err == nil && r.code != 0 {
			err = fmt.Errorf("the next command ended with %d\n%s", r.code, r.all())
		}
		return errors.Join(err, w.integrity(ctx))
	})
	if err == nil && p.Kills < (p.times+1)/2 {
		err = fmt.Errorf("of %d commands only %d were killed", p.times, p.Kills)
	}
	return err
}

// oldTimes: the times of rows are for people; nothing follows from them.
func oldTimes(ctx context.Context, p *pass) error {
	return p.inWorlds(ctx, importMove, p.times, func(w *world) (err error) {
		if _, err := w.haulier(ctx, "run", "move"); err != nil {
			return err
		}
		if _, err := w.people.putOut(nil); err != nil {
			return err
		}
		if _, err := w.haulierKilled(ctx, 60*time.Millisecond, "run", "move"); err != nil {
			return err
		}
		db, err := sql.Open("sqlite", "file:"+w.ledger())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		const day = 24 * 60 * 60 * 1_000_000
		_, err = db.ExecContext(ctx, `UPDATE files SET stable_since = stable_since - ?, seen = seen - ?, began = began - ?`, day, day, day)
		return err
	})
}
