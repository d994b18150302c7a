package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// haulier is a build of our program, as a user runs it: each run begins with nothing but configuration and keys.
type haulier struct{ label, program string }

func (h haulier) name() string { return h.label }

func (h haulier) settings(w workload) []string {
	if w.customers > 0 {
		return []string{"serve"}
	}
	return []string{"run"}
}

// home is the folder with the configuration, from which each run gets a copy. With PGP there is another.
func (h haulier) home(e errand) string {
	return filepath.Join(e.data, fmt.Sprintf("%s-%v", h.label, e.seal))
}

func (h haulier) prepare(ctx context.Context, e errand) error {
	dir := h.home(e)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "haulier.yaml"), []byte(h.config(e, e.server)), 0o600); err != nil {
		return err
	}
	if e.seal {
		_, ours := h.call(ctx, dir, "pgp", "import", "ours", e.keys.ours)
		_, theirs := h.call(ctx, dir, "pgp", "import", "theirs", e.keys.theirs)
		return errors.Join(ours, theirs)
	}
	if e.does == list {
		return h.learn(ctx, e)
	}
	return nil
}

// learn lets the ledger know all files of a listing: they are imported, once for all workloads. One of them comes late, and is to be
// found among the others. That is done on the loopback, however long the way is in the runs.
func (h haulier) learn(ctx context.Context, e errand) (err error) {
	file := filepath.Join(h.home(e), "learn.yaml")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	server, err := startSSHD(ctx, filepath.Join(h.home(e), "sshd"), nil, nil, "")
	if err != nil {
		return err
	}
	defer server.stop()
	if err := os.WriteFile(file, []byte(h.config(e, server)), 0o600); err != nil {
		return err
	}
	fmt.Printf("  the ledger of %s learns %s files\n", h.label, grouped(e.total()))
	late, aside := filepath.Join(e.accounts[0].source, "file-000007.csv"), filepath.Join(h.home(e), "late.csv")
	for _, look := range []struct {
		from, to string
		finds    int
	}{{late, aside, e.total() - 1}, {aside, late, 1}} {
		if err := os.Rename(look.from, look.to); err != nil {
			return err
		}
		said, err := h.call(ctx, h.home(e), "-c", file, "run", "--json", "job00")
		if err == nil {
			err = moved(look.finds)(said)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// call runs the program outside of what is measured.
func (h haulier) call(ctx context.Context, dir string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, h.program, args...)
	command.Dir = dir
	var stderr bytes.Buffer
	command.Stderr = &stderr
	said, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", command, err, said[max(0, len(said)-1000):], &stderr)
	}
	return said, nil
}

// landing is each build's own where it stays: a ledger is told when another has been at work there.
func (h haulier) landing(e errand, a account) string {
	if e.does == list {
		return filepath.Join(h.home(e), "landing")
	}
	return a.target
}

// config has a connection and a job for each account.
func (h haulier) config(e errand, server *sshd) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\ntimezone: UTC\ndata_dir: data\nconnections:\n")
	for i, a := range e.accounts {
		remote, host, most := e.from(a), server.host, max(8, e.customers)
		if e.apart {
			most, host = 8, fmt.Sprintf("127.1.%d.%d", i/250, i%250+1)
		}
		if e.does == up {
			remote = a.target
		}
		fmt.Fprintf(&b, "  account%s: {host: %q, port: %d, username: %q, auth: {methods: [publickey], key_file: {path: %q}}, host_keys: [%q], ",
			a.id, host, server.port, server.user, server.keyFile, server.hostKey)
		fmt.Fprintf(&b, "max_connections: %d, locations: {there: %q}}\n", most, remote)
	}
	fmt.Fprintf(&b, "jobs:\n")
	for _, a := range e.accounts {
		fmt.Fprintf(&b, "  job%s: {connection: account%[1]s, schedule: \"0 0 1 1 *\", ", a.id)
		switch {
		case e.does == up && e.seal:
			fmt.Fprintf(&b, "type: export, from: {dir: %q, match: \"*\", stable_for: 0s}, to: {location: there, name: \"{name}.pgp\"}, outbound: {pgp: {encrypt_to: theirs}}}\n", a.source)
		case e.does == up:
			fmt.Fprintf(&b, "type: export, from: {dir: %q, match: \"*\", stable_for: 0s}, to: {location: there}}\n", a.source)
		case e.seal:
			fmt.Fprintf(&b, "type: import, from: {location: there, match: \"*\", stable_for: 0s}, to: {dir: %q}, inbound: {pgp: {decrypt_with: ours}}}\n", a.target)
		default:
			fmt.Fprintf(&b, "type: import, from: {location: there, match: \"*\", stable_for: 0s}, to: {dir: %q}, allow_empty: true}\n", h.landing(e, a))
		}
	}
	return b.String()
}

// steps are one process in a copy of its home. What a listing learns changes nothing, so it works in the home itself.
func (h haulier) steps(ctx context.Context, e errand, _ string) ([]step, error) {
	dir, want := filepath.Join(e.scratch(), "home"), e.total()
	if e.does == list {
		dir, want = h.home(e), 0
	} else if out, err := exec.CommandContext(ctx, "cp", "-a", h.home(e), dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copy %s: %w\n%s", h.home(e), err, out)
	}
	words := []string{h.program, "-c", filepath.Join(dir, "haulier.yaml")}
	if e.customers > 0 {
		return []step{{words: append(words, "serve"), meanwhile: night{e, filepath.Join(dir, "data", "haulier.sock")}.spend}}, nil
	}
	return []step{{words: append(words, "run", "--json", "job00"), judge: moved(want)}}, nil
}

// moved judges what a run printed last: it has to have gone well, with so many files.
func moved(files int) func([]byte) error {
	return func(said []byte) error {
		lines := bytes.Split(bytes.TrimSpace(said), []byte("\n"))
		return ended(lines[len(lines)-1], files)
	}
}

func ended(run []byte, files int) error {
	var r struct {
		State string
		Files struct{ OK, Failed, Skipped, Held int }
	}
	if err := json.Unmarshal(run, &r); err != nil {
		return fmt.Errorf("read the run %q: %w", run, err)
	}
	if f := r.Files; r.State != "succeeded" || f.OK != files || f.Failed+f.Held > 0 {
		return fmt.Errorf("the run moved %d files, not %d: %s", f.OK, files, run)
	}
	return nil
}
