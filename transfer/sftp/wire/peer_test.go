package wire_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// peer is a server at the other end of a pipe that can lie. It has one file and one folder under every name.
type peer struct {
	io.ReadWriter
	data    []byte                  // what READ gives
	most    int                     // bytes in one DATA; 0: what is asked
	listing [][]byte                // bodies of the NAMEs that READDIR gives, after the id
	hello   func(*peer)             // answers INIT; nil: version 3, no extensions
	lie     func(*peer, query) bool // sees a request first; true: it dealt with it
	told    func(*peer, query)      // sees every request
	meet    func(*peer, query) bool // answers every request in the place of lie and honest; false: the session ends

	mu    sync.Mutex
	asked []byte // kinds of the requests, in order
	names int    // NAMEs given
}

// query is one request.
type query struct {
	kind   byte
	id     uint32
	body   []byte
	offset int64  // READ and WRITE
	length int    // READ: asked; WRITE: sent
	data   []byte // WRITE
}

func parseQuery(kind byte, body []byte) query {
	q := query{kind: kind, id: binary.BigEndian.Uint32(body), body: body[4:]}
	f := packet.Parse(q.body)
	switch kind {
	case packet.Read:
		f.Bytes()
		q.offset, q.length = int64(f.Uint64()), int(f.Uint32())
	case packet.Write:
		f.Bytes()
		q.offset = int64(f.Uint64())
		q.data = f.Bytes()
		q.length = len(q.data)
	}
	return q
}

func (p *peer) send(kind byte, id uint32, fields ...[]byte) {
	b := packet.Begin(nil, kind, id)
	for _, f := range fields {
		b = append(b, f...)
	}
	p.raw(packet.End(b, 0))
}

func (p *peer) raw(b []byte) { _, _ = p.Write(b) }

func (p *peer) status(id, code uint32) {
	p.send(packet.Status, id, packet.AppendString(packet.AppendString(packet.AppendUint32(nil, code), "told so"), ""))
}

func (p *peer) next() (query, error) {
	var head [5]byte
	if _, err := io.ReadFull(p, head[:]); err != nil {
		return query{}, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:])-1)
	_, err := io.ReadFull(p, body)
	if err != nil {
		return query{}, err
	}
	return parseQuery(head[4], body), nil
}

// run answers until the client goes.
func (p *peer) run() {
	if _, err := p.next(); err != nil {
		return
	}
	if p.hello == nil {
		p.raw([]byte{0, 0, 0, 5, packet.VersionReply, 0, 0, 0, 3})
	} else {
		p.hello(p)
	}
	for {
		q, err := p.next()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.asked = append(p.asked, q.kind)
		p.mu.Unlock()
		if p.told != nil {
			p.told(p, q)
		}
		if p.meet != nil {
			if !p.meet(p, q) {
				return
			}
			continue
		}
		if p.lie == nil || !p.lie(p, q) {
			p.honest(q)
		}
	}
}

// kinds gives the kinds of the requests so far.
func (p *peer) kinds() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]byte(nil), p.asked...)
}

func (p *peer) honest(q query) {
	switch q.kind {
	case packet.Open, packet.Opendir:
		p.names = 0
		p.send(packet.Handle, q.id, packet.AppendString(nil, "h"))
	case packet.Read:
		p.read(q)
	case packet.Readdir:
		if p.names == len(p.listing) {
			p.status(q.id, packet.EOF)
			return
		}
		p.names++
		p.send(packet.Name, q.id, p.listing[p.names-1])
	case packet.Stat, packet.Lstat, packet.Fstat:
		p.send(packet.Attributes, q.id, packet.AppendAttrs(nil, packet.Attrs{Flags: packet.AttrSize | packet.AttrPermissions,
			Size: uint64(len(p.data)), Mode: packet.ModeRegular | 0o644}))
	case packet.Realpath:
		p.send(packet.Name, q.id, names("/home"))
	case packet.Extended:
		p.status(q.id, packet.Unsupported)
	default:
		p.status(q.id, packet.OK)
	}
}

func (p *peer) read(q query) {
	if q.offset >= int64(len(p.data)) {
		p.status(q.id, packet.EOF)
		return
	}
	n := min(q.length, len(p.data)-int(q.offset))
	if p.most > 0 {
		n = min(n, p.most)
	}
	p.send(packet.Data, q.id, packet.AppendString(nil, p.data[q.offset:q.offset+int64(n)]))
}

// names makes the body of a NAME, entries without attributes.
func names(list ...string) []byte {
	b := packet.AppendUint32(nil, uint32(len(list)))
	for _, name := range list {
		b = packet.AppendString(packet.AppendString(b, name), "")
		b = packet.AppendAttrs(b, packet.Attrs{})
	}
	return b
}

// killed is a pipe whose Kill is counted.
type killed struct {
	mu     sync.Mutex
	causes []error
}

func (k *killed) kill(cause error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.causes = append(k.causes, cause)
}

func (k *killed) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.causes)
}

// dial starts the peer and gives a session with it.
func (p *peer) dial(t testing.TB, opts wire.Options) (*wire.Client, *killed, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	p.ReadWriter = theirs
	var done sync.WaitGroup
	done.Go(func() {
		p.run()
		_ = theirs.Close()
	})
	k := &killed{}
	opts.Kill = func(cause error) {
		k.kill(cause)
		_ = ours.Close()
	}
	c, err := wire.New(context.Background(), ours, opts)
	t.Cleanup(func() {
		_ = ours.Close()
		done.Wait()
		if c != nil {
			_ = c.Close(context.Background())
		}
	})
	return c, k, err
}

// mustDial is dial for peers that greet honestly.
func (p *peer) mustDial(t testing.TB) (*wire.Client, *killed) {
	t.Helper()
	c, k, err := p.dial(t, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c, k
}

// greet announces extensions and, where one of them is limits, answers for it.
func greet(extensions ...string) func(*peer) {
	return func(p *peer) {
		b := []byte{0, 0, 0, 0, packet.VersionReply, 0, 0, 0, 3}
		for _, name := range extensions {
			b = packet.AppendString(packet.AppendString(b, name), "1")
		}
		p.raw(packet.End(b, 0))
	}
}
