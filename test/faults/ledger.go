package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

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
	if err := w.succeeds(ctx, "run", "move"); err != nil {
		return err
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
	if err := w.succeeds(ctx, "run", "move"); err != nil {
		return err
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
	backup := []string{w.path(fmt.Sprintf("copy-%d", w.people.round)), "--passphrase-file", w.path("phrase")}
	made := make(chan error, 1)
	go func() {
		time.Sleep(time.Duration(p.rng.IntN(150)) * time.Millisecond)
		made <- w.succeeds(ctx, append([]string{"backup"}, backup...)...)
	}()
	if err := errors.Join(w.succeeds(ctx, "run", "move"), <-made); err != nil {
		return err
	}
	if err := w.succeeds(ctx, append([]string{"restore", "--replace"}, backup...)...); err != nil {
		return err
	}
	return errors.Join(w.integrity(ctx), w.landsNothing(ctx))
}

// landsNothing is for a ledger that was put back: what it has forgotten does not land again.
func (w *world) landsNothing(ctx context.Context) error {
	before, err := w.taken()
	if err != nil {
		return err
	}
	r, err := w.haulier(ctx, "run", "move")
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
