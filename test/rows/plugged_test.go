package rows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftp"
)

// openStore opens the store of the world beside the commands that use it; it is made if it is not there.
func (w *world) openStore() *store.Store {
	w.t.Helper()
	w.write("haulier-data/.keep", "")
	key := store.KeySource{Path: w.path("haulier-data/master.key")}
	s, err := store.Open(w.t.Context(), store.Options{Path: w.path("haulier-data/haulier.db"), MasterKey: key.MasterKey})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

// pin accepts a host key of [host]:port.
func (w *world) pin(address string, keys ...string) {
	w.t.Helper()
	s := w.openStore()
	for _, key := range keys {
		if err := s.AddPin(w.t.Context(), job.Pin{Address: address, Key: key, By: "ops", Why: "trust"}); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// plugged is the program's parts in this process, for what its commands cannot be led to: another name server.
type plugged struct {
	t         testing.TB
	cfg       *config.Config
	scheduler *scheduler.Service
}

func (w *world) plug() *plugged {
	w.t.Helper()
	w.t.Setenv("PASSWORD", password)
	cfg, problems := config.Load(w.path("haulier.yaml"), config.Options{})
	if problems.Errors() > 0 {
		w.t.Fatal(problems.Text(false))
	}
	s := w.openStore()
	vault := control.Vault{Store: s}
	pool := sftp.NewPool(sftp.Options{Store: s, Secrets: vault})
	keyring := control.Keyring{Store: s}
	runner := &control.Runner{
		Sessions:    func(ctx context.Context, c job.Connection) (control.Session, error) { return pool.Session(ctx, c) },
		Connections: func(name string) (job.Connection, bool) { c, ok := cfg.Connections[name]; return c, ok },
		Importer: &transfer.Importer{
			Ledger: s, Landing: func(dir string) (transfer.Landing, error) { return local.OpenLanding(dir) },
			Former: func(dir string) (transfer.Landing, error) { return local.FindLanding(dir) },
			Opener: keyring.Opener, Refetch: pgp.Refetch, Forget: local.Forget, Epoch: s.Epoch, Watch: func(job.Progress) {},
		},
		Book: s, Logger: slog.New(slog.DiscardHandler),
	}
	p := &plugged{t: w.t, cfg: cfg, scheduler: scheduler.New(scheduler.Options{Store: s, Runner: runner, Log: slog.New(slog.DiscardHandler)})}
	if err := p.scheduler.Load(cfg.Jobs, nil); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// run runs a job by hand and gives the run as it ended.
func (p *plugged) run(name string) job.Run {
	p.t.Helper()
	begun, err := p.scheduler.RunNow(p.t.Context(), name, job.Run{By: "ops"})
	if err != nil {
		p.t.Fatal(err)
	}
	run, err := begun.Wait(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return run
}

// figures gives the figures of a connection over 30 days, from its store.
func (w *world) figures(connection string) store.Stats {
	w.t.Helper()
	s := w.openStore()
	stats, err := s.Stats(w.t.Context(), connection, 30, time.UTC, time.Now())
	if err := errors.Join(err, s.Close()); err != nil {
		w.t.Fatal(err)
	}
	return stats
}
