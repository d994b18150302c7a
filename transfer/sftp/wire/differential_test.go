package wire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/sftp"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// library starts the library's server in dir and gives the other end of its pipe.
func library(t testing.TB, dir string) io.ReadWriteCloser {
	t.Helper()
	ours, theirs := net.Pipe()
	server, err := sftp.NewServer(theirs, sftp.WithServerWorkingDirectory(dir))
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve() })
	t.Cleanup(func() {
		_ = ours.Close()
		_ = theirs.Close()
		done.Wait()
	})
	return ours
}

// plant makes a tree with one of everything.
func plant(t testing.TB, dir string) {
	t.Helper()
	for i, size := range interestingSizes {
		write(t, filepath.Join(dir, fmt.Sprintf("f%d", i)), content(size))
	}
	write(t, filepath.Join(dir, "odd \xff\x1b\n"), []byte("odd"))
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "full"), 0o700),
		os.Mkdir(filepath.Join(dir, "empty"), 0o700),
		os.Symlink("f1", filepath.Join(dir, "link")),
		os.Symlink("nowhere", filepath.Join(dir, "dangling")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 250 {
		write(t, filepath.Join(dir, "full", fmt.Sprintf("%03d", i)), nil)
	}
	old := time.Unix(1_000_000_000, 0)
	if err := os.Chtimes(filepath.Join(dir, "f1"), old, old); err != nil {
		t.Fatal(err)
	}
}

// remote is what both clients can do.
type remote interface {
	list(dir string) ([]job.Entry, error)
	lstat(path string) (job.Entry, error)
	get(path string, size int64) ([]byte, error)
	put(path string, data []byte) error
	rename(from, to string) error
	remove(path string) error
	mkdir(path string) error
}

// mine is the client of this package.
type mine struct{ c *wire.Client }

func (m mine) list(dir string) (all []job.Entry, err error) {
	err = m.c.List(context.Background(), dir, wire.ListOptions{}, func(e job.Entry) error {
		all = append(all, e)
		return nil
	})
	return all, err
}
func (m mine) lstat(path string) (job.Entry, error) { return m.c.Lstat(context.Background(), path) }
func (m mine) get(path string, size int64) ([]byte, error) {
	var out bytes.Buffer
	_, err := m.c.Get(context.Background(), path, size, &out, wire.GetOptions{})
	return out.Bytes(), err
}
func (m mine) put(path string, data []byte) error {
	_, err := m.c.Put(context.Background(), path, bytes.NewReader(data), wire.PutOptions{})
	return err
}
func (m mine) rename(from, to string) error { return m.c.Rename(context.Background(), from, to) }
func (m mine) remove(path string) error     { return m.c.Remove(context.Background(), path) }
func (m mine) mkdir(path string) error      { return m.c.Mkdir(context.Background(), path) }

// theirs is the library's client.
type theirs struct{ c *sftp.Client }

func info(i fs.FileInfo) job.Entry {
	e := job.Entry{Name: i.Name(), Size: i.Size(), ModTime: i.ModTime().Unix(), Kind: job.KindOther}
	switch {
	case i.Mode().IsRegular():
		e.Kind = job.KindFile
	case i.IsDir():
		e.Kind = job.KindDir
	case i.Mode()&fs.ModeSymlink != 0:
		e.Kind = job.KindLink
	}
	return e
}

func (l theirs) list(dir string) (all []job.Entry, err error) {
	infos, err := l.c.ReadDir(dir)
	for _, i := range infos {
		all = append(all, info(i))
	}
	return all, err
}
func (l theirs) lstat(p string) (job.Entry, error) {
	i, err := l.c.Lstat(p)
	if err != nil {
		return job.Entry{}, err
	}
	e := info(i)
	e.Name = path.Base(p)
	return e, nil
}
func (l theirs) get(path string, _ int64) ([]byte, error) {
	f, err := l.c.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
func (l theirs) put(path string, data []byte) error {
	f, err := l.c.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
func (l theirs) rename(from, to string) error { return l.c.Rename(from, to) }
func (l theirs) remove(path string) error     { return l.c.Remove(path) }
func (l theirs) mkdir(path string) error      { return l.c.Mkdir(path) }

// tell does the same things with any client and tells what came of them.
func tell(r remote) []string {
	var story []string
	say := func(format string, args ...any) { story = append(story, fmt.Sprintf(format, args...)) }
	verdict := func(err error) string {
		switch {
		case err == nil:
			return "well"
		case errors.Is(err, fs.ErrNotExist):
			return "not there"
		case errors.Is(err, fs.ErrPermission):
			return "not allowed"
		}
		return "refused"
	}
	for _, dir := range []string{".", "full", "empty", "nowhere", "f1"} {
		all, err := r.list(dir)
		for i, e := range all {
			all[i] = settle(e)
		}
		sort.Slice(all, func(i, k int) bool { return all[i].Name < all[k].Name })
		for _, e := range all {
			say("%s: %q %d %d %s", dir, e.Name, e.Size, e.ModTime, e.Kind)
		}
		say("list %s: %s", dir, verdict(err))
	}
	for _, p := range []string{"f1", "full", "link", "dangling", "nowhere", "odd \xff\x1b\n"} {
		e, err := r.lstat(p)
		e = settle(e)
		say("lstat %q: %q %d %d %s %s", p, e.Name, e.Size, e.ModTime, e.Kind, verdict(err))
	}
	for i, size := range interestingSizes {
		data, err := r.get(fmt.Sprintf("f%d", i), int64(size))
		say("get %d: %x %s", i, digest(data), verdict(err))
	}
	_, err := r.get("nowhere", 1)
	say("get of nothing: %s", verdict(err))
	for i, size := range interestingSizes {
		name := fmt.Sprintf("p%d", i)
		say("put %d: %s", size, verdict(r.put(name, content(size+i))))
		data, err := r.get(name, int64(size+i))
		say("and back: %x %s", digest(data), verdict(err))
	}
	say("put over a longer one: %s", verdict(r.put("p5", []byte("short"))))
	data, err := r.get("p5", 5)
	say("and back: %q %s", data, verdict(err))
	say("put nowhere: %s", verdict(r.put("nowhere/x", nil)))
	say("rename: %s", verdict(r.rename("p0", "q")))
	say("rename of nothing: %s", verdict(r.rename("p0", "r")))
	say("mkdir: %s, again: %s", verdict(r.mkdir("new")), verdict(r.mkdir("new")))
	say("remove: %s, again: %s", verdict(r.remove("q")), verdict(r.remove("q")))
	return story
}

// settle takes away what differs between two equal trees: the length of a folder and the age of a link.
func settle(e job.Entry) job.Entry {
	switch e.Kind {
	case job.KindDir:
		e.Size = 0
	case job.KindLink:
		e.ModTime = 0
	}
	return e
}

func digest(data []byte) [4]byte {
	var d [4]byte
	for i, b := range data {
		d[i%4] = d[i%4]*31 + b
	}
	return d
}

// Two clients tell the same story of equal trees on the same server.
func TestBothClientsTellTheSameStory(t *testing.T) {
	servers := map[string]func(testing.TB, string) io.ReadWriteCloser{
		"OpenSSH's server":     func(t testing.TB, dir string) io.ReadWriteCloser { return sftpServer(t, dir) },
		"the library's server": library,
	}
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			ourDir, theirDir := t.TempDir(), t.TempDir()
			plant(t, ourDir)
			plant(t, theirDir)
			sameTimes(t, ourDir, theirDir)
			ours := tell(mine{connect(t, server(t, ourDir), wire.Options{})})
			stream := server(t, theirDir)
			c, err := sftp.NewClientPipe(stream, stream)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = stream.Close(); _ = c.Close() }()
			if diff := cmp.Diff(tell(theirs{c}), ours); diff != "" {
				t.Errorf("the library's story (-) and ours (+): %s", diff)
			}
		})
	}
}

// sameTimes gives everything in both trees the same modification time.
func sameTimes(t *testing.T, dirs ...string) {
	t.Helper()
	then := time.Unix(1_700_000_000, 0)
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink != 0 {
				return err
			}
			return os.Chtimes(name, then, then)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
