package wire_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pkg/sftp"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// These tests hold what the library's own client does with the same servers: the reasons for this package, and the test
// of its tests. When one of them fails the library was repaired, and docs/adr/0002-own-sftp-engine.md should say so.

// dialLibrary gives a session of the library's client with p.
func (p *peer) dialLibrary(t *testing.T) *sftp.Client {
	t.Helper()
	return p.dialLibraryOver(t, func(w io.WriteCloser) io.WriteCloser { return w })
}

// dialLibraryOver lets the library write to what becomes of its end of the line.
func (p *peer) dialLibraryOver(t *testing.T, end func(io.WriteCloser) io.WriteCloser) *sftp.Client {
	t.Helper()
	ours, theirs := net.Pipe()
	p.ReadWriter = theirs
	done := make(chan struct{})
	go func() { defer close(done); p.run(); _ = theirs.Close() }()
	c, err := sftp.NewClientPipe(ours, end(ours))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close(); <-done; _ = c.Close() })
	return c
}

func TestTheLibraryLosesWhatShortReadsLeaveOut(t *testing.T) {
	for _, most := range []int{16384, 32767} {
		p := &peer{data: content(1 << 20), most: most}
		f, err := p.dialLibrary(t).Open("f")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		n, err := io.Copy(&out, f)
		t.Logf("answers of %d bytes: io.Copy gave %d of %d bytes, error %v", most, n, len(p.data), err)
		if err != nil || n == int64(len(p.data)) {
			t.Errorf("answers of %d bytes: %d bytes, %v", most, n, err)
		}
	}
}

func TestTheLibraryTakesTheEndOfFileForAWrittenFile(t *testing.T) {
	p := &peer{lie: func(p *peer, q query) bool {
		if q.kind == packet.Write && q.offset >= 1<<16 {
			p.status(q.id, packet.EOF)
			return true
		}
		return false
	}}
	f, err := p.dialLibrary(t).OpenFile("f", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.ReadFrom(bytes.NewReader(content(1 << 20)))
	closed := f.Close()
	t.Logf("ReadFrom gave %d of %d bytes, error %v, Close %v", n, 1<<20, err, closed)
	if err != nil || closed != nil {
		t.Errorf("ReadFrom: %d, %v, Close: %v", n, err, closed)
	}
}

// endingChannel is a channel of SSH that ends after so many bytes: from then on Write gives io.EOF, as that of x/crypto/ssh does.
type endingChannel struct {
	io.WriteCloser
	left int
}

func (d *endingChannel) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, io.EOF
	}
	return d.WriteCloser.Write(b)
}

func TestTheLibraryTakesADeadChannelForAWrittenFile(t *testing.T) {
	c := (&peer{}).dialLibraryOver(t, func(w io.WriteCloser) io.WriteCloser { return &endingChannel{w, 200_000} })
	f, err := c.OpenFile("f", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.ReadFrom(bytes.NewReader(content(1 << 20)))
	t.Logf("ReadFrom gave %d of %d bytes, error %v, Close %v", n, 1<<20, err, f.Close())
	if err != nil || n == 1<<20 {
		t.Errorf("ReadFrom: %d, %v", n, err)
	}
}

func TestTheLibraryRewritesNames(t *testing.T) {
	p := &peer{listing: [][]byte{names("x/..", "../../etc/passwd", "/", "")}}
	infos, err := p.dialLibrary(t).ReadDir("d")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range infos {
		got = append(got, i.Name())
	}
	slices.Sort(got)
	t.Logf("names %q", got)
	if !slices.Contains(got, "..") || !slices.Contains(got, "passwd") {
		t.Errorf("names %q", got)
	}
}

func TestTheLibraryAsksForMoreThanItIsTold(t *testing.T) {
	p := &peer{lie: func(p *peer, q query) bool {
		if q.kind == packet.Remove || q.kind == packet.Rmdir {
			p.status(q.id, packet.PermissionDenied)
			return true
		}
		return false
	}}
	if err := p.dialLibrary(t).Remove("f"); err == nil {
		t.Error("removed")
	}
	t.Logf("Remove asked %v", p.kinds())
	if got := p.kinds(); len(got) < 2 {
		t.Errorf("requests %v", got)
	}

	p = &peer{data: content(10)}
	f, err := p.dialLibrary(t).Open("f")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteTo(io.Discard); err != nil {
		t.Error(err)
	}
	t.Logf("Open and WriteTo asked %v", p.kinds())
	if got := p.kinds(); !slices.Contains(got, packet.Stat) && !slices.Contains(got, packet.Fstat) {
		t.Errorf("requests %v", got)
	}
}

// Time is that of the bubble.
func TestTheLibraryWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{lie: func(*peer, query) bool { return true }}
		c := p.dialLibrary(t)
		answered := make(chan error, 1)
		go func() {
			_, err := c.Stat("f")
			answered <- err
		}()
		select {
		case err := <-answered:
			t.Errorf("it gave up: %v", err)
		case <-time.After(24 * time.Hour):
		}
	})
}
