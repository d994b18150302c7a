package wire

import (
	"context"
	"math"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

const (
	listDepth = 8                      // READDIRs in flight, at the least
	listPace  = 500 * time.Microsecond // what a quick server takes for a READDIR: one more may be in flight for each that the way takes longer
	nameLeast = 12                     // bytes of an entry with empty name, empty long name and no attributes
	emptyMost = 1000
)

// ListOptions bound a listing. Zero means no bound.
type ListOptions struct {
	MaxEntries int           // "." and ".." count too: the server sent them
	MaxBytes   int64         // bytes of all answers
	MaxTime    time.Duration // the session ends with it: a server that drips can't be stopped otherwise
	Depth      int           // requests in flight; 0: 8, and on long ways as many as the first answer took half milliseconds, up to 64
}

func (o ListOptions) withDefaults() ListOptions {
	if o.MaxEntries <= 0 {
		o.MaxEntries = math.MaxInt
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = math.MaxInt64
	}
	return o
}

// depths gives how many requests are in flight at first and at the most, by how long the first answer took. A server that has
// little to list is not sent what it need not answer: with each answer that has names there may be one more, but no more than 2 MiB hold
// of answers as large as the largest so far.
func (o ListOptions) depths(first time.Duration) (least, most int) {
	if o.Depth > 0 {
		least = min(o.Depth, windowCount)
		return least, least
	}
	return listDepth, max(listDepth, min(int(first/listPace), windowCount))
}

// List gives the entries of a folder to each, as they come, in the server's order; "." and ".." are left out. Names are
// raw: they may be empty, hold slashes, or be anything else. An error of each ends the listing and is returned as it is.
// Only a listing that returned nil was complete.
func (c *Client) List(ctx context.Context, dir string, opts ListOptions, each func(job.Entry) error) error {
	opts = opts.withDefaults()
	if opts.MaxTime > 0 {
		var cancel context.CancelFunc
		limit := &LimitError{Op: OpReaddir, Path: dir, What: "time", Limit: int64(opts.MaxTime)}
		ctx, cancel = context.WithTimeoutCause(ctx, opts.MaxTime, limit)
		defer cancel()
	}
	began := time.Now()
	handle, err := c.openHandle(ctx, pathRequest(OpOpendir, packet.Opendir, dir))
	if err != nil {
		return err
	}
	l := &listing{c: c, dir: dir, opts: opts, each: each}
	l.first, l.most = opts.depths(time.Since(began))
	l.depth = l.first
	err = l.run(ctx, handle)
	if err == nil { // the names are all there, whatever becomes of CLOSE
		c.letGo(dir, handle, nil)
		return nil
	}
	if c.Err() == nil {
		_ = c.closeHandle(ctx, dir, handle, 0)
	}
	return err
}

type listing struct {
	c    *Client
	dir  string
	opts ListOptions
	each func(job.Entry) error

	first   int // requests in flight at first, now, and at the most
	depth   int
	most    int
	answers int
	largest int // bytes of the largest answer
	entries int
	bytes   int64
	empty   int // answers without an entry
	ended   bool
	err     error
}

// run keeps READDIRs in flight until the server says that there is no more, or something is wrong.
func (l *listing) run(ctx context.Context, handle string) error {
	f := newFlight(l.c, OpReaddir, l.dir, l.most)
	for !l.ended && l.err == nil {
		if ctx.Err() != nil { // answers may well be there without end
			return l.c.giveUp(f.asked, context.Cause(ctx))
		}
		for f.open < l.depth && l.goesOn() {
			if err := f.send(handleRequest(OpReaddir, packet.Readdir, l.dir, handle)); err != nil {
				return err
			}
		}
		r, err := f.next(ctx)
		if err != nil {
			return err
		}
		l.take(r)
	}
	// Servers that work in parallel may answer names behind the end; what else comes there means nothing.
	if err := f.drain(ctx, l.take); err != nil && l.err == nil {
		return err
	}
	return l.err
}

// goesOn says whether more may be asked. Behind the first answers nothing is: a small folder ends with those that are on their way, and
// what is asked beside them would be waited for.
func (l *listing) goesOn() bool { return l.answers == 0 || 2*l.answers >= l.first }

// take takes one answer.
func (l *listing) take(r *request) {
	if l.answers++; l.err != nil {
		return
	}
	if r.kind == packet.Name {
		l.largest = max(l.largest, len(r.body))
		l.depth = min(l.depth+1, l.most, max(1, windowBytes/max(1, l.largest)))
		l.err = l.names(r.body)
		return
	}
	switch code := r.code(); {
	case code == packet.EOF:
		l.ended = true
	case !l.ended:
		l.err = r.status()
	}
}

// names takes the entries of one answer.
func (l *listing) names(body []byte) error {
	if l.bytes += int64(len(body)) + packet.HeaderLength; l.bytes > l.opts.MaxBytes {
		return l.limit("bytes", l.opts.MaxBytes)
	}
	f := packet.Parse(body)
	count := f.Uint32()
	if f.Err() != nil || uint64(count)*nameLeast > uint64(f.Len()) {
		return l.c.broken(OpReaddir, l.dir, packet.ErrTruncated)
	}
	if count == 0 {
		if l.empty++; l.empty > emptyMost {
			return l.limit("empty answers", emptyMost)
		}
	}
	for range count {
		if err := l.name(f); err != nil {
			return err
		}
	}
	if f.Len() > 0 {
		return l.c.broken(OpReaddir, l.dir, protocol("%d bytes behind the %d names that were announced", f.Len(), count))
	}
	return nil
}

func (l *listing) name(f *packet.Fields) error {
	name := f.String()
	f.Bytes() // the long name is for people
	attrs := f.Attrs()
	if f.Err() != nil {
		return l.c.broken(OpReaddir, l.dir, f.Err())
	}
	if l.entries++; l.entries > l.opts.MaxEntries {
		return l.limit("entries", int64(l.opts.MaxEntries))
	}
	if name == "." || name == ".." {
		return nil
	}
	return l.each(entry(name, attrs))
}

func (l *listing) limit(what string, most int64) error {
	return &LimitError{Op: OpReaddir, Path: l.dir, What: what, Limit: most}
}
