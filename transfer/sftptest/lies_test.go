package sftptest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// raw is a client that believes everything: it shows what the server really sends.
type raw struct {
	t      *testing.T
	stream io.ReadWriteCloser
	next   uint32
}

// rawSession begins a session on a server with knobs. Its folder holds the file "f" with "0123456789".
func rawSession(t *testing.T, knobs sftptest.Knobs) (*raw, string) {
	t.Helper()
	s, root := start(t, sftptest.Options{Knobs: knobs})
	write(t, root, "f", "0123456789")
	conn, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	r := &raw{t: t, stream: subsystem(t, conn)}
	r.send(packet.End(packet.AppendUint32([]byte{0, 0, 0, 0, packet.Init}, packet.Version), 0))
	r.packet()
	return r, root
}

func (r *raw) send(b []byte) {
	r.t.Helper()
	if _, err := r.stream.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

// ask sends a request with its fields and gives its id.
func (r *raw) ask(kind byte, fields ...[]byte) uint32 {
	r.t.Helper()
	r.next++
	r.send(packet.End(append(packet.Begin(nil, kind, r.next), slices.Concat(fields...)...), 0))
	return r.next
}

func (r *raw) open() []byte {
	r.t.Helper()
	r.ask(packet.Open, packet.AppendString(nil, "/f"), packet.AppendUint32(nil, packet.FlagRead), packet.AppendUint32(nil, 0))
	_, body := r.packet()
	return body[4:]
}

func (r *raw) read(handle []byte, offset uint64, length uint32) uint32 {
	r.t.Helper()
	return r.ask(packet.Read, handle, packet.AppendUint64(nil, offset), packet.AppendUint32(nil, length))
}

// packet reads the next packet; kind 0 is the end of the channel.
func (r *raw) packet() (kind byte, body []byte) {
	r.t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(r.stream, head[:]); err != nil {
		return 0, nil
	}
	length := binary.BigEndian.Uint32(head[:])
	if length == 0 {
		return 0, head[:]
	}
	b := make([]byte, length)
	n, err := io.ReadFull(r.stream, b)
	if err != nil {
		return 0, b[:n]
	}
	return b[0], b[1:]
}

func idOf(body []byte) uint32 { return binary.BigEndian.Uint32(body) }

// Every lie, as it lies on the wire.
func TestLiesOnTheWire(t *testing.T) {
	for name, tc := range map[string]struct {
		do   sftptest.Action
		look func(t *testing.T, r *raw, id uint32)
	}{
		"more data": {sftptest.MoreData, func(t *testing.T, r *raw, id uint32) {
			if kind, body := r.packet(); kind != packet.Data || idOf(body[4:]) != 5 || len(body) != 4+4+5 {
				t.Errorf("kind %d, %q", kind, body)
			}
		}},
		"wrong id": {sftptest.WrongID, func(t *testing.T, r *raw, id uint32) {
			if kind, body := r.packet(); kind != packet.Data || idOf(body) == id {
				t.Errorf("kind %d, id %d", kind, idOf(body))
			}
		}},
		"wrong type": {sftptest.WrongType, func(t *testing.T, r *raw, id uint32) {
			if kind, body := r.packet(); kind != 99 || idOf(body) != id {
				t.Errorf("kind %d", kind)
			}
		}},
		"twice": {sftptest.Twice, func(t *testing.T, r *raw, id uint32) {
			for range 2 {
				if kind, body := r.packet(); kind != packet.Data || idOf(body) != id {
					t.Errorf("kind %d", kind)
				}
			}
		}},
		"stale data": {sftptest.StaleData, func(t *testing.T, r *raw, id uint32) {
			r.packet()
			if kind, body := r.packet(); kind != packet.Data || idOf(body) != id {
				t.Errorf("kind %d", kind)
			}
		}},
		"empty packet": {sftptest.EmptyPacket, func(t *testing.T, r *raw, id uint32) {
			if kind, body := r.packet(); kind != 0 || string(body) != "\x00\x00\x00\x00" {
				t.Errorf("kind %d, %q", kind, body)
			}
		}},
		"over-long packet": {sftptest.OverlongPacket, func(t *testing.T, r *raw, id uint32) {
			if kind, body := r.packet(); kind != packet.Data || len(body) != 300<<10-1 {
				t.Errorf("kind %d, %d bytes", kind, len(body))
			}
		}},
		"truncated": {sftptest.Truncated, func(t *testing.T, r *raw, id uint32) {
			if kind, body := r.packet(); kind != 0 || len(body) == 0 || len(body) > 10 {
				t.Errorf("kind %d, %q", kind, body)
			}
		}},
		"OK to READ": {sftptest.Pretend, func(t *testing.T, r *raw, id uint32) {
			if kind, body := r.packet(); kind != packet.Status || idOf(body[4:]) != packet.OK {
				t.Errorf("kind %d, %q", kind, body)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := rawSession(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "read", Do: tc.do}}})
			tc.look(t, r, r.read(r.open(), 0, 4))
		})
	}
}

func TestAnswersOvertakeEachOther(t *testing.T) {
	r, _ := rawSession(t, sftptest.Knobs{Reorder: 3})
	handle := r.open()
	var all []byte
	for n := range 3 { // in one packet of the channel, so that they wait together
		r.next++
		b := append(packet.Begin(nil, packet.Read, r.next), handle...)
		b = packet.AppendUint32(packet.AppendUint64(b, uint64(n)), 1)
		all = append(all, packet.End(b, 0)...)
	}
	r.send(all)
	var got []uint32
	for range 3 {
		_, body := r.packet()
		got = append(got, idOf(body))
	}
	if !slices.IsSortedFunc(got, func(a, b uint32) int { return int(b) - int(a) }) {
		t.Errorf("answers came in the order %v", got)
	}
}

func TestTextsOfErrorsAreSentAsTheyAre(t *testing.T) {
	const text = "the password pw is wrong\x1b[2J\r\n\u202e"
	r, _ := rawSession(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "remove", Do: sftptest.Fail, Code: packet.Failure, Text: text}}})
	r.ask(packet.Remove, packet.AppendString(nil, "/f"))
	if _, body := r.packet(); !strings.Contains(string(body), text) {
		t.Errorf("the server says %q", body)
	}
}

// The ends of a session, seen by somebody who removes a file and then looks for another.
func TestEndsOfASession(t *testing.T) {
	for name, tc := range map[string]struct {
		do       sftptest.Action
		done     bool // the file is gone
		answered bool
		lives    bool // the connection does
	}{
		"channel":        {sftptest.EndSession, false, false, true},
		"channel, done":  {sftptest.EndSessionDone, true, false, true},
		"connection":     {sftptest.Drop, false, false, false},
		"behind it":      {sftptest.DropAnswered, true, true, false},
		"before it":      {sftptest.DropDone, true, false, false},
		"half an answer": {sftptest.Truncated, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, root := start(t, sftptest.Options{Knobs: sftptest.Knobs{Faults: []sftptest.Fault{{Op: "remove", Do: tc.do}}}})
			write(t, root, "f", "x")
			conn, err := login(t, s)
			if err != nil {
				t.Fatal(err)
			}
			r := &raw{t: t, stream: subsystem(t, conn)}
			r.send(packet.End(packet.AppendUint32([]byte{0, 0, 0, 0, packet.Init}, packet.Version), 0))
			r.packet()
			r.ask(packet.Remove, packet.AppendString(nil, "/f"))
			if kind, _ := r.packet(); (kind == packet.Status) != tc.answered {
				t.Errorf("answer of kind %d", kind)
			}
			if kind, _ := r.packet(); kind != 0 {
				t.Errorf("it goes on with kind %d", kind)
			}
			if exists(root, "f") == tc.done {
				t.Errorf("the file is there: %v", exists(root, "f"))
			}
			if _, _, err := conn.SendRequest("keepalive@openssh.com", true, nil); (err == nil) != tc.lives {
				t.Errorf("the connection: %v", err)
			}
		})
	}
}

func TestShortAndEarlyReads(t *testing.T) {
	ctx := context.Background()
	long := strings.Repeat("0123456789", 20_000)
	s, c, root := with(t, sftptest.Knobs{RandomReads: 7, ReadAtMost: 5000, Reorder: 4})
	write(t, root, "long", long)
	if got, err := get(c, "long", int64(len(long)), wire.GetOptions{}); err != nil || got != long {
		t.Errorf("random reads: %d bytes, %v", len(got), err)
	}
	lengths := map[int]bool{}
	for _, o := range s.Log() {
		if o.Op == "read" {
			lengths[o.Length] = true
		}
	}
	if len(lengths) < 5 { // what is asked again tells what was given
		t.Errorf("answers had %d lengths", len(lengths))
	}
	for _, end := range []int64{32 << 10, 40_000} {
		s.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{EndEarly: end} })
		var size *wire.SizeError
		if got, err := get(c, "long", int64(len(long)), wire.GetOptions{}); !errors.As(err, &size) || size.Got != end || len(got) > int(end) {
			t.Errorf("end at %d: %d bytes, %v", end, len(got), err)
		}
	}
	s.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{Drip: time.Nanosecond} })
	if e, err := c.Stat(ctx, "long"); err != nil || e.Size != int64(len(long)) {
		t.Errorf("in drips: %+v, %v", e, err)
	}
}

func TestFilesChangeUnderTheirReader(t *testing.T) {
	for name, tc := range map[string]struct {
		do    sftptest.Action
		after string
	}{
		"grow": {sftptest.Grow, "abc+"}, "shrink": {sftptest.Shrink, "a"}, "replace": {sftptest.Replace, "NNN"},
	} {
		t.Run(name, func(t *testing.T) {
			_, c, root := with(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "read", Times: 1, Do: tc.do}}})
			before, _ := os.Stat(filepath.Join(root, "f"))
			got, err := get(c, "f", 3, wire.GetOptions{})
			var size *wire.SizeError
			if whole := tc.do == sftptest.Replace; whole && got != "abc" || whole != (err == nil) || !whole && !errors.As(err, &size) {
				t.Errorf("got %q, %v", got, err)
			}
			if now, err := os.ReadFile(filepath.Join(root, "f")); err != nil || string(now) != tc.after {
				t.Errorf("now there is %q, %v", now, err)
			}
			if after, _ := os.Stat(filepath.Join(root, "f")); tc.do == sftptest.Replace && (os.SameFile(before, after) || after.ModTime().Unix() != before.ModTime().Unix()+60) {
				t.Error("it is the same file, or as old")
			}
		})
	}
}

func TestListingsLie(t *testing.T) {
	s, c, _ := with(t, sftptest.Knobs{EndlessListing: true, EndlessName: "again.csv"})
	var limit *wire.LimitError
	got, err := names(c, wire.ListOptions{MaxEntries: 1000})
	if !errors.As(err, &limit) || len(slices.Compact(got)) != 1 {
		t.Errorf("%q, %v", slices.Compact(got), err)
	}
	s.Change(func(k *sftptest.Knobs) {
		*k = sftptest.Knobs{Mode: func(path string, real uint32) uint32 {
			if path != "/f" || real&packet.ModeType != packet.ModeRegular {
				t.Errorf("mode %o of %s", real, path)
			}
			return packet.ModeDir | 0o755
		}}
	})
	if e, err := c.Lstat(context.Background(), "f"); err != nil || e.Kind != job.KindDir {
		t.Errorf("%+v, %v", e, err)
	}
}
