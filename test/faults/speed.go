package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// speeds is group K, behind the numbers of the plan: what haulier does to be fast.
func speeds() []Case {
	const over = "one file over eight connections: "
	return []Case{
		{ID: "K127.1", Title: over + "SIGKILL while several carry it", Holds: "I1 I2 I3 I4 I5 I10", Times: times(1, 25), Run: eachLong(killTogether)},
		{ID: "K127.2", Title: over + "SIGKILL at each failpoint", Holds: "I1 I2 I3 I4 I5 I10", Times: times(0, 1), Run: eachLong(killTogetherAtPoints)},
		{ID: "K127.3", Title: over + "one of them is cut, ends, or falls silent", Holds: "I1 I2 I3 I5 I6", Times: times(1, 20), Run: eachLong(loseOne)},
		{ID: "K127.4", Title: over + "the server takes three and no more", Holds: "I2 I3 I6", Times: times(0, 8), Run: eachLong(onlyThree)},
		{ID: "K128", Title: "300 files wait for their turn, each CLOSE takes its time: killed, cut, and none is given up for waiting", Holds: "I1 I2 I3 I6", Times: times(1, 1), Run: inTurn},
	}
}

// longLine is a kind whose server is far away and says that it is OpenSSH, so that its large file goes over several connections.
func longLine(k kind) kind {
	k.version, k.lanes, k.sizes = "SSH-2.0-OpenSSH_9.9", 8, []int{20 << 20}
	k.knobs.Delay = 41 * time.Millisecond
	k.timeouts = "stall: 4s"
	return k
}

// eachLong makes a case of what happens to an import and to an export of a large file. Most rounds have to see the bytes of one file go over
// several connections at once: else nothing was shown.
func eachLong(run func(context.Context, *pass, kind) error) func(context.Context, *pass) error {
	return func(ctx context.Context, p *pass) error {
		for _, k := range eachWay {
			p.lanes = nil
			if err := run(ctx, p, longLine(k)); err != nil {
				return err
			}
			together := slices.DeleteFunc(slices.Clone(p.lanes), func(n int) bool { return n < 3 })
			if len(together) == 0 || 2*len(together) < len(p.lanes) {
				return fmt.Errorf("%s: so many connections carried a file at one time, in each round: %v", k.name, p.lanes)
			}
		}
		return nil
	}
}

// carries says whether a request is one for bytes of a file.
func carries(o sftptest.Operation) bool { return o.Op == "read" || o.Op == "write" }

// carriers is how many connections carried bytes of files at one time, each from its first request for some to its last.
func carriers(log []sftptest.Operation) int {
	type span struct{ began, ended time.Time }
	spans := map[int]span{}
	for _, o := range log {
		if !carries(o) {
			continue
		}
		s, known := spans[o.Session]
		if !known {
			s.began = o.Began
		}
		s.ended = o.At
		spans[o.Session] = s
	}
	most := 0
	for _, s := range spans {
		n := 0
		for _, other := range spans {
			if !other.began.After(s.began) && other.ended.After(s.began) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// afterMany gives a moment: when n different things were asked of the server, as key tells them apart ("": of no matter), and a while behind that.
func (w *world) afterMany(n int, key func(sftptest.Operation) string, behind time.Duration) func(context.Context) bool {
	w.server.ClearLog()
	return func(ctx context.Context) bool {
		seen := map[string]bool{}
		_, err := w.server.Await(ctx, func(o sftptest.Operation) bool {
			if k := key(o); k != "" {
				seen[k] = true
			}
			return len(seen) >= n
		})
		return err == nil && waited(ctx, behind)
	}
}

// carrier tells the connections apart that carry bytes of files.
func carrier(o sftptest.Operation) string {
	if !carries(o) {
		return ""
	}
	return fmt.Sprint(o.Session)
}

// killTogether kills runs when several connections carry a file, and by chance those that recover, too.
func killTogether(ctx context.Context, p *pass, k kind) error {
	kills := p.Kills
	err := p.inWorlds(ctx, k, p.times, func(w *world) error {
		for again := true; again; again = p.rng.IntN(3) == 0 {
			moment := w.afterMany(2+p.rng.IntN(3), carrier, 1+time.Duration(p.rng.Int64N(int64(400*time.Millisecond))))
			r, err := w.haulierWhen(ctx, moment, syscall.SIGKILL, "run", "move")
			if err != nil || !r.killed {
				return err
			}
			p.Kills++
		}
		return nil
	})
	if err == nil && 2*(p.Kills-kills) < p.times {
		err = fmt.Errorf("%s: of %d processes only %d died at work", k.name, p.times, p.Kills-kills)
	}
	return err
}

// killTogetherAtPoints kills runs at each failpoint that one comes by, and more often at those that it comes by again and again.
func killTogetherAtPoints(ctx context.Context, p *pass, k kind) error {
	own, err := p.traceAfter(ctx, k, []string{""})
	if err != nil {
		return err
	}
	var turns []string
	for name, v := range own {
		turns = append(turns, slices.Repeat([]string{name}, p.times*min(v.times, 4))...)
	}
	slices.Sort(turns)
	for tries := 0; len(turns) > 0; tries++ {
		if tries > 5 {
			return fmt.Errorf("runs do not come by %v any more", slices.Compact(turns))
		}
		if turns, err = p.killAtEach(ctx, k, turns, own); err != nil {
			return err
		}
		own = own.once()
	}
	return nil
}

// loseOne spoils one of the further connections at one of its first requests. A download does not fail for that.
func loseOne(ctx context.Context, p *pass, k kind) error {
	bytes, codes := "read", []int{0}
	if k.export {
		bytes, codes = "write", nil
	}
	var all []trouble
	for _, do := range []sftptest.Action{sftptest.Drop, sftptest.DropDone, sftptest.EndSession, sftptest.Stall} {
		for _, at := range []struct {
			op    string
			after int
		}{{"open", p.rng.IntN(2)}, {"fstat", p.rng.IntN(2)}, {bytes, 0}, {bytes, p.rng.IntN(20)}, {bytes, p.rng.IntN(20)}, {"close", 0}} {
			all = append(all, trouble{
				name: fmt.Sprintf("%d at %s %d of a further one", do, at.op, at.after+1), codes: codes,
				knobs: func(knobs *sftptest.Knobs) {
					knobs.Faults = []sftptest.Fault{{Op: at.op, Later: true, After: at.after, Times: 1, Do: do}}
				},
			})
		}
	}
	return p.sufferAll(ctx, k, all)
}

// onlyThree is a server to which a fourth connection is one too many: it cuts it off behind its login, or refuses that as it would a wrong
// password. No run fails for that.
func onlyThree(ctx context.Context, p *pass, k kind) error {
	err := p.sufferAll(ctx, k, []trouble{
		{name: "cut off", codes: []int{0}, knobs: func(k *sftptest.Knobs) { k.MaxConnections = 3 }},
		{name: "refused", codes: []int{0}, knobs: func(k *sftptest.Knobs) { k.MaxConnections, k.MaxLogins = 3, 3 }},
	})
	if err == nil && slices.ContainsFunc(p.lanes, func(n int) bool { return n > 3 }) {
		err = fmt.Errorf("%s: so many connections carried a file at one time, where three are the most: %v", k.name, p.lanes)
	}
	return err
}

// inTurn has 300 files wait for a server that takes its time for each CLOSE, and meanwhile does nothing else. Those that move together wait
// longer for their answers, in all, than one answer may take. In the short form the times are short, and only the first CLOSEs are slow.
func inTurn(ctx context.Context, p *pass) error {
	slow, conn := sftptest.Fault{Op: "close", Delay: 300 * time.Millisecond}, "timeouts: {operation: 4s, stall: 8s}"
	if p.tier == Short {
		slow.Delay, slow.Times, conn = 30*time.Millisecond, 60, "timeouts: {operation: 400ms, stall: 1s}"
	}
	for _, k := range eachWay {
		k.sizes, k.lasts, k.patient, k.conn = slices.Repeat([]int{2 << 10}, 300), 5*time.Minute, true, conn
		k.knobs.Faults = []sftptest.Fault{slow}
		if err := p.inWorlds(ctx, k, p.times, func(w *world) error { return p.disturbQueue(ctx, w, slow) }); err != nil {
			return err
		}
	}
	return p.struckEnough()
}

// disturbQueue kills one run in the midst of its files, and cuts the connection of the next: nothing else is wrong with those. The third
// comes to its end.
func (p *pass) disturbQueue(ctx context.Context, w *world, slow sftptest.Fault) error {
	closed := func(o sftptest.Operation) string {
		if o.Op != "close" {
			return ""
		}
		return fmt.Sprint(o.Session, " ", o.Handle)
	}
	r, err := w.haulierWhen(ctx, w.afterMany(10+p.rng.IntN(40), closed, 1), syscall.SIGKILL, "run", "move")
	if err != nil {
		return err
	}
	if r.killed {
		p.Kills++
	}
	do := []sftptest.Action{sftptest.Drop, sftptest.DropDone}[p.rng.IntN(2)]
	end, err := trouble{knobs: func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "close", After: 10 + p.rng.IntN(80), Times: 1, Do: do}, slow}
	}}.start(w)
	if err != nil {
		return err
	}
	r, err = w.haulier(ctx, "run", "move")
	end()
	if err != nil {
		return err
	}
	if why := slices.Compact(reasons.FindAllString(r.all(), -1)); r.code == 0 || !slices.Equal(why, []string{"[net.lost]"}) {
		return fmt.Errorf("a run whose connection was cut ended with %d, for %v\n%s", r.code, why, r.all())
	}
	if r, err = w.haulier(ctx, "run", "move"); err == nil && r.code != 0 {
		err = fmt.Errorf("a run in which nothing was wrong ended with %d\n%s", r.code, r.all())
	}
	return err
}

// reasons finds those of a run in what it says.
var reasons = regexp.MustCompile(`\[[a-z]+\.[a-z_]+\]`)
