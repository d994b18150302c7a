package rows_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/haulier/haulier/test/program"
	"github.com/haulier/haulier/transfer/sftptest"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// A25, X12: a secret of every kind goes through every command, in every way of saying things, through every failure, with
// customers' servers and proxies that repeat what they were sent, through a daemon that says all it can, a panic, a dump of
// goroutines, metrics, the API, backup, restore and rotation. It is nowhere but where it is kept.
func TestCanariesAreNowhere(t *testing.T) {
	n := newNest(t)
	n.fill()
	n.settle()
	n.serveAll()
	n.quarrel()
	n.parrots()
	n.slip()
	n.panics()
	n.copies()
	n.commands()
	n.files("files of the world", n.dir, n.path("haulier-data/master.key"), n.path("restored/haulier-data/master.key"), n.path(sentinel), n.path(sentinel+"-out"))
	if len(n.canaries) < 20 {
		t.Fatalf("only %d canaries", len(n.canaries))
	}
	n.search(n.canaries, map[string]string{
		"output": sentinel, "json": sentinel, "log": sentinel, "log in JSON": sentinel, "socket": sentinel, "metrics": sentinel, "files of the world": sentinel,
		"dump of goroutines": "main.(*app).serve", "panic": "panic: failpoint", "panic that was caught": "unexpected.panic", "command line": "serve", "backup": "haulier-backup",
	})
	t.Logf("%d canaries", len(n.canaries))
}

// settle writes the configuration in which every kind of secret is used.
func (n *nest) settle() {
	jump := func(kind string) string {
		return "  " + kind + "-host:\n    " + strings.ReplaceAll(n.c.place(), "\n    \n", "\n") + "    username: jump\n    auth: {methods: [password], password: {env: JUMP}}\n"
	}
	n.world.config(n.configuration("log: {level: debug}\nmetrics: {listen: \"127.0.0.1:"+fmt.Sprint(freePort(n.world.t))+"\"}\n", n.c.place(), "jump_hosts:\n"+jump("jump"))...)
	n.write(sentinel+"-out/sent.csv", n.secret["what the platform sends"])
	n.c.put("in/.keep", "")
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// ways are connections by the kind of secret that logs them in.
var ways = []string{"env", "file", "credential", "interactive", "proxy", "jump", "own", "imported", sentinel}

func (n *nest) configuration(top, place, jumps string) []string {
	with := func(name, user, auth string, more ...string) string {
		return connection(name, append([]string{place, "username: " + user, auth, "locations: {out: /out, in: /in}"}, more...)...)
	}
	by := func(ref string) string { return "auth: {methods: [password], password: {" + ref + "}}" }
	return []string{top, jumps, "connections:\n",
		with(sentinel, "stored", by("stored: stored"), "inbound: {pgp: {decrypt_with: ours}}"),
		with("env", "env", by("env: LOGIN")),
		with("file", "file", by("file: "+n.keys+"/file")),
		with("credential", "credential", by("credential: credential")),
		with("interactive", "interactive", "auth: {methods: [keyboard-interactive], password: {env: INTERACTIVE}}"),
		with("proxy", "env", by("env: LOGIN"), "proxy: {type: http, address: \""+rudeProxy(n.world.t)+"\", username: svc, password: {env: PROXY}}"),
		with("jump", "env", by("env: LOGIN"), "jump: jump-host"),
		with("own", "env", "auth: {methods: [publickey, password], key_file: {path: "+n.keys+"/own, passphrase: {env: FILE_PASS}}, password: {env: LOGIN}}"),
		with("imported", "env", "auth: {methods: [publickey, password], key: imported, password: {env: LOGIN}}"),
		"jobs:\n", importJob(sentinel, sentinel, "out"), exportJob(sentinel+"-out", "env", "in"),
	}
}

// tryAll logs in on every connection, and runs the jobs.
func (n *nest) tryAll() {
	for _, way := range ways {
		n.terse("connections", "test", way, "--round-trip")
	}
	n.every("run", sentinel)
	n.every("run", sentinel+"-out")
	n.terse("plan")
}

// own is the user that a connection logs in as, and so whose password the server may repeat.
var own = map[string]string{sentinel: "stored", "file": "file", "credential": "credential", "interactive": "interactive"}

func userOf(way string) string {
	if user := own[way]; user != "" {
		return user
	}
	return "env"
}

// repeats lets the server answer requests with the password that it was sent.
func (n *nest) repeats(op, user string) {
	text := fmt.Sprintf("%s: you sent %s, or %q, or %x, or %s", sentinel, n.secret[user], n.secret[user], n.secret[user], base64.StdEncoding.EncodeToString([]byte("pw="+n.secret[user])))
	n.c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: op, Do: sftptest.Fail, Code: 4, Text: text}} })
}

// quarrel lets the server refuse everything, and repeat the password as it does.
func (n *nest) quarrel() {
	for _, op := range []string{"opendir", "readdir", "open", "read", "write", "close", "rename", "stat", "lstat", "remove"} {
		n.repeats(op, userOf(sentinel))
		n.c.put("out/new-"+op, n.secret["what a customer sends"])
		n.terse("run", sentinel)
		n.repeats(op, userOf("env"))
		n.terse("run", sentinel+"-out", "--force")
	}
	for _, way := range ways {
		n.repeats("", userOf(way))
		n.every("connections", "test", way)
	}
	n.c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{RefuseLogin: true} })
	n.tryAll()
	n.c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{FreshHostKey: true} })
	n.tryAll()
	n.c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
	env := n.env
	n.env = append(slices.Clone(env), "LOGIN="+n.secret["wrong password"], "FILE_PASS="+n.secret["wrong passphrase"], "HAULIER_MASTER_KEY="+n.secret["wrong passphrase"])
	n.tryAll()
	n.env = append(slices.Clone(env), "FILE_PASS="+n.secret["wrong passphrase"])
	n.tryAll()
	if err := os.Chmod(n.keys+"/file", 0o644); err != nil {
		n.world.t.Fatal(err)
	}
	n.terse("connections", "test", "file")
	n.env = env
}

// parrots log in where the server does all it can to have the password said back.
func (n *nest) parrots() {
	p := newParrot(n.world.t, n.c.keys[0])
	place := placeOf("127.0.0.1", p.port(), n.c.HostKeys()...)
	before := n.read("haulier.yaml")
	n.world.config(n.configuration("log: {level: debug}\n", place, "jump_hosts:\n  jump-host:\n    "+place+"    username: jump\n    auth: {methods: [password], password: {env: JUMP}}\n")...)
	for _, way := range []string{"env", "interactive", "jump", sentinel} {
		for _, how := range []string{"banner", "", "echo", "version", "reject", "greeting", "preface", "disconnect"} {
			p.set(how)
			n.terse("connections", "test", way)
		}
		kind := userOf(way)
		if way == "jump" {
			kind = way
		}
		if p.heard() != n.secret[kind] {
			n.world.t.Errorf("by %s the server was sent no password that it could repeat", way)
		}
	}
	has(n.world.t, n.places["json"].String(), "you said ***", "you sent ***", "Basic ***")
	p.set("reject")
	n.every("run", sentinel)
	n.every("connections", "ls", sentinel, "out")
	n.every("connections", "show", sentinel)
	n.every("connections", "trust", "env")
	n.write("haulier.yaml", before)
}

// slip makes the mistakes that people make with secrets.
func (n *nest) slip() {
	n.every("secrets", "set", "slip", n.secret["argument"])
	for _, flag := range []string{"variable", "file"} {
		given := []string{"--passphrase-" + map[string]string{"variable": "env", "file": "file"}[flag], n.secret["passphrase as "+flag]}
		for _, args := range [][]string{{"keys", "import", "slip", n.keys + "/locked"}, {"pgp", "import", "slip", n.keys + "/locked.asc"}, {"backup", "slip"}, {"restore", n.path("haulier.yaml")}} {
			n.every(append(args, given...)...)
		}
	}
	n.every("init", n.path("slip"), "--yes", "--host", "sftp://svc:"+n.secret["in a host"]+"@sftp.example")
	before := n.read("haulier.yaml")
	quoted := "'" + n.secret["inline"] + "'"
	for _, password := range []string{quoted, "{env: " + quoted + "}", "{value: " + quoted + "}", "{" + quoted + ": x}", "[" + quoted + "]", "!secret " + quoted, quoted[:len(quoted)-1], "{env: A, plain: " + quoted + "}"} {
		n.badConfig("host: sftp.example", "auth: {methods: [password], password: "+password+"}")
	}
	n.badConfig("host: 'sftp://svc:"+n.secret["in a host"]+"@sftp.example'", "auth: {methods: [password], password: {env: LOGIN}}")
	n.badConfig("host: sftp.example", "auth: {methods: [publickey], key_file: {path: /nowhere, passphrase: "+quoted+"}}")
	n.badConfig("host: sftp.example", "auth: {methods: [publickey], passphrase: "+quoted+"}")
	n.badConfig("host: sftp.example", "auth: {methods: [password], password: {env: LOGIN}}", "proxy: {type: http, address: 'svc:"+n.secret["inline"]+"@proxy:80', username: svc, password: "+quoted+"}")
	n.write("haulier.yaml", before)
}

// badConfig calls what reads a configuration that holds a secret; the file itself is not searched, as a person wrote it.
func (n *nest) badConfig(host string, lines ...string) {
	n.world.config("connections:\n", connection(sentinel, append([]string{host, "username: x", "locations: {out: /out}"}, lines...)...), "jobs:\n", importJob(sentinel, sentinel, "out"))
	n.every("check")
	for _, args := range [][]string{{"config", "show"}, {"config", "diff"}, {"run", sentinel}, {"doctor"}, {"reload"}} {
		n.terse(args...)
	}
	if strings.Contains(n.call("check").err, "error:") { // else it would serve
		n.terse("serve")
	}
}

// serveAll has a daemon do the work, as text and as JSON, and looks at it from everywhere.
func (n *nest) serveAll() {
	yaml := n.read("haulier.yaml")
	n.env = append(n.env, "GOTRACEBACK=all")
	for place, format := range map[string]string{"log": "text", "log in JSON": "json"} {
		n.write("haulier.yaml", strings.Replace(yaml, "level: debug", "level: debug, format: "+format, 1))
		s := n.serve()
		n.tryAll()
		n.every("reload")
		n.every("status")
		n.every("retry", "1")
		n.ask(yaml)
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.command.Process.Pid))
		if err != nil {
			n.world.t.Fatal(err)
		}
		n.hear("command line", string(line))
		if format == "json" {
			_ = s.command.Process.Signal(syscall.SIGQUIT)
			_ = s.command.Wait()
			n.hear("dump of goroutines", s.log.String())
		}
		s.end()
		n.hear(place, s.log.String())
	}
	n.write("haulier.yaml", yaml)
}

// ask asks the daemon for everything that its API has, and for its metrics.
func (n *nest) ask(yaml string) {
	t := n.world.t
	unix := n.socket()
	ids := []string{"1", "2"}
	for _, asks := range slices.Backward(route.Patterns(web.Routes(web.Options{}))) { // POST before GET: the runs that it begins are followed to their ends
		method, pattern, _ := strings.Cut(strings.ReplaceAll(asks, "{name}", sentinel), " ")
		answered, asked := false, ids[:1]
		if strings.Contains(pattern, "{id}") {
			asked = slices.Clone(ids)
		}
		for _, id := range asked {
			path := strings.ReplaceAll(pattern, "{id}", id)
			status, text := request(t, unix, method, "http://haulier"+path, bodyOf(asks))
			n.hear("socket", text)
			answered = answered || (strings.Contains(path, "/deliveries/") || strings.HasSuffix(path, "/extend") || strings.HasSuffix(path, "/handled")) && status == http.StatusNotFound || // no channel is configured here, nothing is expected, and nothing was filled in
				slices.Contains([]int{http.StatusOK, http.StatusConflict, http.StatusUnprocessableEntity}, status) && !strings.Contains(path, "{")
			if begun := regexp.MustCompile(`"run":(\d+)`).FindStringSubmatch(text); method == http.MethodPost && begun != nil {
				ids = append(ids, begun[1])
			}
		}
		if !answered {
			t.Errorf("%s: this test does not know how to ask it", asks)
		}
	}
	for _, paused := range []string{"jobs", "connections"} {
		_, text := request(t, unix, http.MethodPost, "http://haulier/api/v1/"+paused+"/"+sentinel+"/resume", bodyOf(""))
		n.hear("socket", text)
	}
	_, text := request(t, unix, http.MethodGet, "http://haulier/api/v1/nowhere", "")
	n.hear("socket", text)
	listen := regexp.MustCompile(`listen: "([^"]+)"`).FindStringSubmatch(yaml)[1]
	_, text = request(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, http.MethodGet, "http://"+listen+"/metrics", "")
	n.hear("metrics", text)
}

// bodyOf is a body that a route takes, with something of a customer's in it.
func bodyOf(asks string) string {
	more := ""
	switch _, act, _ := strings.Cut(strings.Replace(asks, "{name}", "{id}", 1), "{id}/"); act {
	case "pause":
		more = `,"reason":"` + sentinel + `"`
	case "extend":
		more = `,"until":"2026-11-24T06:00:00Z","reason":"` + sentinel + `"`
	case "trust":
		more = `,"fingerprint":"SHA256:` + sentinel + `"`
	case "onboarding":
		more = `,"days":7`
	case "onboarding/handled":
		more = `,"last":1`
	case "decision", "reconcile":
		more = `,"as":"drop","reason":"` + sentinel + `"`
	case "outcome":
		more = `,"created":1,"updated":0,"deleted":0,"errored":0,"note":"` + sentinel + `"`
	case "reject":
		more = `,"reason":"` + sentinel + `"`
	}
	return `{"by":"` + sentinel + `"` + more + `}`
}

func request(t testing.TB, client *http.Client, method, url, body string) (status int, text string) {
	t.Helper()
	asked, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	asked.Header.Set("Idempotency-Key", sentinel)
	response, err := client.Do(asked)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, fmt.Sprint(response.Header, string(answer))
}

// panics has a program with failpoints die in the middle of secrets.
func (n *nest) panics() {
	t := n.world.t
	file, remove, err := program.Build("failpoints")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := remove(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range n.c.names("in") {
		if err := os.Remove(filepath.Join(n.c.root, "in", name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, point := range []string{"C7=panic", "sftp.read.sent=panic", "X5=panic", "rotate.row=panic", "master.name=panic", "rotate.keep=panic", "rotate.end=panic"} {
		args := []string{"-v", "run", sentinel, "--force"}
		switch {
		case strings.HasPrefix(point, "X"):
			args = []string{"-v", "run", sentinel + "-out", "--force"}
		case strings.Contains(point, "rotate"), strings.Contains(point, "master"):
			args = []string{"-v", "secrets", "rotate"}
		}
		n.c.put(fmt.Sprintf("out/panic-%d.pgp", i), n.c.get("out/people.pgp"))
		n.write(fmt.Sprintf("%s-out/panic-%d.csv", sentinel, i), n.secret["what the platform sends"])
		command := n.command(args...)
		command.Path, command.Args[0] = file, file
		command.Env = append(slices.Clone(n.env), "GOTRACEBACK=system", "HAULIER_FAILPOINTS="+point)
		s := n.run(command, "")
		place := "panic that was caught"
		if strings.Contains(s.err, "goroutine ") && !strings.Contains(s.err, "unexpected.panic") {
			place = "panic"
		}
		if !strings.Contains(s.all(), "panic") {
			t.Errorf("nothing panicked at %s:\n%s", point, s.all())
		}
		n.hear(place, s.all())
		n.masterKey()
	}
	n.call("secrets", "rotate")
	n.masterKey()
}

// copies makes a backup and puts it back, with the right passphrase and others.
func (n *nest) copies() {
	n.every("backup", n.path("copy"), "--passphrase-env", "BACKUP_PASS")
	n.call("backup", n.path("copy-2"), "--passphrase-env", "WRONG")
	n.hear("backup", n.read("copy"), n.read("copy-2"))
	n.every("restore", n.path("copy"), "--passphrase-env", "WRONG", "--replace")
	n.every("restore", n.path("copy"), "--passphrase-env", "BACKUP_PASS", "--to", n.path("restored"))
	n.every("restore", n.path("copy"), "--passphrase-env", "BACKUP_PASS", "--replace")
	n.masterKey()
	for _, text := range strings.Fields(n.call("held", "list").out) {
		if strings.Trim(text, "0123456789") == "" {
			n.every("held", "resolve", text, "--as", "drop", "--reason", sentinel)
		}
	}
	n.every("reconcile", sentinel, "--as", "landed", "--reason", sentinel)
}

// leftOut are commands that work in an installation of their own, or only begin others.
var leftOut = []string{"demo", "demo break", "demo mend", "serve", "init", "restore", "backup", "completion", "config", "connections", "held", "jobs", "keys", "pgp", "secrets"}

// arguments are those of the commands that want any.
var arguments = map[string]string{
	"cancel": "1", "connections ls": sentinel + " out", "connections purge": "env --yes", "connections show": sentinel, "connections stats": sentinel, "connections test": sentinel,
	"connections trust": "env", "create": "import " + sentinel, "docs": "connections.auth", "held resolve": "1 --as drop --reason x", "keys convert": "KEYS/locked", "keys generate": "another",
	"keys import": "again KEYS/rsa", "keys retire": "made@1", "keys rotate": "imported", "keys show": "imported", "logs": "1", "pause": sentinel + " --reason " + sentinel, "pgp generate": "another",
	"pgp import": "again KEYS/locked.asc", "pgp retire": "made@1", "pgp rotate": "ours", "pgp show": "ours", "reconcile": sentinel, "resume": sentinel, "retry": "1", "run": sentinel,
	"secrets remove": "renewed", "secrets set": "another", "show": "1", "status": "", "jobs next": sentinel,
}

// commands calls every command of docs/cli.md.
func (n *nest) commands() {
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		n.world.t.Fatal(err)
	}
	called := 0
	for _, found := range regexp.MustCompile(`(?m)^## haulier (.+)$`).FindAllStringSubmatch(string(page), -1) {
		name := found[1]
		if slices.Contains(leftOut, name) {
			continue
		}
		called++
		n.every(append(strings.Fields(name), strings.Fields(strings.ReplaceAll(arguments[name], "KEYS", n.keys))...)...)
	}
	if called < 50 {
		n.world.t.Errorf("only %d commands of docs/cli.md were called", called)
	}
}
