package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/haulier/haulier/job"
)

var update = flag.Bool("update", false, "write golden files anew")

// options are those of the fixtures: the machine that they are checked on has nothing of what they name, but says so
// only where a fixture's name asks for it.
func options(name string) Options {
	o := Options{
		CheckCron: func(spec string, _ *time.Location) ([]string, error) {
			if strings.Contains(spec, "99") {
				return nil, errors.New("minute 99 is not from 0 to 59")
			}
			return nil, nil
		},
		CheckTemplate: func(s string) error { return braces(s, "{name}", "{stem}", "{ext}", "{run}", "{seq}") },
		CheckPattern:  func(s string) error { return braces(s) },
		Env:           func(string) (string, bool) { return "set", true },
		NoFiles:       true,
	}
	if strings.HasPrefix(name, "missing-") {
		o.NoFiles = false
		o.Env = func(string) (string, bool) { return "", false }
		o.Known = Known{
			Key:    func(job.KeyKind, string) bool { return false },
			Pin:    func(string) bool { return false },
			Secret: func(string) bool { return false },
		}
	}
	if strings.HasPrefix(name, "clock-") {
		o.CheckClock = func(spec string, zone *time.Location) []string {
			return []string{fmt.Sprintf("02:30 %s does not exist on 2027-03-28; it will run at 03:00", zone)}
		}
	}
	return o
}

// braces is a small judge of tokens, as strict as the fixtures need.
func braces(s string, known ...string) error {
	for {
		from := strings.IndexByte(s, '{')
		if from < 0 {
			return nil
		}
		to := strings.IndexByte(s[from:], '}')
		if to < 0 {
			return errors.New("a { is not closed")
		}
		token := s[from : from+to+1]
		if !strings.HasPrefix(token, "{date") && !contains(known, token) {
			return fmt.Errorf("there is no token %s", token)
		}
		s = s[from+to+1:]
	}
}

func fixtures(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures %s: %v", pattern, err)
	}
	return files
}

// golden compares text with a file, or writes the file when asked to.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update and look at what it writes", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func name(file string) string {
	return strings.TrimSuffix(filepath.Base(file), ".yaml")
}

func TestGood(t *testing.T) {
	for _, file := range fixtures(t, "testdata/good/*.yaml") {
		t.Run(name(file), func(t *testing.T) {
			c, problems := Load(file, options(name(file)))
			if len(problems.List) > 0 {
				t.Fatalf("problems:\n%s", problems.Text(false))
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", specs(c))
		})
	}
}

func TestBad(t *testing.T) {
	for _, file := range fixtures(t, "testdata/bad/*.yaml") {
		t.Run(name(file), func(t *testing.T) {
			_, problems := Load(file, options(name(file)))
			if len(problems.List) == 0 {
				t.Fatal("nothing was found")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", problems.Text(false))
		})
	}
}

// specs prints what a configuration came to, machine left out.
func specs(c *Config) string {
	dir, _ := filepath.Abs(filepath.Dir(c.Path))
	var b strings.Builder
	fmt.Fprintf(&b, "data_dir %s zone %s egress %v metrics %+v log %+v\n", c.DataDir, c.Timezone, c.EgressIPs, c.Metrics, c.Log)
	printed := func(v any) { fmt.Fprintln(&b, dump(v)) }
	for _, name := range c.tree.get("connections").names() {
		printed(c.Connections[name])
	}
	for _, spec := range c.Jobs {
		printed(spec)
	}
	return strings.ReplaceAll(b.String(), dir, "DIR")
}
