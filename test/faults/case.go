package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Case is one way in which things go wrong, and what must hold all the same.
type Case struct {
	ID    string // group and number, as A1
	Title string
	Holds string   // the invariants that it is about, as I1 I2; the auditor looks at all of them after every case
	Needs []string // tools without which it is not run
	// Times is how often it is done in each tier; a tier without a count leaves it out.
	Times map[Tier]int
	// Run does it so often. An error is a failure of the case; notRun says that the machine cannot do it.
	Run func(ctx context.Context, p *pass) error
}

// seconds is about what a night's form of cases takes on two cores, where it is not the usual; a group and number stands
// for all cases of it. The shards of a night are made by it.
var seconds = map[string]int{
	"A1": 70, "A2": 230, "B1": 90, "B2": 210, "A18": 100, "A19": 150, "A20": 150, "A23": 115,
	"C40": 145, "C41": 120, "C42": 250, "C44": 62, "C45": 62, "C47": 103, "C48": 120, "C50": 154, "C54": 80, "C56": 130,
	"D66": 25, "D67.2": 80, "D68.1": 30, "D68.2": 30, "D73.3": 36, "H9.2": 60,
	"E73": 60, "E75": 60, "E76": 100, "E77": 120, "E81": 540, "E86": 250, "I111": 60, "I120": 150, "I120.2": 300,
	"K127.1": 200, "K127.2": 450, "K127.3": 160, "K127.4": 60, "K128": 190,
}

const usualSeconds = 30

// takes is about how many seconds a night's form of the case takes.
func (c Case) takes() int {
	group, _, _ := strings.Cut(c.ID, ".")
	return cmp.Or(seconds[c.ID], seconds[group], usualSeconds)
}

// Tier is how thorough a campaign is.
type Tier string

// The tiers.
const (
	Short   Tier = "short"   // CI: minutes
	Night   Tier = "night"   // hours, in shards
	Release Tier = "release" // half a day
)

// times is how often a case is done, with four times a night before a release.
func times(short, night int) map[Tier]int {
	return map[Tier]int{Short: short, Night: night, Release: 4 * night}
}

// pass is one case at work.
type pass struct {
	Case
	tier    Tier
	times   int
	rng     *rand.Rand
	program string // built with failpoints
	say     func(format string, args ...any)
	known   *passed
	lanes   []int // how many connections carried one file at a time, in each round on a long line
	tally
}

// tally is what a case counts.
type tally struct {
	Rounds int      `json:"rounds"`           // how often it was done
	Kills  int      `json:"kills"`            // of a process that was at work
	Files  int      `json:"files"`            // versions that customers and platform put out
	Held   int      `json:"held"`             // of them, held for a person
	Peak   int64    `json:"peak_rss"`         // bytes
	Faults findings `json:"faults"`           // what the auditor found
	Points counts   `json:"points,omitempty"` // kills at each failpoint
}

// findings are the auditor's counts, by its words: LOST, DUP, PARTIAL, EARLY_DELETE, GHOST, STUCK.
type findings map[string]int

type counts map[string]int

// notRun is the error of a case that this machine cannot do.
type notRun struct{ why string }

func (n notRun) Error() string { return "not run: " + n.why }

// verdict is how a case ended.
func verdict(err error) string {
	var missing notRun
	switch {
	case err == nil:
		return "passed"
	case errors.As(err, &missing):
		return "not run"
	}
	return "failed"
}

// do does a case once, under a bound of its own.
func (c Case) do(ctx context.Context, o options, seed uint64, say func(string, ...any)) Result {
	began := time.Now()
	r := Result{Case: c.ID, Title: c.Title, Holds: c.Holds, Tier: o.tier, Seed: seed, Commit: o.commit, At: began.UTC().Truncate(time.Second)}
	p := &pass{Case: c, tier: o.tier, times: c.Times[o.tier], rng: rand.New(rand.NewPCG(seed, seed)), program: o.program, say: say, known: o.known}
	p.Faults, p.Points = findings{}, counts{}
	err := missing(c.Needs)
	if err == nil {
		err = c.Run(ctx, p)
	}
	if err == nil && p.Rounds == 0 {
		err = errors.New("it did nothing")
	}
	if err == nil && p.Files > 0 && p.Peak == 0 {
		err = errors.New("nobody measured how much memory it took")
	}
	if err == nil && p.Peak > mostMemory {
		err = fmt.Errorf("a run had %d MiB resident, more than %d", p.Peak>>20, mostMemory>>20)
	}
	r.Verdict, r.tally, r.Seconds = verdict(err), p.tally, int(time.Since(began).Seconds()+0.5)
	if err != nil {
		r.Why = err.Error()
	}
	return r
}

// mostMemory is what a run may have resident, whatever happens to it.
const mostMemory = 256 << 20
