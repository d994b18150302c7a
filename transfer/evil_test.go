package transfer_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// The tables of evil_import_test.go and evil_export_test.go drive both machines against a server that lies. After each
// case the same questions are asked: did a wrong byte get through, was anything called done that was not, did it end with
// its own reason, and was memory bounded and every goroutine gone. transfer/sftptest's library_test.go shows that the same
// faults do lose bytes elsewhere.

// evil starts a server whose lies are met with short patience.
func evil(t *testing.T) *bundle {
	t.Helper()
	b := setup(t, sftptest.Knobs{})
	b.conn.Timeouts = job.Timeouts{
		Connect: 5 * time.Second, Handshake: 5 * time.Second, Operation: time.Second, Stall: time.Second,
		Keepalive: 5 * time.Second, Floor: 10, FloorOver: 30 * time.Second,
	}
	return b
}

// lie changes what the server does from now on.
func (b *bundle) lie(knobs sftptest.Knobs) {
	b.server.Change(func(k *sftptest.Knobs) { *k = knobs })
}

// resume is what a person does who was told that a line which was cut right behind the password may have been a refusal.
func (b *bundle) resume(told *job.Reason) {
	b.t.Helper()
	if told == nil || told.Slug != "auth.closed" {
		return
	}
	if err := b.pool.Resume(b.t.Context(), job.Account{Host: b.conn.Host, Port: b.conn.Port, User: b.conn.User}); err != nil {
		b.t.Fatal(err)
	}
}

// try is do for servers that may not even let us in: then the result is what the runner makes of that.
func (b *bundle) try() job.Result {
	b.t.Helper()
	session, err := b.pool.Session(b.t.Context(), b.conn)
	if err != nil {
		var reason *job.Reason
		if !errors.As(err, &reason) {
			b.t.Fatalf("an error that does not speak: %v", err)
		}
		return job.Result{State: job.RunFailed, Reason: reason}
	}
	return b.doOn(session)
}

// memoryMost is what one case may allocate in all, the server's half included: more than enough for its bytes, and far
// less than what a server could make a client keep that believes it.
const memoryMost = 128 << 20

// bounded runs a case and sees that it keeps neither memory nor goroutines.
func bounded(t *testing.T, act func() job.Result) job.Result {
	t.Helper()
	var before, after runtime.MemStats
	standing := goleak.IgnoreCurrent()
	runtime.ReadMemStats(&before)
	result := act()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > memoryMost {
		t.Errorf("it took %d MiB of memory", n>>20)
	}
	if err := goleak.Find(standing); err != nil {
		t.Error(err)
	}
	return result
}

// ended sees that a result has a state and a reason that people can act on: whole, printable, and without our password.
func ended(t *testing.T, result job.Result, state job.RunState, slug string) {
	t.Helper()
	got := ""
	if result.Reason != nil {
		got = result.Reason.Slug
		speaks(t, result.Reason)
	}
	if result.State != state || got != slug {
		t.Errorf("it ended %s with %q, want %s with %q: %+v", result.State, got, state, slug, result.Reason)
	}
}

// speaks looks at the texts of a reason.
func speaks(t *testing.T, r *job.Reason) {
	t.Helper()
	all := r.What + "|" + r.Cause + "|" + r.Do + "|" + r.Technical
	if r.What == "" || r.Cause == "" || r.Do == "" || r.Who == "" {
		t.Errorf("it does not say all that it should: %+v", r)
	}
	if strings.ContainsAny(all, "\x1b\x00\r\n\u202e") || strings.Contains(all, canary) {
		t.Errorf("it repeats what the server said as it is: %q", all)
	}
}

// files is a server's or the platform's folder by content, without the stage.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	for _, e := range entries {
		if e.Name() == local.StageDir {
			continue
		}
		if got[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// onlyWhole sees that every file of a folder is one of the whole versions that there ever were, each at most once.
func onlyWhole(t *testing.T, dir string, versions ...[]byte) (count int) {
	t.Helper()
	left := slices.Clone(versions)
	for name, content := range files(t, dir) {
		i := slices.IndexFunc(left, func(v []byte) bool { return bytes.Equal(v, content) })
		if i < 0 {
			t.Errorf("%s has %d bytes that nobody ever sent, or a version for the second time", name, len(content))
			continue
		}
		left = slices.Delete(left, i, i+1)
		count++
	}
	return count
}

// noise makes content of which no stretch looks like another.
func noise(size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
	_, _ = r.Read(b)
	return b
}

// putBytes writes a file, with the time of a customer who wrote it yesterday.
func putBytes(t *testing.T, path string, content []byte) {
	t.Helper()
	put(t, path, string(content), time.Now().Add(-24*time.Hour))
}

// writeOver writes a file in its place, from its beginning.
func writeOver(t *testing.T, path string, content []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(content, 0)
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// canary is our password where a test looks for it.
const canary = "c4nary pa55word"

// evilWithPassword is evil with a server that knows, and repeats, this password.
func evilWithPassword(t *testing.T) *bundle {
	t.Helper()
	b := evil(t)
	b.server.Stop()
	server, err := sftptest.Start(sftptest.Options{Root: b.root, Users: []sftptest.User{{Name: "platform", Password: canary}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	b.server, b.conn.Port, b.conn.HostKeys = server, server.Port(), server.HostKeys()
	b.pool = sftp.NewPool(sftp.Options{Store: b.store, Secrets: noSecrets{canary}})
	return b
}
