package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// An upload's helpers open the same name once more, behind the answer to the OPEN that made the file, and without making one.
//
// Every WRITE on every handle has to be answered OK, and then every handle is asked for the size of its file, which has to be the
// place where the last WRITE ended. Only one file can have that byte: a handle on another one, because somebody took the name
// meanwhile, is found out before anything is published.
//
// A helper that dies with anything written fails the upload, though its bytes could be sent again: the server's half of a dead
// session may still hold WRITEs and do them late. In a file that keeps its temporary name, or loses it, they would do no harm. But
// once the file has its final name its owner may empty or rewrite it in place, and a late WRITE would put our bytes into theirs.
// The next attempt has a temporary file of its own, which nobody else has a handle on.

// ErrOtherFile says that the handles of an upload were not all on the file that the first one made.
var ErrOtherFile = errors.New("the name led to another file when it was opened once more")

// callHelpers calls as many as pay, when they do.
func (p *putter) callHelpers() {
	if n := p.team.due(p.acked, p.opts.Size-p.next, p.c.RoundTrip()); n > 0 && !p.alone {
		p.team.call(n, p.c, p.joined, p.fell)
	}
}

// joined takes a helper in. A server that does not tell the size of an open file could not prove in the end what was written.
func (p *putter) joined(l *lane, seen job.Entry) error {
	if seen.Size < 0 || seen.Size > p.next || p.ended || p.alone {
		p.team.leave(l, nil)
		return nil
	}
	p.lanes = append(p.lanes, l)
	return nil
}

// fell is told of a helper whose session ended.
func (p *putter) fell(l *lane) error {
	if l.gone {
		return nil
	}
	p.drop(l)
	p.team.leave(l, l.c.Err())
	if !l.wrote {
		return nil
	}
	return p.broke(l.c.Err())
}

// broke is the error of an upload that cannot know any more what became of its WRITEs.
func (p *putter) broke(err error) error {
	return &ConnectionError{Op: OpWrite, Path: p.path, Sent: true, Err: fmt.Errorf("one of the connections of this upload: %w", err)}
}

// unsent is the error of a WRITE that could not be sent.
func (p *putter) unsent(l *lane, err error) error {
	if l.helper == nil {
		return err
	}
	return p.fell(l)
}

func (p *putter) drop(l *lane) {
	p.flight.forget(l)
	p.lanes = without(p.lanes, l)
	p.at = 0
}

// refused is an answer of no. What a helper is refused the first connection may well be allowed: it is another attempt's business
// to find out.
func (p *putter) refused(l *lane, err error) error {
	var status *StatusError
	if l.helper == nil || errors.As(err, &status) && (status.Code == packet.NoSpace || status.Code == packet.QuotaExceeded) {
		return err
	}
	p.drop(l)
	p.team.leave(l, err)
	return p.broke(err)
}

// helped says whether there are helpers.
func (p *putter) helped() bool { return len(p.lanes) > 1 }

// pick gives a lane with room for n bytes, which are taken of its window; nil: all are full. A lane gets neighbouring WRITEs, up to a
// stretch, so that the server's disk is written in pieces.
func (p *putter) pick(n int) *lane {
	for range p.lanes {
		l := p.lanes[p.at]
		if l.open < windowCount && l.sends*n < stretchBytes && l.c.window.try(n) {
			l.sends++
			return l
		}
		l.sends = 0
		p.at = (p.at + 1) % len(p.lanes)
	}
	if l := p.lanes[p.at]; l.open < windowCount && l.c.window.try(n) {
		l.sends = 1
		return l
	}
	return nil
}

// yields says whether somebody waits for a helper. Then all of them go, because the size can be asked only while nothing is written.
func (p *putter) yields() bool {
	for _, l := range p.lanes {
		if l.helper != nil && !p.alone {
			p.alone = l.helper.Wanted()
		}
	}
	return p.alone && p.helped()
}

// judge fails an upload whose helper has fallen silent behind its last WRITE: it owes what it would owe alone, and in the same time.
func (p *putter) judge() error {
	for _, l := range p.lanes[1:] {
		if patience := p.c.patience(flushTime(p.acked)); l.quiet() >= patience {
			p.drop(l)
			p.team.leave(l, errQuiet)
			return p.broke(fmt.Errorf("%w for %v", ErrSilent, patience))
		}
	}
	return nil
}

// part ends the share of the helpers, when all WRITEs are answered: sizes are compared, and each brings its bytes to the disk and
// closes its handle. Nothing of them is left before the first handle's own fsync and CLOSE.
func (p *putter) part(ctx context.Context) error {
	for _, l := range p.lanes {
		if l.wrote || l.helper == nil {
			if err := p.settleOn(l); err != nil {
				return err
			}
		}
	}
	if patience := p.c.patience(0); patience > 0 {
		p.team.every(min(patience/2, time.Second), p.judge)
	}
	for p.flight.open > 0 {
		r, err := p.flight.next(ctx)
		if err != nil {
			return err
		}
		if err := p.settled(r); err != nil {
			return err
		}
	}
	for _, l := range p.lanes[1:] {
		l.gone = true
		if l.wrote {
			l.handle = "" // closed
		}
		p.team.leave(l, nil)
	}
	p.lanes, p.at = p.lanes[:1], 0
	return nil
}

// settleOn asks a lane for the size of its file, and a helper for its end.
func (p *putter) settleOn(l *lane) error {
	requests := []*request{handleRequest(OpFstat, packet.Fstat, p.path, l.handle)}
	if l.helper != nil && p.syncs() {
		requests = append(requests, fsyncRequest(p.path, l.handle))
	}
	if l.helper != nil {
		requests = append(requests, handleRequest(OpClose, packet.Close, p.path, l.handle))
	}
	for _, r := range requests {
		if err := p.flight.sendOn(l, r); err != nil {
			return p.broke(err)
		}
	}
	return nil
}

// settled takes one answer to those.
func (p *putter) settled(r *request) error {
	switch {
	case r.event != nil:
		return r.event()
	case r.lane.gone:
		return nil
	case r.kind == packet.Status:
		if err := r.status(); err != nil {
			return p.refused(r.lane, err)
		}
		return nil
	}
	f := packet.Parse(r.body)
	attrs := f.Attrs()
	if f.Err() != nil {
		return r.lane.c.broken(OpFstat, p.path, f.Err())
	}
	if seen := entry("", attrs); seen.Size != p.next {
		return p.otherFile(seen.Size)
	}
	return nil
}

func (p *putter) otherFile(size int64) error {
	err := fmt.Errorf("%w: %d bytes are in one of them, %d were written", ErrOtherFile, size, p.next)
	for _, l := range p.lanes[1:] {
		p.team.leave(l, err)
	}
	return p.broke(err)
}
