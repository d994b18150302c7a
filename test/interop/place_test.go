package interop

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// place is a server that runs, as behaviours see it. What is nil cannot be done to it from here.
type place struct {
	host     string
	port     int
	user     string
	password string
	keyFile  string   // path of the private key; empty: none
	login    string   // how the server wants it: key, password, interactive or key+password
	hostKeys []string // "TYPE BASE64", or "TYPE SHA256:…"
	dir      string   // the folder for all of this, as clients name it
	files    tree     // the same folder, by another way than ours
	full     string   // a folder in dir on a disk of 1 MiB; empty: none
	late     bool     // it makes a file at the first WRITE it gets to, not at OPEN, be its session dead or not
	settings []string // lines of the connection that a customer of this server would set for exports

	refresh       func()             // before the server is asked: it looks at its disk anew
	thaw          func()             // undoes freeze where the place goes on to others
	cut           func()             // ends all sessions
	mend          func()             // after cut: the server takes new ones
	pause, resume func()             // nothing is answered meanwhile
	stop          func()             // the server is gone
	restart       func(t testing.TB) // it is there again, on the same port
	asked         func() string      // what clients asked for, in the words of the server's log
	setstat       string             // in the log: attributes were set
	rekeyed       func() bool        // keys were changed more often than once
	forbid        func(path string)  // takes all rights to a path of dir away
	freeze        func(path string)  // nothing can be made or removed in a folder of dir
}

// tree is a folder of the server by another way than the one that is tested. Paths are below it.
type tree interface {
	write(name, content string) error
	read(name string) (string, error)
	names(dir string) ([]string, error)
	mkdir(name string) error
	remove(name string) error
	link(target, name string) error
	touch(name string, at time.Time) error
}

// disk is a tree of this machine. All in it belongs to the server's user; 0: to that of the test.
type disk struct {
	root string
	uid  int
}

func (d disk) at(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

func (d disk) write(name, content string) error {
	return errors.Join(os.WriteFile(d.at(name), []byte(content), 0o644), d.hand(name))
}

func (d disk) read(name string) (string, error) {
	content, err := os.ReadFile(d.at(name))
	return string(content), err
}

func (d disk) names(dir string) ([]string, error) {
	entries, err := os.ReadDir(d.at(dir))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (d disk) mkdir(name string) error {
	if err := os.Mkdir(d.at(name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.hand(name)
}

func (d disk) remove(name string) error { return os.Remove(d.at(name)) }

func (d disk) link(target, name string) error {
	return errors.Join(os.Symlink(target, d.at(name)), d.hand(name))
}

func (d disk) touch(name string, at time.Time) error { return os.Chtimes(d.at(name), at, at) }

// hand gives a file to the server's user.
func (d disk) hand(name string) error {
	if d.uid == 0 {
		return nil
	}
	return os.Lchown(d.at(name), d.uid, d.uid)
}

func (p *place) address() string { return net.JoinHostPort(p.host, strconv.Itoa(p.port)) }

// join names a path below the folder of the run as clients do.
func (p *place) join(name string) string { return path.Join(p.dir, name) }

// forbid takes the rights of a path away, which binds everybody but root.
func (d disk) forbid(name string) { _ = os.Chmod(d.at(name), 0) }

func (d disk) freeze(name string) { _ = os.Chmod(d.at(name), 0o555) }

// lines puts a text of several lines in order for a configuration.
func lines(indent string, more []string) string {
	var b strings.Builder
	for _, line := range more {
		b.WriteString(indent + strings.ReplaceAll(line, "\n", "\n"+indent) + "\n")
	}
	return b.String()
}
