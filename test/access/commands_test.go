package access

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/test/program"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// command is something that people do by command.
type command struct {
	args  string
	stdin string
	acts  string // of the lines that it leaves in the audit list
	fails bool   // as nobody answers
}

// commands are done one behind the other.
var commands = []command{
	{args: "keys generate k", acts: "key.generate"},
	{args: "keys rotate k", acts: "key.rotate"},
	{args: "keys retire k@2", acts: "key.retire"},
	{args: "keys import theirs key.pem", acts: "key.import"},
	{args: "pgp generate p --type x25519", acts: "pgp.generate"},
	{args: "pgp rotate p", acts: "pgp.rotate"},
	{args: "pgp retire p@1 --used-lately", acts: "key.retire"},
	{args: "pgp import c one.asc", acts: "pgp.import"},
	{args: "pgp import c two.asc --replace", acts: "pgp.renew"},
	{args: "secrets set s", stdin: "hush", acts: "secret.set"},
	{args: "secrets remove s", acts: "secret.remove"},
	{args: "secrets rotate", acts: "secrets.rotate secrets.rotated"},
	{args: "pause alfa-in --reason x", acts: "job.pause"},
	{args: "resume alfa-in", acts: "job.resume"},
	{args: "pause alfa-conn --reason x", acts: "connection.pause"},
	{args: "resume alfa-conn", acts: "connection.resume"},
	{args: "connections test alfa-conn", acts: "connection.test connection.tested", fails: true},
	{args: "run alfa-in", acts: "job.run", fails: true},
	{args: "retry 1", acts: "run.retry", fails: true},
	{args: "alerts ack 1", acts: "alert.ack"},
	{args: "alerts silence 1 --until 1h --reason x", acts: "alert.silence"},
	{args: "alerts unsilence 1", acts: "alert.unsilence"},
	{args: "alerts test hook", acts: "channel.test channel.tested", fails: true},
	{args: "events redeliver 1", acts: "delivery.redeliver"},
	{args: "events redeliver --channel hook", acts: "delivery.redeliver"},
	{args: "jobs extend alfa-in --until 3h --reason x", acts: "expect.extend"},
	{args: "onboarding alfa-conn --link 14d", acts: "sheet.link"},
	{args: "onboarding alfa-conn --end-links", acts: "sheet.unlink"},
	{args: "held resolve 1 --as drop --reason x", acts: "held.resolve"},
	{args: "reconcile alfa-in --as landed --reason x", acts: "job.reconcile"},
	{args: "tokens create fresh --expires 9d", acts: "token.create"},
	{args: "tokens revoke fresh", acts: "token.revoke"},
	{args: "users add fresh", stdin: "correct horse battery", acts: "user.add"},
	{args: "users role fresh operator", acts: "user.role"},
	{args: "users password fresh", stdin: "battery horse correct", acts: "user.password"},
	{args: "users logout fresh", acts: "user.logout"},
	{args: "users remove fresh", acts: "user.remove"},
	{args: "backup all.backup --passphrase-file pass", acts: "store.backup store.backed_up"},
	{args: "connections purge alfa-conn --yes", acts: "connection.purge"}, // it is taken out of the configuration before
}

// others are commands that do nothing that is in the audit list, or are shown elsewhere.
var others = map[string]string{
	"alerts list": "", "alerts show": "", "audit list": "", "audit verify": "", "check": "", "config diff": "", "config migrate": "", "config show": "",
	"connections list": "", "connections ls": "", "connections show": "", "connections stats": "", "create": "", "demo": "", "demo break": "", "demo mend": "",
	"docs": "", "doctor": "", "events list": "", "held list": "", "held show": "", "history": "", "jobs expectations": "", "jobs list": "", "jobs next": "",
	"keys calendar": "", "keys convert": "", "keys list": "", "keys show": "", "logs": "", "pgp list": "", "pgp show": "", "plan": "", "schema": "", "secrets list": "",
	"serve": "", "show": "", "status": "", "tokens list": "", "users list": "", "version": "",
	"completion bash": "", "completion fish": "", "completion powershell": "", "completion zsh": "",
	"approve": "TestWhatEachActComesTo", "reject": "TestWhatEachActComesTo", "cancel": "TestWhatEachActComesTo", "reload": "TestWhatEachActComesTo",
	"connections trust": "TestWhatEachActComesTo",
	"init":              "makes the store", "restore": "the line is written before the store takes its place",
}

// Every command is one that acts, with its lines, or none that does.
func TestEveryCommandIsKnownByItsLines(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := regexp.MustCompile(`(?m)^## haulier (.+)$`).FindAllStringSubmatch(string(text), -1)
	for i, h := range headings {
		if i+1 < len(headings) && strings.HasPrefix(headings[i+1][1], h[1]+" ") && h[1] != "demo" {
			continue // a group
		}
		_, other := others[h[1]]
		acts := slices.ContainsFunc(commands, func(c command) bool { return strings.HasPrefix(c.args+" ", h[1]+" ") })
		if acts == other {
			t.Errorf("haulier %s acts: %v, does not: %v", h[1], acts, other)
		}
	}
}

// No act is done without its line in the audit list, as a process that dies between them would leave it: where the list takes no line, nothing
// is done; where it does, the act's lines are there, and name who asked.
func TestNoCommandActsWithoutItsLine(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: the built program, twice for each command")
	}
	h := newHouse(t)
	h.prepare()
	h.call("", "keys", "generate", "first") // and with it the master key
	for _, c := range commands {
		if strings.HasPrefix(c.args, "connections purge") {
			h.withoutAlfa()
		}
		// a run keeps the configuration that it is of, whatever becomes of it; sealing anew goes on where it was cut off
		before, files := h.books("config_revisions"), h.files()
		h.refuseLines(true)
		code, said := h.call(c.stdin, strings.Fields(c.args)...)
		h.refuseLines(false)
		if changed := h.books("config_revisions").changed(before); code == 0 || len(changed) > 0 {
			t.Errorf("haulier %s, where no line is taken: exit %d %s\nchanged: %.2000s", c.args, code, said, strings.Join(changed, "\n"))
		}
		if now := h.files(); !slices.Equal(now, files) {
			t.Errorf("haulier %s, where no line is taken, leaves the files %q, before %q", c.args, now, files)
		}
		_, last := h.lines(0)
		code, said = h.call(c.stdin, strings.Fields(c.args)...)
		lines, _ := h.lines(last)
		var acts []string
		for _, l := range lines {
			if acts = append(acts, l.act); l.who != "ops" {
				t.Errorf("haulier %s: by %q", c.args, l.who)
			}
		}
		if got := strings.Join(acts, " "); got != c.acts || (code != 0) != c.fails {
			t.Errorf("haulier %s: exit %d, lines %q, want %q\n%.400s", c.args, code, got, c.acts, said)
		}
	}
}

// prepare writes what the commands read.
func (h *house) prepare() {
	h.t.Helper()
	pair, err := sshkey.Generate("", "")
	if err != nil {
		h.t.Fatal(err)
	}
	path := filepath.Join(h.dir, "haulier.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.write("haulier.yaml", string(text)+"channels:\n  hook: {type: webhook, url: \"http://127.0.0.1:1/\", signing_secret: {env: ACCESS_HOOK}}\n")
	h.write("key.pem", string(pair.Private.Reveal()))
	h.write("pass", "correct horse battery")
	other := newHouse(h.t)
	for _, name := range []string{"one", "two"} {
		other.call("", "pgp", "generate", name, "--type", "x25519")
		_, key := other.call("", "pgp", "show", name)
		h.write(name+".asc", key)
	}
}

func (h *house) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// withoutAlfa takes a connection and its jobs out of the configuration, which a daemon has loaded before.
func (h *house) withoutAlfa() {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, "haulier.yaml"))
	if err != nil {
		h.t.Fatal(err)
	}
	kept := slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), alfa) })
	h.write("haulier.yaml", strings.Join(kept, "\n"))
}

// files are the names of what lies in the folder of the house.
func (h *house) files() (names []string) {
	h.t.Helper()
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "landing" { // made wherever a stage is opened
			names = append(names, e.Name())
		}
	}
	return names
}

// call calls the program, and gives its exit code and what it said.
func (h *house) call(stdin string, args ...string) (code int, said string) {
	h.t.Helper()
	command := exec.CommandContext(h.t.Context(), program.Built(h.t), args...)
	command.Dir, command.Stdin = h.dir, strings.NewReader(stdin)
	command.Env = append([]string{"USER=ops", "HOME=" + h.dir, "TZ=UTC"}, environment...)
	text, err := command.CombinedOutput()
	if err != nil && command.ProcessState.ExitCode() <= 0 {
		h.t.Fatalf("haulier %q: %v\n%s", args, err, text)
	}
	return command.ProcessState.ExitCode(), string(text)
}
