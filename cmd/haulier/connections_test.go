package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// bench is a configuration in a folder of its own, and the command line at work on it.
type bench struct {
	t   *testing.T
	dir string
}

func newBench(t *testing.T, yaml string) bench {
	t.Helper()
	t.Setenv("SUDO_USER", "")
	t.Setenv("USER", "ops")
	b := bench{t, t.TempDir()}
	b.configure(yaml)
	return b
}

func (b bench) configure(yaml string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, configName), []byte(yaml), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// run runs a command line that must end with a code, and gives what it said.
func (b bench) run(code int, args ...string) (stdout, stderr string) {
	b.t.Helper()
	return b.answer(code, "", args...)
}

func (b bench) answer(code int, stdin string, args ...string) (stdout, stderr string) {
	b.t.Helper()
	var out, bad bytes.Buffer
	got := execute(append([]string{"-c", b.dir}, args...), strings.NewReader(stdin), &out, &bad)
	if got != code {
		b.t.Fatalf("%s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.String(), bad.String())
	}
	return out.String(), bad.String()
}

// store lends the store.
func (b bench) store(do func(ctx context.Context, cfg *config.Config, s *store.Store)) {
	b.t.Helper()
	a := &app{configPath: b.dir, stderr: &bytes.Buffer{}}
	cfg, err := a.config()
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := a.openStore(b.t.Context(), cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	do(b.t.Context(), cfg, s)
	if err := a.close(); err != nil {
		b.t.Fatal(err)
	}
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q in:\n%s", part, text)
		}
	}
}

// connectionTo is the configuration of one connection to a server, whose locations are folders of it.
func connectionTo(s *testserver.Server, more string) string {
	return fmt.Sprintf(`version: 1
timezone: Europe/Brussels
connections:
  acme:
    host: %s
    port: %d
    username: %s
    auth: {methods: [publickey], key_file: {path: %s}}
    locations: {out: %s/out, in: {path: %s/in, use: upload}}
%s`, s.Host, s.Port, s.User, s.KeyFile, s.Dir, s.Dir, more)
}

func folders(t *testing.T, s *testserver.Server, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(s.Root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func fingerprintOf(t *testing.T, line string) string {
	t.Helper()
	public, _, err := sshkey.ParsePublic([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, _ := sshkey.Fingerprints(public)
	return fingerprint
}

// TestTrustThenTest takes a new connection from an unknown host key to a green test.
func TestTrustThenTest(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{HostKeys: []string{"ed25519", "ecdsa"}})
	folders(t, s, "out", "in")
	b := newBench(t, connectionTo(s, ""))
	fingerprint := fingerprintOf(t, s.HostKeyLines[0])
	address := fmt.Sprintf("[%s]:%d", s.Host, s.Port)

	out, _ := b.run(exitHostKey, "connections", "test", "acme")
	wants(t, out, " ok   TCP", "FAIL host key", "[host_key.unknown]", "haulier connections trust acme", "--   login · SFTP")

	out, problem := b.run(exitHostKey, "connections", "trust", "acme", "--fingerprint", "SHA256:AAAA")
	wants(t, out, fingerprint)
	wants(t, problem, "[host_key.unknown]", "none of the 2 host keys", "nothing was pinned")
	_, problem = b.answer(exitHostKey, "y\ny\n", "connections", "trust", "acme")
	wants(t, problem, "nobody can be asked here")
	b.store(func(ctx context.Context, _ *config.Config, st *store.Store) {
		if pins, err := st.Pins(ctx, ""); err != nil || len(pins) != 0 {
			t.Errorf("pinned without anybody's word: %v, %v", pins, err)
		}
		_, err := st.Raise(ctx, "connection/acme/host_key.unknown", "", job.Reason{Slug: "host_key.unknown"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
	})

	out, _ = b.run(exitOK, "connections", "trust", "acme", "--fingerprint", fingerprint)
	wants(t, out, "pinned ssh-ed25519 "+fingerprint+" for "+address)
	out, _ = b.run(exitOK, "connections", "test", "acme", "--write", "--round-trip")
	wants(t, out, "ok   login", "ok   locations", "bytes equal", "ok   rename")
	if strings.Contains(out, "FAIL") {
		t.Error(out)
	}
	left, err := os.ReadDir(filepath.Join(s.Root, "in"))
	if err != nil || len(left) != 0 {
		t.Errorf("the test left %v, %v", left, err)
	}

	b.store(func(ctx context.Context, _ *config.Config, st *store.Store) {
		if active, err := st.ConnectionState(ctx, "acme"); err != nil || !active {
			t.Errorf("still a draft: %v", err)
		}
		if open, err := st.OpenIncidents(ctx); err != nil || len(open) != 0 {
			t.Errorf("the green test left incidents: %v, %v", open, err)
		}
		lines, err := st.Audit(ctx, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var acts []string
		for _, line := range lines {
			acts = append(acts, line.Who+" "+line.Act+" "+line.Object)
		}
		// The second host key came by the server's own proof after the login, which the pool audits.
		wants(t, strings.Join(acts, "\n"), "ops connection.test acme", "ops host-key.pin "+address)
	})
}

// TestConnectionTestAsJSON holds the shape that scripts depend on.
func TestConnectionTestAsJSON(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{})
	folders(t, s, "out") // no folder for uploads
	b := newBench(t, connectionTo(s, ""))
	out, _ := b.run(exitOK, "--json", "connections", "trust", "acme", "--fingerprint", fingerprintOf(t, s.HostKeyLines[0]))
	var pinned trusted
	if err := json.Unmarshal([]byte(out), &pinned); err != nil || len(pinned.Pinned) != 1 || pinned.Keys[0].Key != s.HostKeyLines[0] {
		t.Fatalf("%s: %v", out, err)
	}

	out, _ = b.run(exitRemote, "--json", "connections", "test", "acme")
	var report struct {
		Connection string
		OK         bool
		Stages     []struct{ Name, State, Detail string }
		Profile    map[string]any
		Error      *job.Reason
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if report.Connection != "acme" || report.OK || report.Error == nil || report.Error.Slug != "remote.path_missing" {
		t.Errorf("report %+v", report)
	}
	var states []string
	for _, stage := range report.Stages {
		states = append(states, stage.Name+" "+stage.State)
	}
	want := []string{"DNS ok", "TCP ok", "SSH ok", "host key ok", "login ok", "SFTP ok", "locations FAIL", "rights --", "free space --", "rename --"}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	if value, told := report.Profile["mkdir"]; !told || value != nil {
		t.Errorf("what was not tried is %v, want null", value)
	}
	// An export job alone makes the missing download folder nobody's business, and the other way round.
	b.configure(connectionTo(s, "jobs:\n  fetch:\n    type: import\n    connection: acme\n    from: {location: out, match: \"*\"}\n    to: {dir: landing}\n"))
	b.run(exitOK, "connections", "test", "acme")
}

// TestTrustReplaces is about a server that was rebuilt.
func TestTrustReplaces(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{})
	b := newBench(t, connectionTo(s, ""))
	address := fmt.Sprintf("[%s]:%d", s.Host, s.Port)
	old, err := sshkey.Generate(sshkey.Ed25519, "")
	if err != nil {
		t.Fatal(err)
	}
	b.store(func(ctx context.Context, _ *config.Config, st *store.Store) {
		if err := st.AddPin(ctx, job.Pin{Address: address, Key: strings.TrimSpace(old.Public), By: "ops", Why: "trust"}); err != nil {
			t.Fatal(err)
		}
	})
	out, _ := b.run(exitHostKey, "connections", "test", "acme")
	wants(t, out, "host_key.changed")
	fingerprint := fingerprintOf(t, s.HostKeyLines[0])
	pins := func() (all []string) {
		b.store(func(ctx context.Context, _ *config.Config, st *store.Store) {
			rows, err := st.Pins(ctx, address)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				all = append(all, fingerprintOf(t, row.Key))
			}
		})
		return all
	}
	b.run(exitOK, "connections", "trust", "acme", "--fingerprint", fingerprint)
	if got := pins(); len(got) != 2 {
		t.Errorf("without --replace pins are %v", got)
	}
	b.run(exitOK, "connections", "trust", "acme", "--fingerprint", fingerprint, "--replace")
	if diff := cmp.Diff([]string{fingerprint}, pins()); diff != "" {
		t.Errorf("pins (-want +got):\n%s", diff)
	}
}

// TestTrustAsks answers as a person would: yes to the first key only.
func TestTrustAsks(t *testing.T) {
	keys := []sftp.HostKey{{Type: "ssh-ed25519", Fingerprint: "SHA256:one"}, {Type: "ecdsa-sha2-nistp256", Fingerprint: "SHA256:two"}, {Type: "ssh-rsa", Fingerprint: "SHA256:three", Pinned: true}}
	for _, c := range []struct {
		answers string
		keys    []sftp.HostKey
		want    []sftp.HostKey
		slug    string
	}{
		{"y\nn\n", keys, keys[:1], ""},
		{"maybe\nYES\n\n", keys, keys[:1], ""},
		{"\n\n", keys, nil, ""}, // one is trusted already
		{"n\nn\n", keys[:2], nil, "host_key.unknown"},
	} {
		var shown bytes.Buffer
		a := &app{stderr: &shown, stdin: strings.NewReader(c.answers)}
		p := newPrompter(a)
		p.person = true
		got, err := truster{app: a, prompter: p}.choose(t.Context(), target{name: "acme"}, c.keys)
		if diff := cmp.Diff(c.want, got); diff != "" || slugOf(err) != c.slug {
			t.Errorf("%q: %v (-want +got):\n%s", c.answers, err, diff)
		}
		if strings.Contains(shown.String(), "three") {
			t.Errorf("asked about a trusted key: %s", shown.String())
		}
	}
}

func slugOf(err error) string {
	var reason *job.Reason
	if errors.As(err, &reason) {
		return reason.Slug
	}
	return ""
}

// TestTrustByWayOfAJumpHost pins the jump host first, then the server behind it.
func TestTrustByWayOfAJumpHost(t *testing.T) {
	jump := testserver.SSHD(t, testserver.Options{})
	s := testserver.SSHD(t, testserver.Options{AuthorizedKeys: []string{jump.PublicKey}})
	folders(t, s, "out", "in")
	yaml := strings.Replace(connectionTo(s, ""), "    locations:", "    jump: [bastion]\n    locations:", 1) + fmt.Sprintf(`jump_hosts:
  bastion:
    host: %s
    port: %d
    username: %s
    auth: {methods: [publickey], key_file: {path: %s}}
`, jump.Host, jump.Port, jump.User, jump.KeyFile)
	b := newBench(t, yaml)
	theirs, ours := fingerprintOf(t, s.HostKeyLines[0]), fingerprintOf(t, jump.HostKeyLines[0])

	out, problem := b.run(exitHostKey, "connections", "trust", "acme", "--fingerprint", theirs)
	wants(t, out, "bastion at", ours)
	wants(t, problem, "connections trust bastion")
	b.run(exitOK, "connections", "trust", "bastion", "--fingerprint", ours)
	b.run(exitOK, "connections", "trust", "acme", "--fingerprint", theirs)
	out, _ = b.run(exitOK, "connections", "test", "acme")
	wants(t, out, "ok   jump bastion")
}

// TestLs lists names of a server that mean harm, and tells folders that are not there.
func TestLs(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{})
	folders(t, s, "out", "out/sub")
	for _, name := range []string{"a.csv", "ev\x1b[31mil.csv", "r\u202elam.csv"} {
		if err := os.WriteFile(filepath.Join(s.Root, "out", name), []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := newBench(t, connectionTo(s, ""))
	b.run(exitOK, "connections", "trust", "acme", "--fingerprint", fingerprintOf(t, s.HostKeyLines[0]))
	out, said := b.run(exitOK, "connections", "ls", "acme", "out")
	wants(t, out, "a.csv", `ev\u001b[31mil.csv`, `r\u202elam.csv`, "dir ")
	wants(t, said, "4 names in "+s.Dir+"/out")
	if strings.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("raw bytes reach the terminal: %q", out)
	}
	out, _ = b.run(exitOK, "--json", "connections", "ls", "acme", "out", "--limit", "2")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var line remoteLine
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil || len(lines) != 2 || line.Modified == nil {
		t.Errorf("%q: %v", out, err)
	}
	_, problem := b.run(exitRemote, "connections", "ls", "acme", "in")
	wants(t, problem, "[remote.path_missing]")
	_, problem = b.run(exitUsage, "connections", "ls", "acme", "nowhere")
	wants(t, problem, `no location "nowhere"; it has in, out`)
}
