package sftp_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

const mib = 1 << 20

// noise is content in which no two places are alike.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

// long is a source whose length is known, and whose target nobody else knows.
type long struct{ *bytes.Reader }

func (l long) Length() int64 { return l.Size() }

func longOf(b []byte) io.Reader { return long{bytes.NewReader(b)} }

// afar gives a customer whose server takes its time for each answer, says that it is OpenSSH, and allows connections.
func afar(t *testing.T, connections int) *customer {
	t.Helper()
	c := newCustomer(t, func(o *sftptest.Options) {
		o.Version = "SSH-2.0-OpenSSH_9.9"
		o.Knobs.Delay = 8 * time.Millisecond
	})
	c.conn.MaxConnections = connections
	c.conn.Timeouts.Stall = 5 * time.Second
	c.pool.Stripe(connections, 1, time.Second)
	return c
}

// put lays a file on the customer's disk.
func (c *customer) lay(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.root, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sessionsThat counts the sessions that did something, as the server's log has it.
func (c *customer) sessionsThat(op string) int {
	var all []int
	for _, o := range c.Log() {
		if o.Op == op {
			all = append(all, o.Session)
		}
	}
	slices.Sort(all)
	return len(slices.Compact(all))
}

// fetch gets a file and compares it.
func fetch(t *testing.T, s *sftp.Session, content []byte) job.Entry {
	t.Helper()
	var got bytes.Buffer
	var told job.Entry
	n, err := s.Get(t.Context(), "/big", int64(len(content)), &got, func(read job.Entry) error { told = read; return nil })
	if err != nil || n != int64(len(content)) {
		t.Fatalf("get: %d of %d bytes, %v", n, len(content), err)
	}
	same(t, got.Bytes(), content)
	if told.Size != n {
		t.Errorf("the server is said to have told of %d bytes", told.Size)
	}
	return told
}

func same(t *testing.T, got, want []byte) {
	t.Helper()
	if sha256.Sum256(got) == sha256.Sum256(want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%d bytes for %d, other ones from %d on", len(got), len(want), i)
		}
	}
	t.Fatalf("%d bytes for %d", len(got), len(want))
}

func (c *customer) sent(t *testing.T, name string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(c.root, name))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, content)
}

func TestOneFileOverSeveralConnections(t *testing.T) {
	for _, connections := range []int{1, 2, 3, 8} {
		for _, size := range []int{0, 1, 255<<10 - 1, mib, mib + 1, 5*mib + 4711, 16 * mib} {
			t.Run(fmt.Sprint(connections, " connections, ", size, " bytes"), func(t *testing.T) {
				t.Parallel()
				c := afar(t, connections)
				content := noise(size)
				c.lay(t, "big", content)
				s := open(t, c.pool, c.conn)
				fetch(t, s, content)
				if n := c.sessionsThat("read"); size == 16*mib && n < min(2, connections) || n > connections {
					t.Errorf("%d connections read", n)
				}
				if n, err := s.Put(t.Context(), "/out", longOf(content)); err != nil || n != int64(size) {
					t.Fatalf("put: %d of %d bytes, %v", n, size, err)
				}
				if n := c.sessionsThat("write"); size == 16*mib && n < min(2, connections) || n > connections {
					t.Errorf("%d connections wrote", n)
				}
				c.sent(t, "out", content)
			})
		}
	}
}
