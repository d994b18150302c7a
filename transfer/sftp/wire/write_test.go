package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

func TestOpenToWriteAsksForNoMoreThanThat(t *testing.T) {
	for excl, want := range map[bool]uint32{
		false: packet.FlagWrite | packet.FlagCreate | packet.FlagTruncate,
		true:  packet.FlagWrite | packet.FlagCreate | packet.FlagExcl,
	} {
		p := &peer{told: func(_ *peer, q query) {
			if q.kind != packet.Open {
				return
			}
			f := packet.Parse(q.body)
			if path, flags, attrs := f.String(), f.Uint32(), f.Uint32(); path != "f" || flags != want || attrs != 0 || f.Len() != 0 {
				t.Errorf("OPEN %q with flags %b and attributes %b", path, flags, attrs)
			}
		}}
		c, _ := p.mustDial(t)
		if _, err := c.Put(context.Background(), "f", bytes.NewReader(nil), wire.PutOptions{Excl: excl}); err != nil {
			t.Error(err)
		}
	}
}

// Every WRITE in turn is answered by every status but OK, the end of file included, also if CLOSE is sent before that is heard and
// answered OK.
func TestAWriteThatIsRefusedIsTold(t *testing.T) {
	for _, ahead := range []func(){nil, func() {}} {
		refusedWrites(t, ahead)
	}
}

func refusedWrites(t *testing.T, ahead func()) {
	const chunks = 6
	data := content(chunks*32768 - 100)
	for _, code := range []uint32{packet.EOF, packet.PermissionDenied, packet.Failure, packet.NoSpace, packet.QuotaExceeded} {
		for k := range chunks {
			writes := 0
			p := &peer{lie: func(p *peer, q query) bool {
				if q.kind != packet.Write {
					return false
				}
				if writes++; writes != k+1 {
					return false
				}
				p.status(q.id, code)
				return true
			}}
			c, _ := p.mustDial(t)
			n, err := c.Put(context.Background(), "f", bytes.NewReader(data), wire.PutOptions{Ahead: ahead})
			var status *wire.StatusError
			if !errors.As(err, &status) || status.Code != code || status.Op != wire.OpWrite || n >= int64(len(data)) {
				t.Errorf("WRITE %d answered %d: %d, %v", k, code, n, err)
			}
			if got := p.kinds(); got[len(got)-1] != packet.Close || bytes.Count(got, []byte{packet.Close}) != 1 {
				t.Errorf("WRITE %d answered %d: the file was left open, or closed twice: %v", k, code, got)
			}
			if err := c.Remove(context.Background(), "f"); err != nil {
				t.Errorf("the session ended: %v", err)
			}
		}
	}
}

func TestARefusalStopsTheCopyLongBeforeItsEnd(t *testing.T) {
	sent := int64(0)
	p := &peer{lie: func(p *peer, q query) bool {
		if q.kind == packet.Write {
			sent += int64(q.length)
			p.status(q.id, packet.NoSpace)
		}
		return q.kind == packet.Write
	}}
	c, _ := p.mustDial(t)
	endless := io.LimitReader(zeros{}, math.MaxInt64)
	if _, err := c.Put(context.Background(), "f", endless, wire.PutOptions{}); err == nil || sent > 2<<20 {
		t.Errorf("%d bytes were sent, %v", sent, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A source that breaks off, as a cut PGP message does, is never taken for one that ended.
func TestASourceThatFailsIsNotASourceThatEnds(t *testing.T) {
	for _, cause := range []error{io.ErrUnexpectedEOF, errFull, errors.Join(io.EOF)} {
		for _, good := range []int{0, 1, 32768, 100_000} {
			p := &peer{}
			c, _ := p.mustDial(t)
			src := io.MultiReader(bytes.NewReader(content(good)), iotest.ErrReader(cause))
			_, err := c.Put(context.Background(), "f", src, wire.PutOptions{})
			var local *wire.LocalError
			if !errors.As(err, &local) || !errors.Is(err, cause) {
				t.Errorf("%v behind %d bytes: %v", cause, good, err)
			}
			if got := p.kinds(); got[len(got)-1] != packet.Close {
				t.Errorf("%v behind %d bytes: the file was left open", cause, good)
			}
			if err := c.Remove(context.Background(), "f"); err != nil {
				t.Errorf("the session ended: %v", err)
			}
		}
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestASourceThatNeverMovesIsGivenUp(t *testing.T) {
	p := &peer{}
	c, _ := p.mustDial(t)
	if _, err := c.Put(context.Background(), "f", stuck{}, wire.PutOptions{}); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

// Sources that give little at a time, and hints that are wrong, change nothing but speed.
func TestWhatIsWrittenDoesNotDependOnHowItIsRead(t *testing.T) {
	data := content(300_000)
	for name, src := range map[string]func() io.Reader{
		"whole":         func() io.Reader { return bytes.NewReader(data) },
		"half":          func() io.Reader { return iotest.HalfReader(bytes.NewReader(data)) },
		"end with data": func() io.Reader { return iotest.DataErrReader(bytes.NewReader(data)) },
	} {
		for _, hint := range []int64{0, 1, 299_999, 300_000, 300_001, 1 << 40} {
			got := make([]byte, len(data))
			progress := 0
			p := &peer{told: func(_ *peer, q query) {
				if q.kind == packet.Write {
					copy(got[q.offset:], q.data)
				}
			}}
			c, _ := p.mustDial(t)
			n, err := c.Put(context.Background(), "f", src(), wire.PutOptions{Size: hint, Progress: func(n int) { progress += n }})
			if err != nil || n != int64(len(data)) || progress != len(data) || !bytes.Equal(got, data) {
				t.Errorf("%s, hint %d: %d bytes, progress %d, %v", name, hint, n, progress, err)
			}
		}
	}
}

func TestFsyncComesBeforeCloseAndCounts(t *testing.T) {
	for _, ahead := range []func(){nil, func() {}} {
		fsyncCounts(t, ahead)
	}
}

func fsyncCounts(t *testing.T, ahead func()) {
	for code, well := range map[uint32]bool{packet.OK: true, packet.Failure: false} {
		p := &peer{hello: greet(packet.Fsync), lie: func(p *peer, q query) bool {
			if q.kind == packet.Extended {
				p.status(q.id, code)
			}
			return q.kind == packet.Extended
		}}
		c, _ := p.mustDial(t)
		_, err := c.Put(context.Background(), "f", bytes.NewReader([]byte("x")), wire.PutOptions{Fsync: true, Ahead: ahead})
		if (err == nil) != well {
			t.Errorf("fsync answered %d: %v", code, err)
		}
		if got := p.kinds(); !bytes.Equal(got, []byte{packet.Open, packet.Write, packet.Extended, packet.Close}) {
			t.Errorf("requests %v", got)
		}
	}
}

// A server that says why and hangs up at once is heard.
func TestTheLastWordsCount(t *testing.T) {
	for range 50 {
		p := &peer{lie: func(p *peer, q query) bool {
			if q.kind == packet.Write {
				p.status(q.id, packet.QuotaExceeded)
				_ = p.ReadWriter.(io.Closer).Close()
			}
			return q.kind == packet.Write
		}}
		c, _ := p.mustDial(t)
		_, err := c.Put(context.Background(), "f", zeros{}, wire.PutOptions{})
		var status *wire.StatusError
		if !errors.As(err, &status) || status.Code != packet.QuotaExceeded {
			t.Fatal(err)
		}
	}
}

// A server that answers nothing before CLOSE is there shows that nobody waited, and what Ahead asks for comes behind it.
func TestCloseGoesAhead(t *testing.T) {
	var owed []uint32
	p := &peer{hello: greet(packet.Fsync), lie: func(p *peer, q query) bool {
		switch q.kind {
		case packet.Write, packet.Extended:
			owed = append(owed, q.id)
		case packet.Close:
			for _, id := range append(owed, q.id) {
				p.status(id, packet.OK)
			}
		default:
			return false
		}
		return true
	}}
	c, _ := p.mustDial(t)
	looked := make(chan error, 1)
	ahead := func() {
		go func() { _, err := c.Lstat(context.Background(), "f"); looked <- err }()
	}
	n, err := c.Put(context.Background(), "f", bytes.NewReader(content(5000)), wire.PutOptions{Size: 5000, Fsync: true, Ahead: ahead})
	if err != nil || n != 5000 {
		t.Fatalf("%d, %v", n, err)
	}
	if err := <-looked; err != nil {
		t.Error(err)
	}
	if got := p.kinds(); !bytes.Equal(got, []byte{packet.Open, packet.Write, packet.Extended, packet.Close, packet.Lstat}) {
		t.Errorf("requests %v", got)
	}
}

// When CLOSE is on its way and the session ends, the server may have all of the file, though no WRITE was answered.
func TestALostAnswerBehindACloseThatWentAheadIsTheCloses(t *testing.T) {
	p := &peer{lie: func(p *peer, q query) bool {
		if q.kind == packet.Close {
			_ = p.ReadWriter.(io.Closer).Close()
		}
		return q.kind == packet.Write || q.kind == packet.Close
	}}
	c, _ := p.mustDial(t)
	n, err := c.Put(context.Background(), "f", bytes.NewReader(content(5000)), wire.PutOptions{Ahead: func() {}})
	var connection *wire.ConnectionError
	if n != 0 || !errors.As(err, &connection) || connection.Op != wire.OpClose || !connection.Sent {
		t.Errorf("%d, %v", n, err)
	}
}
