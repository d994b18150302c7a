package wire_test

import (
	"context"
	"io"
	"sync"
	"testing"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// No more files are open at once than the server said that it can bear, less one for a listing, and not more than 64 if it says nothing.
func TestNoMoreFilesAreOpenThanTheServerBears(t *testing.T) {
	for told, most := range map[uint64]int{0: 64, 1: 1, 3: 2, 1000: 256} {
		open, peak := 0, 0
		p := &peer{data: content(10), hello: greet(packet.Limits)}
		p.lie = func(p *peer, q query) bool {
			switch q.kind {
			case packet.Extended:
				body := packet.AppendUint64(packet.AppendUint64(nil, 0), 0)
				p.send(packet.ExtendedReply, q.id, packet.AppendUint64(packet.AppendUint64(body, 0), told))
				return true
			case packet.Open:
				open++
				peak = max(peak, open)
			case packet.Close:
				open--
			}
			return false
		}
		c, _ := p.mustDial(t)
		var copies sync.WaitGroup
		for range 100 {
			copies.Go(func() {
				if n, err := c.Get(context.Background(), "f", 10, io.Discard, wire.GetOptions{}); n != 10 || err != nil {
					t.Errorf("get: %d, %v", n, err)
				}
			})
			copies.Go(func() {
				if n, err := c.Put(context.Background(), "g", &zeroed{10}, wire.PutOptions{Size: 10, Ahead: func() {}}); n != 10 || err != nil {
					t.Errorf("put: %d, %v", n, err)
				}
			})
		}
		copies.Wait()
		if err := c.Remove(context.Background(), "f"); err != nil { // all CLOSEs came before
			t.Error(err)
		}
		if peak > most || peak == 0 {
			t.Errorf("told %d: %d files were open at once, want at most %d", told, peak, most)
		}
	}
}

type zeroed struct{ left int }

func (z *zeroed) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(z.left, len(p))
	z.left -= n
	return n, nil
}
