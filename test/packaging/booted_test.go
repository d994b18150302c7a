//go:build systemd

package packaging

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// system is one that systemd has started, in namespaces of its own.
type system struct {
	t     *testing.T
	first string // process of systemd, as this machine counts
}

// boot starts a system that ends with the test.
func boot(t *testing.T, pkg string) system {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: it makes namespaces and mounts")
	}
	if _, err := os.Stat("/lib/systemd/systemd"); err != nil {
		t.Skip("needs systemd: install Debian package systemd")
	}
	console, err := os.Create(filepath.Join(t.TempDir(), "console"))
	if err != nil {
		t.Fatal(err)
	}
	// Its first process dies with unshare, and all others with it.
	unshare := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount", "--net", "--uts", "--ipc", "--cgroup", "sh", "testdata/boot.sh", t.TempDir(), pkg)
	unshare.Stdout, unshare.Stderr = console, console
	if err := unshare.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unshare.Process.Kill()
		_ = unshare.Wait()
		_ = console.Close()
	})
	s := system{t: t}
	children := fmt.Sprintf("/proc/%d/task/%[1]d/children", unshare.Process.Pid)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if child, err := os.ReadFile(children); err == nil && len(child) > 0 {
			s.first = strings.TrimSpace(string(child))
			if state, _ := s.try("systemctl is-system-running"); state == "running\n" {
				return s
			}
		}
		if errors.Is(syscall.Kill(unshare.Process.Pid, 0), syscall.ESRCH) || time.Now().After(deadline) {
			said, _ := os.ReadFile(console.Name())
			if strings.Contains(string(said), "mount:") {
				t.Log(string(said))
				t.Skip("needs root: and a kernel that mounts overlay and cgroup2")
			}
			t.Fatalf("systemd does not run: %s", said)
		}
	}
}

// try runs a script in the system.
func (s system) try(script string) (said string, code int) {
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	enter := exec.CommandContext(ctx, "nsenter", "--target", s.first, "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--root", "--wdns=/",
		"env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "NO_COLOR=1", "sh", "-c", script)
	out, err := enter.CombinedOutput()
	if ctx.Err() != nil {
		s.t.Fatalf("%s: took more than two minutes: %s", script, out)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return string(out), enter.ProcessState.ExitCode()
}

// run is a script that has to succeed.
func (s system) run(script string) (said string) {
	s.t.Helper()
	said, code := s.try(script)
	if code != 0 {
		journal, _ := s.try("systemctl status --no-pager haulier; journalctl --no-pager -o cat -n 50")
		s.t.Fatalf("%s\nended with %d: %s\njournal:\n%s", script, code, said, journal)
	}
	return said
}

// becomes waits until a script ends well.
func (s system) becomes(script string) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if _, code := s.try(script); code == 0 {
			return
		}
	}
	s.t.Fatalf("in two minutes it did not come to %s", script)
}

// restartsAfter sends the daemon a signal, behind which systemd has to bring it back.
func (s system) restartsAfter(signal string) {
	s.t.Helper()
	before := s.run("systemctl show --property=MainPID --value haulier")
	s.run("systemctl kill --signal=" + signal + " haulier")
	s.becomes(`systemctl is-active haulier && [ "$(systemctl show --property=MainPID --value haulier)" != ` + strings.TrimSpace(before) + ` ]`)
}

// customer starts OpenSSH with a user to log in as, and edits the shipped configuration as operations.md has it done.
func (s system) customer() {
	s.t.Helper()
	s.run(`mkdir -p /run/sshd /var/acme/export /var/acme/.ssh && useradd --home-dir /var/acme --shell /bin/sh acme && usermod -p '*' acme && chown -R acme /var/acme
		ssh-keygen -q -t ed25519 -N '' -f /run/hostkey
		systemd-run --quiet --unit=customer /usr/sbin/sshd -D -e -p 22 -h /run/hostkey -o UsePAM=no -o Subsystem='sftp internal-sftp' -f /dev/null
		install -d -o haulier -g haulier /srv/haulier
		sed -i '/enabled: false/d; s/sftp.acme.example/127.0.0.1/; s/username: platform/username: acme/; s#/export,#/var/acme/export,#; s#match: "\*.csv"}#match: "*.csv", stable_for: 0s}#; /schedule:/d' /etc/haulier/haulier.yaml
		runuser -u haulier -- haulier check --quiet || [ $? = 3 ]
		runuser -u haulier -- haulier keys generate acme | head -1 >/var/acme/.ssh/authorized_keys`)
	s.becomes("ssh-keyscan 127.0.0.1 2>/dev/null | grep ed25519")
	s.run("runuser -u haulier -- haulier connections trust acme --fingerprint $(ssh-keygen -lf /run/hostkey.pub | cut -d' ' -f2)")
}

// TestServiceUnderSystemd follows operations.md on a system with Debian's own systemd: the package, a start that waits until it
// answers, a file that lands, the master key as a credential, reloads, a process that dies, one that hangs, a stop, the package's end.
func TestServiceUnderSystemd(t *testing.T) {
	s := boot(t, deb(t))
	s.run("dpkg --install /given.deb")
	if said, _ := s.try("systemctl is-active haulier"); said != "inactive\n" {
		t.Errorf("installed, it is %s", said)
	}
	s.customer()
	s.run("systemctl enable --now haulier")
	if said := s.run("systemctl show --property=StatusText --value haulier"); said != "2 jobs on 1 connection, revision 1\n" {
		t.Errorf("it says of itself: %s", said)
	}
	s.lands("first")

	s.run(`install -d -m 0700 /etc/credstore && install -m 0600 /var/lib/haulier/master.key /etc/credstore/haulier-master-key
		rm /var/lib/haulier/master.key && systemctl restart haulier`)
	s.lands("second") // the private key was opened with the credential

	s.run("sed -i 's/^timezone: UTC/timezone: Europe\\/Brussels/' /etc/haulier/haulier.yaml && systemctl reload haulier")
	if said := s.run("systemctl show --property=StatusText --value haulier"); said != "2 jobs on 1 connection, revision 2\n" {
		t.Errorf("after the reload it says of itself: %s", said)
	}
	if said, code := s.try("echo 'bad: [' >>/etc/haulier/haulier.yaml && systemctl reload haulier"); code == 0 {
		t.Errorf("a broken configuration was taken: %s", said)
	}
	s.run("sed -i '$d' /etc/haulier/haulier.yaml")
	s.lands("third")

	s.run(`mkdir -p /run/systemd/system/haulier.service.d && printf '[Service]\nRestartSec=100ms\nWatchdogSec=15s\n' >/run/systemd/system/haulier.service.d/fast.conf
		systemctl daemon-reload && systemctl restart haulier`)
	s.restartsAfter("KILL")
	s.restartsAfter("STOP") // the watchdog sees no sign of life
	s.lands("fourth")

	s.run("systemctl stop haulier")
	if said := s.run("systemctl show --property=Result,ExecMainStatus --value haulier | xargs"); said != "success 0\n" {
		t.Errorf("it stopped with %s", said)
	}
	s.run("systemctl start haulier && dpkg --remove haulier")
	if said, _ := s.try("systemctl is-active haulier; ls /etc/haulier /var/lib/haulier"); !strings.Contains(said, "inactive\n") || !strings.Contains(said, "haulier.yaml") || !strings.Contains(said, "haulier.db") {
		t.Errorf("removed, there is %s", said)
	}
}

// lands has the customer offer a file, and the daemon bring it.
func (s system) lands(name string) {
	s.t.Helper()
	s.run(fmt.Sprintf("echo %s >/var/acme/export/%[1]s.csv && runuser -u haulier -- haulier run acme-import", name))
	if said := s.run(fmt.Sprintf("cat /srv/haulier/landing/acme/%s.csv; stat -c %%U /srv/haulier/landing/acme/%[1]s.csv", name)); said != name+"\nhaulier\n" {
		s.t.Errorf("%s landed as %s", name, said)
	}
}
