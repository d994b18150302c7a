package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
)

// TestFirstJobs loads what init writes for each answer to its last question.
func TestFirstJobs(t *testing.T) {
	for _, c := range []struct {
		first string
		want  []job.Type
	}{
		{"both", []job.Type{job.TypeImport, job.TypeExport}},
		{"import", []job.Type{job.TypeImport}},
		{"export", []job.Type{job.TypeExport}},
	} {
		answers := answers{zone: "Asia/Kolkata", connection: "acme-import", host: "sftp.acme.example", user: "platform", first: c.first}
		text, err := answers.text()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), configName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, problems := config.Load(path, configOptions(config.Known{}))
		if len(problems.List) > 0 {
			t.Errorf("%s: %s", c.first, problems.Text(false))
			continue
		}
		var got []job.Type
		for _, spec := range cfg.Jobs {
			got = append(got, spec.Type)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: jobs of the types %v, want %v", c.first, got, c.want)
		}
	}
}

// TestInitLosesTheRace: a configuration that came to be while questions were answered is left alone, and nothing of the
// other one stays.
func TestInitLosesTheRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, configName)
	if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{stdout: io.Discard, stderr: io.Discard}
	_, err := a.found(t.Context(), path, answers{zone: "UTC", connection: "acme", host: "a", user: "b", first: "import"})
	if code := codeOf(t.Context(), err); code != exitUsage {
		t.Errorf("exit code %d: %v", code, err)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); string(text) != "theirs" {
		t.Errorf("the configuration is now %q, %v", text, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 || err != nil {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestChecksOfAnswers(t *testing.T) {
	for _, c := range []struct {
		what  string
		judge func(string) error
		good  []string
		bad   []string
	}{
		{"zone", checkZone, []string{"UTC", "Europe/Brussels", "Etc/UTC"}, []string{"", "Local", "CET+1", "../../etc/passwd", "Mars"}},
		{"name", checkName, []string{"acme", "a", "0-1"}, []string{"", "-a", "Acme", "a_b", "a b", "a.b", "ä", string(make([]byte, 57))}},
		{"host", checkHost, []string{"sftp.acme.example", "198.51.100.7", "::1", "[::1]:22", "a:3333"},
			[]string{"sftp://a", "user@a", "a b", "a\nb", "a:", "a:x", "a:0", "a:65536", ":22"}},
		{"user", checkUser, []string{"platform", "PLAT 01", "dömäne\\x"}, []string{" a", "a ", "a\x00b", "a\nb"}},
		{"first job", checkFirst, []string{"import", "export", "both"}, []string{"", "Import", "sync"}},
	} {
		for _, text := range c.good {
			if err := c.judge(text); err != nil {
				t.Errorf("%s %q: %v", c.what, text, err)
			}
		}
		for _, text := range c.bad {
			if c.judge(text) == nil {
				t.Errorf("%s %q was taken", c.what, text)
			}
		}
	}
}
