package packet_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

func TestFieldsComeBackAsTheyWere(t *testing.T) {
	b := packet.Begin(nil, packet.Open, 7)
	b = packet.AppendString(b, "a\x00b")
	b = packet.AppendUint32(b, 1<<32-1)
	b = packet.AppendUint64(b, 1<<63+5)
	b = packet.AppendString(b, []byte(nil))
	b = packet.End(b, 0)
	if want := []byte{0, 0, 0, byte(len(b) - 4), packet.Open, 0, 0, 0, 7}; !bytes.HasPrefix(b, want) {
		t.Errorf("header %v", b[:9])
	}
	f := packet.Parse(b[packet.HeaderLength:])
	if s, n, m, e := f.String(), f.Uint32(), f.Uint64(), f.Bytes(); s != "a\x00b" || n != 1<<32-1 || m != 1<<63+5 || len(e) != 0 {
		t.Errorf("%q %d %d %q", s, n, m, e)
	}
	if f.Err() != nil || f.Len() != 0 {
		t.Errorf("%v, %d bytes left", f.Err(), f.Len())
	}
}

func TestEndCountsWhatFollows(t *testing.T) {
	b := packet.End(packet.Begin(nil, packet.Write, 1), 1000)
	if got := packet.Parse(b).Uint32(); got != 5+1000 {
		t.Errorf("length %d", got)
	}
}

// Wherever a packet is cut, its reader says so and everything after the cut is zero.
func TestEveryCutIsSeen(t *testing.T) {
	whole := packet.AppendString(nil, "name")
	whole = packet.AppendUint64(packet.AppendUint32(whole, 3), 9)
	whole = append(whole, 8)
	read := func(b []byte) (bool, byte) {
		f := packet.Parse(b)
		_, _, _ = f.String(), f.Uint32(), f.Uint64()
		last := f.Byte()
		return f.Err() == nil, last
	}
	for i := range whole {
		if ok, last := read(whole[:i]); ok || last != 0 {
			t.Errorf("cut at %d of %d: %v, %d", i, len(whole), ok, last)
		}
	}
	if ok, last := read(whole); !ok || last != 8 {
		t.Error("the whole one is refused")
	}
}

func TestAttrsComeBackAsTheyWere(t *testing.T) {
	for flags := range uint32(16) {
		a := packet.Attrs{Flags: flags}
		if a.Has(packet.AttrSize) {
			a.Size = 1 << 40
		}
		if a.Has(packet.AttrOwner) {
			a.UID, a.GID = 1, 2
		}
		if a.Has(packet.AttrPermissions) {
			a.Mode = 0o100644
		}
		if a.Has(packet.AttrTimes) {
			a.ATime, a.MTime = 3, 4
		}
		f := packet.Parse(append(packet.AppendAttrs(nil, a), "rest"...))
		if diff := cmp.Diff(a, f.Attrs()); diff != "" || f.Len() != 4 {
			t.Errorf("flags %b: %s, %d bytes left", flags, diff, f.Len())
		}
	}
}

func TestExtendedAttrsAreSkipped(t *testing.T) {
	b := packet.AppendUint32(nil, packet.AttrSize|packet.AttrExtended)
	b = packet.AppendUint32(packet.AppendUint64(b, 5), 2)
	for range 4 {
		b = packet.AppendString(b, "x")
	}
	f := packet.Parse(append(b, "rest"...))
	if a := f.Attrs(); a.Size != 5 || f.Len() != 4 || f.Err() != nil {
		t.Errorf("%+v, %d bytes left, %v", a, f.Len(), f.Err())
	}
}

func FuzzAttrs(f *testing.F) {
	f.Add(packet.AppendAttrs(nil, packet.Attrs{Flags: 15, Size: 1, Mode: 2}))
	f.Add([]byte{0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		fields := packet.Parse(data)
		a := fields.Attrs()
		if fields.Err() != nil || a.Has(packet.AttrExtended) {
			return
		}
		again := packet.AppendAttrs(nil, a)
		if !bytes.Equal(again[4:], data[4:len(data)-fields.Len()]) {
			t.Errorf("%x came back as %x", data, again)
		}
	})
}
