package wire_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pkg/sftp"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

const benchSize = 64 << 20

// versus runs a benchmark with this client and with the library's, each with OpenSSH's server over pipes.
func versus(b *testing.B, bytes int64, prepare func(dir string), ours func(*wire.Client) error, library func(*sftp.Client) error) {
	b.Run("wire", func(b *testing.B) {
		dir := b.TempDir()
		prepare(dir)
		c := connect(b, sftpServer(b, dir), wire.Options{})
		repeat(b, bytes, func() error { return ours(c) })
	})
	b.Run("library", func(b *testing.B) {
		dir := b.TempDir()
		prepare(dir)
		stream := sftpServer(b, dir)
		c, err := sftp.NewClientPipe(stream, stream, sftp.UseConcurrentWrites(true))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = stream.Close(); _ = c.Close() }()
		repeat(b, bytes, func() error { return library(c) })
	})
}

func repeat(b *testing.B, bytes int64, act func() error) {
	b.ReportAllocs()
	b.SetBytes(bytes)
	for b.Loop() {
		if err := act(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet64MiB(b *testing.B) {
	versus(b, benchSize, func(dir string) { write(b, filepath.Join(dir, "f"), content(benchSize)) },
		func(c *wire.Client) error {
			_, err := c.Get(context.Background(), "f", benchSize, io.Discard, wire.GetOptions{})
			return err
		},
		func(c *sftp.Client) error {
			f, err := c.Open("f")
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteTo(io.Discard)
			return err
		})
}

func BenchmarkPut64MiB(b *testing.B) {
	data := content(benchSize)
	versus(b, benchSize, func(string) {},
		func(c *wire.Client) error {
			_, err := c.Put(context.Background(), "f", bytes.NewReader(data), wire.PutOptions{})
			return err
		},
		func(c *sftp.Client) error {
			f, err := c.OpenFile("f", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.ReadFrom(bytes.NewReader(data))
			return err
		})
}

func BenchmarkList10000(b *testing.B) {
	prepare := func(dir string) {
		for i := range 10_000 {
			write(b, filepath.Join(dir, fmt.Sprintf("customers_%06d.csv.pgp", i)), nil)
		}
	}
	versus(b, 0, prepare,
		func(c *wire.Client) error {
			n := 0
			err := c.List(context.Background(), ".", wire.ListOptions{}, func(job.Entry) error { n++; return nil })
			if err == nil && n != 10_000 {
				err = fmt.Errorf("%d names", n)
			}
			return err
		},
		func(c *sftp.Client) error {
			_, err := c.ReadDir(".")
			return err
		})
}
