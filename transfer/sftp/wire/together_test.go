package wire_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/haulier/haulier/transfer/sftp/wire"
)

// Many goroutines share a session and its window; small copies are not starved by large ones.
func TestManyCopiesShareASession(t *testing.T) {
	c, dir := openssh(t)
	ctx := context.Background()
	sizes := []int{0, 1, 4096, 40_000, 255 << 10, 1<<20 + 1, 5 << 20}
	for i, size := range sizes {
		write(t, filepath.Join(dir, fmt.Sprintf("in%d", i)), content(size))
	}
	var work sync.WaitGroup
	for i := range 70 {
		size := sizes[i%len(sizes)]
		work.Go(func() {
			var out bytes.Buffer
			n, err := c.Get(ctx, fmt.Sprintf("in%d", i%len(sizes)), int64(size), &out, wire.GetOptions{})
			if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), content(size)) {
				t.Errorf("get of %d bytes: %d, %v", size, n, err)
			}
		})
		work.Go(func() {
			name := fmt.Sprintf("out%d", i)
			if _, err := c.Put(ctx, name, bytes.NewReader(content(size)), wire.PutOptions{Size: int64(size % 3)}); err != nil {
				t.Errorf("put of %d bytes: %v", size, err)
			}
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, content(size)) {
				t.Errorf("put of %d bytes left %d other ones, %v", size, len(got), err)
			}
		})
		work.Go(func() {
			if e, err := c.Stat(ctx, fmt.Sprintf("in%d", i%len(sizes))); err != nil || e.Size != int64(size) {
				t.Errorf("stat: %+v, %v", e, err)
			}
		})
	}
	work.Wait()
}

// Copies that fail half-way give their part of the window and their handles back.
func TestFailuresLeaveNothingBehind(t *testing.T) {
	c, dir := openssh(t)
	ctx := context.Background()
	data := content(3 << 20)
	write(t, filepath.Join(dir, "f"), data)
	rounds := 1200 // more than the server has handles
	if testing.Short() {
		rounds = 120
	}
	for i := range rounds {
		switch i % 3 {
		case 0:
			if _, err := c.Get(ctx, "f", int64(len(data)), &tap{1 << 20}, wire.GetOptions{}); err == nil {
				t.Fatal("a full disk went unnoticed")
			}
		case 1:
			if _, err := c.Get(ctx, "f", 10, io.Discard, wire.GetOptions{}); err == nil {
				t.Fatal("a longer file went unnoticed")
			}
		case 2:
			src := io.MultiReader(bytes.NewReader(data[:100_000]), &failing{})
			if _, err := c.Put(ctx, "g", src, wire.PutOptions{}); err == nil {
				t.Fatal("a broken source went unnoticed")
			}
		}
	}
	var out bytes.Buffer
	if _, err := c.Get(ctx, "f", int64(len(data)), &out, wire.GetOptions{}); err != nil || !bytes.Equal(out.Bytes(), data) {
		t.Errorf("after %d failures: %d bytes, %v", rounds, out.Len(), err)
	}
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errFull }
