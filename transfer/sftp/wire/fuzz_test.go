package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// play answers each request with the next answer of script, which is a row of: a byte (even: with the right id), a
// kind, a length of two bytes, fields. At its end the stream ends.
func play(stream io.ReadWriteCloser, script []byte) {
	defer stream.Close()
	p := &peer{ReadWriter: stream}
	if _, err := p.next(); err != nil {
		return
	}
	greet(packet.Statvfs, packet.PosixRename)(p)
	for len(script) >= 4 {
		q, err := p.next()
		if err != nil {
			return
		}
		n := min(int(script[2])<<8|int(script[3]), len(script)-4)
		p.send(script[1], q.id+uint32(script[0]&1), script[4:4+n])
		script = script[4+n:]
	}
	_, _ = p.next()
}

// answerTo makes one answer of a script.
func answerTo(kind byte, fields []byte) []byte {
	return append([]byte{0, kind, byte(len(fields) >> 8), byte(len(fields))}, fields...)
}

// Whatever a server answers: no panic, no hang, no byte and no name that it did not send.
func FuzzAnswers(f *testing.F) {
	handle, ok, eof := answerTo(packet.Handle, str("h")), answerTo(packet.Status, []byte{0, 0, 0, 0}), answerTo(packet.Status, []byte{0, 0, 0, 1})
	for act := range byte(6) {
		f.Add(act, bytes.Join([][]byte{handle, answerTo(packet.Data, str("0123456789")), eof, ok}, nil))
		f.Add(act, bytes.Join([][]byte{handle, answerTo(packet.Name, names(".", "a", "b")), eof, eof, eof, eof, eof, eof, eof, eof, ok}, nil))
		f.Add(act, bytes.Join([][]byte{handle, ok, ok}, nil))
		f.Add(act, answerTo(packet.Attributes, packet.AppendAttrs(nil, packet.Attrs{Flags: 15, Size: 5, Mode: 0o100644})))
		f.Add(act, answerTo(packet.ExtendedReply, limits(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)))
	}
	f.Fuzz(func(t *testing.T, act byte, script []byte) {
		ours, theirs := net.Pipe()
		var done sync.WaitGroup
		defer done.Wait()
		done.Go(func() { play(theirs, script) })
		ctx := context.Background()
		c, err := wire.New(ctx, ours, wire.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx)
		try(t, c, act, script)
	})
}

func try(t *testing.T, c *wire.Client, act byte, script []byte) {
	ctx := context.Background()
	switch act % 6 {
	case 0:
		var out bytes.Buffer
		if n, err := c.Get(ctx, "f", 10, &out, wire.GetOptions{}); err == nil && n != 10 || out.Len() > len(script) {
			t.Errorf("got %d bytes, %v", n, err)
		}
	case 1:
		var out bytes.Buffer
		if _, err := c.Get(ctx, "f", -1, &out, wire.GetOptions{Max: math.MaxInt64 - 1, ReadOnce: true}); out.Len() > len(script) {
			t.Errorf("got %d bytes, %v", out.Len(), err)
		}
	case 2:
		entries := 0
		err := c.List(ctx, "d", wire.ListOptions{}, func(e job.Entry) error {
			if entries++; e.Name == "." || e.Name == ".." || e.Size < -1 || !bytes.Contains(script, []byte(e.Name)) {
				t.Errorf("entry %+v", e)
			}
			return nil
		})
		if entries > len(script)/12 {
			t.Errorf("%d entries, %v", entries, err)
		}
	case 3:
		if e, err := c.Stat(ctx, "f"); err == nil && e.Size < -1 {
			t.Errorf("entry %+v", e)
		}
		_, _ = c.Realpath(ctx, ".")
	case 4:
		if free, err := c.Statvfs(ctx, "."); err == nil && free < 0 {
			t.Errorf("%d bytes free", free)
		}
		_ = c.PosixRename(ctx, "a", "b")
	case 5:
		n, err := c.Put(ctx, "f", bytes.NewReader([]byte("0123456789")), wire.PutOptions{})
		if err == nil && n != 10 {
			t.Errorf("put %d bytes, %v", n, err)
		}
	}
}

// Whatever bytes come, from the first one on.
func FuzzStream(f *testing.F) {
	f.Add([]byte("Last login: yesterday\n"))
	f.Add([]byte("\x00\x00\x00\x05\x02\x00\x00\x00\x03\x00\x00\x00\x05\x65\x00\x00\x00\x01"))
	f.Add([]byte("\x00\x00\x00\x0d\x02\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x68\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		ours, theirs := net.Pipe()
		var done sync.WaitGroup
		defer done.Wait()
		done.Go(func() {
			_, _ = theirs.Write(stream)
			_ = theirs.Close()
		})
		done.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
		ctx := context.Background()
		c, err := wire.New(ctx, ours, wire.Options{})
		if err != nil {
			return
		}
		defer c.Close(ctx)
		var connection *wire.ConnectionError
		var status *wire.StatusError
		if err := c.Remove(ctx, "f"); err != nil && !errors.As(err, &connection) && !errors.As(err, &status) {
			t.Errorf("error: %v", err)
		}
		if _, err := c.Stat(ctx, "f"); err == nil && len(stream) < 27 {
			t.Error("attributes out of nothing")
		}
	})
}
