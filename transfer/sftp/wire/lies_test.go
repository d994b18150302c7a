package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// acts is everything that a client can ask, by the kind of request whose answer matters.
var acts = map[byte]func(context.Context, *wire.Client) error{
	packet.Open: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Get(ctx, "f", 100_000, io.Discard, wire.GetOptions{})
		return err
	},
	packet.Read: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Get(ctx, "f", 100_000, io.Discard, wire.GetOptions{})
		return err
	},
	packet.Write: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Put(ctx, "f", bytes.NewReader(content(100_000)), wire.PutOptions{})
		return err
	},
	packet.Close: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Put(ctx, "f", bytes.NewReader(content(100_000)), wire.PutOptions{})
		return err
	},
	packet.Opendir: list,
	packet.Readdir: list,
	packet.Stat: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Stat(ctx, "f")
		return err
	},
	packet.Lstat: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Lstat(ctx, "f")
		return err
	},
	packet.Realpath: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Realpath(ctx, "f")
		return err
	},
	packet.Remove: func(ctx context.Context, c *wire.Client) error { return c.Remove(ctx, "f") },
	packet.Rename: func(ctx context.Context, c *wire.Client) error { return c.Rename(ctx, "f", "g") },
	packet.Mkdir:  func(ctx context.Context, c *wire.Client) error { return c.Mkdir(ctx, "f") },
	packet.Rmdir:  func(ctx context.Context, c *wire.Client) error { return c.Rmdir(ctx, "f") },
	packet.Extended: func(ctx context.Context, c *wire.Client) error {
		_, err := c.Statvfs(ctx, "f")
		return err
	},
}

func list(ctx context.Context, c *wire.Client) error {
	return c.List(ctx, "d", wire.ListOptions{}, func(job.Entry) error { return nil })
}

// lie is an answer that no client may believe.
type lie struct {
	name string
	to   byte // kind of the request that is answered so
	tell func(p *peer, q query)
	want error // ErrProtocol if nil
}

func str(s string) []byte { return packet.AppendString(nil, s) }

func framed(length uint32, kind byte, rest ...byte) []byte {
	return append(append(packet.AppendUint32(nil, length), kind), rest...)
}

var lies = []lie{
	{"an id that nobody asked", packet.Read, func(p *peer, q query) { p.send(packet.Data, q.id+1000, str("x")) }, nil},
	{"two answers", packet.Stat, func(p *peer, q query) { p.honest(q); p.honest(q); p.honest(q) }, nil},
	{"DATA longer than asked", packet.Read, func(p *peer, q query) { p.send(packet.Data, q.id, str(strings.Repeat("x", q.length+1))) }, nil},
	{"DATA that says more than it has", packet.Read, func(p *peer, q query) { p.send(packet.Data, q.id, framed(100, 'x')) }, nil},
	{"DATA that says less than it has", packet.Read, func(p *peer, q query) { p.send(packet.Data, q.id, str("x"), []byte("yz")) }, nil},
	{"DATA that says 4 GiB", packet.Read, func(p *peer, q query) { p.send(packet.Data, q.id, packet.AppendUint32(nil, 1<<32-1)) }, nil},
	{"DATA without a length", packet.Read, func(p *peer, q query) { p.send(packet.Data, q.id, []byte{0}) }, nil},
	{"DATA without a byte", packet.Read, func(p *peer, q query) { p.send(packet.Data, q.id, str("")) }, nil},
	{"OK to READ", packet.Read, func(p *peer, q query) { p.status(q.id, packet.OK) }, nil},
	{"HANDLE to READ", packet.Read, func(p *peer, q query) { p.send(packet.Handle, q.id, str("h")) }, nil},
	{"NAME to READ", packet.Read, func(p *peer, q query) { p.send(packet.Name, q.id, names("a")) }, nil},
	{"OK to OPEN", packet.Open, func(p *peer, q query) { p.status(q.id, packet.OK) }, nil},
	{"DATA to OPEN", packet.Open, func(p *peer, q query) { p.send(packet.Data, q.id, str("x")) }, nil},
	{"a long handle", packet.Open, func(p *peer, q query) { p.send(packet.Handle, q.id, str(strings.Repeat("h", 257))) }, nil},
	{"half a handle", packet.Open, func(p *peer, q query) { p.send(packet.Handle, q.id, framed(100, 'h')) }, nil},
	{"DATA to WRITE", packet.Write, func(p *peer, q query) { p.send(packet.Data, q.id, str("x")) }, nil},
	{"half a status", packet.Write, func(p *peer, q query) { p.send(packet.Status, q.id, []byte{0, 0}) }, nil},
	{"a kind that is none", packet.Write, func(p *peer, q query) { p.send(99, q.id) }, nil},
	{"HANDLE to CLOSE", packet.Close, func(p *peer, q query) { p.send(packet.Handle, q.id, str("h")) }, nil},
	{"DATA after CLOSE", packet.Close, func(p *peer, q query) { p.status(q.id, packet.OK); p.send(packet.Data, q.id-1, str("x")) }, nil},
	{"OK to READDIR", packet.Readdir, func(p *peer, q query) { p.status(q.id, packet.OK) }, nil},
	{"ATTRS to READDIR", packet.Readdir, func(p *peer, q query) { p.send(packet.Attributes, q.id, []byte{0, 0, 0, 0}) }, nil},
	{"a count of 4 G names", packet.Readdir, func(p *peer, q query) { p.send(packet.Name, q.id, packet.AppendUint32(nil, 1<<32-1)) }, nil},
	{"a count of one more name", packet.Readdir, func(p *peer, q query) { p.send(packet.Name, q.id, counted(3, "a", "b")) }, nil},
	{"a count of one name less", packet.Readdir, func(p *peer, q query) { p.send(packet.Name, q.id, counted(1, "a", "b")) }, nil},
	{"NAME without a count", packet.Readdir, func(p *peer, q query) { p.send(packet.Name, q.id) }, nil},
	{"half an attribute", packet.Readdir, func(p *peer, q query) { n := names("abcdefgh"); p.send(packet.Name, q.id, n[:len(n)-1]) }, nil},
	{"4 G extended attributes", packet.Readdir, func(p *peer, q query) {
		b := append(append(packet.AppendUint32(nil, 1), str("abcdefgh")...), str("")...)
		p.send(packet.Name, q.id, b, packet.AppendUint32(nil, packet.AttrExtended), packet.AppendUint32(nil, 1<<32-1))
	}, nil},
	{"OK to STAT", packet.Stat, func(p *peer, q query) { p.status(q.id, packet.OK) }, nil},
	{"no attributes to STAT", packet.Stat, func(p *peer, q query) { p.send(packet.Attributes, q.id) }, nil},
	{"half a size to STAT", packet.Stat, func(p *peer, q query) { p.send(packet.Attributes, q.id, []byte{0, 0, 0, 1, 0, 0}) }, nil},
	{"no name to REALPATH", packet.Realpath, func(p *peer, q query) { p.send(packet.Name, q.id, names()) }, nil},
	{"two names to REALPATH", packet.Realpath, func(p *peer, q query) { p.send(packet.Name, q.id, names("a", "b")) }, nil},
	{"half a name to REALPATH", packet.Realpath, func(p *peer, q query) { p.send(packet.Name, q.id, names("abc")[:6]) }, nil},
	{"OK to STATVFS", packet.Extended, func(p *peer, q query) { p.status(q.id, packet.OK) }, nil},
	{"half an answer to STATVFS", packet.Extended, func(p *peer, q query) { p.send(packet.ExtendedReply, q.id, limits(1, 2, 3)) }, nil},
	{"a packet of no byte", packet.Remove, func(p *peer, q query) { p.raw(framed(0, packet.Status, 0, 0, 0, 1)) }, nil},
	{"a packet of no byte and nothing behind it", packet.Remove, func(p *peer, q query) { p.raw([]byte{0, 0, 0, 0}) }, nil},
	{"a packet of four bytes", packet.Remove, func(p *peer, q query) { p.raw(framed(4, packet.Status, 0, 0, 0, 1)) }, nil},
	{"a packet of 4 GiB", packet.Remove, func(p *peer, q query) { p.raw(append(framed(1<<32-1, packet.Status), id(q)...)) }, nil},
	{"a packet of 256 KiB and a byte", packet.Remove, func(p *peer, q query) { p.raw(append(framed(256<<10+1, packet.Status), id(q)...)) }, nil},
	{"DATA of 4 GiB", packet.Read, func(p *peer, q query) { p.raw(append(framed(1<<32-1, packet.Data), id(q)...)) }, nil},
	{"a listing in one packet of 1 MiB", packet.Readdir, func(p *peer, q query) { p.raw(append(framed(1<<20, packet.Name), id(q)...)) }, wire.ErrListingPacket},
	{"half a packet and the end", packet.Remove, func(p *peer, q query) {
		p.raw(append(framed(100, packet.Status), id(q)...))
		_ = p.ReadWriter.(io.Closer).Close()
	}, io.ErrUnexpectedEOF},
	{"the end", packet.Remove, func(p *peer, q query) { _ = p.ReadWriter.(io.Closer).Close() }, io.ErrUnexpectedEOF},
	{"half of the DATA and the end", packet.Read, func(p *peer, q query) {
		p.raw(append(append(framed(5+4+1000, packet.Data), id(q)...), append(packet.AppendUint32(nil, 1000), "half"...)...))
		_ = p.ReadWriter.(io.Closer).Close()
	}, io.ErrUnexpectedEOF},
}

func id(q query) []byte { return packet.AppendUint32(nil, q.id) }

// counted makes the body of a NAME with a count of its own.
func counted(count uint32, list ...string) []byte {
	return append(packet.AppendUint32(nil, count), names(list...)[4:]...)
}

func TestLiesEndTheSession(t *testing.T) {
	for _, l := range lies {
		t.Run(l.name, func(t *testing.T) {
			told := false
			p := &peer{data: content(100_000), listing: [][]byte{names("a"), names("b")}, hello: greet(packet.Statvfs)}
			p.lie = func(p *peer, q query) bool {
				if q.kind != l.to || told {
					return told // silent afterwards
				}
				told = true
				l.tell(p, q)
				return true
			}
			c, k := p.mustDial(t)
			err := acts[l.to](context.Background(), c)
			if l.name == "two answers" || l.name == "DATA after CLOSE" { // the act itself may have been over
				<-c.Done()
				err = c.Remove(context.Background(), "f")
			}
			want := l.want
			if want == nil {
				want = wire.ErrProtocol
			}
			var connection *wire.ConnectionError
			if !errors.Is(err, want) || !errors.As(err, &connection) {
				t.Errorf("error: %v", err)
			}
			if again := c.Mkdir(context.Background(), "d"); !errors.Is(again, c.Err()) || !errors.Is(again, want) {
				t.Errorf("afterwards: %v", again)
			}
			if _ = c.Close(context.Background()); k.count() != 1 {
				t.Errorf("killed %d times", k.count())
			}
		})
	}
}

// A server can guess the next id. What still waits to be written cannot have been answered.
func TestAnAnswerBeforeTheQuestionIsALie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{lie: func(p *peer, q query) bool {
			if q.kind == packet.Write && q.offset == 0 { // reads no more for a while: the second WRITE blocks the writer
				time.Sleep(time.Minute)
				p.status(q.id+2, packet.OK)
			}
			return false
		}}
		c, _ := p.mustDial(t)
		removed := make(chan error, 1)
		time.AfterFunc(time.Second, func() { removed <- c.Remove(context.Background(), "f") })
		_, err := c.Put(context.Background(), "f", bytes.NewReader(content(40_000)), wire.PutOptions{})
		if !errors.Is(err, wire.ErrProtocol) {
			t.Errorf("put: %v", err)
		}
		if err := <-removed; !errors.Is(err, wire.ErrProtocol) {
			t.Errorf("remove: %v", err)
		}
	})
}

// Servers leave fields away that nobody needs, or send more of them.
func TestHarmlessOdditiesAreTaken(t *testing.T) {
	for name, odd := range map[string]lie{
		"a status without words":           {to: packet.Remove, tell: func(p *peer, q query) { p.send(packet.Status, q.id, []byte{0, 0, 0, 0}) }},
		"a status with more behind":        {to: packet.Remove, tell: func(p *peer, q query) { p.send(packet.Status, q.id, []byte{0, 0, 0, 0, 1, 2, 3}) }},
		"attributes with more behind":      {to: packet.Stat, tell: func(p *peer, q query) { p.send(packet.Attributes, q.id, []byte{0, 0, 0, 0, 9}) }},
		"an empty handle":                  {to: packet.Open, tell: func(p *peer, q query) { p.send(packet.Handle, q.id, str("")) }},
		"names behind the end of a folder": {to: packet.Readdir, tell: endFirst()},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{data: content(100_000), listing: [][]byte{names("a"), names("b")}}
			p.lie = func(p *peer, q query) bool {
				if q.kind == odd.to {
					odd.tell(p, q)
				}
				return q.kind == odd.to
			}
			c, _ := p.mustDial(t)
			if err := acts[odd.to](context.Background(), c); err != nil {
				t.Error(err)
			}
		})
	}
}

// endFirst answers the second READDIR with the end before the first one with a name.
func endFirst() func(*peer, query) {
	var first *query
	return func(p *peer, q query) {
		if first == nil {
			first = &q
			return
		}
		p.status(q.id, packet.EOF)
		if first.kind != 0 {
			p.send(packet.Name, first.id, names("late"))
			first.kind = 0
		}
	}
}

func TestStatusErrorsAreRecognised(t *testing.T) {
	for code, want := range map[uint32]error{
		packet.NoSuchFile: fs.ErrNotExist, packet.NoSuchPath: fs.ErrNotExist, packet.PermissionDenied: fs.ErrPermission,
		packet.AlreadyExists: fs.ErrExist, packet.Unsupported: errors.ErrUnsupported, packet.Failure: nil, packet.EOF: nil, 4711: nil,
	} {
		p := &peer{lie: func(p *peer, q query) bool {
			p.send(packet.Status, q.id, packet.AppendUint32(nil, code), str("a\x1b[31m\n\xff\u202eb "+strings.Repeat("x", 100_000)))
			return true
		}}
		c, _ := p.mustDial(t)
		err := c.Remove(context.Background(), "dir/\x1b\n\u202ef")
		var status *wire.StatusError
		if !errors.As(err, &status) || status.Code != code || status.Op != wire.OpRemove || status.Path != "dir/\x1b\n\u202ef" {
			t.Fatalf("code %d: %#v", code, err)
		}
		for _, known := range []error{fs.ErrNotExist, fs.ErrPermission, fs.ErrExist, errors.ErrUnsupported} {
			if errors.Is(err, known) != (known == want) {
				t.Errorf("code %d is %v: %v", code, known, errors.Is(err, known))
			}
		}
		if text := err.Error(); len(text) > 500 || strings.ContainsAny(text, "\x1b\n\u202e") || !utf8.ValidString(text) {
			t.Errorf("code %d prints as %q", code, text)
		}
		if !strings.HasPrefix(status.Message, "a [31m b xxx") {
			t.Errorf("message %q", status.Message)
		}
	}
}
