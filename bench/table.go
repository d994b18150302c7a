package main

import (
	"fmt"
	"strings"
	"time"
)

// table is what people read. Against a former report it has columns for what has changed.
func (r report) table(former *report) string {
	var b strings.Builder
	rounds := "medians of " + count(r.Rounds, "run")
	if r.Short {
		rounds += " with little to do, which show that all works and not how fast"
	}
	fmt.Fprintf(&b, "\n%s, commit %s: %s, in %v.\n\n", r.At.UTC().Format(time.DateOnly), r.Commit, rounds, time.Duration(r.Seconds)*time.Second)
	for _, lines := range [][]string{r.Machine, r.Versions, r.Lines, r.roundTrips(), r.Missing} {
		for _, line := range lines {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	b.WriteString("\n")
	r.verdicts(&b, former)
	b.WriteString("\n")
	r.figures(&b)
	b.WriteString("\n")
	return b.String()
}

// roundTrips says how slow the lines were.
func (r report) roundTrips() []string {
	var all []string
	for _, o := range r.Workloads {
		if o.RTT > 0 {
			all = append(all, fmt.Sprintf("%s %.1f", o.Name, o.RTT))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return []string{"Round trips, measured before each workload, in ms: " + strings.Join(all, ", ") + "."}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// verdicts is a row for each workload and build of Haulier.
func (r report) verdicts(b *strings.Builder, former *report) {
	columns := []string{"Workload", "Haulier", "s", "best peer", "s", "peer / ours", "wanted"}
	if former != nil {
		columns = append(columns, "ours new / "+former.Commit, "peer new / then")
	}
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
	for _, o := range r.Workloads {
		if o.NotRun != "" {
			fmt.Fprintf(b, "| %s | not run: %s |\n", o.Title, oneLine(o.NotRun))
		}
		if o.Error != "" {
			fmt.Fprintf(b, "| %s | failed: %s |\n", o.Title, oneLine(o.Error))
			continue
		}
		for _, name := range o.names(ours) {
			o.verdict(b, name, former)
		}
	}
}

func (o outcome) verdict(b *strings.Builder, name string, former *report) {
	our := o.best(ours, name)
	if our == nil {
		fmt.Fprintf(b, "| %s | %s | failed |\n", o.Title, name)
		return
	}
	wanted := "-"
	if o.Target > 0 {
		wanted = fmt.Sprintf("%.1f", o.Target)
	}
	fmt.Fprintf(b, "| %s | %s | %s ", o.Title, name, seconds(our.Median.Wall))
	peer := o.best(other, "")
	if peer == nil {
		fmt.Fprintf(b, "| - | - | - | %s |", wanted)
	} else {
		fmt.Fprintf(b, "| %s, %s | %s | **%.2f** | %s |", peer.Name, peer.Setting, seconds(peer.Median.Wall), peer.Median.Wall/our.Median.Wall, wanted)
	}
	if former != nil {
		old := former.find(o)
		fmt.Fprintf(b, " %s | %s |", change(our, old, ours, name), change(peer, old, other, ""))
	}
	b.WriteString("\n")
	if p := o.best(plain, name+plainly); p != nil {
		fmt.Fprintf(b, "| the same against no PGP | %s | %s | %s | %s | **%.2f** | - |\n", name, seconds(our.Median.Wall), p.Name, seconds(p.Median.Wall), p.Median.Wall/our.Median.Wall)
	}
}

// change is the new time by the old one. A build that was not there then is compared with the best that was.
func change(now *entry, old *outcome, r role, name string) string {
	if now == nil || old == nil {
		return "-"
	}
	before := old.best(r, name)
	if before == nil {
		before = old.best(r, "")
	}
	if before == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", now.Median.Wall/before.Median.Wall)
}

// figures is a row for each entry.
func (r report) figures(b *strings.Builder) {
	b.WriteString("| Workload | Contestant | wall s (least to most) | a second | user s | system s | server's s | peak MiB |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, o := range r.Workloads {
		for _, e := range o.Entries {
			if e.Error != "" {
				fmt.Fprintf(b, "| %s | %s, %s | failed: %s |\n", o.Name, e.Name, e.Setting, oneLine(e.Error))
				continue
			}
			m := e.Median
			least, most := span(e.Runs)
			fmt.Fprintf(b, "| %s | %s, %s | %s (%s to %s) | %s | %.2f | %.2f | %.2f | %.0f |\n", o.Name, e.Name, e.Setting,
				seconds(m.Wall), seconds(least), seconds(most), o.rate(m.Wall), m.User, m.Sys, m.Server, float64(m.Peak)/mib)
		}
	}
}

func span(runs []cost) (least, most float64) {
	least = runs[0].Wall
	for _, c := range runs {
		least, most = min(least, c.Wall), max(most, c.Wall)
	}
	return least, most
}

// rate is in MiB where a file is large, else in files.
func (o outcome) rate(wall float64) string {
	if o.Files == 1 {
		return fmt.Sprintf("%.1f MiB", float64(o.Bytes)/mib/wall)
	}
	return grouped(int(float64(o.Files) / wall))
}

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.3f", s)
	}
	return fmt.Sprintf("%.2f", s)
}

// oneLine is an error as it fits into a table.
func oneLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return strings.ReplaceAll(first, "|", "/")
}
