package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// passed are the failpoints that runs come by: known once a campaign.
type passed struct {
	of    map[string]points // by kind
	kinds counts            // by failpoint: how many kinds come by it
}

// points are failpoints, and how a run comes by each.
type points map[string]visit

type visit struct {
	times int    // in one run
	after string // what the run before has to suffer; "": nothing
}

// once is for runs that did not come by so often: what a run finds that another one left is a matter of chance, and more likely behind
// another death of that.
func (p points) once() points {
	all := points{}
	for name, v := range p {
		if at := slices.Index(cutShort, v.after); at >= 0 {
			v.after = cutShort[(at+1)%len(cutShort)]
		}
		all[name] = visit{1, v.after}
	}
	return all
}

// passedPoints finds out which kinds come by which failpoints.
func (p *pass) passedPoints(ctx context.Context) (*passed, error) {
	if p.known.of != nil {
		return p.known, nil
	}
	found := passed{of: map[string]points{}, kinds: counts{}}
	for _, k := range kinds {
		points, err := p.trace(ctx, k)
		if err != nil {
			return nil, err
		}
		found.of[k.name] = points
		for name := range points {
			found.kinds[name]++
		}
	}
	*p.known = found
	return p.known, nil
}

// cutShort are deaths in the middle of a run, and leave something to be mended.
var cutShort = []string{"sftp.rename.sent=kill@2", "sftp.write.sent=kill@2", "X6.older.before=kill@2", "spoil"}

// disturbances are what the run before a run has to suffer: nothing, or a death. What that leaves is a matter of chance, so that a
// night tries each of them more than once.
func (p *pass) disturbances() []string {
	times := 3
	if p.tier == Short {
		times = 1
	}
	return append([]string{""}, slices.Repeat(cutShort, times)...)
}

// trace gives the failpoints that runs of a kind come by, and how often each: one that is undisturbed, and those that find
// what others left.
func (p *pass) trace(ctx context.Context, k kind) (points, error) {
	return p.traceAfter(ctx, k, p.disturbances())
}

// traceAfter is trace behind these disturbances.
func (p *pass) traceAfter(ctx context.Context, k kind, disturbances []string) (points, error) {
	w, err := newWorld(ctx, p.program, k, p.rng)
	if err != nil {
		return nil, err
	}
	defer w.close()
	visits := points{}
	for _, disturb := range disturbances {
		if _, err := w.people.putOut(nil); err != nil {
			return nil, err
		}
		if err := w.disturb(ctx, disturb); err != nil {
			return nil, err
		}
		w.points = "*=note"
		if _, err := w.haulier(ctx, "run", "move"); err != nil {
			return nil, err
		}
		hits, err := w.hits()
		if err != nil {
			return nil, err
		}
		seen := counts{}
		for _, name := range hits {
			seen[name]++
		}
		for name, n := range seen {
			if _, known := visits[name]; !known {
				visits[name] = visit{n, disturb}
			}
		}
	}
	if len(visits) == 0 {
		return nil, fmt.Errorf("%s came by no failpoint: was the program built without them?", k.name)
	}
	return visits, nil
}

// disturb lets a run die at these failpoints, or be spoilt, so that the next one has something to mend.
func (w *world) disturb(ctx context.Context, how string) error {
	switch how {
	case "":
		return nil
	case "spoil":
		return w.spoil(ctx)
	}
	w.points = how
	_, err := w.haulier(ctx, "run", "move")
	return err
}

// spoil lets a run die whose sources are overwritten before the next run: rows have to go back.
func (w *world) spoil(ctx context.Context) error {
	if w.points = "C8=kill@3"; w.kind.export {
		w.points = "X1=kill@1" // what is sealed already is sent as it is, and leaves the next version no name
	}
	if _, err := w.haulier(ctx, "run", "move"); err != nil {
		return err
	}
	return w.people.putAgain()
}

// named finds the failpoints that the source names.
var named = regexp.MustCompile(`failpoint\.(?:Around|Hit)\("([^"]+)"|job\.Step\w+: +"([^"]+)"`)

// pointsOfSource gives the failpoints of the source, which lies in the current folder.
func pointsOfSource() ([]string, error) {
	var names []string
	err := filepath.WalkDir("transfer", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			if name := match[1] + match[2]; !strings.HasSuffix(name, ".") { // the rest of it is known at run time only
				names = append(names, name)
			}
		}
		return err
	})
	slices.Sort(names)
	if names = slices.Compact(names); err == nil && len(names) == 0 {
		err = errors.New("the source names no failpoint: is this the project's folder?")
	}
	return names, err
}

// everyPoint fails for a failpoint of the source that no kind of job comes by: nobody would have died there.
func everyPoint(ctx context.Context, p *pass) error {
	names, err := pointsOfSource()
	if err != nil {
		return err
	}
	points, err := p.passedPoints(ctx)
	if err != nil {
		return err
	}
	var missing []string
	for _, name := range names {
		if p.Rounds++; points.kinds[name] == 0 {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no kind of job comes by %s", strings.Join(missing, ", "))
	}
	return nil
}

// listPoints prints which kinds come by which failpoints.
func listPoints(ctx context.Context, o options) error {
	p := &pass{rng: rand.New(rand.NewPCG(o.seed, o.seed)), program: o.program, known: o.known}
	points, err := p.passedPoints(ctx)
	if err != nil {
		return err
	}
	names, err := pointsOfSource()
	for name := range points.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		fmt.Printf("%-24s %s\n", name, strings.Join(firstOf(points, name, len(kinds)), " "))
	}
	return err
}
