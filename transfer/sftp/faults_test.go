package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// on gives a session on a customer with a fault.
func on(t *testing.T, f sftptest.Fault) *openSession {
	t.Helper()
	c := newCustomer(t, nil)
	c.conn.Timeouts.Operation, c.conn.Timeouts.Stall = time.Second, time.Second
	if err := os.WriteFile(filepath.Join(c.root, "in.csv"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{f} })
	return &openSession{c, t}
}

type openSession struct {
	c *customer
	t *testing.T
}

func TestLostAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		fault   sftptest.Fault
		act     func(context.Context, *openSession) error
		slug    string
		unknown bool
	}{
		"rename, done and cut":  {sftptest.Fault{Op: "rename", Do: sftptest.DropDone}, rename, "net.lost", true},
		"rename, swallowed":     {sftptest.Fault{Op: "rename", Do: sftptest.Swallow}, rename, "net.stalled", true},
		"remove, cut":           {sftptest.Fault{Op: "remove", Do: sftptest.Drop}, remove, "net.lost", true},
		"stat, stalled":         {sftptest.Fault{Op: "lstat", Do: sftptest.Stall}, stat, "net.stalled", false},
		"list, cut":             {sftptest.Fault{Op: "readdir", Do: sftptest.Drop}, list, "net.lost", false},
		"list, swallowed":       {sftptest.Fault{Op: "opendir", Do: sftptest.Swallow}, list, "net.stalled", false},
		"put, cut in a write":   {sftptest.Fault{Op: "write", Do: sftptest.Drop}, put, "net.lost", false},
		"put, stalled write":    {sftptest.Fault{Op: "write", Do: sftptest.Stall}, put, "net.stalled", false},
		"put, close cut":        {sftptest.Fault{Op: "close", Do: sftptest.DropDone}, put, "net.lost", true},
		"put, close swallowed":  {sftptest.Fault{Op: "close", Do: sftptest.Swallow}, put, "net.stalled", true},
		"get, stalled":          {sftptest.Fault{Op: "read", Do: sftptest.Stall}, get, "net.stalled", false},
		"get, cut":              {sftptest.Fault{Op: "read", Do: sftptest.Drop}, get, "net.lost", false},
		"write answered by EOF": {sftptest.Fault{Op: "write", Do: sftptest.Fail, Code: packet.EOF}, put, "remote.failure", false},
		"close fails":           {sftptest.Fault{Op: "close", Do: sftptest.Fail, Code: packet.Failure}, put, "remote.failure", false},
		"no space":              {sftptest.Fault{Op: "write", Do: sftptest.Fail, Code: packet.NoSpace}, put, "remote.no_space", false},
		"quota":                 {sftptest.Fault{Op: "close", Do: sftptest.Fail, Code: packet.QuotaExceeded}, put, "remote.no_space", false},
		"open denied":           {sftptest.Fault{Op: "open", Do: sftptest.Fail, Code: packet.PermissionDenied}, put, "remote.permission", false},
		"storage lost":          {sftptest.Fault{Op: "open", Do: sftptest.Fail, Code: packet.NoConnection}, get, "remote.failure", false},
		"rename refused":        {sftptest.Fault{Op: "rename", Do: sftptest.Fail, Code: packet.Failure}, rename, "remote.rename_refused", false},
		"rename denied":         {sftptest.Fault{Op: "rename", Do: sftptest.Fail, Code: packet.PermissionDenied}, rename, "remote.rename_refused", false},
		"rename of nothing":     {sftptest.Fault{Op: "rename", Do: sftptest.Fail, Code: packet.NoSuchFile}, rename, "remote.path_missing", false},
		"remove refused":        {sftptest.Fault{Op: "remove", Do: sftptest.Fail, Code: packet.PermissionDenied}, remove, "remote.permission", false},
		"mkdir unsupported":     {sftptest.Fault{Op: "mkdir", Do: sftptest.Fail, Code: packet.Unsupported}, mkdir, "remote.unsupported", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := on(t, test.fault)
			r := want(t, test.act(t.Context(), o), test.slug)
			if r.Unknown != test.unknown {
				t.Errorf("unknown = %v: %s", r.Unknown, r.What)
			}
			if isNet := strings.HasPrefix(test.slug, "net."); isNet && !r.Temporary {
				t.Error("a failure of the network is temporary")
			}
		})
	}
}

func rename(ctx context.Context, o *openSession) error {
	return open(o.t, o.c.pool, o.c.conn).Rename(ctx, "/in.csv", "/out.csv", job.RenameV3)
}
func remove(ctx context.Context, o *openSession) error {
	return open(o.t, o.c.pool, o.c.conn).Remove(ctx, "/in.csv")
}
func mkdir(ctx context.Context, o *openSession) error {
	return open(o.t, o.c.pool, o.c.conn).Mkdir(ctx, "/dir")
}
func stat(ctx context.Context, o *openSession) error {
	_, err := open(o.t, o.c.pool, o.c.conn).Stat(ctx, "/in.csv")
	return err
}
func list(ctx context.Context, o *openSession) error {
	return open(o.t, o.c.pool, o.c.conn).List(ctx, "/", 0, func(job.Entry) error { return nil })
}
func put(ctx context.Context, o *openSession) error {
	_, err := open(o.t, o.c.pool, o.c.conn).Put(ctx, "/out.csv", strings.NewReader("content"), 0, nil)
	return err
}
func get(ctx context.Context, o *openSession) error {
	_, err := open(o.t, o.c.pool, o.c.conn).Get(ctx, "/in.csv", 10, io.Discard, nil)
	return err
}

func TestSizeThatDiffersIsToldAsChanged(t *testing.T) {
	o := on(t, sftptest.Fault{Op: "none"})
	s := open(t, o.c.pool, o.c.conn)
	for _, size := range []int64{9, 11} {
		committed := false
		_, err := s.Get(t.Context(), "/in.csv", size, io.Discard, func(job.Entry) error { committed = true; return nil })
		want(t, err, "remote.size_changed")
		if committed {
			t.Errorf("size %d: beforeClose was called", size)
		}
	}
}

func TestOwnErrorsComeBackAsTheyAre(t *testing.T) {
	o := on(t, sftptest.Fault{Op: "none"})
	s := open(t, o.c.pool, o.c.conn)
	mine := errors.New("mine")
	if _, err := s.Get(t.Context(), "/in.csv", 10, io.Discard, func(job.Entry) error { return mine }); err != mine {
		t.Errorf("beforeClose: %v", err)
	}
	if err := s.List(t.Context(), "/", 0, func(job.Entry) error { return mine }); err != mine {
		t.Errorf("each: %v", err)
	}
	if _, err := s.Put(t.Context(), "/x", io.MultiReader(strings.NewReader("a"), failing{mine}), 0, nil); err != mine {
		t.Errorf("source: %v", err)
	}
	if _, err := s.Stat(t.Context(), "/in.csv"); err != nil {
		t.Errorf("the session is of no use any more: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestReadOnceCommitsBeforeClose(t *testing.T) {
	o := on(t, sftptest.Fault{Op: "none"})
	o.c.Change(func(k *sftptest.Knobs) { k.ReadOnce = true })
	o.c.conn.ReadOnce = true
	var back bytes.Buffer
	var before []string
	_, err := open(t, o.c.pool, o.c.conn).Get(t.Context(), "/in.csv", 10, &back, func(job.Entry) error {
		before = o.c.asked()
		return nil
	})
	if err != nil || back.String() != "0123456789" {
		t.Fatalf("%q, %v", back.String(), err)
	}
	if slices.Contains(before, "close") {
		t.Errorf("CLOSE was sent before the commit: %q", before)
	}
	if ops := o.c.asked(); slices.Contains(ops, "stat") || slices.Contains(ops, "fstat") || slices.Contains(ops, "lstat") {
		t.Errorf("a read-once server was asked %q", ops)
	}
}

func TestListingIsCapped(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Knobs.EndlessListing = true })
	count := 0
	err := open(t, c.pool, c.conn).List(t.Context(), "/", 1000, func(job.Entry) error { count++; return nil })
	r := want(t, err, "remote.too_many_entries")
	if count != 1000 || !strings.Contains(r.Cause, "1000") {
		t.Errorf("%d names, %s", count, r.Cause)
	}
}

func TestPutOnlyServerIsAskedNothingElse(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{SFTP: "-p open,write,close,realpath"})
	pool, store, c := reach(t, server)
	c.Profile = "put-only"
	s := open(t, pool, c)
	if n, err := s.Put(t.Context(), filepath.Join(server.Dir, "employees.csv"), strings.NewReader("a;b\n"), 0, nil); err != nil || n != 4 {
		t.Fatalf("put: %d, %v", n, err)
	}
	p := s.Profile()
	if p.List == nil || *p.List || p.Write == nil || !*p.Write || p.Fsync == nil || *p.Fsync {
		t.Errorf("profile %+v", p)
	}
	want(t, s.Rename(t.Context(), "a", "b", job.RenameNone), "remote.rename_refused")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_ = store
}

func TestPutOnlyPutSendsThreeKindsOfRequests(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Knobs.PutOnly = true })
	c.conn.Profile = "put-only"
	if _, err := open(t, c.pool, c.conn).Put(t.Context(), "/employees.csv", strings.NewReader("a;b\n"), 0, nil); err != nil {
		t.Fatal(err)
	}
	asked := slices.DeleteFunc(c.asked(), func(op string) bool { return op == "limits" })
	if !slices.Equal(asked, []string{"open", "write", "close"}) {
		t.Errorf("asked %q", asked)
	}
}

func TestPermissionIsNamed(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{SFTP: "-R"})
	pool, _, c := reach(t, server)
	_, err := open(t, pool, c).Put(t.Context(), filepath.Join(server.Dir, "x\x1b[2J"), strings.NewReader("x"), 0, nil)
	r := want(t, err, "remote.permission")
	if !errors.Is(r, fs.ErrPermission) || strings.ContainsRune(r.Cause+r.What+r.Technical, 0x1b) {
		t.Errorf("%+v", r)
	}
}

func TestKilledServerIsALostConnection(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, _, c := reach(t, server)
	s := open(t, pool, c)
	_, err := s.Put(t.Context(), filepath.Join(server.Dir, "x"), &endless{after: 1 << 20, then: server.EndSessions}, 0, nil)
	if r := want(t, err, "net.lost"); !r.Temporary || r.Unknown {
		t.Errorf("%+v", r)
	}
	want(t, s.Remove(t.Context(), filepath.Join(server.Dir, "x")), "net.lost")
}

func TestLearnSurvivesOtherSessions(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.MaxConnections = 2
	one, two := open(t, c.pool, c.conn), open(t, c.pool, c.conn)
	yes, no := true, false
	one.Learn(func(p *job.Profile) { p.SweepsAtOnce = &yes })
	two.Learn(func(p *job.Profile) { p.Mkdir = &no })
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Fatal(err)
	}
	p := c.store.profiles["acme"]
	if p.SweepsAtOnce == nil || !*p.SweepsAtOnce || p.Mkdir == nil || *p.Mkdir || p.Learned.IsZero() {
		t.Errorf("profile %+v", p)
	}
}

func TestServerThatIgnoresKeepalivesIsLeftAlone(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) { o.Knobs.IgnoreKeepalives = true })
	c.conn.Timeouts.Keepalive, c.conn.Timeouts.Stall = 10*time.Millisecond, 50*time.Millisecond
	s := open(t, c.pool, c.conn)
	time.Sleep(300 * time.Millisecond)
	if _, err := s.Put(t.Context(), "/x", strings.NewReader("x"), 0, nil); err != nil {
		t.Errorf("after a silent while: %v", err)
	}
}

func TestDeadLineIsNoticedBetweenRequests(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.Timeouts.Keepalive, c.conn.Timeouts.Stall = 10*time.Millisecond, 100*time.Millisecond
	s := open(t, c.pool, c.conn)
	time.Sleep(50 * time.Millisecond) // some keepalives are answered
	c.Change(func(k *sftptest.Knobs) { k.IgnoreKeepalives = true })
	select {
	case <-s.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("a dead line was never noticed")
	}
	_, err := s.Stat(t.Context(), "/")
	want(t, err, "net.lost")
}
