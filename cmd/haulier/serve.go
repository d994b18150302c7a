package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/notify"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/scheduler/expect"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/web"
)

func serveCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the jobs at their times, and answer the other commands",
		Long: "Runs the scheduler until SIGINT or SIGTERM. SIGHUP reads the configuration again, as `haulier reload` does;\n" +
			"one with errors is refused and the old one goes on.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context()) },
	}
}

// stopFor is how long runs may go on after a stop was asked for, before they are cut off.
const stopFor = 2 * time.Second

// garbage is how much of what is in use may be lying about as garbage, in percent. What runs have in flight is most of it:
// buffers, in which nothing has to be looked for, so that clearing away more often costs little. 256 MiB are to do for 1,000
// accounts.
const garbage = 50

func (a *app) serve(ctx context.Context) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	return a.serveWhile(ctx, cfg, s, a.attend)
}

// serveWhile runs the jobs of a configuration and answers other commands for as long as attend takes.
func (a *app) serveWhile(ctx context.Context, cfg *config.Config, s *store.Store, attend func(context.Context, *control.Daemon) error) error {
	if err := a.takeOver(ctx, cfg, s); err != nil {
		return err
	}
	var background sync.WaitGroup
	defer background.Wait()
	ctx, cancel := context.WithCancel(ctx) // also where the start fails: what is in the background ends then
	defer cancel()
	d, m, sys := a.newDaemon(ctx, cfg, s, &background)
	boss := newManager(d.Logger)
	d.Reloading = func() func(error) { return boss.reloading(d) }
	if err := d.Use(ctx, cfg, user()); err != nil {
		return err
	}
	if err := d.Scheduler.Start(ctx); err != nil {
		return err
	}
	stopListening, err := a.listen(ctx, cfg, d, m, sys.pool)
	if err != nil {
		return errors.Join(err, stopRuns(ctx, d))
	}
	d.Logger.Info("haulier serves", "config", cfg.Path, "jobs", len(cfg.Jobs), "connections", len(cfg.Connections), "socket", inData(cfg, socketFile))
	boss.ready(d)
	background.Go(func() { boss.feed(ctx, boss.watchdog(), d.Alive) })
	err = attend(ctx, d)
	boss.stops()
	err = errors.Join(err, stopRuns(ctx, d), stopListening())
	d.Logger.Info("haulier has stopped")
	return err
}

func stopRuns(ctx context.Context, d *control.Daemon) error {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
	defer cancel()
	return d.Scheduler.Stop(limit)
}

func ignoreDeadline(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// newDaemon plugs the scheduler together with everything that its runs need. What it does beside that ends with ctx and
// is counted in background.
func (a *app) newDaemon(ctx context.Context, cfg *config.Config, s *store.Store, background *sync.WaitGroup) (*control.Daemon, *meter, *system) {
	d := &control.Daemon{Store: s, Intake: &control.Intake{Book: s}, Hub: &control.Hub{}, Logger: a.logger(cfg), Started: time.Now()}
	current := func() *config.Config {
		if now := d.Config(); now != nil {
			return now
		}
		return cfg
	}
	d.HeldStage = func(f job.File) (control.Wiper, error) { return heldStage(current(), f) }
	sys := newSystem(current, s, d.Logger, d.Hub.Tell)
	e := expect.New(expect.Options{Store: s, Evidence: s, Names: control.ExpectedNames, Log: d.Logger})
	d.Expect = e
	background.Go(func() { e.Run(ctx) })
	alerts := &control.AlertClock{Book: s, Config: current, Logger: d.Logger}
	background.Go(func() { alerts.Run(ctx) })
	reports := &control.ReportClock{Book: s, Logger: d.Logger}
	background.Go(func() { reports.Run(ctx) })
	d.Watching = control.NewCredentials(s, current, d.Logger)
	background.Go(func() { d.Watching.Run(ctx) })
	m := newMeter(s, current)
	m.attend(sys)
	d.Load = func(context.Context) (*config.Config, config.Problems) {
		return config.Load(cfg.Path, ownOptions(config.Known{}))
	}
	d.Drafts = func(cfg *config.Config) {
		m.loaded()
		background.Go(func() { testDrafts(ctx, sys, cfg) })
	}
	d.Scheduler = scheduler.New(scheduler.Options{
		Store: s, Runner: expectantRunner{meteredRunner{sys.runner, m}, e}, Gate: control.Gate{Connections: sys.connection, Accounts: sys.pool}, Log: d.Logger, Revision: d.Revision,
		GivenUp: sys.runner.GivenUp,
		Trouble: func(err error) {
			if err != nil {
				d.Logger.Error("the store cannot be used; no run begins until it can", "error", err)
			}
		},
	})
	n := notify.New(a.notifyOptions(current, s, d))
	d.Channels = func(ctx context.Context, channels map[string]job.Channel) {
		if err := n.Use(ctx, channels); err != nil {
			d.Logger.Error("the channels cannot be recorded; nothing is told until they are", "error", err)
		}
	}
	background.Go(func() { n.Run(ctx) })
	m.told = n.Counts
	m.standings, m.lag = d.Scheduler.Standings, d.Scheduler.Lag
	return d, m, sys
}

// testDrafts logs in once on every connection that has never worked, so that slots need no person where all is well. What was refused
// waits for its breaker or for a person: a service that is started again and again must not lock an account.
func testDrafts(ctx context.Context, sys *system, cfg *config.Config) {
	var tests sync.WaitGroup
	defer tests.Wait()
	turns := make(chan struct{}, draftsAtOnce)
	jobs := jobsByConnection(cfg)
	for name, c := range cfg.Connections {
		active, err := sys.store.ConnectionState(ctx, name)
		if err != nil || active || !c.Enabled {
			continue
		}
		turns <- struct{}{}
		tests.Go(func() {
			defer func() { <-turns }()
			if refused, _ := sys.pool.Blocked(ctx, c); refused != nil {
				sys.log.Info("draft connection left alone", "connection", c.Name, "slug", refused.Slug, "cause", refused.Cause)
				return
			}
			testDraft(ctx, sys, c, control.PurposeOf(c, jobs[name]))
		})
	}
}

func jobsByConnection(cfg *config.Config) map[string][]job.Spec {
	jobs := make(map[string][]job.Spec, len(cfg.Connections))
	for _, spec := range cfg.Jobs {
		jobs[spec.Connection] = append(jobs[spec.Connection], spec)
	}
	return jobs
}

// draftsAtOnce bounds how many drafts are tested at the same time.
const draftsAtOnce = 8

// draftTester tests a connection as far as its breaker lets it.
type draftTester struct{ pool *sftp.Pool }

func (t draftTester) Test(ctx context.Context, c job.Connection, purpose sftp.Purpose) sftp.Report {
	return t.pool.Try(ctx, c, purpose)
}

func testDraft(ctx context.Context, sys *system, c job.Connection, purpose sftp.Purpose) {
	report, err := control.TestConnection(ctx, draftTester{sys.pool}, sys.store, c, purpose, "serve")
	switch {
	case err != nil:
		sys.log.Error("draft connection tested", "connection", c.Name, "error", err)
	case report.Error != nil:
		sys.log.Warn("draft connection tested", "connection", c.Name, "slug", report.Error.Slug, "cause", report.Error.Cause)
	default:
		sys.log.Info("draft connection tested", "connection", c.Name, "ok", report.OK)
	}
}

// pruneEvery is how often what is too old is deleted.
const pruneEvery = 6 * time.Hour

// attend does what comes up until the context ends: SIGHUP, and housekeeping.
func (a *app) attend(ctx context.Context, d *control.Daemon) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	prune := time.NewTimer(0) // also for a daemon that is started more often than that
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			_, _ = d.Reload(ctx, "SIGHUP") // the log says how it went
		case <-prune.C:
			if _, err := d.Store.Prune(ctx, time.Now()); err != nil {
				d.Logger.Error("prune", "error", err)
			}
			prune.Reset(pruneEvery)
		}
	}
}

func reloadCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Let the daemon read the configuration again",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			d := a.daemon(cmd.Context(), cfg)
			if d == nil {
				return noDaemon()
			}
			var done job.Reloaded
			if err := d.post(cmd.Context(), "/api/v1/config/reload", web.Asked{By: user()}, &done); err != nil {
				return err
			}
			if a.json {
				return a.object(done)
			}
			a.printf("%srevision %d counts now\n", done.Diff, done.Revision)
			for _, setting := range done.Restart {
				a.printf("%s counts only after a restart\n", setting)
			}
			return nil
		},
	}
}

func noDaemon() error {
	return &job.Reason{
		Slug: "local.no_daemon", What: "nothing was done", Cause: "no `haulier serve` answers on this data folder", Do: "haulier serve", Who: job.WhoUs,
	}
}
