package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/haulier/haulier/test/docs"
)

// series is one thing that grows: what it costs is measured at several sizes.
type series struct {
	name    string
	head    []string // of the columns
	sizes   []int64
	little  int64 // the one size of the short form
	measure func(ctx context.Context, b *bench, size int64) ([]string, error)
}

func allSeries() []series {
	copied := []string{"wall s", "CPU s", "server's CPU s", "peak MiB", "CPU"}
	return []series{
		{"file size, down", append([]string{"one file of"}, copied...), []int64{64 * mib, 512 * mib, 4 * gib}, mib, copies(down, true)},
		{"file size, up", append([]string{"one file of"}, copied...), []int64{64 * mib, 512 * mib, 4 * gib}, mib, copies(up, true)},
		{"file count, down", append([]string{"files of 4 KiB"}, copied...), []int64{100, 1_000, 10_000}, 10, copies(down, false)},
		{"file count, up", append([]string{"files of 4 KiB"}, copied...), []int64{100, 1_000, 10_000}, 10, copies(up, false)},
		{"jobs", []string{"jobs", "check, CPU s", "start, CPU s", "answers after s", "peak MiB", "at rest MiB", "idle, CPU s an hour", "idle, switches a minute",
			"reload, CPU s", "lateness of a minute's share, p99 s", "of 1,000 at once: median, p99 s"}, []int64{1_000, 10_000, 100_000}, 20, jobsOf},
		{"accounts", []string{"accounts", "files", "done after s", "CPU s", "CPU ms an account", "peak MiB", "afterwards MiB"}, []int64{10, 100, 1_000}, 5, accountsOf},
	}
}

// grow measures all series and gives the text about them.
func grow(ctx context.Context, o options) (text string, err error) {
	began := time.Now()
	b := bench{options: o, report: &report{Short: o.short, Rounds: o.rounds}}
	defer func() { err = errors.Join(err, b.end()) }()
	commit, err := docs.Commit(ctx)
	if err != nil {
		return "", err
	}
	if err := b.begin(ctx); err != nil {
		return "", err
	}
	var tables strings.Builder
	for _, s := range allSeries() {
		if !o.only.MatchString(s.name) {
			continue
		}
		if err := b.growth(ctx, s, &tables); err != nil {
			return "", err
		}
	}
	var t strings.Builder
	fmt.Fprintf(&t, "\n%s, commit %s: medians of %s where files are copied, in %v.\n\n", began.UTC().Format(time.DateOnly), commit, count(o.rounds, "run"),
		time.Since(began).Round(time.Second))
	for _, line := range append(machine(o), b.report.Versions...) {
		fmt.Fprintf(&t, "- %s\n", line)
	}
	return t.String() + tables.String() + "\n", nil
}

// growth measures one series.
func (b *bench) growth(ctx context.Context, s series, t *strings.Builder) error {
	fmt.Fprintf(t, "\n| %s |\n|%s\n", strings.Join(s.head, " | "), strings.Repeat(" --- |", len(s.head)))
	if b.short {
		s.sizes = []int64{s.little}
	}
	for _, size := range s.sizes {
		fmt.Printf("%s: %d\n", s.name, size)
		row, err := s.measure(ctx, b, size)
		var cannot notRun
		switch {
		case errors.As(err, &cannot):
			row = []string{grouped(int(size)), "not run: " + oneLine(cannot.Error())}
		case err != nil:
			return fmt.Errorf("%s, %d: %w", s.name, size, err)
		}
		fmt.Fprintf(t, "| %s |\n", strings.Join(row, " | "))
		fmt.Printf("  %s\n", strings.Join(row, " | "))
	}
	return nil
}

// copies measures files that a run brings, as the workloads do: one file of a size, or as many small ones.
func copies(does kind, one bool) func(context.Context, *bench, int64) ([]string, error) {
	return func(ctx context.Context, b *bench, size int64) ([]string, error) {
		w := workload{name: "growth", does: does, files: int(size), size: 4 * kib}
		label, unit, units := grouped(int(size)), "%.2f ms a file", float64(size)/1000
		if one {
			w.files, w.size = 1, size
			label, unit, units = sizeOf(size), "%.2f s a GiB", float64(size)/gib
		}
		m, err := b.median(ctx, w)
		cpu := m.User + m.Sys
		return []string{label, seconds(m.Wall), fmt.Sprintf("%.2f", cpu), fmt.Sprintf("%.2f", m.Server), inMiB(m.Peak), fmt.Sprintf(unit, cpu/units)}, err
	}
}

// median lets Haulier do a workload.
func (b *bench) median(ctx context.Context, w workload) (cost, error) {
	if 3*w.bytes() > spare(b.dir) {
		return cost{}, notRun{fmt.Errorf("%s has no room for it thrice", b.dir)}
	}
	s, err := openSite(ctx, w, b.dir, "")
	if err != nil {
		return cost{}, err
	}
	all := b.entrants(s)
	err = all[0].prepare(ctx, all[0].errand)
	var runs []cost
	for range b.rounds {
		if err != nil {
			break
		}
		var c cost
		c, err = all[0].run(ctx, all[0].contestant, all[0].Setting)
		runs = append(runs, c)
	}
	if err = errors.Join(err, s.close()); err != nil {
		return cost{}, err
	}
	return medians(runs), nil
}

func inMiB(bytes int64) string { return fmt.Sprintf("%.0f", float64(bytes)/mib) }

// ours is the build that is measured.
func (b *bench) ourProgram() string { return b.contestants[0].(haulier).program }

// home makes a folder for a daemon of a site.
func (s *site) home(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	return dir, os.MkdirAll(dir, 0o755)
}
