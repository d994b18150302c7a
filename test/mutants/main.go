package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/haulier/haulier/test/docs"
)

// options are those of a run.
type options struct {
	only   string
	short  bool
	report string
	commit string // of the tree as it was at the begin; only for a report
}

func (o options) wants(m mutant) bool {
	if o.only != "" {
		return slices.Contains(strings.Split(o.only, ","), m.name)
	}
	return m.short || !o.short
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := work(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func work(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("mutants", flag.ExitOnError)
	flags.StringVar(&o.only, "only", "", "mutants by their names, joined by commas")
	flags.BoolVar(&o.short, "short", false, "see that all apply and compile, and kill those that CI kills")
	flags.StringVar(&o.report, "report", "", "document to write the table of a whole run into")
	list := flags.Bool("list", false, "list the mutants and stop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *list {
		for _, m := range all() {
			fmt.Printf("%-28s %s\n", m.name, m.holds)
		}
		return nil
	}
	if o.report != "" && (o.short || o.only != "") {
		return errors.New("a report is of all mutants")
	}
	if o.report != "" {
		var err error
		if o.commit, err = docs.Commit(ctx); err != nil {
			return err
		}
	}
	return campaign(ctx, o)
}

// campaign tests the chosen mutants one after the other.
func campaign(ctx context.Context, o options) error {
	l, err := newLab()
	if err != nil {
		return err
	}
	defer os.RemoveAll(l.dir)
	if o.short {
		if err := compileAll(ctx, l); err != nil {
			return err
		}
	}
	began, failed := time.Now(), 0
	var deaths []death
	for _, m := range all() {
		if !o.wants(m) || ctx.Err() != nil {
			continue
		}
		start := time.Now()
		killer, err := l.try(ctx, m)
		took := time.Since(start).Round(time.Second)
		if err != nil {
			failed++
			fmt.Printf("%-28s FAILED  %4.0f s  %s\n        %s\n", m.name, took.Seconds(), m.holds, strings.ReplaceAll(err.Error(), "\n", "\n        "))
			continue
		}
		deaths = append(deaths, death{m, killer})
		fmt.Printf("%-28s killed  %4.0f s  by %s of %s\n", m.name, took.Seconds(), killer, m.by.pkg)
	}
	fmt.Printf("%d killed, %d failed, %.0f s\n", len(deaths), failed, time.Since(began).Seconds())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed > 0:
		return errors.New("mutants failed")
	case len(deaths) == 0:
		return errors.New("no mutant was tried")
	case o.report != "":
		return docs.WriteBetween(o.report, "test/mutants", table(deaths, o.commit, time.Now()))
	}
	return nil
}

// compileAll sees that every mutant is still one, and a program.
func compileAll(ctx context.Context, l *lab) error {
	began := time.Now()
	c, err := newCompiler(ctx, l)
	if err != nil {
		return err
	}
	var failed []error
	for _, m := range all() {
		if err := c.compiles(m); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
		}
	}
	fmt.Printf("%d mutants apply and compile, %d do not, %.0f s\n", len(all())-len(failed), len(failed), time.Since(began).Seconds())
	return errors.Join(failed...)
}

func newLab() (*lab, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("look for the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "haulier-mutants-")
	return &lab{root: strings.TrimSpace(string(out)), dir: dir, well: map[tests]error{}}, err
}
