package sftptest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftptest"
)

// real starts OpenSSH's sftp-server in dir and begins a session with it.
func real(t *testing.T, dir string) *wire.Client {
	t.Helper()
	const program = "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(program); err != nil {
		t.Skip("needs sftp-server: install Debian package openssh-sftp-server")
	}
	cmd := exec.Command(program)
	cmd.Dir = dir
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	c, err := wire.New(context.Background(), pipes{out, in}, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

type pipes struct {
	io.Reader
	io.WriteCloser
}

func plant(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"full", "empty", "full/inner"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"f", "g", "full/x", "odd \xff\n"} {
		write(t, root, name, name)
	}
	for i := range 250 {
		write(t, root, fmt.Sprintf("full/inner/%03d", i), "")
	}
	for name, target := range map[string]string{"link": "f", "dangling": "nowhere", "tofolder": "full"} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// tell does everything in and out of order and tells each answer.
func tell(c *wire.Client) []string {
	ctx := context.Background()
	var story []string
	say := func(what string, err error) {
		var status *wire.StatusError
		switch {
		case errors.As(err, &status):
			story = append(story, fmt.Sprintf("%s: %d %s", what, status.Code, status.Message))
		default:
			story = append(story, fmt.Sprintf("%s: %v", what, err))
		}
	}
	paths := []string{"f", "full", "empty", "link", "dangling", "tofolder", "nowhere", "f/x", "full/x", "nowhere/x", "odd \xff\n", ".", "..", "/",
		"full/../f", strings.Repeat("n", 300), ""}
	for _, p := range paths {
		for act, look := range map[string]func(context.Context, string) (job.Entry, error){"stat": c.Stat, "lstat": c.Lstat} {
			e, err := look(ctx, p)
			if e.Kind != job.KindFile {
				e.Size = 0
			}
			say(fmt.Sprintf("%s %.40q %d %s", act, p, e.Size, e.Kind), err)
		}
		var names []string
		say(fmt.Sprintf("list %.40q", p), c.List(ctx, p, wire.ListOptions{}, func(e job.Entry) error {
			names = append(names, e.Name)
			return nil
		}))
		slices.Sort(names)
		if p != ".." && p != "/" {
			story = append(story, fmt.Sprintf("%q", names))
		}
	}
	slices.Sort(story)
	for _, p := range []string{"f", "nowhere", "nowhere/x", "link", "dangling", "f/x"} {
		var out bytes.Buffer
		_, err := c.Get(ctx, p, -1, &out, wire.GetOptions{Max: 100})
		say(fmt.Sprintf("get %q: %q", p, out.String()), err)
	}
	for _, p := range []string{"new", "f", "full", "nowhere/x", "f/x", "link"} {
		for _, excl := range []bool{true, false} {
			_, err := c.Put(ctx, p, strings.NewReader("put"), wire.PutOptions{Excl: excl, Fsync: true})
			say(fmt.Sprintf("put %q %v", p, excl), err)
		}
	}
	for _, pair := range [][2]string{{"g", "h"}, {"g", "x"}, {"h", "f"}, {"h", "full"}, {"full", "full2"}, {"full2", "empty"}, {"full2", "full"},
		{"h", "nowhere/x"}, {"link", "link2"}, {"h", "h"}, {"nowhere", "nowhere"}} {
		say(fmt.Sprintf("rename %q", pair), c.Rename(ctx, pair[0], pair[1]))
	}
	for _, pair := range [][2]string{{"h", "f"}, {"f", "full"}, {"full", "empty"}, {"empty", "full"}, {"f", "f"}, {"x", "y"}, {"f", "nowhere/x"}} {
		say(fmt.Sprintf("posix-rename %q", pair), c.PosixRename(ctx, pair[0], pair[1]))
	}
	for _, p := range []string{"d", "d", "f", "nowhere/d"} {
		say(fmt.Sprintf("mkdir %q", p), c.Mkdir(ctx, p))
	}
	for _, p := range []string{"d", "d", "f", "full", "full/inner", "link2"} {
		say(fmt.Sprintf("rmdir %q", p), c.Rmdir(ctx, p))
	}
	for _, p := range []string{"f", "f", "full", "link2", "nowhere", "dangling"} {
		say(fmt.Sprintf("remove %q", p), c.Remove(ctx, p))
	}
	_, err := c.Statvfs(ctx, ".")
	say("statvfs", err)
	_, err = c.Statvfs(ctx, "nowhere")
	say("statvfs of nothing", err)
	return append(story, fmt.Sprint(c.Limits().Read, c.Limits().Write, len(c.Extensions()) > 3))
}

// Without knobs the server's answers are OpenSSH's, to the word.
func TestAnHonestServerAnswersAsOpenSSH(t *testing.T) {
	want := tell(real(t, plant(t)))
	s, err := sftptest.Start(sftptest.Options{Root: plant(t), Users: []sftptest.User{{Name: "demo", Password: "pw"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if diff := cmp.Diff(want, tell(connect(t, s))); diff != "" {
		t.Errorf("OpenSSH (-) and this server (+): %s", diff)
	}
}

// Users see nothing outside the folder.
func TestUsersStayInTheFolder(t *testing.T) {
	s, root := start(t, sftptest.Options{})
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"abs": outside, "rel": "../../../../../../.." + outside} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	c := connect(t, s)
	for _, p := range []string{"abs", "rel", "../../../../../.." + outside, outside} {
		if got, err := get(c, p, 6, wire.GetOptions{}); err == nil || got != "" {
			t.Errorf("%q gave %q", p, got)
		}
	}
}

// Other clients find it a good server too.
func TestOtherClientsWork(t *testing.T) {
	t.Run("the library's", func(t *testing.T) {
		s, root := start(t, sftptest.Options{})
		conn, err := login(t, s)
		if err != nil {
			t.Fatal(err)
		}
		c, err := sftp.NewClient(conn)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f, err := c.Create("/f")
		if err != nil {
			t.Fatal(err)
		}
		data := bytes.Repeat([]byte("x"), 1<<20)
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Chmod(0o600), f.Truncate(1<<19), f.Close(), c.PosixRename("/f", "/g")); err != nil {
			t.Error(err)
		}
		if got, err := os.ReadFile(filepath.Join(root, "g")); err != nil || len(got) != 1<<19 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if infos, err := c.ReadDir("/"); err != nil || len(infos) != 1 || infos[0].Mode() != 0o600 {
			t.Errorf("%v, %v", infos, err)
		}
	})
	t.Run("OpenSSH's", func(t *testing.T) {
		program, err := exec.LookPath("sftp")
		if err != nil {
			t.Skip("needs sftp: install Debian package openssh-client")
		}
		keyFile, key := keyOnDisk(t)
		s, root := start(t, sftptest.Options{Users: []sftptest.User{{Name: "demo", Keys: []ssh.PublicKey{key}}}})
		write(t, root, "f", "abc")
		known := filepath.Join(t.TempDir(), "known")
		line := fmt.Sprintf("[127.0.0.1]:%d %s\n", s.Port(), s.HostKeys()[0])
		if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		local := filepath.Join(t.TempDir(), "local")
		cmd := exec.Command(program, "-F", "none", "-i", keyFile, "-o", "UserKnownHostsFile="+known, "-o", "StrictHostKeyChecking=yes",
			"-o", "IdentitiesOnly=yes", "-b", "-", "-P", fmt.Sprint(s.Port()), "demo@127.0.0.1")
		cmd.Stdin = strings.NewReader("ls -l\nget f " + local + "\nput " + local + " copy.part\nrename copy.part copy\nrm f\ndf\n")
		out, err := cmd.CombinedOutput()
		if got, _ := os.ReadFile(filepath.Join(root, "copy")); err != nil || string(got) != "abc" || exists(root, "f") {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestStatvfsTellsOfTheDiskOfThatFolder(t *testing.T) {
	_, c, root := with(t, sftptest.Knobs{})
	full := testserver.FullDisk(t, root, os.Geteuid())
	if free, err := c.Statvfs(context.Background(), "/"+full); err != nil || free > 1<<20 {
		t.Errorf("%d bytes are free on a disk of 1 MiB, %v", free, err)
	}
}
