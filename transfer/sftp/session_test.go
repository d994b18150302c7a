package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
)

// reach gives a pool that knows nothing, and a connection to a real sshd with its host key pinned in the configuration.
func reach(t *testing.T, s *testserver.Server) (*sftp.Pool, *memory, job.Connection) {
	t.Helper()
	store := newMemory()
	store.addKey("acme", 1, job.SlotCurrent, "client", s.Key)
	c := job.Connection{
		Name: "acme", Enabled: true,
		Endpoint: job.Endpoint{
			Host: s.Host, Port: s.Port, User: s.User, HostKeys: s.HostKeyLines,
			Auth: job.Auth{Methods: []string{"publickey"}, Key: "acme"},
		},
	}
	return sftp.NewPool(sftp.Options{Store: store, Secrets: store}), store, c
}

// open logs in and closes the session with the test.
func open(t *testing.T, p *sftp.Pool, c job.Connection) *sftp.Session {
	t.Helper()
	session, err := p.Session(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return session
}

// want fails the test unless err is a reason with the slug, and gives the reason.
func want(t *testing.T, err error, slug string) *job.Reason {
	t.Helper()
	var r *job.Reason
	if !errors.As(err, &r) {
		t.Fatalf("error %v is not a reason; want %s", err, slug)
	}
	if r.Slug != slug {
		t.Fatalf("slug = %s, want %s\n%+v\n%s", r.Slug, slug, r, r.Technical)
	}
	for what, text := range map[string]string{"what": r.What, "cause": r.Cause, "do": r.Do, "who": string(r.Who)} {
		if text == "" {
			t.Errorf("%s: says nothing under %s", slug, what)
		}
	}
	return r
}

func TestSessionMovesFiles(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, store, c := reach(t, server)
	s := open(t, pool, c)
	ctx := t.Context()

	content := bytes.Repeat([]byte("0123456789abcdef"), 70_000)
	name := filepath.Join(server.Dir, "out.csv.part")
	if n, err := s.Put(ctx, name, bytes.NewReader(content), 0, nil); err != nil || n != int64(len(content)) {
		t.Fatalf("put: %d, %v", n, err)
	}
	final := filepath.Join(server.Dir, "out.csv")
	if err := s.Rename(ctx, name, final, ""); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(server.Root, "out.csv")); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("on the server's disk: %d bytes, %v", len(got), err)
	}
	entry, err := s.Stat(ctx, final)
	if err != nil || entry.Size != int64(len(content)) || entry.Kind != job.KindFile {
		t.Errorf("stat: %+v, %v", entry, err)
	}
	var names []string
	if err := s.List(ctx, server.Dir, 10, func(e job.Entry) error { names = append(names, e.Name); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, []string{"out.csv"}) {
		t.Errorf("list: %q", names)
	}
	var back bytes.Buffer
	committed := false
	n, err := s.Get(ctx, final, int64(len(content)), &back, func(job.Entry) error { committed = true; return nil })
	if err != nil || n != int64(len(content)) || !bytes.Equal(back.Bytes(), content) || !committed {
		t.Errorf("get: %d, %v, committed %v", n, err, committed)
	}
	if free, err := s.Free(ctx, server.Dir); err != nil || free <= 0 {
		t.Errorf("free: %d, %v", free, err)
	}
	if err := s.Mkdir(ctx, filepath.Join(server.Dir, "done")); err != nil {
		t.Error(err)
	}
	if err := s.Remove(ctx, final); err != nil {
		t.Error(err)
	}
	if _, err := s.Stat(ctx, final); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after remove: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	learned := store.profiles["acme"]
	for what, fact := range map[string]*bool{"list": learned.List, "stat": learned.Stat, "read": learned.Read, "write": learned.Write,
		"posix-rename": learned.PosixRename, "remove": learned.Remove, "mkdir": learned.Mkdir, "fsync": learned.Fsync, "statvfs": learned.Statvfs} {
		if fact == nil || !*fact {
			t.Errorf("profile does not know %s", what)
		}
	}
	if !strings.HasPrefix(learned.Banner, "SSH-2.0-OpenSSH") {
		t.Errorf("banner %q", learned.Banner)
	}
	if !store.active["acme"] {
		t.Error("the connection is still a draft after a login over a pinned key")
	}
}

func TestFactsSayHowTheSessionCame(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, store, c := reach(t, server)
	facts := open(t, pool, c).Facts()
	if facts.Key != "acme@1" || facts.Method != "publickey" || facts.From != "127.0.0.1" ||
		!strings.HasPrefix(facts.HostKey, "SHA256:") || !strings.Contains(facts.Algorithm, "aes128-gcm") {
		t.Errorf("facts: %+v", facts)
	}
	if store.used[1].IsZero() {
		t.Error("the use of the key was not noted")
	}
	if got := store.seen["["+c.Host+"]:"+itoa(c.Port)]; got != server.HostKeyLines[0] {
		t.Errorf("host key seen: %q", got)
	}
}

func TestMissingPathShowsNearestFolder(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, _, c := reach(t, server)
	s := open(t, pool, c)
	dir := filepath.Join(server.Dir, "no", "such")
	r := want(t, s.List(t.Context(), dir, 1, func(job.Entry) error { return nil }), "remote.path_missing")
	if !strings.Contains(r.Cause, server.Dir+`"`) || !errors.Is(r, fs.ErrNotExist) {
		t.Errorf("cause %q", r.Cause)
	}
}

func TestCancelledUploadLeavesTheSessionAlive(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, _, c := reach(t, server)
	s := open(t, pool, c)
	ctx, cancel := context.WithCancel(t.Context())
	reader := &endless{after: 1 << 20, then: cancel}
	_, err := s.Put(ctx, filepath.Join(server.Dir, "x"), reader, 0, nil)
	r := want(t, err, "run.interrupted")
	if !errors.Is(r, context.Canceled) {
		t.Errorf("%v is not the cancellation", r.Err)
	}
	if err := s.Remove(t.Context(), filepath.Join(server.Dir, "x")); err != nil {
		t.Errorf("remove what was sent: %v", err)
	}
}

// endless gives bytes for ever and calls then on its way.
type endless struct {
	n, after int
	then     func()
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n += len(p); e.n >= e.after && e.then != nil {
		e.then()
		e.then = nil
	}
	return len(p), nil
}

func itoa(n int) string { return strconv.Itoa(n) }

// A server that hears the farewell and does not hang up is left alone after a moment.
func TestCloseWaitsForNoServer(t *testing.T) {
	c := newCustomer(t, nil)
	hold := make(chan struct{})
	addr := listen(t, func(conn net.Conn) {
		there, err := net.Dial("tcp", c.Addr())
		if err != nil {
			t.Error(err)
			return
		}
		defer there.Close()
		go func() { _, _ = io.Copy(conn, there) }()
		_, _ = io.Copy(there, conn) // to the end of what we say
		<-hold
	})
	defer close(hold)
	c.conn.Endpoint = endpointOf(t, addr, "acme", c.HostKeys())
	c.byPassword()
	session, err := c.pool.Session(t.Context(), c.conn)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}
