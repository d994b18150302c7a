package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/haulier/haulier/test/docs"
)

// options are those of a campaign.
type options struct {
	tier    Tier
	shard   shard
	only    string
	seed    uint64
	results string
	mayMiss string        // cases that this machine need not be able to do; "*": any
	atMost  time.Duration // that the campaign may take; 0: any
	program string
	commit  string
	known   *passed // what cases have found out for those after them
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := work(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func work(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("faults", flag.ExitOnError)
	tier := flags.String("tier", string(Short), "short, night or release")
	flags.Var(&o.shard, "shard", "I/N: only the I-th of N parts")
	flags.StringVar(&o.only, "only", "", "cases by their ids or groups, such as A or C40,D57")
	flags.Uint64Var(&o.seed, "seed", 1, "what chance begins with; each case adds its own id")
	flags.StringVar(&o.results, "results", "", "file to append a line a case to")
	flags.StringVar(&o.mayMiss, "may-miss", "*", "cases by their ids that may be left out, for want of a tool or because others show the same; any other fails the campaign then")
	flags.DurationVar(&o.atMost, "at-most", 0, "how long the campaign may take; one that takes longer fails, with its slowest cases")
	list := flags.Bool("list", false, "list the cases and stop")
	points := flags.Bool("points", false, "list the failpoints, with the kinds of job that come by each, and stop")
	report := flags.String("report", "", "write the table of the results into this document and stop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.tier = Tier(*tier)
	if err := o.checkOnly(); err != nil {
		return err
	}
	switch {
	case *list:
		for _, c := range Cases() {
			fmt.Printf("%-7s %-60s %s\n", c.ID, c.Title, c.Holds)
		}
		return nil
	case *report != "":
		return writeReport(o.results, *report)
	}
	return campaign(ctx, o, *points)
}

// campaign does the chosen cases one after the other, or lists the failpoints.
func campaign(ctx context.Context, o options, points bool) error {
	dir, err := os.MkdirTemp("", "haulier-faults-program-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.program, o.known = filepath.Join(dir, "haulier"), &passed{}
	if o.commit, err = docs.Commit(ctx); err != nil {
		return err
	}
	if err := build(ctx, o.program); err != nil {
		return err
	}
	if points {
		return listPoints(ctx, o)
	}
	return o.do(ctx, o.chosen())
}

// do does cases one after the other.
func (o options) do(ctx context.Context, cases []Case) error {
	began, done := time.Now(), []Result{}
	for _, c := range cases {
		say := func(format string, args ...any) { fmt.Printf("        "+format+"\n", args...) }
		r := c.do(ctx, o, o.seed^hashOf(c.ID), say)
		if ctx.Err() != nil {
			return fmt.Errorf("%s has no verdict: the campaign was ended from outside", c.ID)
		}
		done = append(done, r)
		fmt.Printf("%-7s %-8s %4d s  %4d rounds %4d kills  %s\n", c.ID, r.Verdict, r.Seconds, r.Rounds, r.Kills, c.Title)
		if r.Why != "" {
			fmt.Println("       ", strings.ReplaceAll(r.Why, "\n", "\n        "))
		}
		if o.results != "" {
			if err := appendResult(o.results, r); err != nil {
				return err
			}
		}
	}
	return o.sum(done, time.Since(began))
}

// sum says how a campaign ended.
func (o options) sum(done []Result, took time.Duration) error {
	by := map[string][]string{}
	for _, r := range done {
		by[r.Verdict] = append(by[r.Verdict], r.Case)
	}
	fmt.Printf("%d passed, %d failed, %d not run, %v\n", len(by["passed"]), len(by["failed"]), len(by["not run"]), took.Round(time.Second))
	var errs []error
	if failed := by["failed"]; len(failed) > 0 {
		errs = append(errs, fmt.Errorf("failed: %s", strings.Join(failed, " ")))
	}
	if missed := o.missed(by["not run"]); len(missed) > 0 {
		errs = append(errs, fmt.Errorf("not run, and this machine should be able to: %s", strings.Join(missed, " ")))
	}
	if len(by["passed"]) == 0 {
		errs = append(errs, errors.New("no case ran"))
	}
	if o.atMost > 0 && took > o.atMost {
		slices.SortFunc(done, func(a, b Result) int { return b.Seconds - a.Seconds })
		for _, r := range done[:min(5, len(done))] {
			errs = append(errs, fmt.Errorf("%s took %d s", r.Case, r.Seconds))
		}
		errs = append(errs, fmt.Errorf("the campaign took %v, more than %v", took.Round(time.Second), o.atMost))
	}
	return errors.Join(errs...)
}

// missed are the cases that were left out and may not be.
func (o options) missed(left []string) []string {
	if o.mayMiss == "*" {
		return nil
	}
	return slices.DeleteFunc(left, func(id string) bool { return slices.ContainsFunc(strings.Split(o.mayMiss, ","), Case{ID: id}.is) })
}

// wants says whether a case is of this campaign.
func (o options) wants(c Case) bool {
	if o.only != "" {
		return slices.ContainsFunc(strings.Split(o.only, ","), c.is)
	}
	return c.Times[o.tier] > 0
}

// is says whether a case has an id, or is of a group or number.
func (c Case) is(id string) bool {
	return c.ID == id || strings.HasPrefix(c.ID, id+".") || (len(id) == 1 && strings.HasPrefix(c.ID, id))
}

// checkOnly complains about what -only names and is no case.
func (o options) checkOnly() error {
	for id := range strings.SplitSeq(o.only, ",") {
		if id != "" && !slices.ContainsFunc(Cases(), func(c Case) bool { return c.is(id) }) {
			return fmt.Errorf("there is no case %s; -list shows them", id)
		}
	}
	return nil
}

// chosen are the cases of this campaign, or of its shard.
func (o options) chosen() []Case {
	var all []Case
	for _, c := range Cases() {
		if o.wants(c) {
			all = append(all, c)
		}
	}
	return o.shard.of(all)
}

// shard is one of several parts of a campaign. Zero: the whole.
type shard struct{ i, n int }

func (s *shard) String() string { return fmt.Sprintf("%d/%d", s.i, s.n) }

func (s *shard) Set(text string) error {
	if _, err := fmt.Sscanf(text, "%d/%d", &s.i, &s.n); err != nil || s.i < 1 || s.n < s.i {
		return fmt.Errorf("%q is no I/N", text)
	}
	return nil
}

// of gives the cases of a shard: each goes, the longest first, to the shard that has the least to do.
func (s shard) of(all []Case) []Case {
	if s.n == 0 {
		return all
	}
	slices.SortStableFunc(all, func(a, b Case) int { return b.takes() - a.takes() })
	work, mine := make([]int, s.n), []Case{}
	for _, c := range all {
		least := slices.Index(work, slices.Min(work))
		if work[least] += c.takes(); least == s.i-1 {
			mine = append(mine, c)
		}
	}
	return mine
}

func hashOf(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}

func build(ctx context.Context, program string) error {
	command := exec.CommandContext(ctx, "go", "build", "-tags", "failpoints", "-trimpath", "-o", program, "github.com/haulier/haulier/cmd/haulier")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build haulier: %w\n%s", err, out)
	}
	return nil
}

// Cases are all cases of the campaign.
func Cases() []Case {
	return slices.Concat(deaths(), connections(), truths(), disks(), secrets(), suites(), speeds())
}
