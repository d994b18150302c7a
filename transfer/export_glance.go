package transfer

import (
	"context"

	"github.com/haulier/haulier/job"
)

// glanceMost is up to which size a file's names are looked at while its CLOSE is not answered yet: that of a larger one may take long,
// and what is seen has to be fresh when the name is taken.
const glanceMost = 64 << 10

// glance is a look at a name that is under way.
type glance struct {
	done  chan struct{}
	entry *job.Entry
	err   error
}

func (r *exportRun) glance(ctx context.Context, path string) *glance {
	g := &glance{done: make(chan struct{})}
	go func() {
		defer close(g.done)
		g.err = guarded(func() (err error) {
			g.entry, err = r.stat(ctx, path)
			return err
		})
	}()
	return g
}

// saw waits for what was seen. It is nothing where nobody looked, or the look failed.
func (g *glance) saw() *job.Entry {
	if g == nil {
		return nil
	}
	<-g.done
	return g.entry
}

// glances are the looks at a file's two names that are asked for together, right behind its CLOSE.
type glances struct {
	temp, final *glance
}

// ahead gives what Put does when CLOSE is on its way; nil: CLOSE is to wait until all is acknowledged. It does where it takes the file:
// under its final name, or on a server that takes files whatever their names.
func (r *exportRun) ahead(ctx context.Context, f job.File, early *glances) func() {
	if r.way.direct || r.way.sweeps {
		return nil
	}
	return func() {
		if f.Received.Size <= glanceMost {
			r.glanceAtBoth(ctx, f, early)
		}
	}
}

// glanceAtBoth begins to look at both names, unless that was begun.
func (r *exportRun) glanceAtBoth(ctx context.Context, f job.File, early *glances) {
	if r.way.direct || r.way.sweeps || early.final != nil || !r.sees() {
		return
	}
	if r.checks() {
		early.temp = r.glance(ctx, f.Temp)
	}
	early.final = r.glance(ctx, f.Final)
}

// glanceBehind begins to look at both names while a rename is on its way. No order is relied on: if what is seen is that our file has
// only its final name, the rename is done, and else nothing is made of it.
func (r *exportRun) glanceBehind(ctx context.Context, f job.File) (after glances) {
	if r.checks() && !r.way.sweeps {
		after = glances{r.glance(ctx, f.Temp), r.glance(ctx, f.Final)}
	}
	return after
}

// showIt says whether the temporary was seen to be gone, and the final file to be ours by size and time.
func (g *glances) showIt(f job.File) bool {
	if g.temp == nil {
		return false
	}
	temp, final := g.temp.saw(), g.final.saw()
	return g.temp.err == nil && temp == nil && g.final.err == nil && final != nil && sameFinal(f, *final)
}

// settled waits until no look is under way.
func (g *glances) settled() {
	g.temp.saw()
	g.final.saw()
}

// lookAtFinal gives what lies under the final name: what was seen there a moment ago, once, or what is there now.
func (r *exportRun) lookAtFinal(ctx context.Context, f job.File, early *glances) (*job.Entry, error) {
	seen := early.final
	early.final = nil
	if seen != nil {
		if entry := seen.saw(); seen.err == nil && r.sees() {
			return entry, nil
		}
	}
	return r.stat(ctx, f.Final)
}

// both looks at the two names of a file. At once if their order does not matter: of a rename that is not known to be over, the
// new name may be seen too early and the old one too late, and the file then nowhere.
func (r *exportRun) both(ctx context.Context, f job.File, atOnce bool) (temp, final *job.Entry, err error) {
	var other *glance
	if atOnce {
		other = r.glance(ctx, f.Final)
		defer other.saw()
	}
	if temp, err = r.stat(ctx, f.Temp); err != nil {
		return nil, nil, err
	}
	if other != nil {
		return temp, other.saw(), other.err
	}
	final, err = r.stat(ctx, f.Final)
	return temp, final, err
}
