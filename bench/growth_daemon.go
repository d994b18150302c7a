package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// yearly is the schedule of what is not to run meanwhile.
const yearly = "0 0 1 1 *"

// soon is a whole minute that is not too near, and how a schedule says it.
func soon() (due time.Time, cron string) {
	due = time.Now().UTC().Add(75 * time.Second).Truncate(time.Minute)
	return due, fmt.Sprintf("%d %d * * *", due.Minute(), due.Hour())
}

// accountsOf measures a night: the jobs of very many accounts are due in the same minute, and each has a few small files and a
// larger one to import.
func accountsOf(ctx context.Context, b *bench, n int64) (row []string, err error) {
	s, err := openSite(ctx, workload{name: "growth", does: down, customers: int(n), files: 5, size: 4 * kib, larger: mib, apart: true}, b.dir, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	e := errand{s, false}
	dir, err := s.home("daemon")
	if err != nil {
		return nil, err
	}
	text := b.contestants[0].(haulier).config(e, s.server)
	file := filepath.Join(dir, configName)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	d, err := serve(ctx, s.near, b.ourProgram(), dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.said(ctx, "ok=true", int(n)); err != nil { // each account was logged in to once, and may be used
		return nil, err
	}
	due, cron := soon()
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, yearly, cron)), 0o600); err != nil {
		return nil, err
	}
	if err := d.reload(ctx); err != nil {
		return nil, err
	}
	before := d.cpu()
	runs, err := d.runs(ctx, int(n))
	if err != nil {
		return nil, err
	}
	last := due
	for _, run := range runs {
		if err := ended(run.text, s.each()); err != nil {
			return nil, err
		}
		if run.ended.After(last) {
			last = run.ended
		}
	}
	cpu := (d.cpu() - before).Seconds()
	return []string{grouped(int(n)), grouped(s.total()), fmt.Sprintf("%.1f", last.Sub(due).Seconds()), fmt.Sprintf("%.2f", cpu),
		fmt.Sprintf("%.1f", cpu*1000/float64(n)), inMiB(d.peak()), inMiB(d.resident())}, e.verify(ctx)
}

// burst is how many jobs are due at once, of very many.
const burst = 1_000

// jobsOf measures a daemon with very many jobs, of one account whose folder is empty.
func jobsOf(ctx context.Context, b *bench, n int64) (row []string, err error) {
	s, err := openSite(ctx, workload{name: "growth", does: down}, b.dir, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	dir, err := s.home("daemon")
	if err != nil {
		return nil, err
	}
	jobs := manyJobs{s, dir, int(n)}
	if err := jobs.write(func(int) string { return yearly }); err != nil {
		return nil, err
	}
	checked, err := cpuOfCall(exec.CommandContext(ctx, b.ourProgram(), "-c", filepath.Join(dir, configName), "check", "--quiet"))
	if err != nil {
		return nil, err
	}
	d, err := serve(ctx, s.near, b.ourProgram(), dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := errors.Join(d.said(ctx, "ok=true", 1), d.rest(ctx)); err != nil {
		return nil, err
	}
	row = []string{grouped(int(n)), inSeconds(checked), inSeconds(d.cpu()), seconds(d.woke.Seconds()), inMiB(d.peak()), inMiB(d.resident())}
	idle, err := b.idle(ctx, d)
	if err != nil {
		return nil, err
	}
	late, err := jobs.due(ctx, d)
	return slices.Concat(row, idle, late), err
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func cpuOfCall(command *exec.Cmd) (time.Duration, error) {
	if out, err := command.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", command, err, out[:min(len(out), 1000)])
	}
	return command.ProcessState.UserTime() + command.ProcessState.SystemTime(), nil
}

// idle is what a daemon costs that has nothing to do: seconds an hour, and switches a minute.
func (b *bench) idle(ctx context.Context, d *serving) ([]string, error) {
	span := 2 * time.Minute
	if b.short {
		span = time.Second
	}
	cpu, switches := d.cpu(), d.switches()
	if err := pause(ctx, span); err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%.1f", (d.cpu()-cpu).Seconds()*float64(time.Hour)/float64(span)),
		fmt.Sprintf("%.0f", float64(d.switches()-switches)*float64(time.Minute)/float64(span))}, nil
}

// manyJobs are those of a configuration.
type manyJobs struct {
	*site
	dir string
	n   int
}

// perFile is how many jobs stand in one file.
const perFile = 10_000

// write writes the configuration, with a schedule for each job.
func (m manyJobs) write(cron func(i int) string) error {
	top := fmt.Sprintf("version: 1\ntimezone: UTC\ndata_dir: data\ninclude: ['jobs-*.yaml']\nconnections:\n  there: {host: %q, port: %d, username: %q, "+
		"auth: {methods: [publickey], key_file: {path: %q}}, host_keys: [%q], max_connections: 32, locations: {there: %q}}\n",
		m.server.host, m.server.port, m.server.user, m.server.keyFile, m.server.hostKey, m.accounts[0].source)
	errs := []error{os.WriteFile(filepath.Join(m.dir, configName), []byte(top), 0o600)}
	for from := 0; from < m.n; from += perFile {
		text := strings.Builder{}
		text.WriteString("jobs:\n")
		for i := from; i < min(from+perFile, m.n); i++ {
			fmt.Fprintf(&text, "  job%d: {connection: there, schedule: %q, type: import, from: {location: there, match: \"%d_*\"}, to: {dir: %q}, allow_empty: true}\n",
				i, cron(i), i, filepath.Join(m.dir, "in", fmt.Sprint(i)))
		}
		errs = append(errs, os.WriteFile(filepath.Join(m.dir, fmt.Sprintf("jobs-%04d.yaml", from/perFile)), []byte(text.String()), 0o600))
	}
	return errors.Join(errs...)
}

// due lets some of the jobs be due: in one minute as many as all of them have a minute, spread over a day, and a minute later
// very many. It says what it cost to read the configuration again, and by how much runs were late.
func (m manyJobs) due(ctx context.Context, d *serving) ([]string, error) {
	share := max(1, m.n/(24*60))
	most := min(burst, m.n-share)
	reading := time.Duration(m.n) * time.Millisecond // on a busy machine
	first := time.Now().UTC().Add(90*time.Second + reading).Truncate(time.Minute)
	second := first.Add(time.Minute)
	at := func(t time.Time) string { return fmt.Sprintf("%d %d * * *", t.Minute(), t.Hour()) }
	err := m.write(func(i int) string {
		switch {
		case i < share:
			return at(first)
		case i < share+most:
			return at(second)
		}
		return yearly
	})
	before := d.cpu()
	if err = errors.Join(err, d.reload(ctx)); err != nil {
		return nil, err
	}
	reloaded := d.cpu() - before
	runs, err := d.runs(ctx, share+most)
	late := map[time.Time][]float64{}
	for _, run := range runs {
		err = errors.Join(err, ended(run.text, 0))
		late[run.due.UTC()] = append(late[run.due.UTC()], run.started.Sub(run.due).Seconds())
	}
	if len(late[first]) != share || len(late[second]) != most {
		err = errors.Join(err, fmt.Errorf("%d and %d runs for %d and %d slots", len(late[first]), len(late[second]), share, most))
	}
	if err != nil {
		return nil, err
	}
	return []string{inSeconds(reloaded), fmt.Sprintf("%.2f (%s)", percentile(late[first], 0.99), count(share, "job")),
		fmt.Sprintf("%.1f, %.1f", percentile(late[second], 0.5), percentile(late[second], 0.99))}, nil
}

// percentile is the least value that so many of all do not exceed.
func percentile(all []float64, part float64) float64 {
	slices.Sort(all)
	return all[min(len(all)-1, int(part*float64(len(all))))]
}
