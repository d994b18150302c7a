package transfer_test

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
)

// What comes between two steps of a run: somebody else's act, or another run's.

// between is what stands between a run and the real things.
type between struct {
	ledger  transfer.Ledger
	remote  func(transfer.Carrier) transfer.Carrier
	landing func(transfer.Landing) transfer.Landing
	outbox  func(transfer.Outbox) transfer.Outbox
	stage   func(transfer.Stage) transfer.Stage
}

// doBetween runs the job so.
func (b *bundle) doBetween(w between) job.Result {
	b.t.Helper()
	session, err := b.pool.Session(b.t.Context(), b.conn)
	if err != nil {
		b.t.Fatal(err)
	}
	defer session.Close()
	run, err := b.store.BeginRun(b.t.Context(), job.Run{Job: b.spec.Name, Connection: "acme", Type: b.spec.Type, Trigger: job.TriggerManual, Started: time.Now()})
	if err != nil {
		b.t.Fatal(err)
	}
	remote, ledger := transfer.Carrier(session), transfer.Ledger(b.store)
	if w.remote != nil {
		remote = w.remote(session)
	}
	if w.ledger != nil {
		ledger = w.ledger
	}
	if b.spec.Type == job.TypeImport {
		im := b.importer()
		im.Ledger, im.Landing = ledger, behind(im.Landing, w.landing)
		return im.Run(b.t.Context(), remote, b.conn, b.spec, run)
	}
	ex := b.exporter()
	ex.Ledger, ex.Outbox, ex.Stage = ledger, behind(ex.Outbox, w.outbox), behind(ex.Stage, w.stage)
	return ex.Run(b.t.Context(), remote, b.conn, b.spec, run)
}

// behind opens what is real and gives what stands before it.
func behind[T any](open func(string) (T, error), before func(T) T) func(string) (T, error) {
	if before == nil {
		return open
	}
	return func(name string) (T, error) {
		real, err := open(name)
		if err != nil {
			return real, err
		}
		return before(real), nil
	}
}

// endClaims does what a process does when it starts.
func (b *bundle) endClaims() {
	b.t.Helper()
	if _, err := b.store.EndClaims(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// dying is the ledger of a process that dies before it writes that a file stands at a step.
type dying struct {
	*store.Store
	at   job.Step
	dead bool
}

func (d *dying) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	if d.dead = d.dead || f.Step == d.at; d.dead {
		return job.File{}, errDead
	}
	return d.Store.Advance(ctx, from, f, beside)
}
