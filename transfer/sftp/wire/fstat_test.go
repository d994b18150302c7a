package wire_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// What the server says of the open file counts only if it was asked after the last READ: short answers ask for more.
func TestGetAsksForTheOpenFileBehindTheLastRead(t *testing.T) {
	for name, most := range map[string]int{"whole answers": 0, "short answers": 5000} {
		t.Run(name, func(t *testing.T) {
			p := &peer{data: content(100_000), most: most}
			c, _ := p.mustDial(t)
			var read job.Entry
			_, err := c.Get(context.Background(), "f", 100_000, &bytes.Buffer{}, wire.GetOptions{BeforeClose: func(e job.Entry) error { read = e; return nil }})
			if err != nil || read.Size != 100_000 || read.Kind != job.KindFile {
				t.Errorf("the open file was told as %+v, %v", read, err)
			}
			if err := c.Remove(context.Background(), "f"); err != nil { // nobody waited for CLOSE
				t.Error(err)
			}
			kinds := p.kinds()
			kinds = kinds[:len(kinds)-1]
			if n := len(kinds); !slices.Equal(kinds[n-2:], []byte{packet.Fstat, packet.Close}) {
				t.Errorf("the last requests were %d", kinds[max(0, n-4):])
			}
			asked := 0
			for _, kind := range kinds {
				if kind == packet.Fstat {
					asked++
				}
			}
			if asked > 2 { // one before the first short answer came, perhaps
				t.Errorf("%d questions about one file", asked)
			}
		})
	}
}

func TestGetOfAServerThatDoesNotTellOfOpenFiles(t *testing.T) {
	for name, tc := range map[string]struct {
		opts wire.GetOptions
		lie  func(p *peer, q query)
		ends bool
	}{
		"nobody asks":     {wire.GetOptions{Max: 1}, func(p *peer, q query) { t.Error("it was asked for nobody") }, false},
		"it refuses":      {wire.GetOptions{}, func(p *peer, q query) { p.status(q.id, packet.Unsupported) }, false},
		"it says nothing": {wire.GetOptions{}, func(p *peer, q query) { p.send(packet.Attributes, q.id, packet.AppendAttrs(nil, packet.Attrs{})) }, false},
		"read-once":       {wire.GetOptions{ReadOnce: true}, func(p *peer, q query) { t.Error("a read-once server was asked") }, false},
		"half an answer":  {wire.GetOptions{}, func(p *peer, q query) { p.send(packet.Attributes, q.id, []byte{0, 0}) }, true},
		"data":            {wire.GetOptions{}, func(p *peer, q query) { p.send(packet.Data, q.id, packet.AppendString(nil, "x")) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{data: content(100_000)}
			p.lie = func(p *peer, q query) bool {
				if q.kind == packet.Fstat {
					tc.lie(p, q)
				}
				return q.kind == packet.Fstat
			}
			c, _ := p.mustDial(t)
			read := job.Entry{Size: 7}
			if tc.opts.Max == 0 {
				tc.opts.BeforeClose = func(e job.Entry) error { read = e; return nil }
			} else {
				read.Size = -1 // nobody asks
			}
			_, err := c.Get(context.Background(), "f", 100_000, &bytes.Buffer{}, tc.opts)
			if tc.ends != errors.Is(err, wire.ErrProtocol) || (err == nil) == tc.ends {
				t.Errorf("get: %v", err)
			}
			if !tc.ends && read.Size != -1 {
				t.Errorf("the open file was told as %+v", read)
			}
		})
	}
}
