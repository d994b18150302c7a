package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/test/program"
)

// patience bounds every call of the program.
const patience = 2 * time.Minute

// visit is one behaviour asked of one server: a folder there, and a machine of our own here.
type visit struct {
	*place
	t      testing.TB
	what   string // name of the behaviour, in the letters of technical names
	home   string // folder of our machine: configuration, landing, outbox
	data   string // data folder; all visits to a server share one
	start  func(variant) *place
	shared *store.Store // what our sessions remember
	guards []func()     // what must hold when the program is refused
	small  bool         // big files are not that big
}

// other starts the server in another way, which this visit goes on with.
func (v *visit) other(want variant) {
	v.place = v.start(want)
	v.data = filepath.Join(v.home, "data")
	v.must(v.files.mkdir(v.what))
}

// needs ends the visit unless something can be done to this server.
func (v *visit) needs(can bool, why string) {
	if !can {
		end(cannot, "%s", why)
	}
}

func (v *visit) must(err error) {
	if err != nil {
		end(fails, "%v", err)
	}
}

// same ends the visit unless two values print the same.
func (v *visit) same(what string, got, want any) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		end(fails, "%s: %.300s, want %.300s", what, g, w)
	}
}

// The folder on the server.

func (v *visit) path(name string) string { return v.join(v.what + "/" + name) }

// seed lays files there, or a folder where the name ends in a slash.
func (v *visit) seed(files map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if folder, ok := strings.CutSuffix(name, "/"); ok {
			v.must(v.files.mkdir(v.what + "/" + folder))
		} else {
			v.must(v.files.write(v.what+"/"+name, files[name]))
		}
	}
}

// there gives the files of a folder on the server, with their contents.
func (v *visit) there(dir string) map[string]string {
	return contents(v, v.files, v.what+"/"+dir)
}

func contents(v *visit, t tree, dir string) map[string]string {
	found := map[string]string{}
	names, err := t.names(dir)
	v.must(err)
	for _, name := range names {
		content, err := t.read(dir + "/" + name)
		if err == nil { // else it is a folder
			found[name] = digest(content)
		}
	}
	return found
}

// digest is a content as it is compared: long ones by their hash.
func digest(content string) string {
	if len(content) <= 64 {
		return content
	}
	return fmt.Sprintf("%d bytes, sha256 %x", len(content), sha256.Sum256([]byte(content)))
}

func digests(files map[string]string) map[string]string {
	all := map[string]string{}
	for name, content := range files {
		all[name] = digest(content)
	}
	return all
}

// Our machine.

func (v *visit) here(name string) string { return filepath.Join(v.home, name) }

// landed gives what lies in the landing.
func (v *visit) landed() map[string]string {
	entries, err := os.ReadDir(v.here("landing"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.must(err)
	}
	found := map[string]string{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		content, err := os.ReadFile(v.here("landing/" + e.Name()))
		v.must(err)
		found[e.Name()] = digest(string(content))
	}
	return found
}

// outbox lays files where the platform leaves them.
func (v *visit) outbox(files map[string]string) {
	v.must(os.MkdirAll(v.here("outbox"), 0o755))
	for name, content := range files {
		v.must(os.WriteFile(v.here("outbox/"+name), []byte(content), 0o600))
	}
}

// jobIn is an import of the visit's folder. Each line of more is one of its keys.
func (v *visit) jobIn(more ...string) string {
	return fmt.Sprintf("  %s-in:\n    type: import\n    connection: %s\n    from: {location: here, match: \"*\", stable_for: 0s}\n    to: {dir: landing}\n    allow_empty: true\n%s",
		v.what, v.what, lines("    ", more))
}

// jobOut is an export into a location; more are keys of its "to".
func (v *visit) jobOut(location string, more ...string) string {
	return fmt.Sprintf("  %s-out:\n    type: export\n    connection: %s\n    from: {dir: outbox, match: \"*\", stable_for: 0s}\n    to: {%s}\n    allow_empty: true\n",
		v.what, v.what, strings.Join(append([]string{"location: " + location}, more...), ", "))
}

func (v *visit) imports(more ...string) { v.configure(nil, v.jobIn(more...)) }

func (v *visit) exports(settings []string, more ...string) {
	v.configure(settings, v.jobOut("here", more...))
}

// configure writes haulier.yaml: the connection with further lines, and a job.
func (v *visit) configure(settings []string, job string) {
	v.must(os.WriteFile(v.here("haulier.yaml"), []byte(fmt.Sprintf(`version: 1
timezone: UTC
data_dir: %s
defaults: {limits: {min_free_space: 1MiB}, retry: {attempts: 1}}
connections:
  %s:
    host: %s
    port: %d
    username: %q
    auth: %s
    host_keys: [%s]
    locations: {here: {path: %q}, done: {path: %q}, missing: {path: %q}, full: {path: %q}}
%sjobs:
%s`, v.data, v.what, v.host, v.port, v.user, v.auth(), strings.Join(v.hostKeys, ", "), v.path(""), v.path("done"), v.path("missing"), v.join(v.full),
		lines("    ", settings), job)), 0o600))
}

// auth says in the configuration's words how to log in.
func (v *visit) auth() string {
	key := fmt.Sprintf("key_file: {path: %q}", v.keyFile)
	const password = "password: {env: INTEROP_PASSWORD}"
	switch v.login {
	case "key":
		return "{methods: [publickey], " + key + "}"
	case "password":
		return "{methods: [password], " + password + "}"
	case "interactive":
		return "{methods: [keyboard-interactive], " + password + "}"
	}
	return "{methods: [publickey, password], " + key + ", " + password + "}"
}

// fresh lets the server see what was laid there by another way.
func (v *visit) fresh() {
	if v.refresh != nil {
		v.refresh()
	}
}

// call runs the program and gives what it printed.
func (v *visit) call(args ...string) program.Ended {
	v.fresh()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m := program.Machine{Program: program.Built(v.t), Dir: v.home, Env: []string{"HOME=" + v.home, "INTEROP_PASSWORD=" + v.password}}
	ended, err := m.Run(ctx, args...)
	v.must(err)
	if ended.Code < 0 {
		end(fails, "haulier %s did not end by itself:\n%s%s", strings.Join(args, " "), ended.Stdout, ended.Stderr)
	}
	return ended
}

// result is a run as the program tells it.
type result struct {
	Run   int64       `json:"run"`
	Error *job.Reason `json:"error"`
}

// try runs the job "in" or "out" of the visit; the error is why it was refused.
func (v *visit) try(which string) result {
	ran := v.call("run", v.what+"-"+which, "--json")
	var r result
	last := ran.Stdout[strings.LastIndex(strings.TrimSuffix(ran.Stdout, "\n"), "\n")+1:]
	if err := json.Unmarshal([]byte(last), &r); err != nil {
		end(fails, "haulier run: exit code %d\n%s%s", ran.Code, ran.Stdout, ran.Stderr)
	}
	if (r.Error == nil) != (ran.Code == 0) {
		end(fails, "haulier run: exit code %d\n%s%s", ran.Code, ran.Stdout, ran.Stderr)
	}
	return r
}

// run runs a job that is to succeed. A refusal ends the visit, once it is sure that nothing came to harm.
func (v *visit) run(which string) result {
	r := v.try(which)
	if r.Error != nil {
		for _, guard := range v.guards {
			guard()
		}
		end(refused, "%s", r.Error.Slug)
	}
	return r
}

// refusedWith ends the visit unless a job is refused for that reason.
func (v *visit) refusedWith(which, slug string) {
	if r := v.try(which); r.Error == nil || r.Error.Slug != slug {
		end(fails, "refused with %+v, want %s", r.Error, slug)
	}
}

// importOf lays files on the server and guards them: after a refusal each is there still, or has landed whole, and
// nothing else has landed.
func (v *visit) importOf(files map[string]string, more ...string) {
	v.seed(files)
	v.imports(more...)
	v.guards = append(v.guards, func() {
		there, landed := v.there(""), v.landed()
		for name, content := range digests(files) {
			if there[name] != content && landed[name] != content {
				end(fails, "%s was refused and is neither on the server nor landed", name)
			}
			delete(landed, name)
		}
		v.same("landed beside them", landed, map[string]string{})
	})
}

// exportOf leaves files in the outbox and guards them: an export that is refused leaves them, and none under its name.
func (v *visit) exportOf(files map[string]string, settings []string, more ...string) {
	v.outbox(files)
	v.exports(settings, more...)
	v.guards = append(v.guards, func() {
		for name := range files {
			if _, err := os.Stat(v.here("outbox/" + name)); err != nil {
				end(fails, "after a refusal: %v", err)
			}
			if _, ok := v.there("")[name]; ok {
				end(fails, "%s was refused and lies on the server", name)
			}
		}
	})
}

// proof is how sure the program is of the deliveries of a run.
func (v *visit) proof(run int64) string {
	shown := v.call("show", fmt.Sprint(run), "--json")
	var told struct {
		Files []struct {
			Proof string `json:"proof"`
		} `json:"files"`
	}
	v.must(json.Unmarshal([]byte(shown.Stdout), &told))
	if len(told.Files) == 0 {
		end(fails, "no file in %s%s", shown.Stdout, shown.Stderr)
	}
	return told.Files[0].Proof
}

// noise is content that nothing compresses, the same for the same number of bytes.
func noise(n int) string {
	var b bytes.Buffer
	b.Grow(n + sha256.Size)
	sum := sha256.Sum256(fmt.Append(nil, n))
	for b.Len() < n {
		b.Write(sum[:])
		sum = sha256.Sum256(sum[:])
	}
	return b.String()[:n]
}
