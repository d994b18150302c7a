package wire_test

import (
	"context"
	"net"
	"path"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/sftp"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// FuzzListing: a folder's names and attributes come as the server sent them, and are what the library reads.
func FuzzListing(f *testing.F) {
	attrs := packet.AppendAttrs(nil, packet.Attrs{Flags: 15, Size: 5, Mode: 0o100644, MTime: 7})
	one := func(name string, attrs []byte) []byte {
		return append(packet.AppendString(packet.AppendString(packet.AppendUint32(nil, 1), name), "-rw"), attrs...)
	}
	f.Add(one("a.csv", attrs))
	f.Add(one("../x", attrs))
	f.Add(one("\xff\x00\n", attrs))
	f.Add(one(".", attrs))
	f.Add(one("", packet.AppendUint32(nil, 0)))
	f.Add(one("e", packet.AppendString(packet.AppendString(packet.AppendUint32(packet.AppendUint32(nil, packet.AttrExtended), 1), "k"), "v")))
	f.Add(one("big", packet.AppendUint64(packet.AppendUint32(nil, packet.AttrSize), 1<<63)))
	f.Add(packet.AppendUint32(nil, 0))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 1<<10 {
			return
		}
		got, err := listed(t, body)
		if err != nil {
			if len(got)*12 > len(body) {
				t.Errorf("%d entries of %d bytes", len(got), len(body))
			}
			return
		}
		want, err := listedByLibrary(body)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%x: the library gives %v; %s", body, err, diff)
		}
	})
}

// shownEntry is what both clients tell of an entry: the library has no word for what was not told.
type shownEntry struct {
	Name        string
	Size, MTime int64
}

func listed(t *testing.T, body []byte) (entries []shownEntry, err error) {
	ctx := context.Background()
	ours, stop := serve(&peer{listing: [][]byte{body}})
	defer stop()
	c, err := wire.New(ctx, ours, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	err = c.List(ctx, "d", wire.ListOptions{}, func(e job.Entry) error {
		if e.Size < -1 || e.Name == "." || e.Name == ".." {
			t.Errorf("entry %+v", e)
		}
		entries = append(entries, shownEntry{path.Base(e.Name), max(e.Size, 0), e.ModTime})
		return nil
	})
	return entries, err
}

func listedByLibrary(body []byte) (entries []shownEntry, err error) {
	ours, stop := serve(&peer{listing: [][]byte{body}})
	defer stop()
	c, err := sftp.NewClientPipe(ours, ours)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	infos, err := c.ReadDir("d")
	for _, info := range infos {
		size := info.Size()
		if size < 0 {
			size = 1<<63 - 1 // more than the library's type holds
		}
		entries = append(entries, shownEntry{info.Name(), size, info.ModTime().Unix()})
	}
	return entries, err
}

// serve gives a session with p; stop waits for its end.
func serve(p *peer) (ours net.Conn, stop func()) {
	ours, theirs := net.Pipe()
	p.ReadWriter = theirs
	var done sync.WaitGroup
	done.Go(func() { p.run(); _ = theirs.Close() })
	return ours, func() { _ = ours.Close(); done.Wait() }
}

// FuzzVersionReply: what a server offers is what the library reads, and a session begins only with version 3.
func FuzzVersionReply(f *testing.F) {
	offers := func(version uint32, texts ...string) []byte {
		b := packet.AppendUint32(nil, version)
		for _, text := range texts {
			b = packet.AppendString(b, text)
		}
		return b
	}
	f.Add(offers(3))
	f.Add(offers(3, packet.PosixRename, "1", packet.Fsync, "1", packet.Limits, "1"))
	f.Add(offers(3, "newline", "\r\n", "vendor-id", "\x00\x00", "", ""))
	f.Add(offers(3, "a", "1", "a", "2"))
	f.Add(offers(3, "odd"))
	f.Add(offers(6, "versions", "3,4,5,6"))
	f.Add([]byte{0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 1<<10 {
			return
		}
		hello := func(p *peer) {
			head := packet.AppendUint32(nil, uint32(len(body)+1))
			p.raw(append(append(head, packet.VersionReply), body...))
		}
		ctx := context.Background()
		ours, stop := serve(&peer{hello: hello})
		defer stop()
		c, err := wire.New(ctx, ours, wire.Options{})
		if err != nil {
			return
		}
		defer c.Close(ctx)
		if len(body) < 4 || string(body[:4]) != "\x00\x00\x00\x03" {
			t.Errorf("a session began with %x", body)
		}
		if l := c.Limits(); l.Read < 1 || l.Write < 1 {
			t.Errorf("limits %+v", l)
		}
		theirs, stopLibrary := serve(&peer{hello: hello})
		defer stopLibrary()
		library, err := sftp.NewClientPipe(theirs, theirs)
		if err != nil {
			t.Fatalf("%x: the library says %v", body, err)
		}
		defer library.Close()
		for name, value := range c.Extensions() {
			if got, ok := library.HasExtension(name); !ok || got != value {
				t.Errorf("extension %q: ours %q, the library's %q, %t", name, value, got, ok)
			}
		}
	})
}
