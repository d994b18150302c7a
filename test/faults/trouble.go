package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// trouble is something that is wrong while one run is at work.
type trouble struct {
	name  string
	knobs func(*sftptest.Knobs)        // of the server, for this run; they have to strike, or nothing was shown
	begin func(*world) (func(), error) // anything else; what it gives ends it. Nil: nothing else
	comes bool                         // like knobs, what begins has to strike
	fails bool                         // the run cannot end well: one that does was in no trouble
	codes []int                        // with which the run may end; none: any but a crash
	most  time.Duration                // that the run may take; 0: patience
	least time.Duration                // that it takes if the trouble has come at all
	sizes []int                        // of the files; none: twenty small ones
	again bool                         // the customer puts its files out once more afterwards: the trouble has spoiled them
	may   []string                     // slugs under which what was put out may rightly be rejected or skipped
	alarm bool                         // a second run in the same trouble follows: people are called once, not twice
}

// suffer puts files out, runs the job once in trouble, takes the trouble away, lets haulier come to rest, and looks.
func (p *pass) suffer(ctx context.Context, w *world, t trouble) error {
	w.may = append(w.may, t.may...)
	return p.roundOf(ctx, w, t.sizes, func(w *world) error {
		end, err := t.start(w)
		if err != nil {
			return err
		}
		before := w.struck()
		r, err := w.haulier(ctx, "run", "move")
		struck := w.struck() > before
		if err == nil && t.alarm && t.fails {
			err = w.calledOnce(ctx)
		}
		end()
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		if t.again {
			if err := w.people.putAgain(); err != nil {
				return err
			}
		}
		if (t.knobs != nil || t.comes) && !struck {
			return fmt.Errorf("%s: it never came\n%s", t.name, r.all())
		}
		return t.judge(r)
	})
}

// struck is how often anything was spoiled so far.
func (w *world) struck() int { return w.server.Struck() + int(flipped.Load()) }

// calledOnce lets the job fail again, and looks whether one incident tells of it.
func (w *world) calledOnce(ctx context.Context) error {
	r, err := w.haulier(ctx, "run", "move")
	if err != nil {
		return err
	}
	open, err := w.openIncidents(ctx)
	if err == nil && len(open) != 1 {
		err = fmt.Errorf("a second run ended with %d, and open are the incidents %q, not one\n%s", r.code, open, r.all())
	}
	return err
}

func (t trouble) start(w *world) (end func(), err error) {
	w.server.ClearLog() // what waits for a request waits for one of this run
	if t.knobs != nil {
		w.server.Change(t.knobs)
	}
	mend := func() { w.server.Change(func(k *sftptest.Knobs) { *k = w.kind.knobs }) }
	if t.begin == nil {
		return mend, nil
	}
	also, err := t.begin(w)
	if err != nil {
		mend()
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return func() { also(); mend() }, nil
}

// judge looks at the end of a run that was in trouble: it may fail, but must say so in a way that scripts understand.
func (t trouble) judge(r run) error {
	switch {
	case strings.Contains(r.stderr, "panic"), r.code == -1, r.code == 1, r.code == 2:
		return fmt.Errorf("%s: the run broke, with %d\n%s", t.name, r.code, r.all())
	case len(t.codes) > 0 && !slices.Contains(t.codes, r.code):
		return fmt.Errorf("%s: the run ended with %d, not with one of %v\n%s", t.name, r.code, t.codes, r.all())
	case t.fails && r.code == 0, r.took < t.least:
		return fmt.Errorf("%s: the run ended with %d after %v, and was in no trouble\n%s", t.name, r.code, r.took, r.all())
	case t.most > 0 && r.took > t.most:
		return fmt.Errorf("%s: the run took %v, more than %v\n%s", t.name, r.took, t.most, r.all())
	}
	return nil
}

// troubles makes a case of a list of them: each is suffered once by an import and once by an export of their own, so often
// as the tier asks, chosen by chance where there are more.
func troubles(id, title, holds string, times map[Tier]int, all []trouble, of ...kind) Case {
	return Case{ID: id, Title: title, Holds: holds, Times: times, Run: func(ctx context.Context, p *pass) error {
		for _, k := range of {
			if err := p.sufferAll(ctx, k, all); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (p *pass) sufferAll(ctx context.Context, k kind, all []trouble) error {
	turns := slices.Clone(all)
	p.rng.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	n := p.times
	return p.inWorldsWith(ctx, k, n, func(w *world) error {
		t := turns[0]
		turns = append(turns[1:], t)
		return p.suffer(ctx, w, t)
	})
}
