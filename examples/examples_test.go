package examples

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/config"
)

// options judge as the program does. Secrets and key files are not on this machine.
func options() config.Options {
	return config.Options{Env: func(string) (string, bool) { return "set", true }, NoFiles: true}
}

func TestEveryExampleLoads(t *testing.T) {
	want := []string{"actito", "emersion", "ento", "experience", "nectar"}
	files, err := filepath.Glob("*/haulier.yaml")
	if err != nil || len(files) != len(want) {
		t.Fatalf("examples are %v (%v), want one for each of %v", files, err, want)
	}
	for i, file := range files {
		t.Run(want[i], func(t *testing.T) {
			if filepath.Dir(file) != want[i] {
				t.Fatalf("%s stands for %s", file, want[i])
			}
			c, problems := config.Load(file, options())
			if len(problems.List) > 0 {
				t.Fatal(problems.Text(false))
			}
			if len(c.Jobs) == 0 {
				t.Error("the example has no job")
			}
		})
	}
}

// TestExamplesShow says that what an example comes to loads again.
func TestExamplesShow(t *testing.T) {
	files, _ := filepath.Glob("*/haulier.yaml")
	for _, file := range files {
		c, problems := config.Load(file, options())
		if c == nil {
			t.Fatal(problems.Text(false))
		}
		shown := filepath.Join(t.TempDir(), "haulier.yaml")
		if err := os.WriteFile(shown, config.Show(c), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, problems := config.Load(shown, options()); len(problems.List) > 0 {
			t.Error(problems.Text(false))
		}
	}
}
