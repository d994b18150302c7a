package month

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/test/program"
	"github.com/haulier/haulier/transfer/sftptest"
)

// real is a configuration for the program itself and for the hand that writes for it here.
func real(addr string, hostKey string) string {
	host, port, _ := net.SplitHostPort(addr)
	account := func(name, more string) string {
		return fmt.Sprintf("  %s:\n    host: %s\n    port: %s\n    username: platform\n    host_keys: [%q]\n    auth: {methods: [password], password: {env: PASSWORD}}\n    locations: {outgoing: {path: /%s, use: download}, incoming: {path: /in, use: upload}}\n%s",
			name, host, port, hostKey, name, more)
	}
	incoming := func(name, connection string) string {
		return fmt.Sprintf("  %s:\n    type: import\n    connection: %s\n    from: {location: outgoing, match: \"*\", stable_for: 0s}\n    to: {dir: landing-%s}\n", name, connection, name)
	}
	return "version: 1\ntimezone: UTC\ndata_dir: data\ndefaults: {retry: {attempts: 1}, limits: {min_free_space: 1MiB}}\nconnections:\n" +
		account("acme", "") + account("bank", "    inbound: {pgp: {decrypt_with: ours}}\n") + "jobs:\n" + incoming("in", "acme") + incoming("sealed", "bank") +
		"  out:\n    type: export\n    connection: acme\n    from: {dir: outbox, match: \"*\", stable_for: 0s}\n    to: {location: incoming}\n"
}

// The month writes runs that work, and files that are rejected, by hand. This is the same hand beside the program: whatever a day came to,
// dead, brought, brought nothing, rejected, brought again, the ledgers of both say the same of runs, files, incidents and what was told.
func TestTheMonthWritesWhatTheProgramWrites(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	key, keyErr := sftptest.NewKey()
	if err := errors.Join(free.Close(), keyErr); err != nil {
		t.Fatal(err)
	}
	text := real(addr, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey()))))
	p := newInstallation(t, text)
	d := newDaemon(t, load(t, text))
	d.start()

	p.run(10, "in") // nobody is there
	d.fails("in")
	p.opens(sftptest.Options{Addr: addr, HostKeys: []ssh.Signer{key}, Users: []sftptest.User{{Name: "platform", Password: "correct horse 7"}}})
	p.call(0, "pgp", "generate", "ours", "--type", "x25519")

	p.put("server/acme/in_file.csv", "one")
	p.run(0, "in")
	d.brings("in", "file.csv")
	p.put("outbox/out_file.csv", "two")
	p.run(0, "out")
	d.brings("out", "file.csv")
	p.run(0, "in")
	d.brings("in")
	p.put("server/bank/sealed_file.csv", "in clear")
	p.run(13, "sealed")
	d.rejects("sealed", "file.csv")
	p.put("server/acme/in_other.csv", "three")
	p.run(0, "in")
	d.brings("in", "other.csv")

	ours := said(t, d.store)
	d.stop()
	d.office.close()
	theirs, err := store.Open(t.Context(), store.Options{Path: filepath.Join(p.Dir, "data/haulier.db"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if program := said(t, theirs); !slices.Equal(ours, program) {
		t.Errorf("the program writes\n%s\nand the month\n%s", strings.Join(program, "\n"), strings.Join(ours, "\n"))
	}
	if len(ours) < 15 {
		t.Errorf("only this was compared: %q", ours)
	}
}

// said is what a ledger says of runs, files and incidents, and what events it told of runs and files, without times and sizes.
func said(t *testing.T, s *store.Store) (lines []string) {
	t.Helper()
	runs, err := s.Runs(t.Context(), store.RunFilter{})
	files, err2 := s.Files(t.Context(), store.FileFilter{})
	incidents, err3 := s.Incidents(t.Context(), time.Time{})
	events, err4 := s.Events(t.Context(), 0, 0)
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		lines = append(lines, fmt.Sprintf("run %d of %s on %s, %s: %s [%s] %+v, next %v", r.ID, r.Job, r.Connection, r.Type, r.State, slug(r.Reason), r.Counts, !r.RetryAt.IsZero()))
	}
	for _, f := range files {
		lines = append(lines, fmt.Sprintf("file %s of %s on %s, %s: %s at %s [%s], by run %d", filepath.Base(f.Path), f.Job, f.Connection, f.Type, f.State, f.Step, slug(f.Reason), f.Run))
	}
	for _, i := range incidents {
		lines = append(lines, fmt.Sprintf("incident %s: %s %s on %q, jobs %q, %d times, over %v, of %s", i.Cause, i.Kind, i.Severity, i.Connection, i.Jobs, i.Count, !i.Resolved.IsZero(), i.Reason.Who))
	}
	told := map[string]int{}
	for _, e := range events {
		if kind, _, _ := strings.Cut(e.Type, "."); kind == "run" || kind == "file" {
			told[e.Type]++
		}
	}
	for kind, n := range told {
		lines = append(lines, fmt.Sprintf("%d events %s", n, kind))
	}
	slices.Sort(lines)
	return lines
}

func slug(r *job.Reason) string {
	if r == nil {
		return ""
	}
	return r.Slug
}

// installation is the program itself with a configuration, beside a server of a customer.
type installation struct {
	program.Machine
	t *testing.T
}

func newInstallation(t *testing.T, text string) *installation {
	t.Helper()
	p := &installation{program.Machine{Program: program.Built(t), Dir: t.TempDir(), Env: []string{"PASSWORD=correct horse 7"}}, t}
	p.put("haulier.yaml", text)
	for _, dir := range []string{"outbox", "server/acme", "server/bank", "server/in"} {
		if err := os.MkdirAll(filepath.Join(p.Dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *installation) put(name, content string) {
	p.t.Helper()
	path := filepath.Join(p.Dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *installation) opens(o sftptest.Options) {
	p.t.Helper()
	o.Root = filepath.Join(p.Dir, "server")
	server, err := sftptest.Start(o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(server.Stop)
}

func (p *installation) run(code int, name string) {
	p.t.Helper()
	p.call(code, "run", name)
}

func (p *installation) call(code int, args ...string) {
	p.t.Helper()
	ended, err := p.Run(p.t.Context(), append([]string{"-c", "haulier.yaml"}, args...)...)
	if err != nil || ended.Code != code {
		p.t.Fatalf("haulier %q ended with %d, not %d: %v\n%s%s", args, ended.Code, code, err, ended.Stdout, ended.Stderr)
	}
}
