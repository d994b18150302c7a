package wire_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// A helper gives other bytes, and says only late that its file is another one by now. All others are there by then, up to its first.
func TestNothingOfAHelperIsWrittenUnconfirmed(t *testing.T) {
	file := &inode{data: bigContent(6 << 20), mtime: 1_700_000_000}
	got := &meeting{reached: make(chan struct{})}
	asked, looks := make(chan struct{}), 0
	helper := &peer{hello: greet(packet.Fsync)}
	helper.meet = func(p *peer, q query) bool {
		switch q.kind {
		case packet.Read:
			got.from(q.offset)
			p.send(packet.Data, q.id, packet.AppendString(nil, make([]byte, q.length)))
		case packet.Fstat:
			if looks++; looks == 2 { // behind the READs of its first block
				close(asked)
				<-got.reached
			}
			file.fstat(p, q, uint32(min(looks-1, 1)))
		default:
			p.honest(q)
		}
		return true
	}
	first, work := &peer{data: file.data}, make(chan query, 1000)
	first.lie = func(_ *peer, q query) bool { work <- q; return true }
	go func() {
		for {
			select {
			case <-t.Context().Done():
				return
			case q := <-work:
				if q.kind == packet.Fstat {
					file.fstat(first, q, 0)
					continue
				}
				if q.kind == packet.Read {
					<-asked
				}
				first.honest(q)
			}
		}
	}()
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	c, _ := first.mustDial(t)
	_, err := c.Get(t.Context(), "f", int64(len(file.data)), got, wire.GetOptions{Stripes: &wire.Stripes{
		Lanes: func(time.Duration) int { return 2 }, AtOnce: 1, Patience: time.Minute, Running: &running,
		Call: func(context.Context) (*wire.Helper, error) {
			c, _, err := helper.dial(t, wire.Options{})
			return &wire.Helper{Client: c, Wanted: func() bool { return false }, Leave: func(error) { _ = c.Close(context.Background()) }}, err
		},
	}})
	if err != nil || !bytes.Equal(got.Bytes(), file.data) {
		t.Errorf("%d bytes, the right ones: %v, %v", got.Len(), bytes.Equal(got.Bytes(), file.data), err)
	}
}

// meeting is a target that tells when it has come to a place.
type meeting struct {
	bytes.Buffer
	mu      sync.Mutex
	place   int64
	known   bool
	reached chan struct{}
	once    sync.Once
}

// from is the place: the first that is named.
func (m *meeting) from(place int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known {
		m.place, m.known = place, true
	}
}

func (m *meeting) Write(p []byte) (int, error) {
	n, err := m.Buffer.Write(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known && int64(m.Len()) >= m.place {
		m.once.Do(func() { close(m.reached) })
	}
	return n, err
}
