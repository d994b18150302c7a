package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftp"
)

// Names in the data folder.
const (
	storeFile  = "haulier.db"
	masterFile = "master.key"
	socketFile = "haulier.sock"
	stageDir   = "stage"
)

// system is everything that moves files, plugged together for one configuration.
type system struct {
	cfg    func() *config.Config // the one that counts now
	store  *store.Store
	pool   *sftp.Pool
	runner *control.Runner
	log    *slog.Logger
}

// openStore opens the store of a data folder, and makes both when they are not there.
func (a *app) openStore(ctx context.Context, cfg *config.Config) (*store.Store, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	return a.store(ctx, cfg, false)
}

// readStore opens the store beside whoever else uses it, for reading only.
func (a *app) readStore(ctx context.Context, cfg *config.Config) (*store.Store, error) {
	s, err := a.store(ctx, cfg, true)
	if errors.Is(err, store.ErrMissing) {
		return nil, &job.Reason{
			Slug: "local.no_store", What: "there is nothing to show yet", Cause: fmt.Sprintf("no store in %s", cfg.DataDir),
			Do: "run a job, or start `haulier serve`", Who: job.WhoUs, Err: err,
		}
	}
	return s, err
}

// reading loads the configuration and opens its store for reading.
func (a *app) reading(ctx context.Context) (*config.Config, *store.Store, error) {
	cfg, err := a.configOrLast(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := a.readStore(ctx, cfg)
	return cfg, s, err
}

func (a *app) store(ctx context.Context, cfg *config.Config, readOnly bool) (*store.Store, error) {
	key := store.KeySource{Path: inData(cfg, masterFile)}
	s, err := store.Open(ctx, store.Options{Path: inData(cfg, storeFile), ReadOnly: readOnly, MasterKey: key.MasterKey})
	if err != nil {
		return nil, err
	}
	a.onClose(s.Close)
	return s, nil
}

// logger writes the program's log to stderr as the configuration says.
func (a *app) logger(cfg *config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: logLevel(cfg.Log.Level)}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, options))
	}
	return slog.New(slog.NewTextHandler(a.stderr, options))
}

// handLogger is the log of a run by hand: what it would say is shown anyway, so only -v lets it speak.
func (a *app) handLogger(cfg *config.Config) *slog.Logger {
	if !a.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return a.logger(cfg)
}

func logLevel(name string) slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return level
}

// newSystem plugs everything together. Watch is told of every sign of life.
func newSystem(current func() *config.Config, s *store.Store, log *slog.Logger, watch func(job.Progress)) *system {
	sys := &system{cfg: current, store: s, log: log}
	sys.pool = poolOf(current(), s, log)
	keyring := control.Keyring{Store: s, Log: log}
	runs := &runLog{Store: s, log: log}
	watch = sys.logging(runs, watch)
	sys.runner = &control.Runner{
		Sessions:    func(ctx context.Context, c job.Connection) (control.Session, error) { return sys.pool.Session(ctx, c) },
		Connections: sys.connection,
		AsRun: func(ctx context.Context, run job.Run) (job.Spec, job.Connection, error) {
			return control.AsRun(ctx, s, current(), run)
		},
		Reopen:   func(ctx context.Context, run job.Run) error { return control.Reopen(ctx, s, run) },
		Importer: sys.importer(keyring, watch),
		Exporter: sys.exporter(keyring, watch),
		Book:     runs,
		Logger:   log,
	}
	return sys
}

// poolOf makes the pool of sessions; log may be nil.
func poolOf(cfg *config.Config, s *store.Store, log *slog.Logger) *sftp.Pool {
	vault := control.Vault{Store: s}
	return sftp.NewPool(sftp.Options{Store: s, Secrets: vault, SecretVersion: vault.Version, EgressIPs: egress(cfg), Log: log})
}

// logging writes the end of every file to the log of its run, and passes everything on.
func (s *system) logging(runs *runLog, watch func(job.Progress)) func(job.Progress) {
	return func(p job.Progress) {
		watch(p)
		if p.Stage != job.StageEnd {
			return
		}
		line := store.LogLine{At: time.Now(), Level: slog.LevelInfo.String(), Line: fmt.Sprintf("file %d %s: %s", p.File, p.State, p.Name)}
		if p.Reason != nil {
			line.Level, line.Line = slog.LevelError.String(), line.Line+": "+p.Reason.Error()
		}
		runs.add(p.Run, line)
	}
}

func (s *system) connection(name string) (job.Connection, bool) {
	c, found := s.cfg().Connections[name]
	return c, found
}

func (s *system) importer(keyring control.Keyring, watch func(job.Progress)) *transfer.Importer {
	return &transfer.Importer{
		Ledger:  s.store,
		Landing: func(dir string) (transfer.Landing, error) { return local.OpenLanding(dir) },
		Former:  func(dir string) (transfer.Landing, error) { return local.FindLanding(dir) },
		Opener:  keyring.Opener,
		Refetch: pgp.Refetch,
		Forget:  local.Forget,
		Epoch:   s.store.Epoch,
		Looked:  s.store.Looked,
		Watch:   watch,
	}
}

func (s *system) exporter(keyring control.Keyring, watch func(job.Progress)) *transfer.Exporter {
	return &transfer.Exporter{
		Ledger: s.store,
		Outbox: func(dir string) (transfer.Outbox, error) { return local.OpenOutbox(dir) },
		Stage:  func(jobName string) (transfer.Stage, error) { return exportStage(s.cfg(), jobName) },
		Sealer: keyring.Sealer,
		Forget: local.Forget,
		Epoch:  s.store.Epoch,
		Looked: s.store.Looked,
		Watch:  watch,
	}
}

// exportStage opens the stage of an export. A job that was renamed takes its stage along.
func exportStage(cfg *config.Config, jobName string) (*local.Stage, error) {
	dir := filepath.Join(cfg.DataDir, stageDir)
	if spec, found := cfg.Job(jobName); found && spec.Formerly != "" {
		if err := local.CarryStage(filepath.Join(dir, jobName), filepath.Join(dir, spec.Formerly)); err != nil {
			return nil, err
		}
	}
	return local.OpenStage(filepath.Join(dir, jobName))
}

func egress(cfg *config.Config) []string {
	ips := make([]string, len(cfg.EgressIPs))
	for i, ip := range cfg.EgressIPs {
		ips[i] = ip.String()
	}
	return ips
}

// takeOver makes this process the one that runs jobs on the data folder, and ends what a process that died had open.
func (a *app) takeOver(ctx context.Context, cfg *config.Config, s *store.Store) error {
	lock, err := control.TakeLock(cfg.DataDir)
	if err != nil {
		return err
	}
	a.onClose(lock.Release)
	if _, err := s.EndClaims(ctx); err != nil {
		return err
	}
	return nil
}

// user is who asks, for the audit.
func user() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if name := os.Getenv("USER"); name != "" {
		return name
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
