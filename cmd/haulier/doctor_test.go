package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/secret"
)

// doctorOn runs doctor and gives its findings by name, and its exit code.
func doctorOn(t *testing.T, file string) (map[string]finding, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := execute([]string{"-c", file, "--json", "doctor"}, strings.NewReader(""), &stdout, &stderr)
	found := map[string]finding{}
	for line := range strings.Lines(stdout.String()) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		found[f.Name] = f
	}
	return found, code
}

func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	file, outbox := filepath.Join(dir, "haulier.yaml"), filepath.Join(dir, "outbox")
	text := fmt.Sprintf("version: 1\ntimezone: UTC\ndata_dir: data\nconnections:\n  acme: {host: sftp.acme.example, username: u, auth: {methods: [publickey], key: acme}, locations: {in: /in}}\n"+
		"jobs:\n  out: {type: export, connection: acme, schedule: \"0 2 * * *\", from: {dir: %s, match: \"*.csv\"}, to: {location: in}}\n", outbox)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, code := doctorOn(t, file)
	if code != exitLocal || found["job out"].State != ill || found["store"].State != warn || found["data folder"].State != warn {
		t.Errorf("before anything is there: exit %d, %+v", code, found)
	}

	a := &app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, configPath: file}
	cfg, err := a.config()
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.openStore(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetSecret(t.Context(), "pw", secret.New([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(outbox, 0o755); err != nil {
		t.Fatal(err)
	}
	found, code = doctorOn(t, file)
	for _, name := range []string{"store", "secrets", "epoch", "clock", "data folder", "job out"} {
		if found[name].State != well {
			t.Errorf("%s: %+v", name, found[name])
		}
	}
	if code != exitOK || found["daemon"].State != warn {
		t.Errorf("exit %d, daemon %+v", code, found["daemon"])
	}

	if err := os.WriteFile(filepath.Join(cfg.DataDir, masterFile), []byte(strings.Repeat("ab", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cfg.DataDir, 0o755); err != nil {
		t.Fatal(err)
	}
	found, code = doctorOn(t, file)
	if code != exitLocal || found["data folder"].State != ill || (found["secrets"].State != ill && found["store"].State != ill) {
		t.Errorf("another master key, an open folder: exit %d, %+v", code, found)
	}
}
