package link

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newLink(t *testing.T, o Options) *Link {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces of its own")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip: install Debian package iproute2")
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// through sends bytes through a line both ways, which has to bring them whole.
func through(t *testing.T, l *Link, size int) {
	t.Helper()
	near, far, err := l.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	defer far.Close()
	go func() { _, _ = io.Copy(far, far) }()
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(data)
	go func() { _, _ = near.Write(data) }()
	back := sha256.New()
	if _, err := io.CopyN(back, near, int64(size)); err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(data); !bytes.Equal(back.Sum(nil), want[:]) {
		t.Error("other bytes came back")
	}
}

// What goes through comes out whole, whether packets are large or small, late or lost; and none is lost that was not to be.
func TestALineBringsAllBytes(t *testing.T) {
	for name, o := range map[string]Options{
		"at once": {},
		"small":   {Small: true},
		"late":    {RTT: 20 * time.Millisecond},
		"lossy":   {RTT: 2 * time.Millisecond, Loss: 0.01, Seed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink(t, o)
			through(t, l, 4<<20)
			if lost, err := l.Lost(); lost != 0 || err != nil {
				t.Errorf("%d packets were lost that were not to be, %v", lost, err)
			}
		})
	}
}

// No byte is there and back before its time.
func TestALineIsSlow(t *testing.T) {
	l := newLink(t, Options{RTT: 30 * time.Millisecond})
	rtt, _ := l.Check(t.Context()) // a busy machine may be later than Check allows
	if rtt < 30*time.Millisecond {
		t.Errorf("a byte was there and back in %v", rtt)
	}
}

// A line that is not what was asked for is found out, be it too fast or too slow.
func TestJudge(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		rtt, want time.Duration
		right     bool
	}{
		{20 * ms, 20 * ms, true}, {23 * ms, 20 * ms, true}, {19 * ms, 20 * ms, false}, {24 * ms, 20 * ms, false},
		{ms / 2, 0, true}, {2 * ms, 0, false}, {111 * ms, 100 * ms, true}, {10 * ms, 100 * ms, false},
	} {
		if err := judge(c.rtt, c.want); (err == nil) != c.right {
			t.Errorf("%v for %v: %v", c.rtt, c.want, err)
		}
	}
}

// Connections have the congestion control that is said to be theirs, on a line and on the loopback of a namespace.
func TestCongestion(t *testing.T) {
	l := newLink(t, Options{})
	lo, err := Loopback()
	if err != nil {
		t.Fatal(err)
	}
	defer lo.Close()
	for name, pair := range map[string]*Link{"line": l, "loopback": {Near: lo, Far: lo}} {
		near, far, err := pair.connect(t.Context())
		if err != nil {
			t.Fatal(name, err)
		}
		defer near.Close()
		defer far.Close()
		for _, conn := range []net.Conn{near, far} {
			raw, err := conn.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			_ = raw.Control(func(fd uintptr) {
				if got, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION); got != Congestion || err != nil {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			})
		}
	}
}

// Where all is lost nothing comes through.
func TestLossLoses(t *testing.T) {
	l := newLink(t, Options{Loss: 1})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
	defer cancel()
	if near, _, err := l.connect(ctx); err == nil {
		near.Close()
		t.Error("a connection came about")
	}
}

func TestSpeed(t *testing.T) {
	newLink(t, Options{})
	for _, small := range []bool{false, true} {
		if speed, err := Speed(t.Context(), small, 16<<20); speed <= 0 || err != nil {
			t.Errorf("%v bytes a second, %v", speed, err)
		}
	}
}
