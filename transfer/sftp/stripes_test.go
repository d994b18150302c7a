package sftp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

const mib = 1 << 20

// noise is content in which no two places are alike.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

// afar gives a customer whose server takes its time for each answer, says that it is OpenSSH, and allows connections.
func afar(t *testing.T, connections int) *customer {
	t.Helper()
	c := newCustomer(t, func(o *sftptest.Options) {
		o.Version = "SSH-2.0-OpenSSH_9.9"
		o.Knobs.Delay = 8 * time.Millisecond
	})
	c.conn.MaxConnections = connections
	c.conn.Timeouts.Stall = 5 * time.Second
	c.pool.Stripe(connections, 1, 20*time.Second)
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
	return fetchBy(t, s, content, func(dst io.Writer) io.Writer { return dst })
}

func fetchBy(t *testing.T, s *sftp.Session, content []byte, by func(io.Writer) io.Writer) job.Entry {
	t.Helper()
	var got bytes.Buffer
	var told job.Entry
	n, err := s.Get(t.Context(), "/big", int64(len(content)), by(&got), func(read job.Entry) error { told = read; return nil })
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

// joined is our side of a copy that goes on behind the first MiB only when another connection has opened the file, if there is to be one.
type joined struct {
	io.Reader
	io.Writer
	c      *customer
	passed int
}

func (j *joined) Read(p []byte) (int, error) {
	j.await()
	n, err := j.Reader.Read(p)
	j.passed += n
	return n, err
}

func (j *joined) Write(p []byte) (int, error) {
	j.await()
	j.passed += len(p)
	return j.Writer.Write(p)
}

func (j *joined) await() {
	for range 10_000 { // and no longer: that nobody came is seen in the end
		if j.passed <= mib || j.c.conn.MaxConnections < 2 || j.c.sessionsThat("open") > 1 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	j.passed = math.MinInt
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
				if size == 16*mib {
					fetchBy(t, s, content, func(dst io.Writer) io.Writer { return &joined{Writer: dst, c: c} })
				} else {
					fetch(t, s, content)
				}
				if n := c.sessionsThat("read"); size == 16*mib && n < min(2, connections) || n > connections {
					t.Errorf("%d connections read", n)
				}
				source := io.Reader(bytes.NewReader(content))
				if size == 16*mib {
					c.ClearLog()
					source = &joined{Reader: source, c: c}
				}
				if n, err := s.Put(t.Context(), "/out", source, int64(len(content)), func() {}); err != nil || n != int64(size) {
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

// A helper whose server goes away at any point of its work costs a download nothing.
func TestDownloadOutlivesItsHelpers(t *testing.T) {
	content := noise(5*mib + 1)
	for _, op := range []string{"open", "fstat", "read", "close"} {
		for _, after := range []int{0, 1, 4, 7} {
			for name, do := range map[string]sftptest.Action{"cut": sftptest.Drop, "ended": sftptest.EndSession, "stalled": sftptest.Stall,
				"refused": sftptest.Fail, "lied to": sftptest.MoreData} {
				if after > 1 && op != "read" || op == "close" && name == "stalled" {
					continue
				}
				t.Run(fmt.Sprint(op, " ", after, " ", name), func(t *testing.T) {
					t.Parallel()
					c := afar(t, 3)
					c.lay(t, "big", content)
					c.pool.Stripe(3, 1, 200*time.Millisecond)
					s := open(t, c.pool, c.conn)
					c.Change(func(k *sftptest.Knobs) {
						k.Faults = []sftptest.Fault{{Op: op, Later: true, After: after, Times: 1, Do: do, Code: packet.Failure}}
					})
					fetch(t, s, content)
				})
			}
		}
	}
}

// An upload that loses a helper fails as one does that loses its connection: it can be tried again, and then goes over one. It never
// says that it went well unless all is there.
func TestUploadThatLosesAHelper(t *testing.T) {
	content := noise(5*mib + 1)
	for _, op := range []string{"open", "fstat", "write", "fsync", "close"} {
		for _, after := range []int{0, 1, 4, 7} {
			for name, do := range map[string]sftptest.Action{"cut": sftptest.Drop, "cut behind": sftptest.DropDone, "ended": sftptest.EndSession, "refused": sftptest.Fail} {
				if op != "write" && after > 1 {
					continue
				}
				t.Run(fmt.Sprint(op, " ", after, " ", name), func(t *testing.T) {
					t.Parallel()
					c := afar(t, 3)
					s := open(t, c.pool, c.conn)
					c.Change(func(k *sftptest.Knobs) {
						k.Faults = []sftptest.Fault{{Op: op, Later: true, After: after, Times: 1, Do: do, Code: packet.Failure}}
					})
					struck := c.Struck()
					if _, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), func() {}); err != nil {
						if c.Struck() == struck {
							t.Fatalf("nothing happened, and the upload failed: %v", err)
						}
						if r := want(t, err, "net.lost"); !r.Temporary || r.Unknown {
							t.Errorf("temporary %v, unknown %v", r.Temporary, r.Unknown)
						}
						wrote := c.sessionsThat("write")
						if _, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), func() {}); err != nil {
							t.Fatalf("tried again: %v", err)
						}
						if n := c.sessionsThat("write"); n > wrote {
							t.Errorf("tried again, it went over other connections: %d, %d before", n, wrote)
						}
					}
					c.sent(t, "out", content)
				})
			}
		}
	}
}

// What the server says of the helpers' handles decides what they may give.
func TestHelpersOnAnotherVersion(t *testing.T) {
	content := noise(12 * mib)
	t.Run("the name leads elsewhere meanwhile", func(t *testing.T) {
		t.Parallel()
		c := afar(t, 2)
		c.lay(t, "big", content)
		s := open(t, c.pool, c.conn)
		c.Change(func(k *sftptest.Knobs) {
			k.Faults = []sftptest.Fault{{Op: "open", Later: true, Times: 1, Do: sftptest.Replace}}
		})
		fetch(t, s, content)
		if n := c.sessionsThat("read"); n != 1 {
			t.Errorf("%d connections read", n)
		}
	})
	t.Run("no word of open files", func(t *testing.T) {
		t.Parallel()
		c := afar(t, 3)
		c.lay(t, "big", content)
		c.Change(func(k *sftptest.Knobs) { k.NoStat = true })
		s := open(t, c.pool, c.conn)
		var got bytes.Buffer
		if _, err := s.Get(t.Context(), "/big", int64(len(content)), &got, nil); err != nil {
			t.Fatal(err)
		}
		same(t, got.Bytes(), content)
		if n := len(c.logins()); n != 1 {
			t.Errorf("%d logins", n)
		}
		if _, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), func() {}); err != nil {
			t.Fatal(err)
		}
		c.sent(t, "out", content)
		if n := c.sessionsThat("write"); n != 1 {
			t.Errorf("%d connections wrote", n)
		}
	})
	t.Run("it is rewritten where it lies", func(t *testing.T) {
		t.Parallel()
		c := afar(t, 3)
		c.lay(t, "big", content)
		s := open(t, c.pool, c.conn)
		changed := slices.Clone(content)
		for i := range changed[6*mib:] {
			changed[6*mib+i] ^= 1
		}
		var once sync.Once
		var got bytes.Buffer
		var told job.Entry
		_, err := s.Get(t.Context(), "/big", int64(len(content)), writer(func(p []byte) (int, error) {
			if got.Len() > 3*mib {
				once.Do(func() {
					c.lay(t, "big", changed)
					later := time.Now().Add(time.Minute)
					if err := os.Chtimes(filepath.Join(c.root, "big"), later, later); err != nil {
						t.Error(err)
					}
				})
			}
			return got.Write(p)
		}), func(e job.Entry) error { told = e; return nil })
		if err == nil && time.Until(time.Unix(told.ModTime, 0)) < 0 {
			t.Error("what was read is told as the version from before")
		}
	})
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A temporary name that leads to another file when a helper opens it is found out before the file is said to be there.
func TestUploadWhoseNameIsTaken(t *testing.T) {
	content := noise(12 * mib)
	c := afar(t, 3)
	s := open(t, c.pool, c.conn)
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "open", Later: true, Times: 1, Do: sftptest.Replace}}
	})
	_, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), func() {})
	if r := want(t, err, "remote.failure"); !r.Temporary {
		t.Error("another attempt has another name")
	}
}

// like is what a server and its connection are like.
type like struct {
	version, profile       string
	noExtensions, readOnce bool
	sweeps                 bool
	connections            int
}

// Servers on which it is not known to be safe get each file over one connection.
func TestFilesThatGoOverOneConnection(t *testing.T) {
	content, ahead := noise(12*mib), func() {}
	for name, test := range map[string]struct {
		change func(*like)
		ahead  func()
		fetch  bool
	}{
		"a server that is not OpenSSH":   {func(c *like) {}, ahead, false},
		"a name that others know":        {func(c *like) { c.version = "SSH-2.0-OpenSSH_9.9" }, nil, false},
		"put-only":                       {func(c *like) { c.version, c.profile = "SSH-2.0-OpenSSH_9.9", "put-only" }, ahead, false},
		"files are taken at CLOSE":       {func(c *like) { c.version, c.sweeps = "SSH-2.0-OpenSSH_9.9", true }, ahead, false},
		"no extension":                   {func(c *like) { c.version, c.noExtensions = "SSH-2.0-OpenSSH_9.9", true }, ahead, false},
		"a download uses the file up":    {func(c *like) { c.readOnce = true }, ahead, true},
		"one connection for the account": {func(c *like) { c.version, c.connections = "SSH-2.0-OpenSSH_9.9", 1 }, ahead, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			like := like{connections: 3}
			test.change(&like)
			c := newCustomer(t, func(o *sftptest.Options) {
				o.Version, o.Knobs.Delay, o.Knobs.NoExtensions = like.version, 5*time.Millisecond, like.noExtensions
			})
			c.pool.Stripe(3, 1, time.Second)
			c.conn.MaxConnections, c.conn.ReadOnce, c.conn.Profile = like.connections, like.readOnce, like.profile
			c.lay(t, "big", content)
			s := open(t, c.pool, c.conn)
			if like.sweeps {
				s.Learn(func(p *job.Profile) { p.SweepsAtOnce = &like.sweeps })
			}
			if test.fetch {
				var got bytes.Buffer
				if _, err := s.Get(t.Context(), "/big", int64(len(content)), &got, nil); err != nil {
					t.Fatal(err)
				}
				same(t, got.Bytes(), content)
			}
			if _, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), test.ahead); err != nil {
				t.Fatal(err)
			}
			c.sent(t, "out", content)
			if n := c.sessionsThat("open"); n != 1 {
				t.Errorf("%d connections opened the file", n)
			}
		})
	}
}

// Helpers are never in anybody's way: who waits for the account gets a connection while the file is still under way.
func TestHelpersMakeRoom(t *testing.T) {
	content := noise(40 * mib)
	for name, move := range map[string]func(t *testing.T, s *sftp.Session){
		"download": func(t *testing.T, s *sftp.Session) { fetch(t, s, content) },
		"upload": func(t *testing.T, s *sftp.Session) {
			if _, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), func() {}); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := afar(t, 2)
			c.lay(t, "big", content)
			s := open(t, c.pool, c.conn)
			moved := make(chan struct{})
			go func() { defer close(moved); move(t, s) }()
			c.helped(t, "open")
			other := open(t, c.pool, c.conn)
			select {
			case <-moved:
				t.Error("the other one got its connection when the file was through")
			default:
			}
			moves := 0
			for _, o := range c.Log() {
				if o.Op == "read" || o.Op == "write" {
					moves++
				}
			}
			if moves > 120 { // of 161
				t.Errorf("the other one got its connection behind %d reads or writes", moves)
			}
			if _, err := other.Stat(t.Context(), "/"); err != nil {
				t.Error(err)
			}
			<-moved
			if name == "upload" {
				c.sent(t, "out", content)
			}
		})
	}
}

// A copy that is given up leaves nothing of its helpers, whatever they were at.
func TestCopyThatIsGivenUpLeavesNoHelper(t *testing.T) {
	content := noise(40 * mib)
	for _, from := range []string{"auth", "open", "read", "write"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			c := afar(t, 4)
			c.lay(t, "big", content)
			s := open(t, c.pool, c.conn)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				var err error
				if from == "write" {
					_, err = s.Put(ctx, "/out", bytes.NewReader(content), int64(len(content)), func() {})
				} else {
					_, err = s.Get(ctx, "/big", int64(len(content)), io.Discard, nil)
				}
				ended <- err
			}()
			c.helped(t, from)
			cancel()
			if err := <-ended; err == nil {
				t.Error("it was not given up")
			}
		}) // the end of the test sees to the goroutines
	}
}
