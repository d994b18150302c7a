// Command bench runs Haulier and programs that people use in its place side by side: each does the same workloads against the
// same private OpenSSH server, in turn, in the same run. What has arrived is compared byte by byte; then time, CPU and memory
// count. docs/performance.md says how it is used and what it has measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/haulier/haulier/test/docs"
)

// options are those of a run.
type options struct {
	only    *regexp.Regexp // of workloads' names
	rounds  int
	peers   []string
	short   bool
	dir     string // where files lie
	disk    string // where those of the workloads on a disk lie
	builds  builds
	json    string
	against string
	report  string
	list    bool
	growth  bool // how cost grows, in place of the workloads
}

// builds are further builds of Haulier, NAME=PATH or PATH.
type builds []haulier

func (b *builds) String() string { return fmt.Sprint(*b) }

func (b *builds) Set(text string) error {
	name, path, named := strings.Cut(text, "=")
	if !named {
		name, path = "haulier", text
	}
	if slices.ContainsFunc(*b, func(h haulier) bool { return h.label == name }) {
		return fmt.Errorf("two builds are called %s: say NAME=PATH", name)
	}
	*b = append(*b, haulier{name, path})
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := work(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func work(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.list {
		for _, w := range o.chosen() {
			fmt.Printf("%-18s %s\n", w.name, w.title())
		}
		return nil
	}
	if o.growth {
		return growAll(ctx, o)
	}
	var former *report
	if o.against != "" {
		if former, err = readReport(o.against); err != nil {
			return err
		}
	}
	if err := adopt(); err != nil {
		return fmt.Errorf("become the parent of orphans: %w", err)
	}
	r, err := measureAll(ctx, o)
	if err != nil {
		return err
	}
	fmt.Print(r.table(former))
	if o.json != "" {
		if err := r.write(o.json); err != nil {
			return err
		}
	}
	err = r.judge()
	if o.report != "" && err == nil {
		err = docs.WriteBetween(o.report, "bench", r.table(nil))
	}
	return err
}

// growAll measures how cost grows.
func growAll(ctx context.Context, o options) error {
	if err := adopt(); err != nil {
		return fmt.Errorf("become the parent of orphans: %w", err)
	}
	text, err := grow(ctx, o)
	if err != nil {
		return err
	}
	fmt.Print(text)
	if o.report != "" {
		err = docs.WriteBetween(o.report, "bench -growth", text)
	}
	return err
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	only := flags.String("only", "", "workloads whose names `REGEXP` finds")
	peers := flags.String("peers", "haulier,sftp,rclone,lftp", "who takes part")
	flags.IntVar(&o.rounds, "rounds", 0, "how often each does each workload (default 5, 1 with -short)")
	flags.BoolVar(&o.short, "short", false, "little to do: shows that all works, not how fast")
	flags.StringVar(&o.dir, "dir", "", "`folder` for files (default /dev/shm where it has room, else the one for temporary files)")
	flags.StringVar(&o.disk, "disk", os.TempDir(), "`folder` on a disk, for the workloads that want one")
	flags.Var(&o.builds, "haulier", "a `program` that takes part in place of one built here, NAME=PATH or PATH; may be said again")
	flags.StringVar(&o.json, "json", "", "`file` to write the results to")
	flags.StringVar(&o.against, "against", "", "`file` with the results of a former run to compare with")
	flags.StringVar(&o.report, "report", "", "`document` to write the table of a whole run into")
	flags.BoolVar(&o.growth, "growth", false, "in place of the workloads, measure Haulier alone at three sizes of each thing that grows")
	flags.BoolVar(&o.list, "list", false, "list the workloads and stop")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, err
	}
	if o.growth {
		*peers = "haulier"
	}
	o.peers = strings.Split(*peers, ",")
	o.defaults()
	return o, o.check(*only)
}

// defaults are filled in where they depend on other options, or on the machine.
func (o *options) defaults() {
	need := int64(8 * gib)
	if o.short {
		need = 2 * gib // most of it because Haulier leaves the last GiB of a disk alone
	}
	if o.dir == "" {
		o.dir = os.TempDir()
		if inMemory("/dev/shm") && spare("/dev/shm") > need {
			o.dir = "/dev/shm"
		}
	}
	if o.rounds == 0 {
		o.rounds = 5
		if o.short {
			o.rounds = 1
		}
	}
}

func (o *options) check(only string) error {
	for _, name := range o.peers {
		if !slices.Contains([]string{"haulier", "sftp", "rclone", "lftp"}, name) {
			return fmt.Errorf("nobody is called %q", name)
		}
	}
	if o.report != "" && (o.short || only != "" || len(o.peers) != 4 && !o.growth) {
		return errors.New("a report is of all workloads and all peers, at full size")
	}
	return nil
}

// chosen are the workloads of this run.
func (o *options) chosen() []workload {
	var all []workload
	for _, w := range workloads() {
		if !o.only.MatchString(w.name) {
			continue
		}
		if o.short {
			w = w.short()
		}
		all = append(all, w)
	}
	return all
}

// measureAll does all that was chosen.
func measureAll(ctx context.Context, o options) (_ *report, err error) {
	began := time.Now()
	r := &report{At: began, Short: o.short, Rounds: o.rounds}
	b := bench{options: o, report: r}
	defer func() { err = errors.Join(err, b.end()) }()
	if r.Commit, err = docs.Commit(ctx); err != nil {
		return nil, err
	}
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	for _, w := range o.chosen() {
		r.Workloads = append(r.Workloads, b.do(ctx, w))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	r.Machine = machine(o)
	r.Seconds = int(time.Since(began).Seconds())
	return r, nil
}
