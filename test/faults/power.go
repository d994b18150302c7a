package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/haulier/haulier/test/audit"
	"github.com/haulier/haulier/test/faults/power"
)

// powered is a kind whose ledger, stage and landing lie on disks that forget what nobody asked them to keep.
func powered(k kind) kind {
	k.power = true
	return k
}

// plugIn mounts the disks of a kind that has such.
func (w *world) plugIn() error {
	if !w.kind.power {
		return nil
	}
	for _, name := range []string{"disk", "haulier-data"} {
		if err := os.MkdirAll(w.path(name), 0o755); err != nil {
			return err
		}
		disk, err := power.Mount(w.path(name))
		if err != nil {
			return err
		}
		w.powered = append(w.powered, disk)
	}
	return nil
}

// lostPower ends the power while a run is at work: the process and the disks at once, or the disks a moment before.
func lostPower(ctx context.Context, p *pass) error {
	for _, k := range []kind{importMove, kindOf("import-pgp-archive"), kindOf("import-delete"), kindOf("import-read-once"), exportMove, kindOf("export-pgp-delete")} {
		k = powered(k)
		usual, err := p.usual(ctx, k)
		if err != nil {
			return err
		}
		if err := p.inWorldsWith(ctx, k, p.times, func(w *world) error { return p.losePower(ctx, w, usual) }); err != nil {
			return err
		}
	}
	return p.struckEnough()
}

func (p *pass) losePower(ctx context.Context, w *world, usual time.Duration) error {
	err := p.roundOf(ctx, w, nil, func(w *world) error {
		moment := 1 + time.Duration(p.rng.Int64N(int64(usual)))
		death := moment
		early := time.AfterFunc(time.Hour, w.cut)
		if p.rng.IntN(3) == 0 { // the disks are gone before the process
			early.Reset(moment)
			death += 200 * time.Millisecond
		}
		r, err := w.haulierKilled(ctx, death, "run", "move")
		early.Stop()
		if r.killed {
			p.Kills++
		}
		return errors.Join(err, w.powerReturns())
	})
	return errors.Join(err, w.stillWhole())
}

func (w *world) cut() {
	for _, disk := range w.powered {
		disk.Cut()
	}
}

// powerReturns: the machine starts anew with what its disks have kept.
func (w *world) powerReturns() error {
	w.cut()
	if w.people.consumer != nil {
		_ = w.people.consumer.Stop() // it has seen its disk fail
	}
	for _, disk := range w.powered {
		if err := disk.Restore(w.rng); err != nil {
			return err
		}
	}
	return w.people.consume()
}

// stillWhole looks whether what landed has its bytes yet: a landing that a loss of power takes back was none.
func (w *world) stillWhole() error {
	if w.kind.export {
		return nil
	}
	log, err := os.Open(w.path("log/taken"))
	if err != nil {
		return err
	}
	defer log.Close()
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var l audit.Landing
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return err
		}
		content, err := os.ReadFile(w.path("disk/taken/" + l.Taken))
		if err != nil || sum(content) != l.SHA256 {
			return errors.Join(fmt.Errorf("%s had landed, and after a loss of power its bytes are others", l.Name), err)
		}
	}
	return nil
}

// ledger is the file of the ledger. Of one on a disk that this process serves itself it is a copy: SQLite maps memory of
// its file, and a process that waits for itself waits for ever.
func (w *world) ledger() string {
	path := w.path("haulier-data/haulier.db")
	if !w.kind.power {
		return path
	}
	for _, part := range []string{"", "-wal"} {
		if err := copyFile(path+part, w.path("log/ledger.db"+part)); err != nil {
			_ = os.Remove(w.path("log/ledger.db" + part))
		}
	}
	_ = os.Remove(w.path("log/ledger.db-shm"))
	return w.path("log/ledger.db")
}
