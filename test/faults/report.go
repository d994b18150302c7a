package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haulier/haulier/test/docs"
)

// writeReport writes the table of the results into a document.
func writeReport(results, document string) error {
	all, err := readResults(results)
	if err != nil {
		return err
	}
	return docs.WriteBetween(document, "faults", table(all))
}

// table is what people read. Of a case that ran more than once the last line counts.
func table(all []Result) string {
	last := map[string]Result{}
	for _, r := range all {
		last[r.Case] = r
	}
	var b strings.Builder
	sum, verdicts, commits, seeds := tally{Faults: findings{}}, map[string]int{}, map[string]bool{}, map[string]bool{}
	rows := &strings.Builder{}
	for _, c := range Cases() {
		r, ran := last[c.ID]
		if !ran {
			continue
		}
		commits[r.Commit], seeds[fmt.Sprint(r.Seed^hashOf(r.Case))] = true, true
		verdicts[r.Verdict]++
		sum.add(r.tally)
		fmt.Fprintf(rows, "| %s | %s | %s | %d | %d | %d | %d | %s |\n", r.Case, r.Title, r.Holds, r.Rounds, r.Kills, r.Files, r.Held, verdictOf(r))
	}
	fmt.Fprintf(&b, "\n%d cases: %d passed, %d failed, %d not run. %d rounds, %d kills of a process at work, %d files; found: %s. Seed %s, commit %s, %s.\n\n",
		len(last), verdicts["passed"], verdicts["failed"], verdicts["not run"], sum.Rounds, sum.Kills, sum.Files, wordsOf(sum.Faults), keysOf(seeds), keysOf(commits), span(all))
	b.WriteString("| Case | What goes wrong | Invariants | Rounds | Kills | Files | Held | Verdict |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	b.WriteString(rows.String())
	if points := pointsTable(last); points != "" {
		b.WriteString("\n" + points)
	}
	b.WriteString("\n")
	return b.String()
}

func (t *tally) add(o tally) {
	t.Rounds += o.Rounds
	t.Kills += o.Kills
	t.Files += o.Files
	for word, n := range o.Faults {
		t.Faults[word] += n
	}
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
		return "nothing lost, doubled, halved, touched too early, made up or stuck"
	}
	var words []string
	for word, n := range f {
		words = append(words, fmt.Sprintf("%d %s", n, word))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

func keysOf(set map[string]bool) string {
	var keys []string
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}

// span says when results were made.
func span(all []Result) string {
	if len(all) == 0 {
		return "never"
	}
	first, last := all[0].At, all[0].At
	for _, r := range all {
		if r.At.Before(first) {
			first = r.At
		}
		if r.At.After(last) {
			last = r.At
		}
	}
	return fmt.Sprintf("%s to %s UTC", first.Format("2006-01-02 15:04"), last.Format("2006-01-02 15:04"))
}

// pointsTable says how often processes were killed at each failpoint.
func pointsTable(last map[string]Result) string {
	all := counts{}
	for _, r := range last {
		for name, n := range r.Points {
			all[name] += n
		}
	}
	if len(all) == 0 {
		return ""
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = fmt.Sprintf("`%s` %d", name, all[name])
	}
	return "Kills at each failpoint: " + strings.Join(words, ", ") + ".\n"
}
