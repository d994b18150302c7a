package wire_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// tally counts what is written.
type tally struct{ n *atomic.Int64 }

func (t tally) Write(p []byte) (int, error) { t.n.Add(int64(len(p))); return len(p), nil }

// Downloads over several connections that share their memory hold together what one of them may, and give it back, whatever becomes of them.
func TestDownloadsShareTheirMemory(t *testing.T) {
	const copies, helpers = 3, 7
	file := &inode{data: bigContent(30 << 20), mtime: 1_700_000_000}
	var memory wire.Memory
	for round := range 3 {
		var running sync.WaitGroup
		synctest.Test(t, func(t *testing.T) {
			var asked, written atomic.Int64
			on := make(chan struct{})
			var all sync.WaitGroup
			for range copies {
				h := newHelped(t, &running, helpers, file, func(came func(), p *peer, q query) bool {
					switch q.kind {
					case packet.Fstat:
						file.fstat(p, q, 0)
					case packet.Read:
						asked.Add(int64(q.length))
						p.send(packet.Data, q.id, packet.AppendString(nil, file.data[q.offset:q.offset+int64(q.length)]))
					default:
						p.honest(q)
					}
					return true
				})
				h.rules.Memory = &memory
				p := &peer{data: file.data}
				p.told = func(_ *peer, q query) {
					if q.kind == packet.Read {
						asked.Add(int64(q.length))
					}
				}
				working(t, p, func(q query) {
					if q.kind == packet.Fstat {
						file.fstat(p, q, 0)
						return
					}
					if q.kind == packet.Read {
						<-on // all else is behind this
					}
					p.honest(q)
				})
				c, _ := p.mustDial(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				all.Go(func() {
					_, err := c.Get(ctx, "f", int64(len(file.data)), tally{&written}, wire.GetOptions{Stripes: &h.rules})
					if err != nil && !(round == 1 && errors.Is(err, context.Canceled)) {
						t.Error(err)
					}
				})
				time.AfterFunc(5*time.Second, func() {
					if round == 1 {
						cancel()
					}
				})
			}
			time.Sleep(4 * time.Second)
			synctest.Wait() // nothing more can be asked for
			if mib := (asked.Load() - written.Load()) >> 20; mib < 16 || mib > 20+copies {
				t.Errorf("round %d: %d MiB are held", round, mib)
			}
			time.Sleep(2 * time.Second)
			close(on)
			all.Wait()
			running.Wait()
		})
	}
}
