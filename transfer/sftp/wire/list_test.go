package wire_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

func collect(c *wire.Client, opts wire.ListOptions) ([]job.Entry, error) {
	var all []job.Entry
	err := c.List(context.Background(), "d", opts, func(e job.Entry) error {
		all = append(all, e)
		return nil
	})
	return all, err
}

func TestNamesComeRawAndDotsAreDroppedByRawName(t *testing.T) {
	hostile := []string{"", "/", "x/..", "/etc/passwd", "a/b", "../../etc/passwd", "a\x00b", "a\nb", "\x1b[31m", "\u202egnp",
		"\xff\xfe", "CON", "a.", "a ", "-rf", "~", "...", "./", "../"}
	p := &peer{listing: [][]byte{names(append([]string{".", ".."}, hostile[:10]...)...), names(append(hostile[10:], "..", ".")...)}}
	c, _ := p.mustDial(t)
	all, err := collect(c, wire.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range all {
		got = append(got, e.Name)
	}
	if diff := cmp.Diff(hostile, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotToldIsNotInvented(t *testing.T) {
	for name, tc := range map[string]struct {
		attrs packet.Attrs
		want  job.Entry
	}{
		"nothing": {packet.Attrs{}, job.Entry{Size: -1, Kind: job.KindUnknown}},
		"size":    {packet.Attrs{Flags: packet.AttrSize, Size: 5}, job.Entry{Size: 5, Kind: job.KindUnknown}},
		"zero":    {packet.Attrs{Flags: packet.AttrSize}, job.Entry{Size: 0, Kind: job.KindUnknown}},
		"more than any disk": {packet.Attrs{Flags: packet.AttrSize, Size: math.MaxUint64},
			job.Entry{Size: math.MaxInt64, Kind: job.KindUnknown}},
		"times": {packet.Attrs{Flags: packet.AttrTimes | packet.AttrOwner, MTime: math.MaxUint32, ATime: 1},
			job.Entry{Size: -1, ModTime: math.MaxUint32, Kind: job.KindUnknown}},
		"file":              {mode(0o100644), job.Entry{Size: -1, Kind: job.KindFile}},
		"folder":            {mode(0o040755), job.Entry{Size: -1, Kind: job.KindDir}},
		"link":              {mode(0o120777), job.Entry{Size: -1, Kind: job.KindLink}},
		"pipe":              {mode(0o010644), job.Entry{Size: -1, Kind: job.KindOther}},
		"device":            {mode(0o060644), job.Entry{Size: -1, Kind: job.KindOther}},
		"permissions alone": {mode(0o644), job.Entry{Size: -1, Kind: job.KindUnknown}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{lie: func(p *peer, q query) bool {
				p.send(packet.Attributes, q.id, packet.AppendAttrs(nil, tc.attrs))
				return true
			}}
			c, _ := p.mustDial(t)
			tc.want.Name = "f"
			got, err := c.Lstat(context.Background(), "/d/f")
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func mode(m uint32) packet.Attrs { return packet.Attrs{Flags: packet.AttrPermissions, Mode: m} }

// endless answers READDIR with body for ever.
func endless(body []byte) func(*peer, query) bool {
	return func(p *peer, q query) bool {
		if q.kind == packet.Readdir {
			p.send(packet.Name, q.id, body)
		}
		return q.kind == packet.Readdir
	}
}

func TestEndlessListingsEnd(t *testing.T) {
	hundred := make([]string, 100)
	for i := range hundred {
		hundred[i] = fmt.Sprintf("file-%09d", i)
	}
	for name, tc := range map[string]struct {
		body []byte
		opts wire.ListOptions
		what string
	}{
		"entries":         {names(hundred...), wire.ListOptions{MaxEntries: 100_000}, "entries"},
		"bytes":           {names(hundred...), wire.ListOptions{MaxBytes: 1 << 20}, "bytes"},
		"dots":            {names(".", ".."), wire.ListOptions{MaxEntries: 1000}, "entries"},
		"nothing at all":  {names(), wire.ListOptions{}, "empty answers"},
		"nothing, capped": {names(), wire.ListOptions{MaxEntries: 10}, "empty answers"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{lie: endless(tc.body)}
			c, _ := p.mustDial(t)
			all, err := collect(c, tc.opts)
			var limit *wire.LimitError
			if !errors.As(err, &limit) || limit.What != tc.what {
				t.Errorf("error: %v", err)
			}
			if tc.opts.MaxEntries > 0 && len(all) > tc.opts.MaxEntries {
				t.Errorf("%d entries were given", len(all))
			}
			if got := p.kinds(); got[len(got)-1] != packet.Close {
				t.Error("the folder was left open")
			}
			if err := c.Remove(context.Background(), "f"); err != nil {
				t.Errorf("the session ended: %v", err)
			}
		})
	}
}

func TestAListingOfExactlyTheLimitIsWhole(t *testing.T) {
	p := &peer{listing: [][]byte{names("a", "b"), names("c")}}
	c, _ := p.mustDial(t)
	if all, err := collect(c, wire.ListOptions{MaxEntries: 3}); err != nil || len(all) != 3 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestAListingThatBreaksOffIsAnError(t *testing.T) {
	p := &peer{listing: [][]byte{names("a"), names("b")}, lie: func(p *peer, q query) bool {
		if q.kind != packet.Readdir || p.names < 2 {
			return false
		}
		p.status(q.id, packet.Failure)
		return true
	}}
	c, _ := p.mustDial(t)
	var status *wire.StatusError
	if _, err := collect(c, wire.ListOptions{}); !errors.As(err, &status) || status.Op != wire.OpReaddir {
		t.Errorf("error: %v", err)
	}
}

func TestTheCallerEndsAListing(t *testing.T) {
	p := &peer{listing: [][]byte{names("a", "b"), names("c")}}
	c, _ := p.mustDial(t)
	seen := 0
	err := c.List(context.Background(), "d", wire.ListOptions{}, func(job.Entry) error { seen++; return errFull })
	if err != errFull || seen != 1 {
		t.Errorf("%d entries, %v", seen, err)
	}
	if err := c.Remove(context.Background(), "f"); err != nil {
		t.Errorf("the session ended: %v", err)
	}
}

func TestAListingInOneLongPacketIsTakenWhereItIsAllowed(t *testing.T) {
	long := make([]string, 50_000)
	for i := range long {
		long[i] = fmt.Sprintf("file-%09d", i)
	}
	p := &peer{listing: [][]byte{names(long...)}}
	c, _, err := p.dial(t, wire.Options{MaxListingPacket: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if all, err := collect(c, wire.ListOptions{}); err != nil || len(all) != len(long) {
		t.Errorf("%d entries, %v", len(all), err)
	}
	p = &peer{listing: [][]byte{names(long...)}}
	c, _ = p.mustDial(t)
	if _, err := collect(c, wire.ListOptions{}); !errors.Is(err, wire.ErrListingPacket) {
		t.Errorf("error: %v", err)
	}
}

func TestReaddirsAreInFlightTogether(t *testing.T) {
	var held []query
	together := false
	p := &peer{listing: [][]byte{names("a"), names("b"), names("c"), names("d"), names("e"), names("f"), names("g")}}
	p.lie = func(p *peer, q query) bool {
		if q.kind != packet.Readdir || together {
			return false
		}
		if held = append(held, q); len(held) == 8 { // a client that waits for an answer never gets here
			for _, q := range held {
				p.honest(q)
			}
			together = true
		}
		return true
	}
	c, _ := p.mustDial(t)
	if all, err := collect(c, wire.ListOptions{Depth: 8}); err != nil || len(all) != 7 {
		t.Errorf("%v, %v", all, err)
	}
}

// far makes a peer whose answers take a while on their way, and gives the most READDIRs that it was ever owed.
func far(way time.Duration, folders int) (*peer, *int) {
	p, owed, most := &peer{}, 0, new(int)
	for i := range folders {
		p.listing = append(p.listing, names(fmt.Sprintf("%04d", i)))
	}
	p.lie = func(p *peer, q query) bool {
		if q.kind == packet.Opendir {
			time.Sleep(way)
		}
		if q.kind != packet.Readdir {
			return false
		}
		p.mu.Lock()
		owed++
		*most = max(*most, owed)
		p.mu.Unlock()
		time.AfterFunc(way, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			owed--
			p.honest(q)
		})
		return true
	}
	return p, most
}

// Time is that of the bubble.
func TestLongWaysHaveMoreReaddirsInFlight(t *testing.T) {
	for _, tc := range []struct {
		way         time.Duration
		names, most int
	}{
		{0, 500, 8},
		{5 * time.Millisecond, 500, 10},
		{20 * time.Millisecond, 500, 40},
		{time.Second, 500, 64},
		{time.Second, 0, 8},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, most := far(tc.way, tc.names)
			c, _ := p.mustDial(t)
			all, err := collect(c, wire.ListOptions{})
			if err != nil || len(all) != tc.names {
				t.Errorf("%v: %d names, %v", tc.way, len(all), err)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if *most > tc.most || tc.way > 0 && *most < tc.most-1 {
				t.Errorf("%v: %d READDIRs in flight, want %d", tc.way, *most, tc.most)
			}
		})
	}
}

// On a long way many READDIRs are in flight, but not more than a window holds of what the server answers.
func TestLargeAnswersAreNotAskedForInNumbers(t *testing.T) {
	for size, most := range map[int]int{100: 64, 200 << 10: 10} {
		synctest.Test(t, func(t *testing.T) {
			var flying, worst atomic.Int32
			work := make(chan query, 100)
			p := &peer{listing: slices.Repeat([][]byte{names(strings.Repeat("n", size))}, 400)}
			p.lie = func(_ *peer, q query) bool {
				if q.kind == packet.Readdir {
					worst.Store(max(worst.Load(), flying.Add(1)))
				}
				work <- q
				return true
			}
			go func() {
				for {
					select {
					case q := <-work:
						time.Sleep(100 * time.Millisecond)
						if q.kind == packet.Readdir {
							flying.Add(-1)
						}
						p.honest(q)
					case <-t.Context().Done():
						return
					}
				}
			}()
			c, _ := p.mustDial(t)
			if err := c.List(t.Context(), "d", wire.ListOptions{}, func(job.Entry) error { return nil }); err != nil {
				t.Error(err)
			}
			if _, err := c.Stat(t.Context(), "f"); err != nil { // behind CLOSE, which nobody waited for
				t.Error(err)
			}
			if int(worst.Load()) != most {
				t.Errorf("%d READDIRs were in flight for answers of %d bytes, want %d", worst.Load(), size, most)
			}
		})
	}
}

// Behind the first answers of a folder nothing more is asked until it shows that it is large: a small one ends with what is on its way, in one
// round trip.
func TestASmallFolderIsListedInOneRoundTrip(t *testing.T) {
	for _, tc := range []struct{ answers, asked int }{{0, 8}, {1, 8}, {3, 8}, {20, 21}} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			p := &peer{}
			for range tc.answers {
				p.listing = append(p.listing, names("a"))
			}
			p.lie = func(p *peer, q query) bool {
				if q.kind == packet.Readdir {
					asked++
					time.Sleep(time.Microsecond) // so that the answers come one by one
				}
				return false
			}
			c, _ := p.mustDial(t)
			if all, err := collect(c, wire.ListOptions{}); err != nil || len(all) != tc.answers {
				t.Errorf("%d names, %v", len(all), err)
			}
			if asked < tc.asked || tc.answers < 4 && asked > tc.asked {
				t.Errorf("%d READDIRs for %d answers, want %d", asked, tc.answers, tc.asked)
			}
		})
	}
}
