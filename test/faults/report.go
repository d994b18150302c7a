package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haulier/haulier/test/docs"
)

// least is what a campaign has to come to.
var least = map[Tier]struct{ random, point int }{
	Night:   {3_000, 50},
	Release: {10_000, 250},
}

// writeReport writes the table of the results into a document. What is no whole campaign of one tier, commit and seed gives no
// table; one that shows less than it has to, or a failure, gives one and an error.
func writeReport(results, document string) error {
	all, err := readResults(results)
	if err != nil {
		return err
	}
	points, err := pointsOfSource()
	if err != nil {
		return err
	}
	c, err := sumUp(all)
	if err != nil {
		return err
	}
	return errors.Join(docs.WriteBetween(document, "test/faults", c.table()), c.judge(points))
}

// summary is a whole campaign.
type summary struct {
	tier         Tier
	commit, seed string
	span         string
	cases        []Result // in the order of Cases, each once
	all          tally
	random       int // kills at random moments
}

// sumUp puts together what was done in parts. A case that was done more than once has failed if it did once.
func sumUp(all []Result) (summary, error) {
	tiers, commits, seeds, by := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]Result{}
	for _, r := range all {
		tiers[string(r.Tier)], commits[r.Commit], seeds[fmt.Sprint(r.Seed^hashOf(r.Case))] = true, true, true
		if before, twice := by[r.Case]; twice {
			r = before.and(r)
		}
		by[r.Case] = r
	}
	s := summary{commit: keysOf(commits), seed: keysOf(seeds), tier: Tier(keysOf(tiers)), span: span(all)}
	s.all.Faults, s.all.Points = findings{}, counts{}
	switch {
	case len(tiers) != 1 || len(commits) != 1 || len(seeds) != 1:
		return s, fmt.Errorf("the results are of tiers %s, commits %s and seeds %s, not of one each", keysOf(tiers), s.commit, s.seed)
	case strings.HasSuffix(s.commit, "-dirty"):
		return s, fmt.Errorf("the results are of %s, which nobody else can have", s.commit)
	}
	for _, c := range Cases() {
		r, ran := by[c.ID]
		if c.Times[s.tier] > 0 && !ran {
			return s, fmt.Errorf("%s has no verdict", c.ID)
		}
		if !ran {
			continue
		}
		s.cases = append(s.cases, r)
		s.all = s.all.and(r.tally)
		if strings.HasPrefix(c.ID, "A1.") || strings.HasPrefix(c.ID, "B1.") {
			s.random += r.Kills
		}
	}
	return s, nil
}

// judge says what a campaign does not show that it has to.
func (s summary) judge(points []string) error {
	var errs []error
	for _, r := range s.cases {
		if r.Verdict == "failed" {
			errs = append(errs, fmt.Errorf("%s failed", r.Case))
		}
	}
	want := least[s.tier]
	if s.random < want.random {
		errs = append(errs, fmt.Errorf("%d processes were killed at random, fewer than %d", s.random, want.random))
	}
	for _, name := range points {
		if n := s.all.Points[name]; n < want.point {
			errs = append(errs, fmt.Errorf("%d processes were killed at %s, fewer than %d", n, name, want.point))
		}
	}
	return errors.Join(errs...)
}

// table is what people read.
func (s summary) table() string {
	verdicts := map[string]int{}
	var rows, b strings.Builder
	for _, r := range s.cases {
		verdicts[r.Verdict]++
		fmt.Fprintf(&rows, "| %s | %s | %s | %d | %d | %d | %d | %d | %s |\n",
			r.Case, r.Title, r.Holds, r.Rounds, r.Kills, r.Files, r.Held, (r.Peak+1<<20-1)>>20, verdictOf(r))
	}
	fmt.Fprintf(&b, "\nA campaign of the tier %s, commit %s, seed %s, %s. %d cases: %d passed, %d failed, %d not run. %d rounds with %d files; "+
		"%d kills of a process at work, %d of them at random moments. Found: %s. At most %d MiB resident.\n\n",
		s.tier, s.commit, s.seed, s.span, len(s.cases), verdicts["passed"], verdicts["failed"], verdicts["not run"], s.all.Rounds, s.all.Files,
		s.all.Kills, s.random, wordsOf(s.all.Faults), (s.all.Peak+1<<20-1)>>20)
	b.WriteString("| Case | What goes wrong | Invariants | Rounds | Kills | Files | Held | MiB | Verdict |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	b.WriteString(rows.String())
	if len(s.all.Points) > 0 {
		b.WriteString("\nKills at each failpoint: " + countsOf(s.all.Points) + ".\n")
	}
	b.WriteString("\n")
	return b.String()
}

// and puts another time of the same case with this one.
func (r Result) and(o Result) Result {
	if worse := map[string]int{"not run": 0, "passed": 1, "failed": 2}; worse[o.Verdict] > worse[r.Verdict] {
		r.Verdict, r.Why = o.Verdict, o.Why
	}
	r.Seconds += o.Seconds
	r.tally = r.tally.and(o.tally)
	return r
}

func (t tally) and(o tally) tally {
	sum := tally{
		Rounds: t.Rounds + o.Rounds, Kills: t.Kills + o.Kills, Files: t.Files + o.Files, Held: t.Held + o.Held, Peak: max(t.Peak, o.Peak),
		Faults: findings{}, Points: counts{},
	}
	for _, part := range []tally{t, o} {
		for word, n := range part.Faults {
			sum.Faults[word] += n
		}
		for name, n := range part.Points {
			sum.Points[name] += n
		}
	}
	return sum
}

func verdictOf(r Result) string {
	if r.Verdict == "passed" {
		return r.Verdict
	}
	why, _, _ := strings.Cut(r.Why, "\n")
	return r.Verdict + ": " + strings.TrimPrefix(why, "not run: ")
}

func wordsOf(f findings) string {
	if len(f) == 0 {
		return "nothing lost, doubled, halved, touched too early, made up, stuck or forgotten"
	}
	var words []string
	for _, word := range slices.Sorted(maps.Keys(f)) {
		words = append(words, fmt.Sprintf("%d %s", f[word], word))
	}
	return strings.Join(words, ", ")
}

func countsOf(c counts) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		words = append(words, fmt.Sprintf("`%s` %d", name, c[name]))
	}
	return strings.Join(words, ", ")
}

func keysOf(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }

// span says when results were made.
func span(all []Result) string {
	if len(all) == 0 {
		return "never"
	}
	at := func(a, b Result) int { return a.At.Compare(b.At) }
	const form = "2006-01-02 15:04"
	return fmt.Sprintf("%s to %s UTC", slices.MinFunc(all, at).At.Format(form), slices.MaxFunc(all, at).At.Format(form))
}
