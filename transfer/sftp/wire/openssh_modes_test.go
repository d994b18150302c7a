package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/transfer/sftp/wire"
)

// A server that takes files and lets nobody look.
func TestPutOnlyOpenSSHTakesFiles(t *testing.T) {
	c, dir := openssh(t, "-p", "open,write,close,realpath")
	ctx := context.Background()
	data := content(1<<20 + 1)
	if n, err := c.Put(ctx, "f", bytes.NewReader(data), wire.PutOptions{}); err != nil || n != int64(len(data)) {
		t.Fatalf("put: %d, %v", n, err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the server has %d bytes, %v", len(got), err)
	}
	_, stat := c.Stat(ctx, "f")
	_, lstat := c.Lstat(ctx, "f")
	for act, err := range map[string]error{
		"stat": stat, "lstat": lstat, "rename": c.Rename(ctx, "f", "g"), "remove": c.Remove(ctx, "f"),
		"list": list(ctx, c), "mkdir": c.Mkdir(ctx, "d"),
	} {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", act, err)
		}
	}
	if _, err := c.Realpath(ctx, "."); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyOpenSSHGivesFiles(t *testing.T) {
	c, dir := openssh(t, "-R")
	ctx := context.Background()
	write(t, filepath.Join(dir, "f"), []byte("abc"))
	var out bytes.Buffer
	if _, err := c.Get(ctx, "f", 3, &out, wire.GetOptions{}); err != nil || out.String() != "abc" {
		t.Errorf("get: %q, %v", out.String(), err)
	}
	var status *wire.StatusError
	if _, err := c.Put(ctx, "f", bytes.NewReader(nil), wire.PutOptions{}); !errors.As(err, &status) || status.Op != wire.OpOpen {
		t.Errorf("put: %v", err)
	}
	if err := c.Remove(ctx, "f"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("remove: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "f")); err != nil {
		t.Error(err)
	}
}

// The server's process is killed in the middle of a copy.
func TestADyingOpenSSHIsNeverTakenForSuccess(t *testing.T) {
	const size = 64 << 20
	for range 20 {
		stream := sftpServer(t, t.TempDir()).(pipes)
		c := connect(t, stream, wire.Options{})
		src := &dying{left: size / 2, act: func() { _ = stream.cmd.Process.Kill() }}
		n, err := c.Put(context.Background(), "f", io.LimitReader(src, size), wire.PutOptions{})
		var connection *wire.ConnectionError
		if !errors.As(err, &connection) || !connection.Sent || n >= size {
			t.Fatalf("put: %d, %v", n, err)
		}
	}
}

// dying acts once, after left bytes were read.
type dying struct {
	left int64
	act  func()
}

func (d *dying) Read(p []byte) (int, error) {
	clear(p)
	if d.left -= int64(len(p)); d.left <= 0 && d.act != nil {
		d.act()
		d.act = nil
	}
	return len(p), nil
}
