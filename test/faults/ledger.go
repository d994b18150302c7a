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

// damage is something that happens to the file of a ledger, between two runs or when a process has died.
type damage struct {
	name string
	do   func(w *world, path string) error
	died bool // the process was killed before, so that a log lies beside the file
	mute bool // haulier may come to itself without a word
}

var damages = []damage{
	{name: "some page is overwritten", mute: true, do: func(w *world, path string) error { return w.overwrite(path, 1+w.rng.Int64N(60)) }},
	{name: "the third page is overwritten", do: func(w *world, path string) error { return w.overwrite(path, 3) }},
	{name: "the first page is overwritten", do: func(w *world, path string) error { return w.overwrite(path, 0) }},
	{name: "cut off", do: func(_ *world, path string) error { return os.Truncate(path, 20_000) }},
	{name: "an older copy", do: func(w *world, path string) error { return copyFile(w.path("older.db"), path) }},
	{name: "gone", do: func(_ *world, path string) error { return os.Remove(path) }},
	{name: "its log is gone", died: true, do: func(_ *world, path string) error { return os.Remove(path + "-wal") }},
	{name: "its log is cut off", died: true, mute: true, do: func(_ *world, path string) error { return os.Truncate(path+"-wal", 10_000) }},
	{name: "its index of the log is garbage", died: true, mute: true, do: func(w *world, path string) error { return w.overwrite(path+"-shm", 0) }},
}

// damagedLedgers: whatever happens to the ledger's file, nothing is taken to be new that may have landed before.
func damagedLedgers(ctx context.Context, p *pass) error {
	for _, d := range damages {
		if err := p.inOwnWorlds(ctx, kindOf("import-keep"), p.times, func(w *world) error { return w.damage(ctx, p, d) }); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return nil
}

// overwrite spoils a page of a file, the last one if it has fewer.
func (w *world) overwrite(path string, page int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	const size = 4096
	_, err = file.WriteAt([]byte(strings.Repeat("damage! ", size/8)), min(page, info.Size()/size-1)*size)
	return errors.Join(err, file.Close())
}

func (w *world) damage(ctx context.Context, p *pass, d damage) error {
	if err := w.land(ctx, p); err != nil {
		return err
	}
	if err := copyFile(w.ledger(), w.path("older.db")); err != nil {
		return err
	}
	if err := w.land(ctx, p); err != nil {
		return err
	}
	if err := w.landAndDie(ctx, p, d.died); err != nil {
		return err
	}
	if err := d.do(w, w.ledger()); err != nil {
		return err
	}
	r, err := w.landsNothing(ctx)
	switch {
	case err != nil:
		return err
	case r.code == 0 && !d.mute:
		return fmt.Errorf("the run on a damaged ledger went well\n%s", r.all())
	case r.code != 0 && !strings.Contains(r.all(), "[ledger.") && !strings.Contains(r.all(), "[local.store"):
		return fmt.Errorf("the run does not speak of the ledger\n%s", r.all())
	}
	return nil
}

// land puts files out and lets them land.
func (w *world) land(ctx context.Context, p *pass) error {
	put, err := w.people.putOut([]int{5000, 6000})
	if err != nil {
		return err
	}
	p.Files += put
	return w.succeeds(ctx, "run", "move")
}

// landAndDie lets a file land, and kills the process before it closes its ledger.
func (w *world) landAndDie(ctx context.Context, p *pass, dies bool) error {
	if !dies {
		return nil
	}
	put, err := w.people.putOut([]int{7000, 8000})
	if err != nil {
		return err
	}
	p.Files += put
	w.points = "C14=kill@2"
	r, err := w.haulier(ctx, "run", "move")
	w.points = ""
	if err == nil && !r.killed {
		err = fmt.Errorf("the run was not killed\n%s", r.all())
	}
	return err
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

// backups: a copy that was made under load is whole, after it was put back nothing comes twice, and once that is settled work goes on.
func backups(ctx context.Context, p *pass) error {
	return p.inWorlds(ctx, kindOf("import-keep"), p.times, func(w *world) error { return w.backUp(ctx, p) })
}

func (w *world) backUp(ctx context.Context, p *pass) error {
	if err := os.WriteFile(w.path("phrase"), []byte("a phrase for the backup, long enough\n"), 0o600); err != nil {
		return err
	}
	if err := w.succeeds(ctx, "run", "move"); err != nil {
		return err
	}
	put, err := w.people.putOut(nil)
	if err != nil {
		return err
	}
	p.Files += put
	backup := []string{w.path(fmt.Sprintf("copy-%d", w.people.round)), "--passphrase-file", w.path("phrase")}
	delay := time.Duration(p.rng.IntN(150)) * time.Millisecond
	made := make(chan error, 1)
	go func() {
		time.Sleep(delay)
		made <- w.succeeds(ctx, append([]string{"backup"}, backup...)...)
	}()
	if err := errors.Join(w.succeeds(ctx, "run", "move"), <-made); err != nil {
		return err
	}
	if err := w.succeeds(ctx, append([]string{"restore", "--replace"}, backup...)...); err != nil {
		return err
	}
	if err := w.integrity(ctx); err != nil {
		return err
	}
	if _, err := w.landsNothing(ctx); err != nil {
		return err
	}
	if err := w.succeeds(ctx, "reconcile", "move", "--as", "landed", "--reason", "all of it is here"); err != nil {
		return err
	}
	return w.land(ctx, p)
}

// landsNothing runs the job on a ledger that may have forgotten what landed: it does not land again.
func (w *world) landsNothing(ctx context.Context) (run, error) {
	before, err := w.taken()
	if err != nil {
		return run{}, err
	}
	r, err := w.haulier(ctx, "run", "move")
	if err != nil {
		return r, err
	}
	after, err := w.taken()
	if err == nil && after != before {
		err = fmt.Errorf("%d files had landed, and then %d\n%s", before, after, r.all())
	}
	return r, err
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
	err := p.inWorlds(ctx, importMove, p.times, func(w *world) (err error) {
		if _, err := w.haulier(ctx, "run", "move"); err != nil {
			return err
		}
		if _, err := w.people.putOut(nil); err != nil {
			return err
		}
		r, err := w.haulierKilled(ctx, 60*time.Millisecond, "run", "move")
		if err != nil {
			return err
		}
		if r.killed {
			p.Kills++
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
	if err != nil {
		return err
	}
	return p.struckEnough()
}
