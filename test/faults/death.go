package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// filesARound is how many files a customer or a platform puts out before each kill.
const filesARound = 20

// roundsAWorld is how many kills one installation sees before another one begins: its ledger grows all the while.
const roundsAWorld = 25

// deaths are groups A and B: of the process of an import, and of an export.
func deaths() []Case {
	var all []Case
	for i, k := range kinds {
		group := "A"
		if k.export {
			group = "B"
		}
		all = append(all,
			Case{
				ID: fmt.Sprintf("%s1.%d", group, i+1), Title: "SIGKILL at a random moment: " + k.name, Holds: "I1 I2 I3 I4 I5 I10",
				Times: map[Tier]int{Short: 4, Night: 160, Release: 520},
				Run:   func(ctx context.Context, p *pass) error { return p.killAtRandom(ctx, k) },
			},
			Case{
				ID: fmt.Sprintf("%s2.%d", group, i+1), Title: "SIGKILL at each failpoint: " + k.name, Holds: "I1 I2 I3 I4 I5 I10",
				Times: map[Tier]int{Short: 1, Night: 50, Release: 250},
				Run:   func(ctx context.Context, p *pass) error { return p.killAtPoints(ctx, k) },
			})
	}
	return append(all, Case{
		ID: "A22", Title: "killed by the system for want of memory", Holds: "I1 I2 I7", Needs: []string{"root", "/sys/fs/cgroup/memory/cgroup.procs"},
		Times: map[Tier]int{Short: 1, Night: 10, Release: 40}, Run: outOfMemory,
	}, Case{
		ID: "A23", Title: "SIGTERM in the middle: ended within 12 s, without noise", Holds: "I1 I6",
		Times: map[Tier]int{Short: 3, Night: 50, Release: 200}, Run: asked,
	}, Case{
		ID: "A16", Title: "every failpoint of the source is one that a job comes by", Holds: "I10",
		Times: map[Tier]int{Night: 1, Release: 1}, Run: everyPoint,
	})
}

// inWorlds does something so often, each time with fresh files, and looks at everything afterwards.
func (p *pass) inWorlds(ctx context.Context, k kind, times int, once func(*world) error) error {
	return p.inWorldsWith(ctx, k, times, func(w *world) error { return p.roundOf(ctx, w, nil, once) })
}

// inWorldsWith does something so often. No installation serves longer than roundsAWorld.
func (p *pass) inWorldsWith(ctx context.Context, k kind, times int, round func(*world) error) error {
	for done := 0; done < times && ctx.Err() == nil; {
		n := min(times-done, roundsAWorld)
		if err := p.inWorld(ctx, k, n, round); err != nil {
			return fmt.Errorf("%s, after %d rounds: %w", k.name, done, err)
		}
		done += n
	}
	return ctx.Err()
}

// inOwnWorlds has so many rounds, each in an installation that saw none before: it is spoiled afterwards.
func (p *pass) inOwnWorlds(ctx context.Context, k kind, times int, round func(*world) error) error {
	for n := range times {
		if err := p.inWorld(ctx, k, 1, round); err != nil {
			return fmt.Errorf("%s, in round %d: %w", k.name, n+1, err)
		}
		p.Rounds++
	}
	return ctx.Err()
}

func (p *pass) inWorld(ctx context.Context, k kind, times int, round func(*world) error) (err error) {
	w, err := newWorld(ctx, p.program, k, p.rng)
	if err != nil {
		return err
	}
	defer func() {
		p.Peak = max(p.Peak, w.peak.Load())
		p.Held += w.held
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, w.keep())
			return
		}
		err = w.close()
	}()
	for range times {
		if err := round(w); err != nil {
			return err
		}
	}
	return nil
}

// roundOf puts files of these sizes out (none: twenty small ones), lets something happen, lets haulier come to rest, and
// looks at everything.
func (p *pass) roundOf(ctx context.Context, w *world, sizes []int, once func(*world) error) error {
	put, err := w.people.putOut(sizes)
	if err != nil {
		return err
	}
	p.Files += put
	if err := once(w); err != nil {
		return err
	}
	w.points = ""
	if err := w.settle(ctx); err != nil {
		return err
	}
	p.Rounds++
	if w.kind.lanes > 0 {
		p.lanes = append(p.lanes, carriers(w.server.Log()))
		w.server.ClearLog()
	}
	return p.look(ctx, w)
}

// look has everything of a world at rest looked at.
func (p *pass) look(ctx context.Context, w *world) error {
	found, err := w.audit(ctx)
	w.held = found.held
	for word, n := range found.counts {
		p.Faults[word] += n
	}
	if err == nil && len(found.counts) > 0 {
		err = fmt.Errorf("the auditor: %s", strings.Join(found.words, "\n"))
	}
	return err
}

// settle runs the job until nothing is left to do. What a crash left behind has to be done within a few runs.
func (w *world) settle(ctx context.Context) error {
	var r run
	for range 4 {
		var err error
		if r, err = w.haulier(ctx, "run", "move"); err != nil {
			return err
		}
		calls := slices.ContainsFunc(w.kind.calls, func(slug string) bool { return strings.Contains(r.all(), "["+slug+"]") })
		if r.code != 0 && strings.Contains(r.all(), "[auth.closed]") { // the line was cut right behind the password
			if _, err := w.haulier(ctx, "resume", "acme"); err != nil {
				return err
			}
			continue
		}
		if (r.code == 0 || calls) && strings.Contains(r.all(), ": 0 files") {
			return nil
		}
		if r.code != 0 && r.code != 4 && !calls {
			return fmt.Errorf("haulier run ended with %d\n%s", r.code, r.all())
		}
	}
	return fmt.Errorf("four runs after it there is still something to do\n%s", r.all())
}

// killAtRandom kills runs somewhere until so many were killed at work; every third time the run that recovers, too.
func (p *pass) killAtRandom(ctx context.Context, k kind) error {
	usual, err := p.usual(ctx, k)
	if err != nil {
		return err
	}
	for tries := 0; p.Kills < p.times; tries++ {
		if tries > 20 {
			return fmt.Errorf("of %d runs only %d were killed before they ended", p.Rounds, p.Kills)
		}
		if err := p.inWorlds(ctx, k, p.times-p.Kills, func(w *world) error { return p.killSoon(ctx, w, &usual) }); err != nil {
			return err
		}
	}
	return nil
}

// usual is how long an undisturbed run of a kind takes.
func (p *pass) usual(ctx context.Context, k kind) (usual time.Duration, err error) {
	err = p.inWorlds(ctx, k, 2, func(w *world) error {
		r, err := w.haulier(ctx, "run", "move")
		usual = r.took
		return err
	})
	return usual, err
}

// killSoon kills a run within the usual time, which follows what the machine has to do besides.
func (p *pass) killSoon(ctx context.Context, w *world, usual *time.Duration) error {
	for range 3 {
		r, err := w.haulierKilled(ctx, 1+time.Duration(p.rng.Int64N(int64(*usual))), "run", "move")
		if err != nil {
			return err
		}
		if !r.killed {
			*usual = (*usual + r.took) / 2
			return nil
		}
		if p.Kills++; p.rng.IntN(3) > 0 {
			return nil
		}
	}
	return nil
}

// killAtPoints kills runs of a kind at each failpoint that they come by. Kinds that come by the same one share its kills.
func (p *pass) killAtPoints(ctx context.Context, k kind) error {
	points, err := p.passedPoints(ctx)
	if err != nil {
		return err
	}
	var turns []string
	own := points.of[k.name]
	for name := range own {
		share := points.kinds[name]
		if p.times < share && !slices.Contains(firstOf(points, name, p.times), k.name) {
			continue
		}
		for range (p.times + share - 1) / share {
			turns = append(turns, name)
		}
	}
	if len(turns) == 0 {
		return notRun{"other kinds come by all its failpoints, and are killed there"}
	}
	slices.Sort(turns)
	for tries := 0; len(turns) > 0; tries++ {
		if tries > 20 {
			return fmt.Errorf("runs do not come by %s any more", strings.Join(slices.Compact(turns), ", "))
		}
		if turns, err = p.killAtEach(ctx, k, turns, own); err != nil {
			return err
		}
		own = own.once()
	}
	return nil
}

// killAtEach kills a run at each of these failpoints, and gives those that its run did not come by.
func (p *pass) killAtEach(ctx context.Context, k kind, turns []string, own points) (missed []string, err error) {
	p.rng.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	n := len(turns)
	err = p.inWorlds(ctx, k, n, func(w *world) error {
		name := turns[0]
		turns = turns[1:]
		killed, err := p.killAt(ctx, w, name, own[name])
		if err == nil && !killed {
			missed = append(missed, name)
		}
		return err
	})
	slices.Sort(missed)
	return missed, err
}

// firstOf gives the first n kinds that come by a failpoint.
func firstOf(points *passed, name string, n int) []string {
	var first []string
	for _, k := range kinds {
		if _, comes := points.of[k.name][name]; comes && len(first) < n {
			first = append(first, k.name)
		}
	}
	return first
}

// killAt kills a run at one of the moments at which it comes by a failpoint, if it comes by so often.
func (p *pass) killAt(ctx context.Context, w *world, name string, v visit) (killed bool, err error) {
	if v.after != "" && w.people.round == 1 { // what the run before left is of a world that has seen files before
		if err := w.landFirst(ctx); err != nil {
			return false, err
		}
	}
	if err := w.disturb(ctx, v.after); err != nil {
		return false, err
	}
	w.points = fmt.Sprintf("%s=kill@%d", name, 1+p.rng.IntN(v.times))
	r, err := w.haulier(ctx, "run", "move")
	if err == nil && r.killed {
		p.Kills++
		p.Points[name]++
	}
	return r.killed, err
}

// graceful is how long a process may take that a service manager has asked to end.
const graceful = 12 * time.Second

// asked ends runs as a service manager does.
func asked(ctx context.Context, p *pass) error {
	for _, k := range eachWay {
		usual := time.Second
		k.knobs.Delay = time.Millisecond
		round := func(w *world) error { return p.ask(ctx, w, &usual) }
		if err := p.inWorldsWith(ctx, k, p.times, func(w *world) error { return p.roundOf(ctx, w, long, round) }); err != nil {
			return err
		}
	}
	return p.struckEnough()
}

// struckEnough fails a case in which fewer than one process in four died at work: it would show little.
func (p *pass) struckEnough() error {
	if 4*p.Kills < p.Rounds {
		return fmt.Errorf("of %d processes only %d died at work", p.Rounds, p.Kills)
	}
	return nil
}

// long is work that takes longer than it takes to begin, on a server that answers one by one.
var long = slices.Repeat([]int{2 << 10}, 40)

// ask asks a run to end within the usual time, which follows what the machine has to do besides.
func (p *pass) ask(ctx context.Context, w *world, usual *time.Duration) error {
	// A process that has not begun to listen for signals yet ends as any other does.
	after := 50*time.Millisecond + time.Duration(p.rng.Int64N(int64(*usual)))
	r, err := w.haulierTold(ctx, after, syscall.SIGTERM, "run", "move")
	switch {
	case err != nil:
		return err
	case r.code != 0 && r.code != 143:
		return fmt.Errorf("a run that was asked to end ended with %d\n%s", r.code, r.all())
	case r.took > after+graceful:
		return fmt.Errorf("a run that was asked to end took %v more", r.took-after)
	case strings.Contains(r.all(), "panic"):
		return fmt.Errorf("a run that was asked to end broke\n%s", r.all())
	}
	if open, err := w.openIncidents(ctx); err != nil || len(open) > 0 {
		return errors.Join(fmt.Errorf("a run that was asked to end calls people: %q\n%s", open, r.all()), err)
	}
	if r.code == 143 {
		p.Kills++
	} else {
		*usual = (*usual + r.took) / 2
	}
	return nil
}

// outOfMemory gives runs more and more memory, from what they cannot begin with to what they need.
func outOfMemory(ctx context.Context, p *pass) error {
	for _, k := range eachWay {
		err := p.inWorlds(ctx, k, p.times, func(w *world) error { return p.starve(ctx, w, int64(4+p.rng.IntN(24))<<20) })
		if err != nil {
			return err
		}
	}
	return p.struckEnough()
}

// starve lets a run have so many bytes in a cgroup of its own.
func (p *pass) starve(ctx context.Context, w *world, most int64) (err error) {
	group := "/sys/fs/cgroup/memory/haulier-faults"
	if err := os.MkdirAll(group, 0o755); err != nil {
		return notRun{err.Error()}
	}
	defer func() { err = errors.Join(err, os.Remove(group)) }()
	if err := os.WriteFile(group+"/memory.limit_in_bytes", []byte(fmt.Sprint(most)), 0); err != nil {
		return notRun{err.Error()}
	}
	r, err := w.under(ctx, []string{"sh", "-c", "echo $$ >" + group + `/cgroup.procs; exec "$@"`, "sh"}, "run", "move")
	if err != nil {
		return err
	}
	if r.killed {
		p.Kills++
		return nil
	}
	return trouble{name: "little memory"}.judge(r)
}
