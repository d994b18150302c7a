package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(program.Leave)) }

// needs skips a test that lacks what all others of this package have: servers, peers, and the right to namespaces.
func needs(t *testing.T) {
	t.Helper()
	for name, pkg := range map[string]string{"sshd": "openssh-server", "sftp": "openssh-client", "lftp": "lftp", "gpg": "gnupg", "ip": "iproute2"} {
		if found(name) == "" {
			t.Skipf("needs %s: install Debian package %s", name, pkg)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces of its own")
	}
	if err := adopt(); err != nil {
		t.Fatal(err)
	}
}

// The short form does a workload of each kind with all peers, and keeps what it has found. With -short that is two kinds.
func TestShort(t *testing.T) {
	needs(t)
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "results.json")
	all := []struct{ name, who, row string }{
		{"small-down", everybody, "| 25 x 4 KiB down | haulier | "},
		{"large-up-20ms", everybody, "| 2 MiB up at 20 ms | haulier | "},
		{"list", everybody, "| list 500 names | haulier | "},
		{"pgp-down", "haulier, haulier without PGP, sftp and gpg", "| the same against no PGP | haulier | "},
		{"night", everybody, "| night | lftp, 8 at once | "},
	}
	if testing.Short() {
		all = all[:2]
	}
	var names []string
	for _, w := range all {
		names = append(names, w.name)
	}
	only := "^(" + strings.Join(names, "|") + ")$"
	if err := work(t.Context(), []string{"-short", "-dir", dir, "-haulier", program.Built(t), "-only", only, "-json", file}); err != nil {
		t.Fatal(err)
	}
	r, err := readReport(file)
	if err != nil {
		t.Fatal(err)
	}
	table := r.table(r)
	for _, w := range all {
		o := r.find(outcome{Name: w.name, Files: byName(t, w.name).total(), Bytes: byName(t, w.name).bytes()})
		if o == nil {
			t.Errorf("%s was not done", w.name)
			continue
		}
		who := slices.Sorted(slices.Values(slices.Concat(o.names(ours), o.names(plain), o.names(other))))
		if got := strings.Join(who, ", "); got != w.who {
			t.Errorf("%s was done by %s", w.name, got)
		}
		for _, e := range o.Entries {
			if len(e.Runs) != 1 || e.Median.Wall <= 0 || e.Median.User+e.Median.Sys <= 0 || e.Median.Peak < mib {
				t.Errorf("%s: %+v", w.name, e)
			}
		}
		if !strings.Contains(table, w.row) {
			t.Errorf("the table lacks %q:\n%s", w.row, table)
		}
	}
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// How cost grows is measured of ours alone, at each size, and told in a table.
func TestGrowth(t *testing.T) {
	needs(t)
	o, err := parse([]string{"-growth", "-short", "-dir", t.TempDir(), "-haulier", program.Built(t), "-only", "^file "})
	if err != nil {
		t.Fatal(err)
	}
	text, err := grow(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"| one file of | wall s | ", "\n| 1 MiB | ", "| files of 4 KiB | wall s | ", "\n| 10 | "} {
		if strings.Count(text, row) != 2 {
			t.Errorf("%q is not there for each direction:\n%s", row, text)
		}
	}
}

const everybody = "haulier, lftp, rclone, sftp"

func byName(t *testing.T, name string) workload {
	t.Helper()
	for _, w := range workloads() {
		if w.name == name {
			return w.short()
		}
	}
	t.Fatalf("there is no workload %s", name)
	return workload{}
}

// copier is a peer that brings files by a command of the shell, without any server.
func copier(command string) peer {
	return peer{"copier", func(workload) []string { return []string{""} }, func(_ errand, from, to, _ string) ([]string, error) {
		return []string{"sh", "-c", command, "sh", from, to}, nil
	}}
}

func siteOf(t *testing.T, w workload) errand {
	t.Helper()
	needs(t)
	s, err := openSite(t.Context(), w, t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", s.dir, err)
		}
	})
	return errand{s, false}
}

// Only who brings every file, whole and under its name, and nothing else, has a time.
func TestWhatIsWrongIsNoTime(t *testing.T) {
	e := siteOf(t, workload{does: down, files: 3, size: 5_000})
	for _, c := range []struct {
		name, command string
		right         bool
	}{
		{"all", `cp "$1"/* "$2"`, true},
		{"one byte changed", `cp "$1"/* "$2" && printf x | dd of="$2"/file-000001.csv bs=1 seek=2000 conv=notrunc status=none`, false},
		{"one cut off", `cp "$1"/* "$2" && truncate -s 4999 "$2"/file-000002.csv`, false},
		{"one missing", `cp "$1"/* "$2" && rm "$2"/file-000000.csv`, false},
		{"two exchanged", `cp "$1"/* "$2" && cd "$2" && mv file-000000.csv x && mv file-000001.csv file-000000.csv && mv x file-000001.csv`, false},
		{"one too many", `cp "$1"/* "$2" && touch "$2"/file-000003.csv.part`, false},
		{"nothing", `true`, false},
		{"all, and failed", `cp "$1"/* "$2"; exit 3`, false},
	} {
		x := entrant{entry: entry{Name: c.name}, contestant: copier(c.command), errand: e}
		x.once(t.Context(), "")
		if got := x.Error == "" && len(x.Runs) == 1; got != c.right {
			t.Errorf("%s: %d times, %q", c.name, len(x.Runs), x.Error)
		}
	}
}

// A listing has to show every name once.
func TestListed(t *testing.T) {
	judge := listed(sums{"a.csv": "", "b.csv": ""})
	for text, right := range map[string]bool{
		"a.csv\nb.csv\n": true, "sftp> ls -1f /srv\n/srv/b.csv\n/srv/a.csv\n": true,
		"a.csv\n": false, "a.csv\nb.csv\nc.csv\n": false, "a.csv\na.csv\n": false, "": false,
	} {
		if err := judge([]byte(text)); (err == nil) != right {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What Haulier prints of a run that moved too little, or not well, is refused.
func TestMoved(t *testing.T) {
	for text, right := range map[string]bool{
		"{\"file\":1}\n{\"state\":\"succeeded\",\"files\":{\"ok\":3}}\n":      true,
		`{"state":"succeeded","files":{"ok":2}}`:                              false,
		`{"state":"partial","files":{"ok":3,"held":1}}`:                       false,
		`{"state":"succeeded","files":{"ok":3,"failed":1}}`:                   false,
		`{"state":"failed","files":{"ok":0},"error":{"slug":"network.lost"}}`: false,
		``: false,
	} {
		if err := moved(3)([]byte(text)); (err == nil) != right {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// busy is a loop that takes CPU, in a process of its own.
const busy = `sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done' `

// What a contestant leaves behind when it ends is waited for, and what that used is the contestant's.
func TestOrphansCount(t *testing.T) {
	e := siteOf(t, workload{does: down, files: 1, size: 1})
	most := func(command string) float64 {
		t.Helper()
		x := entrant{contestant: copier(`cp "$1"/* "$2"; ` + command), errand: e}
		x.once(t.Context(), "")
		if x.Error != "" {
			t.Fatal(x.Error)
		}
		return x.Runs[0].User
	}
	quiet, left := most("true"), most("("+busy+"& )")
	if left < quiet+0.02 {
		t.Errorf("%v s of CPU with a loop left behind, %v s without", left, quiet)
	}
}

// A run that is ended from outside ends with all that it has started.
func TestEnded(t *testing.T) {
	e := siteOf(t, workload{does: down, files: 1, size: 1})
	left, err := newOrphans()
	if err != nil {
		t.Fatal(err)
	}
	begun := filepath.Join(t.TempDir(), "begun")
	if err := errors.Join(syscall.Mkfifo(begun, 0o600), e.clean()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := step{words: []string{"sh", "-c", "sleep 1000 & echo > " + begun + "; wait"}, meanwhile: func(ctx context.Context) error {
		_, err := os.ReadFile(begun)
		cancel()
		<-ctx.Done()
		return errors.Join(err, ctx.Err())
	}}
	if _, err := e.measure(ctx, []step{s}); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was ended gives %v", err)
	}
	if err := left.wait(t.Context()); err != nil {
		t.Error(err)
	}
}
