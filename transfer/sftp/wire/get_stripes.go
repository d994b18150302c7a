package wire

import (
	"cmp"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// stripes are the further connections of a download.
//
// What a helper reads counts only when the server has said behind it, on the helper's own handle, that the file is of the size
// and time that the first handle had at the beginning: somebody may have put another file under the name before the helper opened
// it, or write to it now. Anything else than data from a helper, and its death or silence, ends the helper and not the copy: what it
// owes is read on the first connection, which alone decides how long the file is and whether it can be read.
//
// A helper that is slow, and moves, keeps its place, and nobody waits for it: when the first connection has nothing left to do, because
// all that came is behind what a helper owes, and that helper takes much longer than the first connection would, it is asked for there.
// A slow helper takes little, so little is read twice.
type stripes struct {
	team    *team
	helpers []*lane
	striped bool      // there was a helper
	base    job.Entry // what the server said of the first handle, before there was one
	useful  bool      // it said so, and helpers can be held to it
	counted int64     // bytes of the memory that all share
	spare   [][]byte

	judging bool
	took    time.Duration // what the latest answer to a READ took on the first connection
}

// block is what a helper reads at once: neighbouring slots, and what the server says of the file behind them.
type block struct {
	lane  *lane
	left  int  // slots that are not whole
	stale bool // a READ was sent behind the last look
	seen  bool // the look behind the last READ agreed
	lost  bool // it is read on the first connection: what is answered here counts no more
	asked time.Time
}

func (b *block) agreed() bool { return b.left == 0 && b.seen && !b.stale }

// callEarly calls helpers for a file that is surely large enough, while it is opened.
func (g *getter) callEarly() {
	if g.team != nil && g.team.rules.Early {
		g.team.call(g.team.due(0, g.size, g.c.RoundTrip()), g.c, g.joined, g.fell)
	}
}

// askBase asks what helpers will be held to.
func (g *getter) askBase() error {
	if g.team == nil {
		return nil
	}
	close(g.team.opened)
	r := handleRequest(OpFstat, packet.Fstat, g.path, g.first.handle)
	r.block = &block{}
	return g.flight.sendOn(g.first, r)
}

// sawBase takes the answer. A server that does not tell size and time gives nothing by which two handles could be known to be of
// one file: no helper is called.
func (g *getter) sawBase(r *request) error {
	var err error
	g.base, err = g.told(g.c, r)
	if g.useful = g.base.Size == g.size && g.base.ModTime != 0; !g.useful {
		g.team.finish()
	}
	return err
}

// callHelpers calls as many as pay, when they do.
func (g *getter) callHelpers() {
	if g.useful {
		g.team.call(g.team.due(g.written, g.size-g.next, g.c.RoundTrip()), g.c, g.joined, g.fell)
	}
}

// joined takes a helper in whose handle is on the same file.
func (g *getter) joined(l *lane, seen job.Entry) error {
	if !g.useful || !g.same(seen) {
		g.team.leave(l, nil)
		return nil
	}
	g.striped, l.width = true, narrowBytes
	g.helpers = append(g.helpers, l)
	if !g.judging {
		g.judging = true
		g.team.every(min(g.team.rules.Patience/2, lookEvery), g.judge)
	}
	return nil
}

func (g *getter) same(seen job.Entry) bool {
	return seen.Size == g.base.Size && seen.ModTime == g.base.ModTime && seen.Kind == g.base.Kind
}

// fell is told of a helper whose session ended.
func (g *getter) fell(l *lane) error {
	if !l.gone {
		g.drop(l, l.c.Err())
	}
	return nil
}

// drop reads what a helper owes on the first connection. One that owes something is of no use to the next file: what it still answers
// gives no room in its window back.
func (g *getter) drop(l *lane, fault error) {
	if fault == nil && l.open > 0 {
		fault = ErrNotNeeded
	}
	g.flight.forget(l)
	g.helpers = without(g.helpers, l)
	g.team.leave(l, fault)
	for _, s := range g.slots {
		if s.block != nil && s.block.lane == l && !s.block.agreed() {
			g.takeBack(s.block)
		}
	}
	slices.SortFunc(g.first.todo, func(a, b *slot) int { return cmp.Compare(a.off, b.off) })
}

// takeBack reads a block of a helper on the first connection. The helper may still write to the buffers that it was given, so they
// are not used again.
func (g *getter) takeBack(b *block) {
	b.lost = true
	if todo := b.lane.todo; len(todo) > 0 && todo[0].block == b {
		b.lane.todo = nil
	}
	for i, s := range g.slots {
		if s.block == b {
			switch {
			case s.whole():
			case s.asked.IsZero():
				b.lane.taken -= int64(len(s.buf))
			default:
				b.lane.owed += int64(len(s.buf))
			}
			g.slots[i] = &slot{off: s.off, buf: make([]byte, len(s.buf))}
			g.first.todo = append(g.first.todo, g.slots[i])
		}
	}
	g.looked = !g.looks() // what was said before the last READ does not count
}

// overtake takes back what everything waits for, when a helper has owed it for much longer than the first connection would take,
// which has nothing else to do. While answers wait for us, it is not the helpers that are slow.
func (g *getter) overtake() {
	if len(g.slots) == 0 || g.first.open > 0 || len(g.first.todo) > 0 || len(g.flight.done) > 0 {
		return
	}
	if b := g.slots[0].block; b != nil && !b.agreed() && time.Since(b.asked) >= slowTimes*max(g.took, g.c.RoundTrip()) {
		g.takeBack(b)
	}
}

// askHelper fills the window of a helper, or lets it go when there is nothing more for it.
func (g *getter) askHelper(l *lane) {
	for l.open < windowCount && (len(l.todo) > 0 || g.stretch(l)) {
		s := l.todo[0]
		if !l.c.window.try(len(s.buf)) {
			return
		}
		l.todo = l.todo[1:]
		if !g.askOn(l, s) || len(l.todo) == 0 && !g.lookOn(s.block) {
			return // it is dead, as an event will tell
		}
	}
	if l.open == 0 && len(l.todo) == 0 && (l.leaving || g.next >= g.size) {
		g.helpers = without(g.helpers, l)
		l.gone = true
		g.team.leave(l, nil)
	}
}

// askOn asks a helper for what a slot lacks. False: the helper is dead.
func (g *getter) askOn(l *lane, s *slot) bool {
	s.block.stale, s.block.seen = true, false
	return g.flight.sendOn(l, g.request(l, s)) == nil
}

// lookOn asks a helper what it knows of the file, behind the READs of a block.
func (g *getter) lookOn(b *block) bool {
	b.stale = false
	r := handleRequest(OpFstat, packet.Fstat, g.path, b.lane.handle)
	r.block = b
	return g.flight.sendOn(b.lane, r) == nil
}

// stretch takes the next block of the file for a helper. A helper that somebody waits for takes none.
func (g *getter) stretch(l *lane) bool {
	l.leaving = l.leaving || l.helper.Wanted()
	if l.leaving || g.end >= 0 || g.next >= g.size {
		return false
	}
	n := min(g.share(l), g.size-g.next)
	if n <= 0 || !g.fits(int(n)) {
		return false
	}
	l.taken += n
	b := &block{lane: l, asked: time.Now()}
	for ; n > 0; b.left++ {
		s := g.newSlot(int(min(n, int64(g.chunk))))
		s.block = b
		l.todo = append(l.todo, s)
		n -= int64(len(s.buf))
	}
	return true
}

// share is how much of the file a helper takes now: as many bytes are on the way as it has brought, until that is a whole window. It
// takes nothing that it would not be asked for at once, since all that is taken is in memory.
func (g *getter) share(l *lane) int64 {
	n, chunk := min(stretchBytes, l.width-l.taken), int64(g.chunk)
	if n < l.width/4 {
		return 0
	}
	return n - n%min(n, chunk)
}

// fits says whether n more bytes may be in memory: blocks are taken in order, so what is taken always comes to its turn. A stretch may be
// there in any case.
func (g *getter) fits(n int) bool {
	switch held := g.next - g.written + int64(n); {
	case held > int64(aheadBytes*(1+len(g.helpers))):
		return false
	case held <= stretchBytes:
		return true
	}
	return g.team.rules.Memory.has(int64(n))
}

// count tells those who share the memory how much of it is taken: what is asked for and not written, and what helpers still fill for nothing.
func (g *getter) count() {
	if g.team == nil {
		return
	}
	held := g.next - g.written
	for _, l := range g.helpers {
		held += l.owed
	}
	g.team.rules.Memory.add(held - g.counted)
	g.counted = held
}

// uncount gives all of it back.
func (g *getter) uncount() {
	if g.team != nil {
		g.team.rules.Memory.add(-g.counted)
	}
}

// takeHelped takes an answer to a helper. Whatever is not what was hoped for ends the helper.
func (g *getter) takeHelped(r *request) {
	l := r.lane
	if r.op == OpFstat {
		seen, err := g.told(l.c, r)
		if err != nil || !g.same(seen) {
			g.drop(l, nil)
		} else if !r.block.stale {
			r.block.seen = true
		}
		return
	}
	s := r.slot
	if r.kind == packet.Status {
		g.drop(l, nil)
		return
	}
	if s.block.lost {
		l.c.window.give(len(s.buf))
		l.owed -= int64(len(s.buf))
		l.taken -= int64(len(s.buf))
		return
	}
	g.fill(s, r.n)
	if !s.whole() {
		g.shorter()
		_ = g.askOn(l, s)
		return
	}
	l.c.window.give(len(s.buf))
	l.taken -= int64(len(s.buf))
	l.width = min(l.width+int64(len(s.buf)), windowBytes)
	if g.opts.Progress != nil {
		g.opts.Progress(len(s.buf))
	}
	if s.block.left--; s.block.left == 0 && s.block.stale {
		_ = g.lookOn(s.block)
	}
}

// judge ends helpers that have been silent while they owe answers. While answers wait for us, it is not the helpers that are slow.
// It comes again and again, so that overtake does.
func (g *getter) judge() error {
	if len(g.flight.done) > 0 {
		return nil
	}
	for _, l := range slices.Clone(g.helpers) {
		if l.quiet() >= g.team.rules.Patience {
			g.drop(l, errQuiet)
		}
	}
	return nil
}

// dismiss lets all helpers go behind the copy. What they still owe is not waited for.
func (g *getter) dismiss(err error) {
	g.team.end(g.team.faultIn(g.c, err))
	for _, l := range g.helpers {
		g.flight.forget(l)
	}
	g.helpers = nil
}

// buffer gives a buffer of n bytes.
func (g *getter) buffer(n int) []byte {
	if last := len(g.spare) - 1; last >= 0 && n == g.c.limits.Read {
		b := g.spare[last]
		g.spare = g.spare[:last]
		return b
	}
	return g.c.window.buffer(n, g.c.limits.Read)
}

// recycle keeps a buffer for the next slot.
func (g *getter) recycle(b []byte) {
	if g.striped && len(b) == g.c.limits.Read {
		g.spare = append(g.spare, b)
		return
	}
	g.c.window.recycle(b, g.c.limits.Read)
}
