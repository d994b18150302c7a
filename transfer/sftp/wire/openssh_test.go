package wire_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// pipes are a child's stdin and stdout as one stream.
type pipes struct {
	io.Reader
	io.WriteCloser
	out io.Closer
	cmd *exec.Cmd
}

func (p pipes) Close() error { return errors.Join(p.WriteCloser.Close(), p.out.Close()) }

// sftpServer starts OpenSSH's sftp-server in dir and gives its pipes.
func sftpServer(t testing.TB, dir string, args ...string) io.ReadWriteCloser {
	t.Helper()
	const program = "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(program); err != nil {
		t.Skip("needs sftp-server: install Debian package openssh-sftp-server")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return pipes{Reader: out, WriteCloser: in, out: out, cmd: cmd}
}

// connect begins a session on stream that ends with the test.
func connect(t testing.TB, stream io.ReadWriteCloser, opts wire.Options) *wire.Client {
	t.Helper()
	c, err := wire.New(context.Background(), stream, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

func openssh(t testing.TB, args ...string) (*wire.Client, string) {
	t.Helper()
	dir := t.TempDir()
	return connect(t, sftpServer(t, dir, args...), wire.Options{}), dir
}

// content gives n bytes that repeat nowhere near, the same for the same n.
func content(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8(sha256.Sum256([]byte(fmt.Sprint(n))))
	_, _ = r.Read(b)
	return b
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// interestingSizes lie on and beside the edges of packets and windows.
var interestingSizes = []int{0, 1, 32767, 32768, 32769, 255 << 10, 255<<10 + 1, 1<<20 + 1, 2<<20 + 3, 5<<20 + 7}

func TestCopiesOfEverySizeAreWhole(t *testing.T) {
	c, dir := openssh(t)
	ctx := context.Background()
	for _, size := range interestingSizes {
		data := content(size)
		n, err := c.Put(ctx, "f", bytes.NewReader(data), wire.PutOptions{Fsync: true, Size: int64(size)})
		if err != nil || n != int64(size) {
			t.Fatalf("put of %d bytes: %d, %v", size, n, err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "f"))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("put of %d bytes left %d other ones, %v", size, len(got), err)
		}
		for name, opts := range map[string]wire.GetOptions{"plain": {}, "read-once": {ReadOnce: true}} {
			var out bytes.Buffer
			n, err = c.Get(ctx, "f", int64(size), &out, opts)
			if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), data) {
				t.Fatalf("%s get of %d bytes: %d, %v", name, size, n, err)
			}
		}
		var out bytes.Buffer
		n, err = c.Get(ctx, "f", -1, &out, wire.GetOptions{Max: int64(size) + 1})
		if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), data) {
			t.Fatalf("get of %d bytes without a size: %d, %v", size, n, err)
		}
	}
}

func TestLimitsOfOpenSSHAreAdopted(t *testing.T) {
	c, _ := openssh(t)
	if got := c.Limits(); got.Read != 255<<10 || got.Write != 255<<10 || got.Handles == 0 {
		t.Errorf("limits = %+v", got)
	}
	if _, ok := c.Extensions()["posix-rename@openssh.com"]; !ok {
		t.Errorf("extensions = %v", c.Extensions())
	}
}

func TestPathsOnOpenSSH(t *testing.T) {
	c, dir := openssh(t)
	ctx := context.Background()
	write(t, filepath.Join(dir, "a"), []byte("abc"))
	write(t, filepath.Join(dir, "b"), []byte("b"))

	if err := c.Rename(ctx, "a", "b"); err == nil {
		t.Error("RENAME replaced a file")
	}
	if err := c.PosixRename(ctx, "a", "b"); err != nil {
		t.Error(err)
	}
	e, err := c.Stat(ctx, "b")
	if err != nil || e.Size != 3 || e.Name != "b" || e.Kind != job.KindFile || e.ModTime == 0 {
		t.Errorf("stat: %+v, %v", e, err)
	}
	if _, err := c.Stat(ctx, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("stat of a missing file: %v", err)
	}
	if err := c.Mkdir(ctx, "d"); err != nil {
		t.Error(err)
	}
	if err := c.Rename(ctx, "b", "d/c"); err != nil {
		t.Error(err)
	}
	if err := os.Symlink("d", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if e, err := c.Lstat(ctx, "link"); err != nil || e.Kind != job.KindLink {
		t.Errorf("lstat: %+v, %v", e, err)
	}
	if e, err := c.Stat(ctx, "link"); err != nil || e.Kind != job.KindDir {
		t.Errorf("stat: %+v, %v", e, err)
	}
	if err := c.Rmdir(ctx, "d"); err == nil {
		t.Error("RMDIR removed a full folder")
	}
	if err := c.Remove(ctx, "d/c"); err != nil {
		t.Error(err)
	}
	if err := c.Rmdir(ctx, "d"); err != nil {
		t.Error(err)
	}
	if got, err := c.Realpath(ctx, "."); err != nil || got != dir {
		t.Errorf("realpath: %q, %v", got, err)
	}
	if free, err := c.Statvfs(ctx, "."); err != nil || free <= 0 {
		t.Errorf("statvfs: %d, %v", free, err)
	}
}

func TestExclusivePutLeavesWhatIsThere(t *testing.T) {
	c, dir := openssh(t)
	write(t, filepath.Join(dir, "f"), []byte("old"))
	_, err := c.Put(context.Background(), "f", bytes.NewReader([]byte("new")), wire.PutOptions{Excl: true})
	var status *wire.StatusError
	if !errors.As(err, &status) || status.Op != wire.OpOpen {
		t.Errorf("put: %v", err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "f")); string(got) != "old" {
		t.Errorf("the file holds %q", got)
	}
}

func TestListGivesRawNamesAndKinds(t *testing.T) {
	c, dir := openssh(t)
	var want []string
	for i := range 300 {
		name := fmt.Sprintf("f%03d", i)
		if i%50 == 0 {
			name = fmt.Sprintf("odd %d \x1b[31m\xff\n", i)
		}
		want = append(want, name)
		write(t, filepath.Join(dir, name), content(i))
	}
	sort.Strings(want)
	var got []string
	err := c.List(context.Background(), ".", wire.ListOptions{}, func(e job.Entry) error {
		if e.Kind != job.KindFile || e.Size < 0 || e.ModTime == 0 {
			t.Errorf("entry %+v", e)
		}
		got = append(got, e.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
