package interop

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"

	"github.com/haulier/haulier/internal/testserver"
)

// TestElsewhere asks every behaviour of a server that the environment names, and tells what it came to. Without one, an
// sshd is started and named there.
func TestElsewhere(t *testing.T) {
	var expect map[string]string // nil: anything that is no defect
	if os.Getenv("HAULIER_INTEROP_HOST") == "" {
		pointAt(t, openSSH(testserver.Options{})(t, variant{}))
		expect = elsewhereInHand
	}
	p := placeElsewhere(t)
	s := server{name: "elsewhere", expect: expect, start: func(testing.TB, variant) *place {
		end(cannot, "the server cannot be started in another way from here")
		return nil
	}}
	visitPlace(t, s, p, func(t *testing.T, b behaviour, got outcome) {
		t.Logf("%-26s %s", b.name, got)
		switch {
		case got.kind == fails:
			t.Error(got)
		case expect == nil, got.kind == works, got.String() == b.want:
		case expect[b.name] != got.String():
			t.Errorf("%s came to %s", b.name, got)
		}
	})
}

// elsewhereInHand is what is not asked of the sshd that is named in the environment, as nothing is known of it but that.
var elsewhereInHand = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{"login.password", "login.key-and-password", "login.interactive", "login.wrong-password", "hostkey.ecdsa", "hostkey.rsa", "hostkey.rotation", "session.rekey"} {
		m[name] = "cannot: the server cannot be started in another way from here"
	}
	for _, name := range []string{"denied.list", "denied.read", "import.delete-denied", "export.denied"} {
		m[name] = "cannot: rights cannot be taken away there"
	}
	for name, why := range map[string]string{
		"export.full": "no disk there can be filled", "request.no-setstat": "the server keeps no log of requests",
		"broken.import": "the server cannot be broken from here", "broken.export": "the server cannot be broken from here",
		"silent.import": "the server cannot be stopped from here", "silent.export": "the server cannot be stopped from here",
		"restart": "the server cannot be ended from here",
	} {
		m[name] = "cannot: " + why
	}
	return m
}()

// pointAt names a server in the environment.
func pointAt(t *testing.T, p *place) {
	for name, value := range map[string]string{"HOST": p.host, "PORT": strconv.Itoa(p.port), "USER": p.user, "KEY": p.keyFile,
		"HOST_KEY": p.hostKeys[0], "DIR": p.dir} {
		t.Setenv("HAULIER_INTEROP_"+name, value)
	}
}

// placeElsewhere is the server that the environment names, with a folder of its own there, which goes with the test.
func placeElsewhere(t *testing.T) *place {
	env := func(name string) string { return os.Getenv("HAULIER_INTEROP_" + name) }
	p := &place{host: env("HOST"), port: 22, user: env("USER"), password: env("PASSWORD"), keyFile: env("KEY"), hostKeys: []string{env("HOST_KEY")}}
	if env("PORT") != "" {
		p.port, _ = strconv.Atoi(env("PORT"))
	}
	if file := env("PASSWORD_FILE"); file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p.password = strings.TrimRight(string(content), "\r\n")
	}
	switch {
	case p.host == "" || p.user == "" || p.hostKeys[0] == "" || p.keyFile == "" && p.password == "":
		t.Fatal("HAULIER_INTEROP_HOST, _USER, _HOST_KEY, and _KEY or _PASSWORD or _PASSWORD_FILE must be set")
	case p.keyFile == "":
		p.login = "password"
	case p.password == "":
		p.login = "key"
	default:
		p.login = "key+password"
	}
	if p.keyFile != "" {
		p.keyFile, _ = filepath.Abs(p.keyFile)
	}
	p.dir = path.Join(env("DIR"), "haulier-interop-"+strings.ToLower(rand.Text()[:12]))
	p.files = newRemote(t, p)
	return p
}

// remote is a tree that is reached by SFTP, with another client than ours.
type remote struct {
	client *sftp.Client
	dir    string
}

func newRemote(t *testing.T, p *place) *remote {
	var client *sftp.Client
	got := judge(func() {
		v := &visit{place: p, t: t}
		conn := v.dial()
		var err error
		client, err = sftp.NewClient(conn, sftp.UseConcurrentReads(false))
		v.must(err)
	})
	if got.kind != works {
		t.Fatal(got)
	}
	r := &remote{client, p.dir}
	if err := client.Mkdir(p.dir); err != nil {
		t.Fatalf("make %s: %v", p.dir, err)
	}
	t.Cleanup(func() {
		if err := errors.Join(client.RemoveAll(p.dir), client.Close()); err != nil {
			t.Errorf("remove %s: %v", p.dir, err)
		}
	})
	return r
}

func (r *remote) at(name string) string { return path.Join(r.dir, name) }

func (r *remote) write(name, content string) error {
	file, err := r.client.OpenFile(r.at(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	n, err := io.Copy(file, strings.NewReader(content))
	if err == nil && n != int64(len(content)) {
		err = io.ErrShortWrite
	}
	return errors.Join(err, file.Close())
}

func (r *remote) read(name string) (string, error) {
	file, err := r.client.Open(r.at(name))
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	return string(content), err
}

func (r *remote) names(dir string) ([]string, error) {
	entries, err := r.client.ReadDir(r.at(dir))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (r *remote) mkdir(name string) error {
	err := r.client.Mkdir(r.at(name))
	if info, looked := r.client.Stat(r.at(name)); err != nil && looked == nil && info.IsDir() {
		return nil
	}
	return err
}

func (r *remote) remove(name string) error       { return r.client.Remove(r.at(name)) }
func (r *remote) link(target, name string) error { return r.client.Symlink(target, r.at(name)) }
func (r *remote) touch(name string, at time.Time) error {
	return r.client.Chtimes(r.at(name), at, at)
}
