package packaging

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// built makes the package once, as `make deb` does.
var built = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", err
	}
	make := exec.Command("make", "-s", "deb", "DEB_VERSION=1.0.0")
	make.Dir = strings.TrimSpace(string(root))
	out, err := make.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return filepath.Join(make.Dir, lines[len(lines)-1]), wrap(err, out)
})

func deb(t *testing.T) string {
	t.Helper()
	takesTime(t)
	for tool, pkg := range map[string]string{"dpkg-deb": "dpkg", "make": "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: install Debian package %s", tool, pkg)
		}
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPackageHoldsWhatItPromises looks at the package as dpkg does.
func TestPackageHoldsWhatItPromises(t *testing.T) {
	list := must(t, exec.Command("dpkg-deb", "-c", deb(t)))
	for _, want := range []string{
		"-rwxr-xr-x root/root ./usr/bin/haulier", "-rw-r----- root/root ./etc/haulier/haulier.yaml", "drwx------ root/root ./var/lib/haulier/",
		"-rw-r--r-- root/root ./usr/lib/systemd/system/haulier.service", "-rw-r--r-- root/root ./usr/share/man/man1/haulier.1.gz",
		"-rw-r--r-- root/root ./usr/share/man/man5/haulier.yaml.5.gz", "-rw-r--r-- root/root ./usr/share/bash-completion/completions/haulier",
		"-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_haulier", "-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/haulier.fish",
		"-rw-r--r-- root/root ./usr/share/doc/haulier/copyright", "-rw-r--r-- root/root ./usr/share/doc/haulier/operations.md",
		"-rw-r--r-- root/root ./usr/share/haulier/prometheus/rules.yaml", "-rw-r--r-- root/root ./usr/share/haulier/grafana/haulier.json",
	} {
		mode, path, _ := strings.Cut(want, " root/root ")
		if !hasEntry(list, mode, path) {
			t.Errorf("there is no %s in\n%s", want, list)
		}
	}
	about := must(t, exec.Command("dpkg-deb", "-I", deb(t)))
	for _, want := range []string{"Package: haulier", "Version: 1.0.0", "Depends: passwd"} {
		if !strings.Contains(about, want) {
			t.Errorf("there is no %q in\n%s", want, about)
		}
	}
	if conffiles := must(t, exec.Command("dpkg-deb", "-I", deb(t), "conffiles")); strings.TrimSpace(conffiles) != "/etc/haulier/haulier.yaml" {
		t.Errorf("configuration files: %q", conffiles)
	}
}

func hasEntry(list, mode, path string) bool {
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, mode+" ") && strings.HasSuffix(strings.TrimSpace(line), " "+path) {
			return true
		}
	}
	return false
}

// dpkg works on a system in a folder, whose scripts run from outside.
func dpkg(t *testing.T, system string, args ...string) string {
	t.Helper()
	return must(t, exec.Command("dpkg", append([]string{"--root=" + system, "--force-script-chrootless", "--force-depends", "--force-confdef", "--force-confold"}, args...)...))
}

// TestPackageIsInstalledUpdatedAndRemoved: the service gets a user and folders that are its own, an update keeps the
// configuration, and a purge keeps the ledger.
func TestPackageIsInstalledUpdatedAndRemoved(t *testing.T) {
	path := deb(t)
	if os.Getuid() != 0 {
		t.Skip("needs root: dpkg gives files to their owners")
	}
	system := t.TempDir()
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/shadow": "", "etc/gshadow": "", "var/lib/dpkg/status": "", "var/lib/dpkg/info/format": "1\n",
		"var/lib/dpkg/updates/.keep": "", "var/lib/dpkg/triggers/.keep": "",
	} {
		file := filepath.Join(system, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Remove(filepath.Join(system, "var/lib/dpkg/updates/.keep"))
	dpkg(t, system, "-i", path)
	config := filepath.Join(system, "etc/haulier/haulier.yaml")
	must(t, exec.Command(filepath.Join(system, "usr/bin/haulier"), "-c", config, "check"))

	user, group := owner(t, filepath.Join(system, "var/lib/haulier"))
	if user == 0 || group == 0 || mode(t, filepath.Join(system, "var/lib/haulier")) != 0o700 {
		t.Errorf("the data folder is of %d:%d with mode %o", user, group, mode(t, filepath.Join(system, "var/lib/haulier")))
	}
	if u, g := owner(t, config); u != 0 || g != group || mode(t, config) != 0o640 || mode(t, filepath.Dir(config)) != 0o750 {
		t.Errorf("the configuration is of %d:%d with mode %o in a folder with %o", u, g, mode(t, config), mode(t, filepath.Dir(config)))
	}

	mine := append([]byte("# mine\n"), read(t, config)...)
	ledger := filepath.Join(system, "var/lib/haulier/haulier.db")
	for name, text := range map[string][]byte{config: mine, ledger: []byte("the ledger")} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dpkg(t, system, "-i", path)
	if !bytes.Equal(read(t, config), mine) {
		t.Error("an update took the configuration away")
	}
	if u, _ := owner(t, filepath.Join(system, "var/lib/haulier")); u != user {
		t.Errorf("an update gave the data folder to %d", u)
	}
	dpkg(t, system, "-r", "haulier")
	if _, err := os.Stat(filepath.Join(system, "usr/bin/haulier")); err == nil {
		t.Error("the program is still there after it was removed")
	}
	if !bytes.Equal(read(t, config), mine) {
		t.Error("a removal took the configuration away")
	}
	dpkg(t, system, "-P", "haulier")
	if string(read(t, ledger)) != "the ledger" {
		t.Error("a purge took the ledger away")
	}
}

func owner(t *testing.T, path string) (user, group uint32) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	return stat.Uid, stat.Gid
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
