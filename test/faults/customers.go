package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/haulier/haulier/transfer/sftptest"
)

// customers is what of group D a customer does without any fault: names that come again, times that are odd.
func customers() []Case {
	backwards := kind{name: "import-backwards", fixed: true, backwards: true, job: "after_success: {move: done}"}
	backwardsKept := kind{name: "import-backwards-kept", fixed: true, backwards: true}
	aborts := kindOf("import-read-once")
	aborts.name, aborts.knobs.AbortCounts = "import-read-once-aborts", true
	deletes := kind{name: "import-fixed-delete", fixed: true, job: "after_success: delete"}
	aborted := func(ctx context.Context, p *pass) error {
		err := p.killAtRandom(ctx, aborts)
		if err == nil && p.Held == 0 && p.times > 10 {
			err = errors.New("no fetch was cut off")
		}
		return err
	}
	killed := func(id, title, holds string, night int, k kind) Case {
		return Case{ID: id, Title: title, Holds: holds, Times: times(2, night), Run: func(ctx context.Context, p *pass) error { return p.killAtRandom(ctx, k) }}
	}
	overtaken := func(id, title string, k kind) Case {
		return Case{ID: id, Title: title, Holds: "I1 I2", Times: times(2, 60), Run: func(ctx context.Context, p *pass) error { return p.overtake(ctx, k) }}
	}
	return []Case{
		killed("D66.1", "a name that comes again by rename, each version older than the one before: moved, and killed at random", "I1 I2", 60, backwards),
		killed("D66.2", "the same, where sources stay", "I1 I2", 60, backwardsKept),
		{ID: "D67.2", Title: "a read-once server that counts a fetch that was cut off: killed at random, and each loss is shown", Holds: "I1 I2", Times: times(2, 80), Run: aborted},
		overtaken("D68.1", "the customer overwrites while sources are moved, at random moments", kindOf("import-fixed-name")),
		overtaken("D68.2", "the customer overwrites while sources are deleted, at random moments", deletes),
		{ID: "D69.2", Title: "all times shift by an hour, there and back: nothing lands again", Holds: "I2", Times: times(1, 4), Run: shiftedTimes},
	}
}

// overtake lets the customer put a new version of every file out, one at a time, while runs are at work that take the
// sources away.
func (p *pass) overtake(ctx context.Context, k kind) error {
	usual, err := p.usual(ctx, k)
	if err != nil {
		return err
	}
	between := 0
	err = p.inWorlds(ctx, k, p.times, func(w *world) error {
		w.server.ClearLog()
		done, put := make(chan struct{}), make(chan error)
		go func() { put <- p.overwriteUntil(done, w, usual) }()
		_, err := w.haulier(ctx, "run", "move")
		close(done)
		between += w.adopted()
		return errors.Join(err, <-put)
	})
	if err == nil && between == 0 && p.times > 10 {
		err = errors.New("no version ever came between the last look at a source and its end")
	}
	return err
}

// adopted is how many versions were fetched from under a name of ours: the customer put them there between our last look
// at a source and its rename.
func (w *world) adopted() (n int) {
	for _, o := range w.server.Log() {
		if o.Op == "open" && strings.HasPrefix(path.Base(o.Path), ".haulier-") {
			n++
		}
	}
	return n
}

// overwriteUntil puts the files of the last round out again, in any order and at any moment of a usual run, until one has
// ended.
func (p *pass) overwriteUntil(done <-chan struct{}, w *world, usual time.Duration) error {
	names := slices.Clone(w.people.last)
	p.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		select {
		case <-done:
			return nil
		case <-time.After(time.Duration(p.rng.Int64N(1 + int64(usual)*5/4/int64(len(names))))):
		}
		if err := w.people.put(name, w.content(4<<10+p.rng.IntN(8<<10))); err != nil {
			return err
		}
		p.Files++
	}
	return nil
}

// shiftedTimes lands more files than the brake lets by, and then has the server tell another time of each.
func shiftedTimes(ctx context.Context, p *pass) error {
	k := kindOf("import-keep")
	k.job, k.holds = "duplicates: land", []string{"remote.mass_change"} // only the brake is in the way
	for range p.times {
		err := p.inWorld(ctx, k, 1, func(w *world) error {
			return p.roundOf(ctx, w, slices.Repeat([]int{3000}, 30), func(w *world) error { return w.shift(ctx) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) shift(ctx context.Context) error {
	if err := w.succeeds(ctx, "run", "move"); err != nil {
		return err
	}
	t := trouble{name: "shifted", knobs: func(k *sftptest.Knobs) { k.ShiftTimes = time.Hour }}
	end, err := t.start(w)
	if err != nil {
		return err
	}
	defer end()
	for range 2 { // it stays shifted, and what is held stays held
		r, err := w.haulier(ctx, "run", "move")
		if err != nil {
			return err
		}
		if !strings.Contains(r.all(), ": 0 files") {
			return fmt.Errorf("files landed again\n%s", r.all())
		}
	}
	r, err := w.haulier(ctx, "held", "list")
	if err == nil && strings.Count(r.stdout, "remote.mass_change") == 0 {
		err = fmt.Errorf("nothing is held for the shift\n%s", r.all())
	}
	return err
}

// hostileNames lets every listing show them, and reads what each command says of it.
func hostileNames(ctx context.Context, p *pass) error {
	k := importMove
	k.knobs.HostileNames = sftptest.HostileNames()
	return p.inWorlds(ctx, k, p.times, func(w *world) error {
		w.may = []string{"remote.unsafe_name"}
		before := w.struck()
		for _, args := range [][]string{
			{"plan", "move"}, {"run", "move"}, {"connections", "ls", "acme", "out"}, {"show", "1"}, {"logs", "move"}, {"status"}, {"held", "list"}, {"history"},
		} {
			for _, also := range [][]string{nil, {"--json"}} {
				if err := w.speaks(ctx, append(args, also...)); err != nil {
					return err
				}
			}
		}
		if w.struck() == before {
			return errors.New("no hostile name was listed")
		}
		return nil
	})
}

// speaks calls a command, and looks whether what it says could act upon a terminal or pass for a line of its own.
func (w *world) speaks(ctx context.Context, args []string) error {
	r, err := w.haulier(ctx, args...)
	if err != nil {
		return err
	}
	if r.code != 0 && r.code != 4 {
		return fmt.Errorf("haulier %s ended with %d\n%s", strings.Join(args, " "), r.code, r.all())
	}
	shown := strings.ReplaceAll(r.all(), "\n", "")
	if i := strings.IndexFunc(shown, func(c rune) bool { return !unicode.IsPrint(c) }); i >= 0 || !utf8.ValidString(shown) {
		return fmt.Errorf("haulier %s shows %q as it is", strings.Join(args, " "), shown[max(0, i-40):min(len(shown), max(i, 0)+40)])
	}
	return nil
}
