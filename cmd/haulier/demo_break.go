package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/web"
)

// demoSocket is where a running demo is asked to break something, in its folder.
const demoSocket = "demo.sock"

func breakCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "break [FAILURE]",
		Short: "Let something go wrong in the running demo",
		Long: "Makes the customer's server, its files or this machine fail in one way, runs a job into it and shows the message as people\n" +
			"will meet it. It stays like that, for all commands and runs, until the next break or `haulier demo mend`. Without a\n" +
			"FAILURE, lists them:\n\n" + listBreakages("    "),
		Example:           "haulier demo break firewall\nhaulier -c haulier-demo-2/haulier.yaml demo break hostkey",
		Args:              between(0, "FAILURE"),
		ValidArgsFunction: firstOnly(words(breakageNames()...)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				a.printf("%s", listBreakages(""))
				return nil
			}
			return a.askDemo(cmd.Context(), args[0])
		},
	}
}

// mending is what the demo is asked for to have its failure taken back.
const mending = "none"

func mendCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "mend",
		Short: "Take back what `haulier demo break` did",
		Long:  "Makes everything in the running demo work again, and runs the job that failed. `haulier demo break " + mending + "` is the same.",
		Args:  exactly(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.askDemo(cmd.Context(), mending) },
	}
}

// listBreakages tells of each in a line, behind indent.
func listBreakages(indent string) string {
	var text strings.Builder
	for _, b := range breakages {
		fmt.Fprintf(&text, "%s%-11s  %s [%s]\n", indent, b.name, b.says, b.slug)
	}
	return text.String()
}

func breakageNames() []string {
	var names []string
	for _, b := range breakages {
		names = append(names, cobra.CompletionWithDesc(b.name, b.says))
	}
	return append(names, mending)
}

// broken is what the demo answers: what is wrong now, and the run that shows it.
type broken struct {
	Failure string      `json:"failure"` // empty: nothing
	Says    string      `json:"says"`
	Ran     historyLine `json:"run"`
}

// demoDir is the folder of the demo that is meant: that of -c, or the usual one.
func (a *app) demoDir() string {
	if a.configPath != "" {
		return filepath.Dir(a.configPath)
	}
	return demoFolder
}

// askDemo lets the running demo break or mend something, and shows the run that followed.
func (a *app) askDemo(ctx context.Context, failure string) error {
	if _, ok := findBreakage(failure); !ok && failure != mending {
		return usage(fmt.Errorf("there is no failure %q; `haulier demo break` lists them", failure))
	}
	dir := a.demoDir()
	d := daemonAt(ctx, filepath.Join(dir, demoSocket))
	if d == nil {
		return &job.Reason{
			Slug: "local.no_daemon", What: "nothing was broken", Cause: fmt.Sprintf("no demo is running in %s, or its first runs have not ended yet", naming.Printable(dir, 300)),
			Do: "haulier demo", Who: job.WhoUs,
		}
	}
	if b, _ := findBreakage(failure); b.slug == slugMissing {
		a.say("Something is expected within two minutes: it will be late, and %s later missing. This waits until then.\n", returnsGrace)
	}
	var done broken
	if err := d.post(ctx, "/break/"+failure, web.Asked{By: user()}, &done); err != nil {
		return err
	}
	if a.json {
		return a.object(done)
	}
	a.printf("%s.\n%s run %d of %s: %s\n", done.Says, markOf(done.Ran), done.Ran.Run, done.Ran.Job, done.Ran.State)
	if done.Ran.Error != nil {
		a.printf("%s", reasonText(done.Ran.Error, "  ", a.colored(a.stdout)))
	}
	if done.Failure != "" {
		a.say("It stays like that until `haulier demo mend`.\n")
	}
	return nil
}

func markOf(r historyLine) string {
	if r.Error != nil {
		return "✖"
	}
	return "✔"
}

// listen takes orders to break something, from this user only. Runs that followed are passed to ran.
func (s *demoStage) listen(d *control.Daemon, ran chan<- job.Run) (stop func() error, err error) {
	path := filepath.Join(s.dir, demoSocket)
	listener, err := listenPrivately(path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /break/{failure}", func(w http.ResponseWriter, r *http.Request) {
		done, run, err := s.order(r.Context(), d, r.PathValue("failure"))
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			_ = json.NewEncoder(w).Encode(web.Problem{Status: http.StatusInternalServerError, Reason: *orderReason(err)})
			return
		}
		select {
		case ran <- run:
		case <-r.Context().Done():
		}
		_ = json.NewEncoder(w).Encode(done)
	})
	server := serveOn(listener, mux, d.Logger)
	return func() error { return errors.Join(server.stop(), os.Remove(path)) }, nil
}

func orderReason(err error) *job.Reason {
	var reason *job.Reason
	if errors.As(err, &reason) {
		return reason
	}
	return &job.Reason{Slug: "local.failed", What: "the demo could not be broken", Cause: err.Error(), Do: "end the demo and begin it again", Who: job.WhoUs}
}

// order makes one failure, or none, and runs the job that shows it.
func (s *demoStage) order(ctx context.Context, d *control.Daemon, failure string) (broken, job.Run, error) {
	s.breaking.Lock()
	defer s.breaking.Unlock()
	before := s.broken
	if err := s.repair(ctx); err != nil {
		return broken{}, job.Run{}, err
	}
	if failure == mending {
		name := customersJob
		if before != nil {
			name = before.job
		}
		run, err := s.runUntil(ctx, d, name, func(r job.Run) bool { return r.State == job.RunSucceeded && r.Counts.OK > 0 })
		return broken{Says: "Everything works again", Ran: historyOf(run)}, run, err
	}
	b, ok := findBreakage(failure)
	if !ok {
		return broken{}, job.Run{}, fmt.Errorf("there is no failure %q", failure)
	}
	mend, err := b.make(ctx, s, d)
	if err != nil {
		return broken{}, job.Run{}, err
	}
	if b.slug == slugMissing {
		b.job = s.returns
	}
	s.broken, s.mend = &b, mend
	run, err := s.runUntil(ctx, d, b.job, func(r job.Run) bool { return b.slug == slugMissing || r.Reason != nil && r.Reason.Slug == b.slug })
	if err == nil && b.slug == slugMissing { // the run is well: nothing came
		run.Reason, err = s.awaitMissing(ctx)
	}
	return broken{Failure: b.name, Says: b.says, Ran: historyOf(run)}, run, err
}

// repair takes back the failure that there is, and with it what a refused login has led to: the customer has mended it.
func (s *demoStage) repair(ctx context.Context) error {
	if s.broken == nil {
		return nil
	}
	if err := s.mend(); err != nil {
		return err
	}
	s.broken, s.mend = nil, nil
	e := s.endpoint()
	return s.store.SaveBreaker(ctx, job.Account{Host: e.Host, Port: e.Port, User: e.User}, job.Breaker{})
}

func (s *demoStage) endpoint() job.Endpoint { return s.cfg.Connections["acme"].Endpoint }

// runUntil runs a job on fresh files. A run of the schedule may be at work, and take them away from this one: then it is
// done again.
func (s *demoStage) runUntil(ctx context.Context, d *control.Daemon, name string, shows func(job.Run) bool) (job.Run, error) {
	const most = 10
	for tries := 1; ; tries++ {
		if err := s.refresh(ctx); err != nil {
			return job.Run{}, err
		}
		run, err := d.RunJob(ctx, name, job.Run{By: user()})
		if isBusy(err) && tries < most {
			if err := s.awaitIdle(ctx, d, name); err != nil {
				return run, err
			}
			continue
		}
		if err != nil {
			return run, err
		}
		if run, err = d.WaitRun(ctx, run.ID); err != nil || shows(run) || tries >= most/3 {
			return run, err
		}
	}
}

func isBusy(err error) bool {
	var reason *job.Reason
	return errors.As(err, &reason) && reason.Slug == control.SlugBusy
}

// awaitIdle waits until a job does not run.
func (s *demoStage) awaitIdle(ctx context.Context, d *control.Daemon, name string) error {
	for _, standing := range d.Scheduler.Standings() {
		if standing.Job == name && standing.Run != nil {
			_, err := d.WaitRun(ctx, standing.Run.ID)
			return err
		}
	}
	select { // it has ended, or is just about to begin
	case <-time.After(50 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
