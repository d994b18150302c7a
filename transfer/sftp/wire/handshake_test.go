package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

func TestOnlyAGoodGreetingIsTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		greeting string
		want     error
		says     string
	}{
		"a login script that prints": {"Welcome to ACME!\nToday: soup\n", wire.ErrNotSFTP, `Welcome to ACME! Today: soup`},
		"a short word":               {"Hi\n", wire.ErrNotSFTP, `Hi`},
		"escape sequences":           {"\x1b[2J\x1b[31mred", wire.ErrNotSFTP, `[2J [31mred`},
		"version 2":                  {"\x00\x00\x00\x05\x02\x00\x00\x00\x02", wire.ErrProtocol, "version 2"},
		"version 6":                  {"\x00\x00\x00\x05\x02\x00\x00\x00\x06", wire.ErrProtocol, "version 6"},
		"another packet":             {"\x00\x00\x00\x05\x65\x00\x00\x00\x03", wire.ErrNotSFTP, ""},
		"half a version":             {"\x00\x00\x00\x03\x02\x00\x00", wire.ErrProtocol, "VERSION"},
		"half an extension":          {"\x00\x00\x00\x0a\x02\x00\x00\x00\x03\x00\x00\x00\x09a", wire.ErrProtocol, "VERSION"},
		"an extension of no version": {"\x00\x00\x00\x0a\x02\x00\x00\x00\x03\x00\x00\x00\x01a", wire.ErrProtocol, "VERSION"},
		"nothing":                    {"", io.ErrUnexpectedEOF, ""},
		"half a packet":              {"\x00\x00\x00\x05\x02\x00", io.ErrUnexpectedEOF, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{hello: func(p *peer) {
				p.raw([]byte(tc.greeting))
				_ = p.ReadWriter.(io.Closer).Close()
			}}
			_, k, err := p.dial(t, wire.Options{})
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error: %v", err)
			}
			if strings.Contains(err.Error(), "\x1b") || k.count() != 1 {
				t.Errorf("error %q, killed %d times", err, k.count())
			}
		})
	}
}

func TestAGreetingMayBringThousandExtensions(t *testing.T) {
	var all []string
	for i := range 1000 {
		all = append(all, strings.Repeat("x", 10+i%7)+string(rune('a'+i%26)))
	}
	p := &peer{hello: greet(append(all, "known@example.com")...)}
	c, _ := p.mustDial(t)
	if _, ok := c.Extensions()["known@example.com"]; !ok {
		t.Error("the extension is not there")
	}
}

func TestLimitsAreAdoptedWithinReason(t *testing.T) {
	for name, tc := range map[string]struct {
		answer      []byte // nil: refused
		read, write int
	}{
		"as OpenSSH":     {limits(256<<10, 261120, 261120, 1019), 255 << 10, 255 << 10},
		"huge":           {limits(1<<63, 1<<63, 1<<63, 0), 255 << 10, 255 << 10},
		"not told":       {limits(0, 0, 0, 0), 32 << 10, 32 << 10},
		"small":          {limits(34_000, 16_384, 32_768, 5), 16_384, 32_768},
		"a small packet": {limits(20_000, 65_536, 65_536, 5), 65_536, 20_000 - 1024},
		"one byte":       {limits(0, 1, 1, 1), 1, 1},
		"refused":        {nil, 32 << 10, 32 << 10},
		"more behind":    {append(limits(256<<10, 65536, 65536, 9), 1, 2, 3), 65536, 65536},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{data: content(3000), hello: greet(packet.Limits), lie: func(p *peer, q query) bool {
				if q.kind != packet.Extended || tc.answer == nil {
					return false
				}
				p.send(packet.ExtendedReply, q.id, tc.answer)
				return true
			}}
			c, _ := p.mustDial(t)
			if got := c.Limits(); got.Read != tc.read || got.Write != tc.write {
				t.Errorf("limits = %+v", got)
			}
			var out bytes.Buffer
			if _, err := c.Get(context.Background(), "f", 3000, &out, wire.GetOptions{}); err != nil || !bytes.Equal(out.Bytes(), p.data) {
				t.Errorf("got %d bytes, %v", out.Len(), err)
			}
		})
	}
}

func TestHalfAnAnswerToLimitsEndsTheSession(t *testing.T) {
	p := &peer{hello: greet(packet.Limits), lie: func(p *peer, q query) bool {
		p.send(packet.ExtendedReply, q.id, limits(1, 2, 3))
		return true
	}}
	if _, k, err := p.dial(t, wire.Options{}); !errors.Is(err, wire.ErrProtocol) || k.count() != 1 {
		t.Errorf("error: %v, killed %d times", err, k.count())
	}
}

func TestExtensionsThatAreNotOfferedAreNotAskedFor(t *testing.T) {
	p := &peer{}
	c, _ := p.mustDial(t)
	ctx := context.Background()
	if err := c.PosixRename(ctx, "a", "b"); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := c.Statvfs(ctx, "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := c.Put(ctx, "a", strings.NewReader("x"), wire.PutOptions{Fsync: true}); err != nil {
		t.Error(err)
	}
	if got := p.kinds(); !bytes.Equal(got, []byte{packet.Open, packet.Write, packet.Close}) {
		t.Errorf("requests %v", got)
	}
}
